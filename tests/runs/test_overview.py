"""The last day, and what comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from runs.models import Schedule
from runs.presentation import overview
from runs.presentation.overview import next_schedules, read_day
from runs.schedules.timetables import milliseconds
from tests.runs.records import run_of, workflow_called
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def ran(
    workflow: Workflow, seconds: float, status: str = "completed", minutes: int = 5, **fields: Any
) -> None:
    now = timezone.now() - timedelta(minutes=minutes)
    run_of(workflow, status, now, **{"finished_at": now + timedelta(seconds=seconds), **fields})


def since() -> Any:
    return timezone.now() - timedelta(hours=24)


def test_slow_and_failing_workflows(django_assert_num_queries: Any) -> None:
    slow, quick = workflow_called("Slow"), workflow_called("Quick")
    for seconds in (1, 5, 9):
        ran(slow, seconds)
    ran(quick, 0.1)
    for minutes, message in ((9, "old"), (7, "new")):
        error = {"code": "x", "message": message, "details": {}}
        ran(quick, 60, "failed", minutes, error=error)
    ran(slow, 60, "failed")
    run_of(workflow_called("Idle"), "failed", timezone.now() - timedelta(days=3))
    with django_assert_num_queries(3):
        day = read_day(since())
    assert [(each.name, each.median_ms, each.slowest_ms, each.runs) for each in day.slowest] == [
        ("Slow", 5000, 9000, 3),
        ("Quick", 100, 100, 1),
    ]
    assert [(each.name, each.failed, each.last) for each in day.failing] == [
        ("Quick", 2, "new"),
        ("Slow", 1, ""),
    ]
    assert (day.median_ms, day.is_sample) == (5000, False)


def test_a_day_without_runs() -> None:
    day = read_day(since())
    assert (day.slowest, day.failing, day.median_ms, day.is_sample) == ([], [], None, False)


def test_a_busy_day_is_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overview, "SAMPLE", 2)
    orders = workflow_called("Orders")
    for _ in range(3):
        ran(orders, 1)
    day = read_day(since())
    assert (day.slowest[0].runs, day.is_sample) == (2, True)


def test_next_due_times_of_active_workflows(django_assert_num_queries: Any) -> None:
    now = timezone.now()
    for place, name in enumerate(("Late", "Soon", "Off", "Never")):
        workflow = workflow_called(name)
        workflow.is_active = name != "Off"
        workflow.save()
        due = now + timedelta(hours=5 - place)
        Schedule.objects.create(
            workflow=workflow,
            version=workflow.published,
            next_at=None if name == "Never" else milliseconds(due),
        )
    with django_assert_num_queries(1):
        found = next_schedules()
    assert [each.name for each in found] == ["Soon", "Late"]
    assert abs(found[0].at - (now + timedelta(hours=4))) < timedelta(milliseconds=2)
