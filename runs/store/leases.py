"""Claims and leases of jobs. Times are those of the database clock, in seconds since 1970; in the
table `runs_job` milliseconds. `run_id` is the UUID in hex.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import connection

from runs.queue import CHANNEL, database_now_sql
from runs.sql_values import hexed, marks

SUSPECT_DEATHS = 2
"""A job that so many workers died with is claimed alone."""

_DEATHS = "deaths + CASE WHEN owner = '' THEN 0 ELSE 1 END"
"""SQL; of a job that is due, with the death of its owner."""


@dataclass(frozen=True, slots=True)
class Claim:
    run_id: str
    fence: int
    deaths: int
    wakeups: int


def now() -> float:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {database_now_sql()}")
        return float(cursor.fetchone()[0]) / 1000


def next_due(*, suspects: bool = True) -> float | None:
    """When the next job becomes claimable, leases that end included."""
    some = "" if suspects else f" WHERE {_DEATHS} < {SUSPECT_DEATHS}"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(available_at) FROM runs_job{some}")
        due = cursor.fetchone()[0]
    return None if due is None else float(due) / 1000


def claim(owner: str, most: int, *, suspects: bool = False) -> list[Claim]:
    """Take up to `most` due jobs under a lease. An expired lease counts as a death of its owner.

    With `suspects`, one of those jobs only that workers keep dying with."""
    if most <= 0:
        return []
    now_sql = database_now_sql()
    skip = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    comparison = ">=" if suspects else "<"
    with connection.cursor() as cursor:
        # A plain subquery with LIMIT may be asked once for each row on PostgreSQL, and each time
        # skips what is locked already: a materialized one is asked once.
        cursor.execute(
            f"WITH due AS MATERIALIZED (SELECT run_id FROM runs_job "
            f"WHERE available_at <= {now_sql} AND {_DEATHS} {comparison} %s "
            f"ORDER BY available_at LIMIT %s {skip}) "
            f"UPDATE runs_job SET deaths = {_DEATHS}, owner = %s, fence = fence + 1, "
            f"available_at = {now_sql} + %s WHERE run_id IN (SELECT run_id FROM due) "
            "RETURNING run_id, fence, deaths, wakeups",
            [SUSPECT_DEATHS, 1 if suspects else most, owner, _lease_ms()],
        )
        return [Claim(hexed(row[0]), *row[1:]) for row in cursor.fetchall()]


def steal(owner: str, run_id: str) -> Claim | None:
    """Take one run from whoever holds it. None: it has ended."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE runs_job SET owner = %s, fence = fence + 1, available_at = "
            f"{database_now_sql()} + %s WHERE run_id = %s RETURNING run_id, fence, deaths, wakeups",
            [owner, _lease_ms(), run_id],
        )
        row = cursor.fetchone()
    return Claim(hexed(row[0]), *row[1:]) if row else None


def take_back(owner_prefix: str) -> int:
    """Make the jobs of a dead worker due at once; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE runs_job SET available_at = {database_now_sql()} "
            "WHERE owner LIKE %s AND owner <> ''",
            [owner_prefix + "%"],
        )
        return int(cursor.rowcount)


def extend_leases(owner: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE runs_job SET available_at = {database_now_sql()} + %s WHERE owner = %s",
            [_lease_ms(), owner],
        )


def release(owner: str) -> None:
    """Give back everything that a worker still holds when it stops."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE runs_job SET available_at = {database_now_sql()}, owner = '' WHERE owner = %s",
            [owner],
        )


def hand_over(owner: str, run_ids: Sequence[str]) -> None:
    """Give back some of the runs that a worker holds, for another one to go on with."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE runs_job SET available_at = {database_now_sql()}, owner = '' "
            f"WHERE owner = %s AND run_id IN ({marks(run_ids)})",
            [owner, *run_ids],
        )
        if connection.vendor == "postgresql":
            cursor.execute(f"NOTIFY {CHANNEL}")


def forget_workers(owner_prefix: str) -> None:
    """Their heartbeats say nothing any more: they are known to be dead."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM runs_worker WHERE owner LIKE %s", [owner_prefix + "%"])


def beat(owner: str, slot: int, host: str, pid: int) -> None:
    """The heartbeat that /readyz looks at; heartbeats older than an hour are swept."""
    now_sql = database_now_sql()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO runs_worker (owner, slot, host, pid, beat_at) "
            f"VALUES (%s, %s, %s, %s, {now_sql}) "
            f"ON CONFLICT (owner) DO UPDATE SET beat_at = {now_sql}",
            [owner, slot, host, pid],
        )
        cursor.execute(f"DELETE FROM runs_worker WHERE beat_at < {now_sql} - 3600000")


def _lease_ms() -> int:
    return int(settings.LEASE_SECONDS * 1000)
