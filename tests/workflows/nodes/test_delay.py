from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pytest_django import Settings

from tests.workflows.nodes.support import error, execute, problems
from workflows.node_type import Wait

WAITS: dict[str, tuple[Any, str, float]] = {
    "seconds": (5, "seconds", 5),
    "minutes": (2, "minutes", 120),
    "hours": (0.25, "hours", 900),
    "days": (0.01, "days", 864),
    "a part of a second": (0.05, "seconds", 0.05),
    "text": ("1.5", "minutes", 90),
    "nothing to wait for": (0, "seconds", 0),
    "the limit": (900, "seconds", 900),
}


@pytest.mark.parametrize(("duration", "unit", "seconds"), WAITS.values(), ids=WAITS)
def test_wait(duration: Any, unit: str, seconds: float) -> None:
    for given in (duration, "{{ node_1 }}"):
        config = {"duration": given, "unit": unit}
        assert execute("delay", config, {"node_1": duration}) == Wait(seconds)


def test_seconds_by_default_and_singular_is_understood() -> None:
    assert execute("delay", {"duration": 3}) == Wait(3)
    assert execute("delay", {"duration": 3, "unit": "minute"}) == Wait(180)


TOO_LONG = {"seconds": 900.001, "minutes": 15.1, "hours": 1, "days": 1, "huge": "1e300"}


@pytest.mark.parametrize(("unit", "duration"), TOO_LONG.items(), ids=TOO_LONG)
def test_too_long_is_refused_at_save_where_it_is_known(unit: str, duration: Any) -> None:
    config = {"duration": duration, "unit": "seconds" if unit == "huge" else unit}
    assert "900 s" in str(problems("delay", config)["duration"])
    caught = error("delay", {**config, "duration": "{{ node_1 }}"}, {"node_1": duration})
    assert caught.code == "delay_too_long"
    assert not caught.retryable


def test_the_limit_can_be_set(settings: Settings) -> None:
    settings.ALTOFLOW_LIMITS = replace(settings.ALTOFLOW_LIMITS, delay_seconds=10)
    assert not problems("delay", {"duration": 10})
    assert "10 s" in str(problems("delay", {"duration": 11}))


WRONG: dict[str, Any] = {
    "text": "soon",
    "below zero": -1,
    "nothing": None,
    "blank": "",
    "list": [5],
    "boolean": True,
    "not a number": "nan",
    "endless": "inf",
}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
def test_wrong_type(value: Any) -> None:
    assert "duration" in problems("delay", {"duration": value})
    assert error("delay", {"duration": "{{ node_1 }}"}, {"node_1": value}).code == "wrong_type"


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "duration is missing": ({}, "duration"),
    "unknown unit": ({"duration": 1, "unit": "weeks"}, "unit"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("delay", config)
