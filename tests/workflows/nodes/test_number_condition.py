from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import execute, output, problems
from workflows.errors import NodeError
from workflows.operators import NUMBER_OPERATORS

ANSWERS: dict[str, tuple[str, Any, Any, bool]] = {
    "equals": ("equals", 5, 5, True),
    "equals, not": ("equals", 5, 6, False),
    "equals, text": ("equals", "5", 5, True),
    "equals, integer and float": ("equals", 5, 5.0, True),
    "equals, decimals as written": ("equals", 0.1, "0.10", True),
    "equals, digits beyond a float": ("equals", "9007199254740993", 9007199254740992, False),
    "equals, long decimals": ("equals", "0.100000000000000000001", "0.1", False),
    "equals, scientific": ("equals", 1e23, "100000000000000000000000", True),
    "not_equals": ("not_equals", 5, 6, True),
    "not_equals, not": ("not_equals", 5, "5.0", False),
    "greater_than": ("greater_than", 6, 5, True),
    "greater_than, equal": ("greater_than", 5, 5, False),
    "greater_than, texts compare as numbers": ("greater_than", "10", "9", True),
    "greater_or_equal": ("greater_or_equal", 5, 5, True),
    "greater_or_equal, not": ("greater_or_equal", 4.9, 5, False),
    "less_than": ("less_than", -1, 0, True),
    "less_than, equal": ("less_than", 5, 5, False),
    "less_or_equal": ("less_or_equal", "0.3", 0.3, True),
    "less_or_equal, not": ("less_or_equal", 0.1 + 0.2, "0.3", False),
}


@pytest.mark.parametrize(("operator", "left", "right", "result"), ANSWERS.values(), ids=ANSWERS)
def test_answer(operator: str, left: Any, right: Any, result: bool) -> None:
    config = {"left": "{{ node_1 }}", "operator": operator, "right": right}
    answer = execute("number_condition", config, {"node_1": left})
    assert answer.value["result"] is result
    assert answer.port == ("true" if result else "false")


BETWEEN: dict[str, tuple[Any, Any, Any, bool]] = {
    "within": (5, 1, 10, True),
    "lower end": (1, 1, 10, True),
    "upper end": ("10", 1, 10, True),
    "below": (0.99, 1, 10, False),
    "above": (10.01, 1, 10, False),
    "ends the wrong way round": (5, 10, 1, False),
}


@pytest.mark.parametrize(("left", "right", "right2", "result"), BETWEEN.values(), ids=BETWEEN)
def test_between(left: Any, right: Any, right2: Any, result: bool) -> None:
    config = {"left": left, "operator": "between", "right": right, "right2": right2}
    answer = execute("number_condition", config)
    assert answer.value["result"] is result
    assert answer.value["right"] == [right, right2]
    assert answer.port == ("true" if result else "false")


def test_each_operator_is_in_a_table() -> None:
    assert {operator for operator, *_ in ANSWERS.values()} | {"between"} == set(NUMBER_OPERATORS)


OUTPUTS = {
    "texts become numbers": (("5", "0.5"), {"result": True, "left": 5, "right": 0.5}),
    "numbers stay": ((5.0, 1), {"result": True, "left": 5.0, "right": 1}),
    "no digit is dropped": (
        ("0.12345678901234567890", 0),
        {"result": True, "left": "0.12345678901234567890", "right": 0},
    ),
}


@pytest.mark.parametrize(("sides", "expected"), OUTPUTS.values(), ids=OUTPUTS)
def test_output_shows_what_was_compared(sides: Any, expected: dict[str, Any]) -> None:
    config = {"left": sides[0], "operator": "greater_than", "right": sides[1]}
    assert output("number_condition", config) == expected


WRONG = {
    "text": ("five", '"five"'),
    "boolean": (True, "a boolean: true"),
    "list": ([5], "a list: [5]"),
    "object": ({"n": 5}, 'an object: {"n":5}'),
    "nothing": (None, "nothing is there"),
    "blank": ("", "nothing is there"),
}


@pytest.mark.parametrize("operator", NUMBER_OPERATORS)
@pytest.mark.parametrize(("value", "shown"), WRONG.values(), ids=WRONG)
def test_wrong_type(operator: str, value: Any, shown: str) -> None:
    config = {"left": "{{ node_1 }}", "operator": operator, "right": 1, "right2": 2}
    with pytest.raises(NodeError, match="'left' has to be a number") as caught:
        execute("number_condition", config, {"node_1": value})
    assert caught.value.code == "wrong_type"
    assert shown in caught.value.message


@pytest.mark.parametrize("side", ["left", "right", "right2"])
def test_the_wrong_side_is_named(side: str) -> None:
    config = {
        "left": 1,
        "operator": "between",
        "right": 1,
        "right2": 2,
        side: "{{ node_1.nobody }}",
    }
    with pytest.raises(NodeError, match=f"'{side}' has to be a number"):
        output("number_condition", config)


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "left is missing": ({"operator": "equals", "right": 1}, "left"),
    "right is missing": ({"left": 1, "operator": "equals"}, "right"),
    "operator is missing": ({"left": 1, "right": 1}, "operator"),
    "unknown operator": ({"left": 1, "operator": "contains", "right": 1}, "operator"),
    "between needs right2": ({"left": 1, "operator": "between", "right": 1}, "right2"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("number_condition", config)
