"""The present moment of these tests is 2026-07-01T12:00Z, a Wednesday."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import error, execute, output, problems
from workflows.operators import DATE_OPERATORS

MARCH = {"right": "2026-03-01", "right2": "2026-03-31"}
ANSWERS: dict[str, tuple[str, Any, dict[str, Any], bool]] = {
    "before": ("before", "2026-03-01", {"right": "2026-03-02"}, True),
    "before, equal": ("before", "2026-03-01", {"right": "2026-03-01"}, False),
    "before, other zone": (
        "before",
        "2026-03-01T12:00:00+02:00",
        {"right": "2026-03-01T11:00:00Z"},
        True,
    ),
    "after": ("after", "2026-03-01T00:00:01Z", {"right": "2026-03-01"}, True),
    "after, not": ("after", "2026-02-28", {"right": "2026-03-01"}, False),
    "after, timestamps": ("after", 1_800_000_000, {"right": 1_700_000_000_000}, True),
    "after now": ("after", "2026-07-01T12:00:01Z", {"right": "now"}, True),
    "before today": ("before", "2026-06-30T23:59:59Z", {"right": "today"}, True),
    "before today, not": ("before", "2026-07-01T00:00:00Z", {"right": "today"}, False),
    "on": ("on", "2026-03-01T23:59:59Z", {"right": "2026-03-01T00:00:00Z"}, True),
    "on, not": ("on", "2026-03-02T00:00:00Z", {"right": "2026-03-01T23:00:00Z"}, False),
    "on, the day of the zone": (
        "on",
        "2026-03-01T23:30:00Z",
        {"right": "2026-03-02", "timezone": "Europe/Berlin"},
        True,
    ),
    "between": ("between", "2026-03-15", MARCH, True),
    "between, first": (
        "between",
        "2026-03-01",
        {"right": "2026-03-01", "right2": "2026-03-02"},
        True,
    ),
    "between, last": (
        "between",
        "2026-03-02",
        {"right": "2026-03-01", "right2": "2026-03-02"},
        True,
    ),
    "between, after": ("between", "2026-03-31T00:00:01Z", MARCH, False),
    "is_today": ("is_today", "2026-07-01T23:59:59Z", {}, True),
    "is_today, not": ("is_today", "2026-07-02T00:00:00Z", {}, False),
    "is_today, in the zone": (
        "is_today",
        "2026-07-01T22:30:00Z",
        {"timezone": "Europe/Berlin"},
        False,
    ),
    "is_past": ("is_past", "2026-07-01T11:59:59Z", {}, True),
    "is_past, now": ("is_past", "2026-07-01T12:00:00Z", {}, False),
    "is_future": ("is_future", "2026-07-01T12:00:01Z", {}, True),
    "is_future, not": ("is_future", "2020-01-01", {}, False),
    "within_last": ("within_last", "2026-06-30T12:00:00Z", {"amount": 1, "unit": "days"}, True),
    "within_last, too old": ("within_last", "2026-06-30T11:59:59Z", {"amount": 1}, False),
    "within_last, future": ("within_last", "2026-07-01T12:00:01Z", {"amount": 1}, False),
    "within_last, hours": (
        "within_last",
        "2026-07-01T10:30:00Z",
        {"amount": "1.5", "unit": "hour"},
        True,
    ),
    "within_last, months": (
        "within_last",
        "2026-06-01T12:00:00Z",
        {"amount": 1, "unit": "months"},
        True,
    ),
    "within_next": ("within_next", "2026-07-08T12:00:00Z", {"amount": 1, "unit": "weeks"}, True),
    "within_next, past": ("within_next", "2026-07-01T11:00:00Z", {"amount": 1}, False),
    "within_next, too far": ("within_next", "2026-07-03", {"amount": 1}, False),
}


@pytest.mark.parametrize(("operator", "left", "more", "result"), ANSWERS.values(), ids=ANSWERS)
def test_answer(operator: str, left: Any, more: dict[str, Any], result: bool) -> None:
    config = {"left": "{{ node_1 }}", "operator": operator, **more}
    answer = execute("date_condition", config, {"node_1": left})
    assert answer.value["result"] is result
    assert answer.port == ("true" if result else "false")


def test_each_operator_is_in_the_table() -> None:
    assert {operator for operator, *_ in ANSWERS.values()} == set(DATE_OPERATORS)


TWICE = {
    "first hour before second": ("2026-10-25T02:30:00+02:00", "2026-10-25T02:15:00+01:00", True),
    "second hour before first": ("2026-10-25T02:15:00+01:00", "2026-10-25T02:30:00+02:00", False),
}


@pytest.mark.parametrize(("left", "right", "before"), TWICE.values(), ids=TWICE)
def test_the_hour_that_comes_twice(left: str, right: str, before: bool) -> None:
    config = {"left": left, "operator": "before", "right": right, "timezone": "Europe/Berlin"}
    assert output("date_condition", config)["result"] is before


OUTPUTS = {
    "both in the zone": (
        {"operator": "before", "right": "2026-03-02", "timezone": "Europe/Berlin"},
        {"left": "2026-03-01T00:00:00+01:00", "right": "2026-03-02T00:00:00+01:00"},
    ),
    "both ends": (
        {"operator": "between", "right": "2026-03-01", "right2": "2026-03-02"},
        {
            "left": "2026-03-01T00:00:00+00:00",
            "right": ["2026-03-01T00:00:00+00:00", "2026-03-02T00:00:00+00:00"],
        },
    ),
    "the present": (
        {"operator": "is_past"},
        {"left": "2026-03-01T00:00:00+00:00", "right": "2026-07-01T12:00:00+00:00"},
    ),
    "a span": (
        {"operator": "within_last", "amount": 1, "unit": "years"},
        {
            "left": "2026-03-01T00:00:00+00:00",
            "right": ["2025-07-01T12:00:00+00:00", "2026-07-01T12:00:00+00:00"],
        },
    ),
}


@pytest.mark.parametrize(("config", "expected"), OUTPUTS.values(), ids=OUTPUTS)
def test_output_shows_what_was_compared(config: Any, expected: dict[str, Any]) -> None:
    made = output("date_condition", {"left": "2026-03-01", **config})
    assert {"left": made["left"], "right": made["right"]} == expected


WRONG: dict[str, tuple[Any, str]] = {
    "text": ("soon", '"soon"'),
    "no such day": ("2026-02-30", '"2026-02-30"'),
    "boolean": (True, "a boolean: true"),
    "list": (["2026-03-01"], "a list"),
    "object": ({}, "an object"),
    "nothing": (None, "nothing is there"),
    "blank": ("", "nothing is there"),
}


@pytest.mark.parametrize("operator", DATE_OPERATORS)
@pytest.mark.parametrize(("value", "shown"), WRONG.values(), ids=WRONG)
def test_wrong_type(operator: str, value: Any, shown: str) -> None:
    config = {
        "left": "{{ node_1 }}",
        "operator": operator,
        "right": "2026-03-01",
        "right2": "2026-03-02",
        "amount": 1,
    }
    caught = error("date_condition", config, {"node_1": value})
    assert caught.code == "wrong_type"
    assert "'left' has to be a date" in caught.message
    assert shown in caught.message


SIDES: dict[str, tuple[str, Any]] = {
    "right": ("between", "soon"),
    "right2": ("between", None),
    "amount": ("within_last", "many"),
    "timezone": ("is_today", "Europe/Berln"),
}


@pytest.mark.parametrize("side", SIDES)
def test_the_wrong_side_is_named(side: str) -> None:
    operator, value = SIDES[side]
    config = {
        "left": "2026-03-01",
        "operator": operator,
        "right": "2026-03-01",
        "right2": "2026-03-01",
        "amount": 1,
        side: "{{ node_1 }}",
    }
    assert f"'{side}' has to be" in error("date_condition", config, {"node_1": value}).message


def test_a_span_out_of_all_years() -> None:
    config = {"left": "2026-03-01", "operator": "within_last", "amount": 9_999, "unit": "years"}
    assert error("date_condition", config).code == "bad_date"


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "left is missing": ({"operator": "is_past"}, "left"),
    "operator is missing": ({"left": "now"}, "operator"),
    "unknown operator": ({"left": "now", "operator": "equals"}, "operator"),
    "before needs right": ({"left": "now", "operator": "before"}, "right"),
    "between needs right2": ({"left": "now", "operator": "between", "right": "now"}, "right2"),
    "within_last needs amount": ({"left": "now", "operator": "within_last"}, "amount"),
    "amount below 0": ({"left": "now", "operator": "within_next", "amount": -1}, "amount"),
    "unknown unit": ({"left": "now", "operator": "is_past", "unit": "moons"}, "unit"),
    "unknown zone": ({"left": "now", "operator": "is_past", "timezone": "Mars"}, "timezone"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("date_condition", config)
