"""JSON Schema: what is found, what is refused, and that no schema can hold up a worker."""

from __future__ import annotations

import time
from typing import Any

import pytest
from rest_framework.serializers import ValidationError

from workflows import json_schemas
from workflows.errors import NodeError
from workflows.json_schemas import MOST_ERRORS, check_schema, find_errors

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"

FOUND: dict[str, tuple[Any, Any, str, str]] = {
    "type": ({"type": "string"}, 5, "", "type string, but it is a number"),
    "one of several types": ({"type": ["string", "null"]}, 5, "", "string or null"),
    "enum": ({"enum": ["a", "b"]}, "c", "", 'one of ["a","b"]'),
    "const": ({"const": 5}, 6, "", "be 5"),
    "true is not 1": ({"const": 1}, True, "", "be 1"),
    "minimum": ({"minimum": 5}, 4, "", "at least 5"),
    "maximum": ({"maximum": 5}, 6, "", "at most 5"),
    "exclusiveMinimum": ({"exclusiveMinimum": 5}, 5, "", "greater than 5"),
    "exclusiveMaximum": ({"exclusiveMaximum": 5}, 5, "", "less than 5"),
    "multipleOf": ({"multipleOf": 3}, 5, "", "multiple of 3"),
    "minLength": ({"minLength": 2}, "a", "", "fewer characters than 2"),
    "maxLength": ({"maxLength": 2}, "abc", "", "more characters than 2"),
    "pattern": ({"pattern": "^a+$"}, "b", "", "^a+$"),
    "format": ({"format": "email"}, "ada", "", "email"),
    "items": ({"items": {"type": "integer"}}, [1, "a"], "[1]", "integer"),
    "prefixItems": ({"prefixItems": [{"type": "integer"}]}, ["a"], "[0]", "integer"),
    "minItems": ({"minItems": 2}, [1], "", "fewer items than 2"),
    "maxItems": ({"maxItems": 1}, [1, 2], "", "more items than 1"),
    "uniqueItems": ({"uniqueItems": True}, [{"a": 1}, {"a": 1.0}], "", "twice"),
    "contains": ({"contains": {"const": 5}}, [1], "", "does not contain"),
    "required": ({"required": ["name"]}, {}, "", "'name' is missing"),
    "property": ({"properties": {"a": {"type": "null"}}}, {"a": 1}, "a", "null"),
    "deep": (
        {"properties": {"a": {"items": {"properties": {"b": {"minimum": 1}}}}}},
        {"a": [{"b": 1}, {"b": 0}]},
        "a[1].b",
        "at least 1",
    ),
    "additionalProperties": (
        {"properties": {"a": {}}, "patternProperties": {"^x-": {}}, "additionalProperties": False},
        {"a": 1, "x-b": 2, "c": 3},
        "",
        "'c'",
    ),
    "additionalProperties, schema": (
        {"additionalProperties": {"type": "integer"}},
        {"a": 1, "b": "c"},
        "b",
        "integer",
    ),
    "patternProperties": (
        {"patternProperties": {"^n": {"type": "integer"}}},
        {"n1": "a"},
        "n1",
        "integer",
    ),
    "propertyNames": ({"propertyNames": {"maxLength": 1}}, {"ab": 1}, "", "more characters"),
    "dependentRequired": ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, "", "dependentRequired"),
    "anyOf": ({"anyOf": [{"type": "string"}, {"minimum": 5}]}, 4, "", "none of the forms"),
    "oneOf": ({"oneOf": [{"minimum": 1}, {"minimum": 2}]}, 3, "", "exactly one"),
    "not": ({"not": {"type": "string"}}, "a", "", "not allowed"),
    "if": ({"if": {"minimum": 5}, "then": {"maximum": 6}}, 7, "", "at most 6"),
    "a reference": ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}, "a", "", "integer"),
    "nothing is allowed": (False, 1, "", "not allowed"),
    "unevaluatedProperties": (
        {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False},
        {"a": 1, "b": 2},
        "",
        "properties that are not allowed",
    ),
    "draft 7": (
        {"$schema": DRAFT_7, "items": [{"type": "integer"}], "additionalItems": False},
        ["a"],
        "[0]",
        "integer",
    ),
    "draft 7, definitions": (
        {
            "$schema": DRAFT_7,
            "definitions": {"n": {"pattern": "^a$"}},
            "properties": {"x": {"$ref": "#/definitions/n"}},
        },
        {"x": "b"},
        "x",
        "^a$",
    ),
    "a schema that refers to itself": (
        {"$schema": DRAFT_2020, "properties": {"child": {"$ref": "#"}, "n": {"type": "integer"}}},
        {"child": {"child": {"n": "a"}}},
        "child.child.n",
        "integer",
    ),
}


@pytest.mark.parametrize(("schema", "value", "path", "says"), FOUND.values(), ids=FOUND)
def test_what_is_found(schema: Any, value: Any, path: str, says: str) -> None:
    check_schema(schema)
    (found,) = find_errors(schema, value)
    assert found["path"] == path
    assert says in found["message"]
    assert found["message"].endswith(".")


VALID: dict[str, tuple[Any, Any]] = {
    "anything": (True, {"a": [1]}),
    "empty": ({}, None),
    "integer that is written as a float": ({"type": "integer"}, 5.0),
    "unknown format": ({"format": "colour"}, "blue-ish"),
    "unknown keyword": ({"x-label": "Name"}, 5),
    "a format of texts only": ({"format": "email"}, 5),
    "unique": ({"uniqueItems": True}, [1, "1", True, [1], {"a": 1}, {"a": True}]),
    "a property called $ref": ({"properties": {"$ref": {"type": "string"}}}, {"$ref": "x"}),
    "a constant that looks like a reference": ({"const": {"$ref": "x"}}, {"$ref": "x"}),
    "pattern anywhere": ({"pattern": "b"}, "abc"),
}


@pytest.mark.parametrize(("schema", "value"), VALID.values(), ids=VALID)
def test_what_is_valid(schema: Any, value: Any) -> None:
    check_schema(schema)
    assert find_errors(schema, value) == []


FORMATS: dict[str, tuple[list[str], list[str]]] = {
    "date": (["2026-02-28", "2028-02-29"], ["2026-02-29", "2026-2-1", "20260201", ""]),
    "time": (["12:00:00Z", "12:00:00.5+02:00"], ["12:00:00", "25:00:00Z", "12:00Z"]),
    "date-time": (
        ["2026-03-01T12:00:00Z", "2026-03-01t12:00:00.123456789+05:30"],
        ["2026-03-01", "2026-03-01 12:00:00Z", "2026-03-01T12:00:00"],
    ),
    "email": (["ada@example.com", "a.b+c@x.example"], ["ada", "a@b@c.de", "a b@c.de", "@c.de"]),
    "uri": (["https://a.b/c?d=e", "mailto:a@b.c"], ["a/b", "https://a b", "//a.b"]),
    "uuid": (
        ["0198c9a4-7d2e-7c41-9f0b-3a5d6e7f8091"],
        ["0198c9a47d2e7c419f0b3a5d6e7f8091", "0198c9a4-7d2e-7c41-9f0b-3a5d6e7f809g"],
    ),
    "ipv4": (["127.0.0.1"], ["127.0.0.256", "127.1", "::1"]),
    "ipv6": (["::1", "2001:db8::1"], ["127.0.0.1", "::1%eth0", "12345::"]),
    "hostname": (["a.example", "x-1.y"], ["-a.b", "a_b", "a..b", ""]),
    "regex": (["^a+$"], ["(", "(?=a)"]),
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats(name: str) -> None:
    good, bad = FORMATS[name]
    assert [text for text in good if find_errors({"format": name}, text)] == []
    assert [text for text in bad if not find_errors({"format": name}, text)] == []


REFUSED: dict[str, tuple[Any, str]] = {
    "no object": ("object", "is an object"),
    "list": ([], "is an object"),
    "null": (None, "is an object"),
    "unknown type": ({"type": "objet"}, "at type"),
    "a limit that is no number": (
        {"properties": {"a": {"minimum": "5"}}},
        "at properties.a.minimum",
    ),
    "reference to a server": ({"$ref": "https://example.com/schema"}, "leads out of it"),
    "reference to a file": ({"items": {"$ref": "file:///etc/passwd"}}, "leads out of it"),
    "dynamic reference to a server": ({"$dynamicRef": "https://example.com/x"}, "leads out of it"),
    "reference to nothing": (
        {"properties": {"a": {"$ref": "#/$defs/a"}}},
        "there is no '#/$defs/a'",
    ),
    "circle": ({"$ref": "#"}, "leads back to itself"),
    "circle of two": (
        {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
        "leads back to itself",
    ),
    "pattern with look-ahead": ({"pattern": "(?=a)"}, "regular expression"),
    "pattern of names": ({"patternProperties": {"(": {}}}, "regular expression"),
    "unknown draft": ({"$schema": "http://json-schema.org/draft-04/schema#"}, "draft"),
    "draft of a part": ({"items": {"$schema": DRAFT_7}}, "$schema"),
    "too long": ({"enum": ["a" * 100_000]}, "100,000"),
    "patterns and the rest": (
        {"patternProperties": {"a": {}}, "unevaluatedProperties": False},
        "do not go together",
    ),
}


@pytest.mark.parametrize(("schema", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_at_save(schema: Any, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        check_schema(schema)
    assert says in str(refused.value.detail[0])


def _doubling(times: int) -> dict[str, Any]:
    parts = {f"p{n}": {"allOf": [{"$ref": f"#/$defs/p{n + 1}"}] * 4} for n in range(times)}
    return {"$defs": {**parts, f"p{times}": {"type": "integer"}}, "items": {"$ref": "#/$defs/p0"}}


ROWS = [{"id": n} for n in range(50_000)]
ATTACKS: dict[str, tuple[Any, Any]] = {
    "references that double": (_doubling(30), [1]),
    "a pattern that goes back": ({"pattern": "^(a+)+$"}, "a" * 200_000 + "b"),
    "a name that goes back": ({"patternProperties": {"^(a+)+$": False}}, {"a" * 50_000 + "b": 1}),
    "names against patterns": (
        {"patternProperties": {f"^{n}x": {} for n in range(1000)}},
        {str(n): n for n in range(5_000)},
    ),
    "many objects are unique": ({"uniqueItems": True}, ROWS),
    "many errors": ({"items": {"type": "string"}}, ROWS),
    "many errors in one": ({"anyOf": [{"items": {"type": "string"}}] * 5}, ROWS),
    "a long list of choices": ({"items": {"enum": [*range(10_000)]}}, [-1] * 50_000),
    "names that are left": ({"unevaluatedProperties": False}, {str(n): n for n in range(50_000)}),
}


@pytest.mark.parametrize(("schema", "value"), ATTACKS.values(), ids=ATTACKS)
def test_no_schema_holds_up_a_worker(
    schema: Any, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a third of the usual limit, which two of them reach."""
    monkeypatch.setattr(json_schemas, "MOST_SECONDS", json_schemas.MOST_SECONDS / 3)
    start = time.thread_time()
    try:
        found = find_errors(schema, value)
    except NodeError as error:
        assert error.code == "too_much_work"
    else:
        assert len(found) <= MOST_ERRORS
    assert time.thread_time() - start < 2


def test_no_schema_holds_up_a_save() -> None:
    """On null too, each reference leads to four others."""
    start = time.thread_time()
    schema = {**_doubling(20), "$ref": "#/$defs/p0"}
    schema["$defs"]["p20"] = {"type": "null"}
    with pytest.raises(ValidationError, match="too much to check"):
        check_schema(schema)
    assert time.thread_time() - start < 2


def test_messages_do_not_quote_the_value() -> None:
    schema = {"properties": {"a": {"enum": [1]}, "b": {"pattern": "x"}, "c": {"not": {}}}}
    found = find_errors(schema, {"a": "s3cret", "b": "s3cret", "c": "s3cret"})
    assert len(found) == 3
    assert "s3cret" not in str(found)
