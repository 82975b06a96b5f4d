"""Whether this installation can take and execute runs right now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from django.db import DatabaseError, connection, transaction

from runs.models import Job
from runs.queue import database_now_sql

HEARTBEAT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Part:
    ok: bool
    message: str


def check_ready() -> dict[str, Part]:
    """`database` answers, `queue` takes a job, a `worker` is alive. What stands on a part that
    failed fails with it."""
    parts: dict[str, Part] = {}
    for name, check in CHECKS.items():
        try:
            parts[name] = check()
        except DatabaseError as error:
            parts[name] = Part(False, f"{type(error).__name__}: {error}".strip())
    return parts


def _database() -> Part:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Part(True, "The database answers.")


def _queue() -> Part:
    """A job is written and taken back again: nothing of it stays."""
    with transaction.atomic():
        Job.objects.create(run_id=uuid4(), available_at=0)
        transaction.set_rollback(True)
    return Part(True, "The queue can be written.")


def _worker() -> Part:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {database_now_sql()} - max(beat_at) FROM runs_worker"  # noqa: S608
        )
        (age,) = cursor.fetchone()
    if age is None:
        return Part(False, "No worker has reported yet. Start one with `manage.py up`.")
    if age > HEARTBEAT_SECONDS * 1000:
        return Part(
            False,
            f"The last sign of a worker is {age // 1000} s old. Start one with `manage.py up`.",
        )
    return Part(True, f"A worker reported {age} ms ago.")


CHECKS: Mapping[str, Callable[[], Part]] = {
    "database": _database,
    "queue": _queue,
    "worker": _worker,
}
