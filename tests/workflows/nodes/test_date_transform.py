"""The present moment of these tests is 2026-07-01T12:00Z, a Wednesday."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import error, output, problems

BERLIN = "Europe/Berlin"


def made(value: Any, operation: str, **config: Any) -> Any:
    config = {"input": "{{ n }}", "operation": operation, **config}
    return output("date_transform", config, {"n": value})


INPUTS: dict[str, tuple[Any, str]] = {
    "blank is now": ("", "2026-07-01T12:00:00+00:00"),
    "nothing is now": (None, "2026-07-01T12:00:00+00:00"),
    "now": ("now", "2026-07-01T12:00:00+00:00"),
    "today is its midnight": ("today", "2026-07-01T00:00:00+00:00"),
    "day": ("2026-03-01", "2026-03-01T00:00:00+00:00"),
    "moment": ("2026-03-01T12:30:15.5Z", "2026-03-01T12:30:15.500000+00:00"),
    "other zone": ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00+00:00"),
    "timestamp": (1_700_000_000, "2023-11-14T22:13:20+00:00"),
    "timestamp in milliseconds": (1_700_000_000_500, "2023-11-14T22:13:20.500000+00:00"),
    "timestamp as a text": ("1700000000", "2023-11-14T22:13:20+00:00"),
    "in words": ("1 March 2026", "2026-03-01T00:00:00+00:00"),
    "of a mail": ("Sun, 01 Mar 2026 12:00:00 GMT", "2026-03-01T12:00:00+00:00"),
}


@pytest.mark.parametrize(("value", "date"), INPUTS.values(), ids=INPUTS)
def test_input(value: Any, date: str) -> None:
    assert made(value, "format")["date"] == date


def test_without_any_settings_it_is_now() -> None:
    assert output("date_transform", {}) == {
        "date": "2026-07-01T12:00:00+00:00",
        "text": "2026-07-01T12:00:00+00:00",
        "timestamp": 1_782_907_200,
    }


FORMATS: dict[str, tuple[str, str]] = {
    "ISO when blank": ("", "2026-03-01T08:05:00+01:00"),
    "words": ("%-d %B %Y, %H:%M", "1 March 2026, 08:05"),
    "zone": ("%H:%M %z", "08:05 +0100"),
    "text around": ("on %A!", "on Sunday!"),
    "blanks are kept": (" %d ", " 01 "),
}


@pytest.mark.parametrize(("layout", "text"), FORMATS.values(), ids=FORMATS)
def test_format(layout: str, text: str) -> None:
    shown = made("2026-03-01T07:05:00Z", "format", format=layout, timezone=BERLIN)
    assert shown == {
        "date": "2026-03-01T08:05:00+01:00",
        "text": text,
        "timestamp": 1_772_348_700,
    }


MOVES: dict[str, tuple[str, str, Any, str, str]] = {
    "seconds": ("2026-03-01", "add", 90, "seconds", "2026-03-01T00:01:30+01:00"),
    "minutes": ("2026-03-01", "add", "1.5", "minutes", "2026-03-01T00:01:30+01:00"),
    "hours": ("2026-03-01", "subtract", 1, "hours", "2026-02-28T23:00:00+01:00"),
    "days": ("2026-02-28", "add", 1, "days", "2026-03-01T00:00:00+01:00"),
    "half a day": ("2026-03-01", "add", 0.5, "days", "2026-03-01T12:00:00+01:00"),
    "weeks": ("2026-03-01", "add", 2, "weeks", "2026-03-15T00:00:00+01:00"),
    "months": ("2026-01-15", "add", 1, "months", "2026-02-15T00:00:00+01:00"),
    "months end on their last day": (
        "2026-01-31",
        "add",
        1,
        "months",
        "2026-02-28T00:00:00+01:00",
    ),
    "years": ("2028-02-29", "subtract", 1, "years", "2027-02-28T00:00:00+01:00"),
    "below zero": ("2026-03-02", "add", -1, "days", "2026-03-01T00:00:00+01:00"),
    "singular": ("2026-03-01", "add", 1, "day", "2026-03-02T00:00:00+01:00"),
    "a day over the change keeps the time": (
        "2026-03-28T12:00",
        "add",
        1,
        "days",
        "2026-03-29T12:00:00+02:00",
    ),
    "24 hours over the change do not": (
        "2026-03-28T12:00",
        "add",
        24,
        "hours",
        "2026-03-29T13:00:00+02:00",
    ),
    "to a time that is skipped": (
        "2026-03-28T02:30",
        "add",
        1,
        "days",
        "2026-03-29T03:30:00+02:00",
    ),
    "an hour into the hour that comes twice": (
        "2026-10-25T02:30:00+02:00",
        "add",
        1,
        "hours",
        "2026-10-25T02:30:00+01:00",
    ),
}


@pytest.mark.parametrize(("value", "way", "amount", "unit", "date"), MOVES.values(), ids=MOVES)
def test_move(value: str, way: str, amount: Any, unit: str, date: str) -> None:
    assert made(value, way, amount=amount, unit=unit, timezone=BERLIN)["date"] == date
    config = {"input": value, "operation": way, "unit": unit, "timezone": BERLIN}
    assert output("date_transform", {**config, "amount": "{{ n }}"}, {"n": amount})["date"] == date


EDGES: dict[str, tuple[str, str, str]] = {
    "second": ("seconds", "2026-07-15T14:45:30+02:00", "2026-07-15T14:45:30.999999+02:00"),
    "minute": ("minutes", "2026-07-15T14:45:00+02:00", "2026-07-15T14:45:59.999999+02:00"),
    "hour": ("hours", "2026-07-15T14:00:00+02:00", "2026-07-15T14:59:59.999999+02:00"),
    "day": ("days", "2026-07-15T00:00:00+02:00", "2026-07-15T23:59:59.999999+02:00"),
    "week": ("weeks", "2026-07-13T00:00:00+02:00", "2026-07-19T23:59:59.999999+02:00"),
    "month": ("months", "2026-07-01T00:00:00+02:00", "2026-07-31T23:59:59.999999+02:00"),
    "year": ("years", "2026-01-01T00:00:00+01:00", "2026-12-31T23:59:59.999999+01:00"),
}


@pytest.mark.parametrize(("unit", "start", "end"), EDGES.values(), ids=EDGES)
def test_edges(unit: str, start: str, end: str) -> None:
    value = "2026-07-15T12:45:30.5Z"
    assert made(value, "start_of", unit=unit, timezone=BERLIN)["date"] == start
    assert made(value, "end_of", unit=unit, timezone=BERLIN)["date"] == end


DIFFERENCES: dict[str, tuple[Any, Any, str, float]] = {
    "days": ("2026-03-01", "2026-03-31", "days", 30),
    "days back": ("2026-03-31", "2026-03-01", "days", -30),
    "the same": ("2026-03-01", "2026-03-01", "months", 0),
    "half a day": ("2026-03-01", "2026-03-02T12:00", "days", 1.5),
    "seconds": ("2026-03-01", "2026-03-01T00:01:00.5", "seconds", 60.5),
    "minutes": ("2026-03-01", "2026-03-01T01:00", "minutes", 60),
    "hours": ("2026-03-01", "2026-03-02", "hours", 24),
    "weeks": ("2026-03-01", "2026-03-15", "weeks", 2),
    "months": ("2026-01-31", "2026-03-31", "months", 2),
    "a part of a month": ("2026-04-01", "2026-04-16", "months", 0.5),
    "years": ("2024-07-01", "2026-01-01", "years", 1.5),
    "months back": ("2026-03-31", "2026-01-31", "months", -2),
    "days over the change": ("2026-03-28T12:00", "2026-03-30T12:00", "days", 2),
    "hours over the change": ("2026-03-28T12:00", "2026-03-30T12:00", "hours", 47),
    "to now": ("2026-06-30T12:00:00Z", "", "days", 1),
    "from now": ("", "2026-07-02T12:00:00Z", "days", 1),
}


@pytest.mark.parametrize(("value", "other", "unit", "found"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_difference(value: Any, other: Any, unit: str, found: float) -> None:
    result = made(value, "difference", other=other, unit=unit, timezone=BERLIN)
    assert result == {"difference": found}
    assert type(result["difference"]) is (int if found == int(found) else float)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "input": ({"input": "{{ n }}"}, "'input' has to be a date"),
    "other": ({"operation": "difference", "other": "{{ n }}"}, "'other' has to be a date"),
    "amount": ({"operation": "add", "amount": "{{ n }}"}, "'amount' has to be a number"),
    "timezone": ({"timezone": "{{ n }}"}, "'timezone' has to be a time zone"),
}


@pytest.mark.parametrize(("config", "says"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("value", ["soon", [1], {"a": 1}, True], ids=str)
def test_wrong_type(config: dict[str, Any], says: str, value: Any) -> None:
    caught = error("date_transform", config, {"n": value})
    assert caught.code == "wrong_type"
    assert says in caught.message


def test_a_missing_amount_fails_the_step() -> None:
    caught = error("date_transform", {"operation": "add", "amount": "{{ n.nobody }}"}, {"n": {}})
    assert "'amount' has to be a number" in caught.message


def test_half_a_month_is_not_clear() -> None:
    config = {"operation": "add", "amount": "{{ n }}", "unit": "months"}
    assert "a whole number of months" in error("date_transform", config, {"n": 1.5}).message


OUTSIDE: dict[str, dict[str, Any]] = {
    "years": {"operation": "add", "amount": 9_000, "unit": "years"},
    "huge": {"operation": "add", "amount": "1e300", "unit": "days"},
    "seconds": {"operation": "subtract", "amount": 10**15, "unit": "seconds"},
    "end": {"input": "9999-12-31", "operation": "end_of", "unit": "years"},
    "zone": {"input": "0001-01-01T00:00:00Z", "timezone": "America/New_York"},
}


@pytest.mark.parametrize("config", OUTSIDE.values(), ids=OUTSIDE)
def test_out_of_all_years(config: dict[str, Any]) -> None:
    assert error("date_transform", config).code == "bad_date"


def test_a_zone_from_data() -> None:
    config = {"input": "2026-03-01", "timezone": "{{ n }}"}
    assert output("date_transform", config, {"n": BERLIN})["date"] == "2026-03-01T00:00:00+01:00"


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "unknown operation": ({"operation": "round"}, "operation"),
    "unknown unit": ({"unit": "moons"}, "unit"),
    "unknown zone": ({"timezone": "Europe/Berln"}, "timezone"),
    "add needs an amount": ({"operation": "add"}, "amount"),
    "subtract needs an amount": ({"operation": "subtract", "amount": ""}, "amount"),
    "amount is no number": ({"operation": "add", "amount": "many"}, "amount"),
    "half a month": ({"operation": "add", "amount": 1.5, "unit": "months"}, "amount"),
    "long format": ({"format": "%Y" * 200}, "format"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("date_transform", config)
