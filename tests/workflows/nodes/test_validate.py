from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import error, execute, problems
from workflows import json_schemas
from workflows.nodes import registry

SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "email": {"format": "email"}},
    "required": ["id"],
}
INPUTS: dict[str, tuple[Any, list[str]]] = {
    "valid": ({"id": 1, "email": "ada@example.com"}, []),
    "missing": ({}, [""]),
    "wrong type": ({"id": "1"}, ["id"]),
    "two errors": ({"id": "1", "email": "ada"}, ["id", "email"]),
    "a text is no object": ('{"id": 1}', [""]),
    "nothing": (None, [""]),
}


@pytest.mark.parametrize(("value", "paths"), INPUTS.values(), ids=INPUTS)
def test_validate(value: Any, paths: list[str]) -> None:
    made = execute("validate", {"input": "{{ n }}", "schema": SCHEMA}, {"n": value})
    assert made.value["valid"] is (paths == [])
    assert [item["path"] for item in made.value["errors"]] == paths
    assert all(item["message"].endswith(".") for item in made.value["errors"])
    assert made.port == ("true" if paths == [] else "false")


def test_ports() -> None:
    assert registry()["validate"].ports_for({}) == ("true", "false")


def test_the_schema_is_no_template() -> None:
    config = {"input": "{{ n }}", "schema": {"const": "{{ n }}"}}
    assert execute("validate", config, {"n": "{{ n }}"}).value["valid"] is True
    assert execute("validate", config, {"n": 5}).value["valid"] is False


def test_too_much_to_check_fails_the_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_schemas, "MOST_SECONDS", json_schemas.MOST_SECONDS / 10)
    parts = {f"p{n}": {"allOf": [{"$ref": f"#/$defs/p{n + 1}"}] * 4} for n in range(20)}
    schema = {
        "$defs": {**parts, "p20": True},
        "properties": {"a": {"$ref": "#/$defs/p0"}},
    }
    caught = error("validate", {"input": "{{ n }}", "schema": schema}, {"n": {"a": 1}})
    assert caught.code == "too_much_work"


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "input is missing": ({"schema": {}}, "input"),
    "schema is missing": ({"input": 1}, "schema"),
    "schema is a text": ({"input": 1, "schema": "object"}, "schema"),
    "schema is broken": ({"input": 1, "schema": {"type": "objet"}}, "schema"),
    "schema is null": ({"input": 1, "schema": None}, "schema"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("validate", config)
