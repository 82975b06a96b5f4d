"""JSON as rows of a tree: levels, limits, template expressions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runs.presentation.json_tree import LONGEST_TEXT, expression, read_path, rows_of, value_at
from workflows.errors import NotFoundError


def forms(value: Any, **more: Any) -> list[str]:
    return [f"{row.form} {row.key}".strip() for row in rows_of(value, root="node_1", **more)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("text", ["leaf"], id="a text alone"),
        pytest.param({}, ["leaf"], id="an empty object"),
        pytest.param({"a": 1, "b": []}, ["leaf a", "leaf b"], id="flat"),
        pytest.param([1, 2], ["leaf 0", "leaf 1"], id="list"),
        pytest.param({"a": {"b": 1}}, ["open a", "leaf b", "close"], id="second level is open"),
        pytest.param(
            {"a": {"b": {"c": 1}}}, ["open a", "later b", "close"], id="third level comes later"
        ),
    ],
)
def test_levels(value: Any, expected: list[str]) -> None:
    assert forms(value) == expected


def test_a_later_level_comes_with_one_level_of_its_own() -> None:
    assert forms({"c": {"d": 1}}, path=("a", "b")) == ["later c"]


def test_long_lists_come_in_pieces() -> None:
    rows = rows_of(list(range(250)), root="")
    assert (len(rows), rows[-1].form, rows[-1].count, rows[-1].start) == (101, "more", 150, 100)
    rows = rows_of(list(range(250)), root="", start=200)
    assert (len(rows), rows[0].key, rows[-1].form) == (50, "200", "leaf")


def test_a_large_value_is_a_small_tree() -> None:
    value = {f"k{n}": {f"m{m}": {"x": [m] * 50} for m in range(50)} for n in range(90)}
    assert len(json.dumps(value)) > 800_000
    assert len(rows_of(value, root="a")) < 500


def test_long_texts_are_cut() -> None:
    (row,) = rows_of({"a": "x" * (LONGEST_TEXT + 7)}, root="")
    assert (len(row.text), row.cut) == (LONGEST_TEXT, 7)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("body", "user"), "{{ node_1.body.user }}"),
        (("items", 0, "x-y"), "{{ node_1.items[0].x-y }}"),
        (("odd key",), '{{ node_1["odd key"] }}'),
        (('a"b',), "{{ node_1['a\"b'] }}"),
        (("a\"b'c",), ""),
        (("1st",), '{{ node_1["1st"] }}'),
        (("}}",), ""),
    ],
)
def test_expressions(path: tuple[str | int, ...], expected: str) -> None:
    assert expression("node_1", path) == expected


@pytest.mark.parametrize(
    "text", ["x", "{}", '"a"', "[1.5]", "[true]", "[null]", "[-1]", "[" * 100_000]
)
def test_paths_that_are_none(text: str) -> None:
    with pytest.raises(NotFoundError):
        read_path(text)


@pytest.mark.parametrize("path", [("b",), ("a", "0"), (0,), ("a", 5), ("a", 0, "x")])
def test_places_that_hold_nothing(path: tuple[str | int, ...]) -> None:
    with pytest.raises(NotFoundError):
        value_at({"a": [1]}, path)


def test_a_place() -> None:
    assert value_at({"a": [1, {"b": 2}]}, read_path('["a", 1, "b"]')) == 2
