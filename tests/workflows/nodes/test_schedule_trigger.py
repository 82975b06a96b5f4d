from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import Run, checked, execute, problems
from workflows.node_type import Output

DAILY = {"kind": "daily", "value": "09:00"}
VALID = {
    "interval": {"kind": "interval", "value": "5 minutes"},
    "cron": {"kind": "cron", "value": "0 9 * * 1"},
    "daily": DAILY,
    "weekly": {"kind": "weekly", "value": "mon 09:00"},
    "monthly": {"kind": "monthly", "value": "1 09:00"},
    "zone": {**DAILY, "timezone": "Europe/Berlin"},
    "skip": {**DAILY, "missed": "skip"},
    "run_once": {**DAILY, "missed": "run_once"},
}


@pytest.mark.parametrize("config", VALID.values(), ids=VALID)
def test_what_is_valid(config: dict[str, Any]) -> None:
    assert checked("schedule_trigger", config) == {"timezone": "UTC", "missed": "skip", **config}


PROBLEMS: dict[str, tuple[dict[str, Any], str, str]] = {
    "kind is missing": ({"value": "09:00"}, "kind", "required"),
    "value is missing": ({"kind": "daily"}, "value", "required"),
    "unknown kind": ({"kind": "yearly", "value": "09:00"}, "kind", "yearly"),
    "value of another kind": ({"kind": "daily", "value": "mon 09:00"}, "value", "09:00"),
    "cron": ({"kind": "cron", "value": "0 9 * *"}, "value", "five parts"),
    "zone": ({**DAILY, "timezone": "Europe/Berln"}, "timezone", "did you mean"),
    "zone is blank": ({**DAILY, "timezone": ""}, "timezone", "blank"),
    "missed": ({**DAILY, "missed": "twice"}, "missed", "twice"),
    "a template": ({"kind": "daily", "value": "{{ vault.time }}"}, "value", "09:00"),
}


@pytest.mark.parametrize(("config", "field", "says"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str, says: str) -> None:
    assert says in str(problems("schedule_trigger", config)[field])


def test_the_output_is_the_payload() -> None:
    payload = {"scheduled_for": "2026-01-31T09:00:00Z", "fired_at": "2026-01-31T09:00:00.1Z"}
    assert execute("schedule_trigger", DAILY, run=Run(trigger=payload)) == Output(payload)
