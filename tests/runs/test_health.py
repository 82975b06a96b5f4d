"""How the cluster is, in a word and a sentence to act on."""

from __future__ import annotations

import pytest

from runs.models import Job, Run, Worker
from runs.store import leases
from runs.worker.health import Health, WorkerView, read_health
from tests.runs.records import run_of, workflow_called

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ALIVE = WorkerView(0, "one", 1, 0.5)
SILENT = WorkerView(1, "two", 2, 60)


@pytest.mark.parametrize(
    ("health", "state", "part"),
    [
        (Health([ALIVE], 0, 0), "good", "All workers report"),
        (Health([ALIVE], 3, 2.0), "good", "All workers report"),
        (Health([ALIVE], 900, 45), "degraded", "the first one for 45 s. Raise ALTOFLOW_WORKERS"),
        (Health([ALIVE, SILENT], 0, 0), "degraded", "1 worker of 2 fell silent."),
        (Health([ALIVE, SILENT], 0, 0), "degraded", "look at the log of two"),
        (Health([SILENT], 0, 0), "down", "Start one with manage.py up."),
        (Health([], 0, 0), "down", "No worker is alive"),
    ],
)
def test_states(health: Health, state: str, part: str) -> None:
    assert health.state == state
    assert part in health.sentence


def waiting_job(run: Run, seconds_ago: float, owner: str = "") -> None:
    moment = int((leases.now() - seconds_ago) * 1000)
    Job.objects.create(run=run, available_at=moment, owner=owner)


def test_what_is_read() -> None:
    workflow = workflow_called("Orders")
    leases.beat("one-0", 0, "one", 1)
    Worker.objects.create(
        owner="two-0", slot=0, host="two", pid=2, beat_at=int((leases.now() - 60) * 1000)
    )
    waiting_job(run_of(workflow, "queued"), 30)
    waiting_job(run_of(workflow, "queued"), 5)
    waiting_job(run_of(workflow, "waiting"), -60)
    waiting_job(run_of(workflow, "running"), 90, owner="one-0")
    health = read_health()
    assert [(w.host, w.is_alive) for w in health.workers] == [("one", True), ("two", False)]
    assert (health.due, health.hosts) == (2, ["one"])
    assert 29 < health.oldest_due < 40


def test_nothing_at_all() -> None:
    health = read_health()
    assert (health.workers, health.due, health.oldest_due) == ([], 0, 0.0)
