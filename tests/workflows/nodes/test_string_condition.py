from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import execute, output, problems
from workflows.errors import NodeError
from workflows.operators import TEXT_OPERATORS

ANSWERS: dict[str, tuple[str, Any, Any, bool]] = {
    "equals": ("equals", "open", "open", True),
    "equals, not": ("equals", "open", "closed", False),
    "equals, other case": ("equals", "Open", "open", False),
    "equals, nothing is a blank text": ("equals", None, "", True),
    "equals, a number is its text": ("equals", 5, "5", True),
    "equals, a boolean is its text": ("equals", True, "true", True),
    "not_equals": ("not_equals", "open", "closed", True),
    "not_equals, not": ("not_equals", "open", "open", False),
    "contains": ("contains", "pull request", "request", True),
    "contains, not": ("contains", "pull request", "issue", False),
    "contains, in a number": ("contains", 12345, 234, True),
    "not_contains": ("not_contains", "pull request", "issue", True),
    "not_contains, not": ("not_contains", "pull request", "pull", False),
    "starts_with": ("starts_with", "feature/a", "feature/", True),
    "starts_with, not": ("starts_with", "feature/a", "fix/", False),
    "ends_with": ("ends_with", "photo.png", ".png", True),
    "ends_with, not": ("ends_with", "photo.png", ".jpg", False),
    "matches": ("matches", "order 1234 came", r"\d{4}", True),
    "matches, not": ("matches", "order 12 came", r"\d{4}", False),
    "matches, whole text": ("matches", "1234x", r"^\d{4}$", False),
    "in a text with commas": ("in", "b", "a, b ,c", True),
    "in a text with commas, not": ("in", "d", "a, b, c", False),
    "in a list": ("in", "b", ["a", "b"], True),
    "in a list of numbers": ("in", "5", [4, 5], True),
    "in a list, not a part of one": ("in", "b", ["abc"], False),
    "in a JSON list": ("in", "a,b", '["a,b", "c"]', True),
    "in nothing": ("in", "", "", False),
    "is_empty, blank": ("is_empty", "", None, True),
    "is_empty, nothing": ("is_empty", None, None, True),
    "is_empty, empty list": ("is_empty", [], None, True),
    "is_empty, empty object": ("is_empty", {}, None, True),
    "is_empty, not": ("is_empty", " ", None, False),
    "is_empty, zero is something": ("is_empty", 0, None, False),
    "is_not_empty": ("is_not_empty", "a", None, True),
    "is_not_empty, list": ("is_not_empty", ["a"], None, True),
    "is_not_empty, not": ("is_not_empty", "", None, False),
}


@pytest.mark.parametrize(("operator", "left", "right", "result"), ANSWERS.values(), ids=ANSWERS)
def test_answer(operator: str, left: Any, right: Any, result: bool) -> None:
    config = {"left": "{{ node_1 }}", "operator": operator, "right": right}
    answer = execute("string_condition", config, {"node_1": left})
    assert answer.value["result"] is result
    assert answer.port == ("true" if result else "false")


def test_each_operator_is_in_the_table() -> None:
    assert {operator for operator, *_ in ANSWERS.values()} == set(TEXT_OPERATORS)


CASELESS = {
    "equals": ("equals", "Straße", "STRASSE"),
    "contains": ("contains", "Pull Request", "REQUEST"),
    "starts_with": ("starts_with", "Feature/a", "feature/"),
    "ends_with": ("ends_with", "photo.PNG", ".png"),
    "matches": ("matches", "Order", "^order$"),
    "in": ("in", "OPEN", "open, closed"),
}


@pytest.mark.parametrize(("operator", "left", "right"), CASELESS.values(), ids=CASELESS)
def test_case_sensitive(operator: str, left: str, right: str) -> None:
    config = {"left": left, "operator": operator, "right": right}
    assert output("string_condition", config)["result"] is False
    assert output("string_condition", {**config, "case_sensitive": True})["result"] is False
    assert output("string_condition", {**config, "case_sensitive": False})["result"] is True


OUTPUTS = {
    "texts": (("equals", 5, "5"), {"result": True, "left": "5", "right": "5"}),
    "list of choices": (("in", "a", "a, b"), {"result": True, "left": "a", "right": ["a", "b"]}),
    "no right side": (("is_empty", [], "x"), {"result": True, "left": [], "right": None}),
}


@pytest.mark.parametrize(("config", "expected"), OUTPUTS.values(), ids=OUTPUTS)
def test_output_shows_what_was_compared(config: Any, expected: dict[str, Any]) -> None:
    assert (
        output("string_condition", dict(zip(("operator", "left", "right"), config, strict=True)))
        == expected
    )


WRONG = [operator for operator in TEXT_OPERATORS if operator not in ("is_empty", "is_not_empty")]


@pytest.mark.parametrize("operator", WRONG)
@pytest.mark.parametrize("value", [["a"], {"a": 1}], ids=["list", "object"])
def test_wrong_type(operator: str, value: Any) -> None:
    with pytest.raises(NodeError, match="'left' has to be a text") as caught:
        execute(
            "string_condition",
            {"left": "{{ node_1 }}", "operator": operator, "right": "a"},
            {"node_1": value},
        )
    assert caught.value.code == "wrong_type"


def test_in_an_object_is_the_wrong_type() -> None:
    with pytest.raises(NodeError, match="'right' has to be a list, or a text with commas"):
        output("string_condition", {"left": "a", "operator": "in", "right": {"a": 1}})


@pytest.mark.parametrize("operator", TEXT_OPERATORS)
def test_an_unknown_variable_is_an_empty_text(operator: str) -> None:
    config = {"left": "{{ node_1.nobody }}", "operator": operator, "right": "x"}
    expected = operator in ("not_equals", "not_contains", "is_empty")
    assert output("string_condition", config)["result"] is expected


BAD_PATTERNS = {"broken": ("a(b", "missing )"), "look-ahead": ("(?=a)", "without look-around")}


@pytest.mark.parametrize(("pattern", "reason"), BAD_PATTERNS.values(), ids=BAD_PATTERNS)
def test_a_bad_pattern(pattern: str, reason: str) -> None:
    config = {"left": "a", "operator": "matches", "right": pattern}
    assert reason in str(problems("string_condition", config)["right"])
    with pytest.raises(NodeError, match="regular expression") as caught:
        execute("string_condition", {**config, "right": "{{ node_1 }}"}, {"node_1": pattern})
    assert caught.value.code == "bad_pattern"
    assert reason in caught.value.message


def test_a_costly_pattern_is_refused_before_it_runs() -> None:
    config = {"left": "{{ node_1 }}", "operator": "matches", "right": "([a-q][^u-z]){500}x"}
    with pytest.raises(NodeError, match="too costly"):
        execute("string_condition", config, {"node_1": "a" * 1_000_000})


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "left is missing": ({"operator": "equals", "right": "a"}, "left"),
    "operator is missing": ({"left": "a", "right": "a"}, "operator"),
    "unknown operator": ({"left": "a", "operator": "like", "right": "a"}, "operator"),
    "right is missing": ({"left": "a", "operator": "equals"}, "right"),
    "case_sensitive is no boolean": (
        {"left": "a", "operator": "equals", "right": "a", "case_sensitive": "perhaps"},
        "case_sensitive",
    ),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("string_condition", config)


def test_emptiness_needs_no_right_side() -> None:
    assert not problems("string_condition", {"left": "{{ a }}", "operator": "is_empty"})
