from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import checked, execute, problems
from workflows.errors import NodeError
from workflows.nodes import registry
from workflows.nodes.switch import OPERATORS


def case(operator: str, right: Any = None, port: str = "hit") -> dict[str, Any]:
    return {"port": port, "label": port.title(), "operator": operator, "right": right}


ANSWERS: dict[str, tuple[str, Any, Any, bool]] = {
    "equals": ("equals", "open", "open", True),
    "equals, not": ("equals", "open", "Open", False),
    "equals, number and text": ("equals", 5.0, "5", True),
    "equals, text and number": ("equals", "5.00", 5, True),
    "equals, texts compare as texts": ("equals", "5.0", "5", False),
    "equals, number and word": ("equals", 5, "five", False),
    "equals, boolean": ("equals", True, "true", True),
    "equals, boolean is no number": ("equals", True, 1, False),
    "equals, nothing": ("equals", None, "", True),
    "not_equals": ("not_equals", 5, "5.1", True),
    "not_equals, not": ("not_equals", 5, "5", False),
    "contains": ("contains", "a bug", "bug", True),
    "contains, not": ("contains", "a bug", "idea", False),
    "not_contains": ("not_contains", "a bug", "idea", True),
    "not_contains, not": ("not_contains", "a bug", "bug", False),
    "starts_with": ("starts_with", "fix/a", "fix/", True),
    "starts_with, not": ("starts_with", "fix/a", "a", False),
    "ends_with": ("ends_with", "a.png", ".png", True),
    "ends_with, not": ("ends_with", "a.png", "a", False),
    "matches": ("matches", "v1.2", r"^v\d", True),
    "matches, not": ("matches", "1.2", r"^v\d", False),
    "in": ("in", 4, [4, 5], True),
    "in, not": ("in", "6", "4, 5", False),
    "is_empty": ("is_empty", [], None, True),
    "is_empty, not": ("is_empty", 0, None, False),
    "is_not_empty": ("is_not_empty", "a", None, True),
    "is_not_empty, not": ("is_not_empty", None, None, False),
    "greater_than": ("greater_than", "10", 9, True),
    "greater_than, not": ("greater_than", 9, 9, False),
    "greater_or_equal": ("greater_or_equal", 9, "9", True),
    "greater_or_equal, not": ("greater_or_equal", 8, 9, False),
    "less_than": ("less_than", 8, 9, True),
    "less_than, not": ("less_than", 9, 9, False),
    "less_or_equal": ("less_or_equal", 9, 9, True),
    "less_or_equal, not": ("less_or_equal", 10, 9, False),
}


@pytest.mark.parametrize(("operator", "value", "right", "hit"), ANSWERS.values(), ids=ANSWERS)
def test_answer(operator: str, value: Any, right: Any, hit: bool) -> None:
    config = {"value": "{{ node_1 }}", "cases": [case(operator, right)]}
    answer = execute("switch", config, {"node_1": value})
    assert answer.port == ("hit" if hit else "default")
    assert answer.value["result"] is hit
    assert answer.value["port"] == answer.port


def test_each_operator_is_in_the_table() -> None:
    assert {operator for operator, *_ in ANSWERS.values()} == set(OPERATORS)


CASES = [case("equals", "a", "first"), case("starts_with", "a", "second"), case("in", "b, c", "3")]
FIRST = {
    "first of two that match": ("a", "first"),
    "second": ("ab", "second"),
    "third": ("c", "3"),
    "none": ("d", "default"),
}


@pytest.mark.parametrize(("value", "port"), FIRST.values(), ids=FIRST)
def test_the_first_match_wins(value: str, port: str) -> None:
    assert execute("switch", {"value": value, "cases": CASES}).port == port


def test_output_shows_what_was_compared() -> None:
    config = {"value": "7", "cases": [case("greater_than", "{{ node_1 }}", "large")]}
    assert execute("switch", config, {"node_1": 5}).value == {
        "result": True,
        "left": 7,
        "right": 5,
        "port": "large",
    }
    assert execute("switch", config, {"node_1": 9}).value == {
        "result": False,
        "left": "7",
        "right": None,
        "port": "default",
    }


WRONG = {
    "list as text": (["a"], case("contains", "a"), "a text"),
    "object as text": ({"a": 1}, case("equals", "a"), "a text"),
    "word as number": ("many", case("greater_than", 5), "a number"),
    "nothing as number": (None, case("less_than", 5), "a number"),
}


@pytest.mark.parametrize(("value", "one_case", "wanted"), WRONG.values(), ids=WRONG)
def test_wrong_type(value: Any, one_case: dict[str, Any], wanted: str) -> None:
    with pytest.raises(NodeError, match=f"'left' has to be {wanted}") as caught:
        execute("switch", {"value": "{{ node_1 }}", "cases": [one_case]}, {"node_1": value})
    assert caught.value.code == "wrong_type"


def test_cases_after_the_match_are_not_asked() -> None:
    cases = [case("is_not_empty", port="full"), case("greater_than", 5, "large")]
    assert execute("switch", {"value": "many", "cases": cases}).port == "full"


def test_operator_and_label_have_defaults() -> None:
    config = checked("switch", {"value": "a", "cases": [{"port": "a", "right": "a"}]})
    assert config["cases"] == [{"port": "a", "label": "", "operator": "equals", "right": "a"}]


PORTS = {
    "each case and default": (
        [case("is_empty", port="b"), case("is_empty", port="a")],
        "b a default",
    ),
    "none": ([], "default"),
    "missing": (None, "default"),
    "unusable names of a draft": ([{"port": "B"}, {"port": 5}, {}, 7, {"port": "b"}], "b default"),
    "the same name twice": ([{"port": "b"}, {"port": "b"}], "b default"),
}


@pytest.mark.parametrize(("cases", "expected"), PORTS.values(), ids=PORTS)
def test_ports(cases: Any, expected: str) -> None:
    assert " ".join(registry()["switch"].ports_for({"cases": cases})) == expected


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "value is missing": ({"cases": []}, "value"),
    "cases are missing": ({"value": "a"}, "cases"),
    "port twice": ({"value": "a", "cases": [case("is_empty"), case("is_empty")]}, "hit"),
    "port in capitals": ({"value": "a", "cases": [case("is_empty", port="A")]}, "lower-case"),
    "port with a line break": ({"value": "a", "cases": [case("is_empty", port="a\nb")]}, "lower"),
    "port too long": ({"value": "a", "cases": [case("is_empty", port="a" * 65)]}, "64"),
    "port error": ({"value": "a", "cases": [case("is_empty", port="error")]}, "meaning of its own"),
    "port item": ({"value": "a", "cases": [case("is_empty", port="item")]}, "meaning of its own"),
    "port default": ({"value": "a", "cases": [case("is_empty", port="default")]}, "meaning"),
    "unknown operator": ({"value": "a", "cases": [case("between", 1)]}, "between"),
    "right is missing": ({"value": "a", "cases": [{"port": "a"}]}, "equals needs"),
    "bad pattern": ({"value": "a", "cases": [case("matches", "a(")]}, "missing )"),
    "unknown field": ({"value": "a", "cases": [{**case("is_empty"), "left": 1}]}, "left"),
}


@pytest.mark.parametrize(("config", "says"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], says: str) -> None:
    assert says in str(problems("switch", config))
