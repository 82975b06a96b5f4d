"""The dashboard, whatever there is to tell."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.models import Schedule
from runs.schedules.timetables import milliseconds
from runs.store import leases
from tests.runs.records import run_of, workflow_called
from tests.visitors import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

EVIL = "<script>alert(1)</script>"


def test_the_dashboard_tells_how_things_are(viewer: Client) -> None:
    orders = workflow_called(f"Orders {EVIL}")
    now = timezone.now()
    leases.beat("one-0", 0, "one", 1)
    error = {"code": "x", "message": f"It broke. {EVIL}", "details": {}}
    run_of(orders, "failed", now, error=error)
    run_of(orders, "completed", now)
    run_of(orders, "queued", now)
    Schedule.objects.create(
        workflow=orders,
        version=orders.published,
        next_at=milliseconds(now + timedelta(minutes=10, seconds=30)),
    )
    for address in ("/", "/dashboard/"):
        answer = viewer.get(address)
        shown = text_of(answer)
        for part in (
            "Failed 1",
            "Success 50 %",
            "1 queued · 0 running · 0 waiting",
            "Runs per hour of the last 24 hours",
            "Cluster Good",
            "1 alive",
            "1 failed",
            "It broke.",
            "in 10 min",
            "Latest runs",
        ):
            assert part in shown, (address, part)
        assert EVIL not in answer.content.decode()
    assert "<html" not in viewer.get("/dashboard/").content.decode()


def test_a_cluster_without_workers_is_down(viewer: Client) -> None:
    workflow_called("Orders")
    assert "Cluster Down No worker is alive" in text_of(viewer.get("/"))


def test_figures_are_a_constant_number_of_queries(viewer: Client) -> None:
    viewer.get("/runs/")
    counts = []
    for number in (1, 20):
        for _ in range(number):
            workflow = workflow_called("Orders")
            now = timezone.now()
            leases.beat(f"{workflow.pk}", 0, "one", 1)
            Schedule.objects.create(
                workflow=workflow, version=workflow.published, next_at=milliseconds(now)
            )
            for status in ("completed", "failed", "waiting"):
                run_of(workflow, status, now)
        with CaptureQueriesContext(connection) as queries:
            viewer.get("/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 13
