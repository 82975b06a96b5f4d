"""What schedules cost a worker that has nothing to do."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from runs.schedules.scheduler import POLL_SECONDS, Scheduler, follow_workflows
from tests.runs.driver import graph, publish
from tests.runs.timekeeping import at, look

pytestmark = pytest.mark.django_db


def test_without_schedules_a_worker_asks_once_a_second() -> None:
    publish(graph())
    follow_workflows(at("09:00"))
    scheduler, start = Scheduler(), at("09:00").timestamp()
    with CaptureQueriesContext(connection) as asked:
        for step in range(1000):
            scheduler.fire_due(start + step * POLL_SECONDS / 100)
    assert len(asked) == 10
    assert scheduler.next_look <= start + 10 * POLL_SECONDS


def test_looking_for_changes_reads_no_drafts() -> None:
    """SQLite keeps large drafts within the rows, so an index alone has to answer."""
    with CaptureQueriesContext(connection) as asked, connection.cursor() as cursor:
        look("09:00")
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        plan = [row[3] for row in cursor.fetchall()]
    assert any("w USING COVERING INDEX workflow_switched_on" in line for line in plan), plan
