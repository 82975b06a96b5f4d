"""Figures about runs: counts, rates, durations."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from runs import figures
from tests.runs.records import run_of, workflow_called

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def test_stats_count_the_last_hours() -> None:
    workflow = workflow_called("Orders")
    now = timezone.now()
    for status in ("completed", "completed", "completed", "failed", "waiting"):
        run_of(workflow, status, now - timedelta(minutes=5))
    run_of(workflow, "running", now - timedelta(days=3))
    found = figures.stats()
    assert found["total"] == 5
    assert found["by_status"] == {
        "queued": 0,
        "running": 0,
        "waiting": 1,
        "completed": 3,
        "failed": 1,
        "cancelled": 0,
    }
    assert found["now"] == {"queued": 0, "running": 1, "waiting": 1}
    assert found["success_rate"] == 0.75
    assert found["duration_ms"] == {"average": 250, "p50": 250, "p95": 250, "max": 250}


def test_stats_of_nothing() -> None:
    found = figures.stats()
    assert (found["total"], found["success_rate"]) == (0, None)
    assert found["duration_ms"]["p50"] is None


def test_activity_of_workflows() -> None:
    orders, mails, idle = (workflow_called(name) for name in ("Orders", "Mails", "Idle"))
    now = timezone.now()
    run_of(orders, at=now - timedelta(days=2))
    last = run_of(orders, "failed", now - timedelta(hours=1))
    old = run_of(mails, at=now - timedelta(days=9))
    since = now - timedelta(days=1)
    found = figures.workflow_activity([orders.pk, mails.pk, idle.pk], since=since)
    assert (found[orders.pk].last_run, found[orders.pk].recent) == (last, 1)
    assert (found[mails.pk].last_run, found[mails.pk].recent) == (old, 0)
    assert (found[idle.pk].last_run, found[idle.pk].recent) == (None, 0)
