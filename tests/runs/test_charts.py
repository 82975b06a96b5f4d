"""Runs per hour, stacked by result."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from runs.presentation.charts import HEIGHT, HOURS, LEAST_HEIGHT, runs_per_hour
from tests.runs.records import NOON, run_of, workflow_called

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

NOW = NOON + timedelta(minutes=30)


def test_runs_are_counted_where_they_started(django_assert_num_queries: Any) -> None:
    orders, mails = workflow_called("Orders"), workflow_called("Mails")
    for status in ("completed", "completed", "failed", "waiting"):
        run_of(orders, status, NOON)
    run_of(mails, "cancelled", NOON - timedelta(minutes=1))
    run_of(mails, "failed", NOON - timedelta(hours=23))
    run_of(mails, "failed", NOON - timedelta(hours=23, minutes=1))
    with django_assert_num_queries(1):
        chart = runs_per_hour(NOW)
    assert len(chart.hours) == HOURS
    first, before, last = chart.hours[0], chart.hours[-2], chart.hours[-1]
    assert (last.start, last.end) == (NOON, NOON + timedelta(hours=1))
    assert last.counts == {"completed": 2, "cancelled": 0, "in progress": 1, "failed": 1}
    assert before.counts == {"completed": 0, "cancelled": 1, "in progress": 0, "failed": 0}
    assert (first.counts["failed"], chart.total) == (1, 6)
    assert (chart.by_status["waiting"], chart.by_status["failed"]) == (1, 2)
    assert last.words == "12:00 to 13:00 UTC: 2 completed, 1 in progress, 1 failed"
    assert chart.hours[5].words.endswith("no runs")


def test_bars_stand_on_each_other() -> None:
    orders = workflow_called("Orders")
    for _ in range(8):
        run_of(orders, "completed", NOON)
    for _ in range(2):
        run_of(orders, "failed", NOON)
    low, high = runs_per_hour(NOW).hours[-1].pieces
    assert (low.result, low.height, low.y) == ("completed", HEIGHT * 0.8, HEIGHT * 0.2)
    assert (high.result, high.height, high.y) == ("failed", HEIGHT * 0.2, 0)


def test_one_failure_of_many_is_seen() -> None:
    orders = workflow_called("Orders")
    for _ in range(390):
        run_of(orders, "completed", NOON)
    run_of(orders, "failed", NOON)
    chart = runs_per_hour(NOW)
    assert chart.hours[-1].pieces[-1].height == LEAST_HEIGHT
    assert chart.lines == [(0.0, 400), (HEIGHT / 2, 200)]


def test_nothing_ran() -> None:
    chart = runs_per_hour(NOW)
    assert chart.total == 0
    assert all(not hour.pieces for hour in chart.hours)
