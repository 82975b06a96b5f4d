from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import execute, output, problems
from workflows.errors import NodeError

PARSED: dict[str, tuple[Any, Any]] = {
    "text of an object": ('{"a": [1, 2.5, null, true]}', {"a": [1, 2.5, None, True]}),
    "text of a list": (" [1] ", [1]),
    "text of a text": ('"a"', "a"),
    "text of a number": ("5", 5),
    "text of null": ("null", None),
    "object passes through": ({"a": 1}, {"a": 1}),
    "list passes through": ([1], [1]),
    "number passes through": (5, 5),
    "boolean passes through": (False, False),
    "large integer": ("12345678901234567890", 12345678901234567890),
    "text with NUL": ('"a\\u0000b"', "a\ufffdb"),
}


@pytest.mark.parametrize(("value", "expected"), PARSED.values(), ids=PARSED)
def test_parsed(value: Any, expected: Any) -> None:
    result = output("json_parser", {"input": "{{ node_1 }}"}, {"node_1": value})
    assert result == expected
    assert type(result) is type(expected)


def test_a_text_with_templates_is_parsed_when_they_are_resolved() -> None:
    config = {"input": '{"name": "{{ node_1.name }}"}'}
    assert output("json_parser", config, {"node_1": {"name": "Ada"}}) == {"name": "Ada"}


REFUSED: dict[str, tuple[Any, str]] = {
    "no JSON": ("hello world", 'begins with: "hello world"'),
    "blank": ("", 'begins with: ""'),
    "nothing": (None, "The input is empty"),
    "single quotes": ("{'a': 1}", "property name"),
    "comma too many": ("[1,]", "no valid JSON"),
    "two values": ("1 2", "Extra data"),
    "NaN": ("NaN", "NaN is not JSON"),
    "infinity": ("[-Infinity]", "-Infinity is not JSON"),
    "too deep": ("[" * 5_000 + "]" * 5_000, "deep"),
    "endless digits": ("9" * 5_000, "no valid JSON"),
}


@pytest.mark.parametrize(("value", "says"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_json_fails_the_step(value: Any, says: str) -> None:
    with pytest.raises(NodeError) as caught:
        output("json_parser", {"input": "{{ node_1 }}"}, {"node_1": value})
    assert caught.value.code == "invalid_json"
    assert says in caught.value.message
    assert len(caught.value.message) < 500


ORDER = {"user": {"emails": ["ada@example.com"]}, "items": [{"price": 5}, {"price": 20}]}
EXTRACTED: dict[str, tuple[list[tuple[str, str]], dict[str, Any]]] = {
    "one": ([("email", "user.emails[0]")], {"email": "ada@example.com"}),
    "several": (
        [("prices", "items[*].price"), ("dear", "items[?price > `10`] | length(@)")],
        {"prices": [5, 20], "dear": 1},
    ),
}


@pytest.mark.parametrize(("parts", "expected"), EXTRACTED.values(), ids=EXTRACTED)
def test_extract(parts: list[tuple[str, str]], expected: dict[str, Any]) -> None:
    extract = [{"name": name, "path": path} for name, path in parts]
    config = {"input": "{{ node_1 }}", "extract": extract}
    assert output("json_parser", config, {"node_1": ORDER}) == expected


def test_a_path_that_finds_nothing_gives_null_and_a_warning() -> None:
    config = {"input": {}, "extract": [{"name": "email", "path": "user.email"}]}
    result = execute("json_parser", config)
    assert result.value == {"email": None}
    assert result.warnings == ("email: nothing found at user.email.",)


def test_a_path_that_does_not_fit_the_data_fails_the_step() -> None:
    config = {"input": {"a": "x"}, "extract": [{"name": "n", "path": "abs(a)"}]}
    with pytest.raises(NodeError, match=r"abs\(\)") as caught:
        output("json_parser", config)
    assert caught.value.code == "bad_path"


def one(**part: Any) -> dict[str, Any]:
    return {"input": {}, "extract": [{"name": "a", "path": "a", **part}]}


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "input is missing": ({}, "input"),
    "input is null": ({"input": None}, "input"),
    "broken path": (one(path="a["), "JMESPath"),
    "unknown sign": (one(path="a # b"), "column 3"),
    "blank path": (one(path=""), "blank"),
    "long path": (one(path="a" * 1_001), "1000"),
    "blank name": (one(name=" "), "blank"),
    "unknown field": (one(default=1), "default"),
    "name twice": ({"input": {}, "extract": one()["extract"] * 2}, "given twice"),
}


@pytest.mark.parametrize(("config", "says"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], says: str) -> None:
    assert says in str(problems("json_parser", config))
