from __future__ import annotations

import string
from typing import Any
from uuid import UUID

import pytest

from tests.workflows.nodes.support import output, problems

LETTERS_AND_DIGITS = set(string.ascii_letters + string.digits)


def made(**config: Any) -> Any:
    return output("generate", config)["value"]


def test_uuid() -> None:
    for config in ({}, {"kind": "uuid"}):
        value = made(**config)
        assert str(UUID(value)) == value
        assert UUID(value).version == 4


@pytest.mark.parametrize("length", [None, 8, 9, 200])
def test_password(length: int | None) -> None:
    for _ in range(20):
        value = made(kind="password", length=length)
        assert len(value) == (length or 20)
        for kind in (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!#$%&*+-=?@_"):
            assert set(kind) & set(value)


@pytest.mark.parametrize("length", [None, 1, 1000])
def test_random_string(length: int | None) -> None:
    value = made(kind="random_string", length=length)
    assert len(value) == (length or 32)
    assert set(value) <= LETTERS_AND_DIGITS


@pytest.mark.parametrize("kind", ["password", "random_string"])
def test_alphabet(kind: str) -> None:
    value = made(kind=kind, length=300, alphabet="abé ")
    assert set(value) == set("abé ")


def test_a_character_named_twice_is_no_likelier() -> None:
    value = made(kind="random_string", length=1000, alphabet="a" * 400 + "b")
    assert 300 < value.count("b") < 700


@pytest.mark.parametrize("length", [None, 1, 2, 15])
def test_integer(length: int | None) -> None:
    for _ in range(50):
        value = made(kind="integer", length=length)
        assert isinstance(value, int)
        assert len(str(value)) == (length or 6)


@pytest.mark.parametrize("kind", ["uuid", "password", "random_string", "integer"])
def test_each_one_is_another(kind: str) -> None:
    length = 15 if kind == "integer" else None
    assert len({made(kind=kind, length=length) for _ in range(50)}) == 50


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown kind": ({"kind": "colour"}, "kind"),
    "length 0": ({"kind": "random_string", "length": 0}, "length"),
    "length 1001": ({"kind": "random_string", "length": 1001}, "length"),
    "short password": ({"kind": "password", "length": 7}, "length"),
    "long number": ({"kind": "integer", "length": 16}, "length"),
    "alphabet of one": ({"kind": "random_string", "alphabet": "aaa"}, "alphabet"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("generate", config)
