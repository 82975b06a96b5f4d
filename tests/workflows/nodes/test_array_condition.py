from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import error, execute, output, problems
from workflows.operators import LIST_OPERATORS

ANSWERS: dict[str, tuple[str, Any, Any, bool]] = {
    "contains": ("contains", ["a", "b"], "a", True),
    "contains, not": ("contains", ["a", "b"], "c", False),
    "contains, no part of a text": ("contains", ["abc"], "b", False),
    "contains, case differs": ("contains", ["A"], "a", False),
    "contains, number": ("contains", [1, 2], 2, True),
    "contains, number as a text": ("contains", [1, 2], "2", True),
    "contains, text as a number": ("contains", ["1", "2.0"], 2, True),
    "contains, long numbers": ("contains", [9007199254740993], "9007199254740992", False),
    "contains, boolean": ("contains", [True], True, True),
    "contains, boolean as a text": ("contains", [True], "true", True),
    "contains, true is not 1": ("contains", [True], 1, False),
    "contains, null": ("contains", [None], None, True),
    "contains, null is no blank": ("contains", [""], None, False),
    "contains, object": ("contains", [{"a": 1, "b": [2]}], {"b": [2], "a": 1}, True),
    "contains, object, not": ("contains", [{"a": 1}], {"a": 2}, False),
    "contains, list": ("contains", [[1, 2], [3]], [1, 2], True),
    "contains, a list is no item": ("contains", [1, 2], [1, 2], False),
    "contains, JSON text": ("contains", '["a"]', "a", True),
    "contains, nothing there": ("contains", None, "a", False),
    "not_contains": ("not_contains", ["a"], "b", True),
    "not_contains, not": ("not_contains", ["a"], "a", False),
    "not_contains, nothing there": ("not_contains", None, "a", True),
    "is_empty": ("is_empty", [], None, True),
    "is_empty, not": ("is_empty", [None], None, False),
    "is_empty, nothing there": ("is_empty", None, None, True),
    "is_empty, blank": ("is_empty", "", None, True),
    "is_not_empty": ("is_not_empty", [0], None, True),
    "is_not_empty, not": ("is_not_empty", [], None, False),
    "length_equals": ("length_equals", [1, 2], 2, True),
    "length_equals, text": ("length_equals", [1, 2], "2", True),
    "length_equals, not": ("length_equals", [1, 2], 3, False),
    "length_equals, nothing there": ("length_equals", None, 0, True),
    "length_greater_than": ("length_greater_than", [1, 2], 1, True),
    "length_greater_than, equal": ("length_greater_than", [1, 2], 2, False),
    "length_less_than": ("length_less_than", [1], 2, True),
    "length_less_than, equal": ("length_less_than", [1], 1, False),
}


@pytest.mark.parametrize(("operator", "left", "right", "result"), ANSWERS.values(), ids=ANSWERS)
def test_answer(operator: str, left: Any, right: Any, result: bool) -> None:
    config = {"left": "{{ n.left }}", "operator": operator, "right": "{{ n.right }}"}
    answer = execute("array_condition", config, {"n": {"left": left, "right": right}})
    assert answer.value["result"] is result
    assert answer.port == ("true" if result else "false")


def test_each_operator_is_in_the_table() -> None:
    assert {operator for operator, *_ in ANSWERS.values()} == set(LIST_OPERATORS)


OUTPUTS = {
    "item": (("contains", "[1]", 1), {"result": True, "left": [1], "right": 1}),
    "length": (("length_equals", [1], "1"), {"result": True, "left": [1], "right": 1}),
    "no right side": (("is_empty", None, 5), {"result": True, "left": [], "right": None}),
}


@pytest.mark.parametrize(("config", "expected"), OUTPUTS.values(), ids=OUTPUTS)
def test_output_shows_what_was_compared(config: Any, expected: dict[str, Any]) -> None:
    named = dict(zip(("operator", "left", "right"), config, strict=True))
    assert output("array_condition", named) == expected


@pytest.mark.parametrize("operator", LIST_OPERATORS)
@pytest.mark.parametrize("value", ["a, b", {"a": 1}, 5, True], ids=str)
def test_wrong_type(operator: str, value: Any) -> None:
    config = {"left": "{{ n }}", "operator": operator, "right": 1}
    caught = error("array_condition", config, {"n": value})
    assert caught.code == "wrong_type"
    assert "'left' has to be a list" in caught.message


@pytest.mark.parametrize("value", ["many", None, [1]], ids=str)
def test_a_length_is_a_number(value: Any) -> None:
    config = {"left": [], "operator": "length_equals", "right": "{{ n }}"}
    assert "'right' has to be a number" in error("array_condition", config, {"n": value}).message


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "left is missing": ({"operator": "is_empty"}, "left"),
    "operator is missing": ({"left": []}, "operator"),
    "unknown operator": ({"left": [], "operator": "equals", "right": 1}, "operator"),
    "contains needs right": ({"left": [], "operator": "contains"}, "right"),
    "length needs right": ({"left": [], "operator": "length_equals"}, "right"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("array_condition", config)
