from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import checked, error, execute, problems
from workflows.graph import Graph
from workflows.validation import check_graph

YES = {"kind": "boolean", "left": True, "operator": "is_true"}
NO = {"kind": "boolean", "left": False, "operator": "is_true"}
WRONG = {"kind": "number", "left": "{{ n.text }}", "operator": "equals", "right": 1}
DATA = {"n": {"text": "five", "number": 5, "day": "2026-03-01", "list": [1], "missing": None}}


def group(combinator: str, *rules: Any) -> dict[str, Any]:
    return {"combinator": combinator, "rules": list(rules)}


RESULTS: dict[str, tuple[dict[str, Any], bool, list[Any]]] = {
    "and, all hold": (group("and", YES, YES), True, [True, True]),
    "and, the last does not": (group("and", YES, NO), False, [True, False]),
    "and, the first does not": (group("and", NO, YES), False, [False, None]),
    "or, none holds": (group("or", NO, NO), False, [False, False]),
    "or, the last holds": (group("or", NO, YES), True, [False, True]),
    "or, the first holds": (group("or", YES, NO), True, [True, None]),
    "and of ors": (group("and", group("or", NO, YES), group("or", NO, NO)), False, [True, False]),
    "or of ands": (group("or", group("and", YES, NO), group("and", YES, YES)), True, [False, True]),
    "and is the default": ({"rules": [YES, {"rules": [YES, NO]}]}, False, [True, False]),
    "a rule guards the next, and": (group("and", NO, WRONG), False, [False, None]),
    "a rule guards the next, or": (group("or", YES, WRONG), True, [True, None]),
}


@pytest.mark.parametrize(("config", "result", "answers"), RESULTS.values(), ids=RESULTS)
def test_groups(config: dict[str, Any], result: bool, answers: list[Any]) -> None:
    made = execute("logical_group", config, DATA)
    combinator = config.get("combinator", "and")
    assert made.value == {"result": result, "left": answers, "right": combinator}
    assert made.port == ("true" if result else "false")


KINDS: dict[str, tuple[dict[str, Any], bool]] = {
    "string": (
        {"kind": "string", "left": "{{ n.text }}", "operator": "equals", "right": "five"},
        True,
    ),
    "string, case": (
        {
            "kind": "string",
            "left": "{{ n.text }}",
            "operator": "equals",
            "right": "FIVE",
            "case_sensitive": False,
        },
        True,
    ),
    "number": (
        {
            "kind": "number",
            "left": "{{ n.number }}",
            "operator": "between",
            "right": 5,
            "right2": 9,
        },
        True,
    ),
    "number, not": (
        {"kind": "number", "left": "{{ n.number }}", "operator": "less_than", "right": "5"},
        False,
    ),
    "date": (
        {"kind": "date", "left": "{{ n.day }}", "operator": "on", "right": "2026-03-01"},
        True,
    ),
    "date, within": (
        {
            "kind": "date",
            "left": "{{ n.day }}",
            "operator": "within_last",
            "amount": 1,
            "unit": "month",
            "timezone": "Europe/Berlin",
        },
        False,
    ),
    "boolean": ({"kind": "boolean", "left": "yes", "operator": "is_true"}, True),
    "boolean, is_true by default": ({"kind": "boolean", "left": "no"}, False),
    "array": (
        {"kind": "array", "left": "{{ n.list }}", "operator": "contains", "right": 1},
        True,
    ),
    "missing": (
        {"kind": "string", "left": "{{ n.missing }}", "operator": "is_empty"},
        True,
    ),
}


@pytest.mark.parametrize(("rule", "result"), KINDS.values(), ids=KINDS)
def test_each_kind_of_rule(rule: dict[str, Any], result: bool) -> None:
    assert execute("logical_group", group("and", rule), DATA).value["result"] is result


def test_an_error_says_where() -> None:
    caught = error("logical_group", group("or", NO, group("and", YES, WRONG)), DATA)
    assert caught.code == "wrong_type"
    assert caught.message.startswith("rules[1]: rules[1]: The field 'left' has to be a number")
    assert '"five"' in caught.message


def nested(depth: int) -> Any:
    """So many groups in each other, the outermost included."""
    return YES if not depth else group("and", nested(depth - 1))


def test_ten_groups_deep_and_no_more() -> None:
    assert execute("logical_group", nested(10)).value["result"] is True
    assert "10 deep" in str(problems("logical_group", nested(11)))


PROBLEMS: dict[str, tuple[Any, str]] = {
    "no rules": ([], "no rule"),
    "no list": ({"a": 1}, "list"),
    "a rule is a text": (["a"], "object"),
    "no kind": ([{"left": 1}], "kind"),
    "unknown kind": ([{**YES, "kind": "colour"}], "colour"),
    "kind is a list": ([{**YES, "kind": ["string"]}], "kind"),
    "operator of another kind": ([{**YES, "operator": "contains"}], "contains"),
    "unknown field": ([{**YES, "case_sensitive": True}], "case_sensitive"),
    "missing right": ([{"kind": "number", "left": 1, "operator": "equals"}], "right"),
    "broken pattern": (
        [{"kind": "string", "left": "a", "operator": "matches", "right": "("}],
        "regular expression",
    ),
    "group without rules": ([{"combinator": "and"}], "list"),
    "empty group": ([group("and")], "no rule"),
    "unknown combinator": ([group("xor", YES)], "xor"),
    "group with more": ([{**group("and", YES), "left": 1}], "left"),
    "501 rules": ([YES] * 501, "501 rules"),
    "501 rules in groups": ([group("and", *[YES] * 125)] * 4, "504 rules"),
}


@pytest.mark.parametrize(("rules", "says"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(rules: Any, says: str) -> None:
    assert says in str(problems("logical_group", {"rules": rules})["rules"])


def test_a_problem_names_its_place() -> None:
    config = group("and", YES, group("or", YES, {**NO, "operator": "maybe"}))
    graph = {
        "nodes": [
            {"id": "start", "type": "manual_trigger"},
            {"id": "ask", "type": "logical_group", "config": config},
        ],
        "edges": [{"source": "start", "target": "ask"}],
    }
    (problem,) = check_graph(Graph.from_json(graph)).errors
    assert (problem.node, problem.field) == ("ask", "config.rules[1].rules[1].operator")


def test_checked_rules_can_be_checked_again() -> None:
    config = checked("logical_group", nested(10))
    assert checked("logical_group", config) == config
