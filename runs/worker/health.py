"""How the cluster is: its workers and its queue, and a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.utils.functional import cached_property

from runs.models import Worker
from runs.queue import database_now_sql
from runs.worker.readiness import HEARTBEAT_SECONDS

LATE_SECONDS = 10
"""A job that is due so long is late: workers take due jobs within a second."""
MOST_DUE = 1_000
"""Due jobs that are counted."""


@dataclass(frozen=True, slots=True)
class WorkerView:
    slot: int
    host: str
    pid: int
    beat_age: float
    """Seconds."""

    @property
    def is_alive(self) -> bool:
        return self.beat_age <= HEARTBEAT_SECONDS


@dataclass(frozen=True)
class Health:
    workers: Sequence[WorkerView]
    due: int
    """Jobs that nobody has taken yet, up to MOST_DUE."""
    oldest_due: float
    """Seconds that the first of them has waited."""

    @cached_property
    def alive(self) -> list[WorkerView]:
        return [worker for worker in self.workers if worker.is_alive]

    @property
    def silent(self) -> list[WorkerView]:
        return [worker for worker in self.workers if not worker.is_alive]

    @property
    def hosts(self) -> list[str]:
        return sorted({worker.host for worker in self.alive})

    @property
    def state(self) -> str:
        """good, degraded or down."""
        if not self.alive:
            return "down"
        return "degraded" if self.oldest_due > LATE_SECONDS or self.silent else "good"

    @property
    def sentence(self) -> str:
        if self.state == "down":
            what = "No worker is alive, so runs are accepted but not executed."
            return f"{what} Start one with manage.py up."
        if self.oldest_due > LATE_SECONDS:
            return (
                f"Runs wait longer than usual, the first one for {self.oldest_due:.0f} s. "
                "Raise ALTOFLOW_WORKERS, or start workers on another machine."
            )
        if self.silent:
            number = len(self.silent)
            who = f"{number} worker{'s' if number > 1 else ''}"
            return (
                f"{who} of {len(self.workers)} fell silent. Others take over; look at the log of "
                f"{', '.join(sorted({worker.host for worker in self.silent}))}."
            )
        return "All workers report, and due runs are taken at once."


def read_health() -> Health:
    """Two queries, by the clock of the database."""
    now_sql = database_now_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {now_sql}, (SELECT min(available_at) FROM runs_job WHERE owner = '' "  # noqa: S608
            f"AND available_at <= {now_sql}), (SELECT count(*) FROM (SELECT 1 FROM runs_job "
            f"WHERE owner = '' AND available_at <= {now_sql} LIMIT {MOST_DUE}) AS due)"
        )
        now, oldest, due = cursor.fetchone()
    workers = [
        WorkerView(worker.slot, worker.host, worker.pid, max(now - worker.beat_at, 0) / 1000)
        for worker in Worker.objects.order_by("host", "slot", "owner")
    ]
    return Health(workers, due, max(now - oldest, 0) / 1000 if oldest is not None else 0.0)
