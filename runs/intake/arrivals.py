"""SQL of the intake: requests, runs, jobs and idempotency keys of many requests in one commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction

from runs import queue
from runs.idempotency import KEY_LIFETIME
from runs.models import Delivery, Run
from runs.sql_values import hexed, stored_id, stored_time

STATUS_OF: dict[str, int] = {
    Delivery.Verdict.ACCEPTED: 202,
    Delivery.Verdict.DUPLICATE: 202,
    Delivery.Verdict.BAD_JSON: 400,
    Delivery.Verdict.UNUSABLE: 400,
    Delivery.Verdict.BAD_SIGNATURE: 401,
    Delivery.Verdict.UNKNOWN_TOKEN: 404,
    Delivery.Verdict.INACTIVE: 404,
    Delivery.Verdict.BAD_METHOD: 405,
    Delivery.Verdict.LENGTH_REQUIRED: 411,
    Delivery.Verdict.TOO_LARGE: 413,
    Delivery.Verdict.KEY_CONFLICT: 422,
    Delivery.Verdict.RATE_LIMITED: 429,
}

OTHER_BODY = (
    "This Idempotency-Key came with another body within the last 24 hours. "
    "Use a new key for a new request."
)


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to be started. With a `key`, only if it is new; with `body_hash`, a known key with
    another body is a conflict."""

    id: UUID
    version_id: int
    trigger_type: str
    payload: str
    key: str = ""
    body_hash: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request, with the verdict before the database was asked for its key. `hidden`: how many
    requests the existing row `id` stands for besides its own."""

    id: UUID
    workflow_id: UUID | None
    verdict: str
    message: str
    method: str
    remote_address: str
    body_bytes: int
    received_at: datetime
    run: NewRun | None = None
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: str
    message: str = ""
    run_id: UUID | None = None


def store(arrivals: Sequence[Arrival]) -> Sequence[Outcome | Exception]:
    """Commit them together; one that can not be stored does not take the others with it. Workers
    are woken. Raises OperationalError or InterfaceError while the database is away."""
    try:
        outcomes: Sequence[Outcome | Exception] = _store_together(arrivals)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        if len(arrivals) == 1:
            raise
        outcomes = _store_singly(arrivals)
    if any(isinstance(o, Outcome) and o.verdict == Delivery.Verdict.ACCEPTED for o in outcomes):
        queue.wake()
    return outcomes


def _store_singly(arrivals: Sequence[Arrival]) -> list[Outcome | Exception]:
    outcomes: list[Outcome | Exception] = []
    for arrival in arrivals:
        try:
            outcomes += _store_together([arrival])
        except Exception as error:  # noqa: BLE001 - raised in the thread of this request
            outcomes.append(error)
    return outcomes


def _store_together(arrivals: Sequence[Arrival]) -> list[Outcome]:
    """One transaction. When it fails with the connection, once more on a fresh one, unless the
    first commit landed and only its answer was lost. All ids are made here, so that a commit which
    lands late makes the second one fail instead of doubling it."""
    outcomes: list[Outcome] = []
    try:
        with transaction.atomic():
            outcomes = _write(arrivals)
        return outcomes
    except (OperationalError, InterfaceError):
        # A locked SQLite has waited long enough already.
        if connection.vendor == "sqlite" or connection.in_atomic_block:
            raise
        connection.close()
    try:
        if outcomes and _is_stored(arrivals):
            return outcomes
        with transaction.atomic():
            return _write(arrivals)
    except IntegrityError:
        if outcomes and _is_stored(arrivals):
            return outcomes
        raise


def _is_stored(arrivals: Sequence[Arrival]) -> bool:
    new = [arrival.id for arrival in arrivals if not arrival.hidden]
    return Delivery.objects.filter(pk__in=new[:1]).exists()


def _write(arrivals: Sequence[Arrival]) -> list[Outcome]:
    """1. keys decide which runs are new  2. runs and their jobs  3. a row for each request."""
    first = _claim_keys([a for a in arrivals if a.run and a.run.key])
    outcomes = [_decide(arrival, first) for arrival in arrivals]
    runs = [
        arrival
        for arrival, outcome in zip(arrivals, outcomes, strict=True)
        if outcome.verdict == Delivery.Verdict.ACCEPTED
    ]
    if runs:
        _insert_runs(runs)
        queue.insert_jobs([a.run.id.hex for a in runs if a.run])
    _write_deliveries(arrivals, outcomes)
    return outcomes


def _decide(arrival: Arrival, first: dict[tuple[str, str], tuple[UUID, str]]) -> Outcome:
    run = arrival.run
    if run is None or arrival.workflow_id is None:
        return Outcome(arrival.verdict, arrival.message)
    first_run, first_hash = first.get((arrival.workflow_id.hex, run.key), (run.id, run.body_hash))
    if first_run == run.id:
        return Outcome(Delivery.Verdict.ACCEPTED, arrival.message, run.id)
    if run.body_hash and first_hash != run.body_hash:
        return Outcome(Delivery.Verdict.KEY_CONFLICT, OTHER_BODY, first_run)
    return Outcome(Delivery.Verdict.DUPLICATE, arrival.message, first_run)


def _claim_keys(keyed: Sequence[Arrival]) -> dict[tuple[str, str], tuple[UUID, str]]:
    """(workflow, key) -> the run that the key belongs to and the hash of its body. Keys are taken
    in order, so that two processes with the same keys do not wait for each other."""
    wanted: dict[tuple[str, str], Arrival] = {}
    for arrival in keyed:
        if arrival.run and arrival.workflow_id:
            wanted.setdefault((arrival.workflow_id.hex, arrival.run.key), arrival)
    if not wanted:
        return {}
    inserted = _insert_keys([wanted[key] for key in sorted(wanted)])
    found = {
        key: (arrival.run.id, arrival.run.body_hash)
        for key, arrival in wanted.items()
        if key in inserted and arrival.run
    }
    return found | _known_keys([key for key in wanted if key not in inserted])


def _insert_keys(arrivals: Sequence[Arrival]) -> set[tuple[str, str]]:
    """Those that were new, or older than a key lives."""
    rows: list[Any] = []
    for arrival in arrivals:
        if arrival.run and arrival.workflow_id:
            rows += [
                stored_id(arrival.workflow_id),
                arrival.run.key,
                arrival.run.body_hash,
                stored_id(arrival.run.id),
                stored_time(arrival.received_at),
            ]
    names = [part for place in range(0, len(rows), 5) for part in rows[place : place + 2]]
    marks = ", ".join(["(%s, %s, %s, %s, %s)"] * len(arrivals))
    with connection.cursor() as cursor:
        _forget_keys(cursor, names, min(arrival.received_at for arrival in arrivals))
        cursor.execute(
            "INSERT INTO runs_idempotencykey (workflow_id, key, body_hash, run_id, created_at) "  # noqa: S608
            f"VALUES {marks} ON CONFLICT (workflow_id, key) DO NOTHING RETURNING workflow_id, key",
            rows,
        )
        return {(hexed(workflow_id), key) for workflow_id, key in cursor.fetchall()}


def _forget_keys(cursor: Any, names: list[Any], now: datetime) -> None:
    """Delete expired keys: those that are used again now, and of the oldest ones twice as many as
    come, so that the table keeps one day."""
    count = len(names) // 2
    used_again = " OR ".join(["(workflow_id = %s AND key = %s)"] * count)
    # A lock that somebody else holds is theirs to delete.
    skip = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    cursor.execute(
        f"DELETE FROM runs_idempotencykey WHERE created_at < %s AND ({used_again} OR id IN "  # noqa: S608
        f"(SELECT id FROM runs_idempotencykey ORDER BY id LIMIT %s {skip}))",
        [stored_time(now - KEY_LIFETIME), *names, count * 2],
    )


def _known_keys(keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], tuple[UUID, str]]:
    if not keys:
        return {}
    known = " OR ".join(["(workflow_id = %s AND key = %s)"] * len(keys))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT workflow_id, key, run_id, body_hash FROM runs_idempotencykey "  # noqa: S608
            f"WHERE {known}",
            [part for key in keys for part in key],
        )
        return {
            (hexed(workflow_id), key): (UUID(hexed(run_id)), body_hash)
            for workflow_id, key, run_id, body_hash in cursor.fetchall()
        }


def _insert_runs(arrivals: Sequence[Arrival]) -> None:
    rows = [
        (
            stored_id(a.run.id),
            stored_id(a.workflow_id),
            a.run.version_id,
            Run.Status.QUEUED.value,
            a.run.trigger_type,
            a.run.payload,
            stored_time(a.received_at),
        )
        for a in arrivals
        if a.run
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO runs_run (id, workflow_id, version_id, status, attempt, trigger_type, "
            "payload, call_stack, created_at) VALUES (%s, %s, %s, %s, 1, %s, %s, '[]', %s)",
            rows,
        )


def _write_deliveries(arrivals: Sequence[Arrival], outcomes: Sequence[Outcome]) -> None:
    new, summaries = [], []
    for arrival, outcome in zip(arrivals, outcomes, strict=True):
        if arrival.hidden:
            more = f"{outcome.message} ({arrival.hidden} more like this followed within a minute.)"
            summaries.append((more, stored_id(arrival.id)))
        else:
            new.append(_delivery_row(arrival, outcome))
    with connection.cursor() as cursor:
        if new:
            cursor.executemany(
                "INSERT INTO runs_delivery (id, workflow_id, run_id, verdict, status_code, "
                "message, method, remote_address, body_bytes, received_at) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                new,
            )
        if summaries:
            cursor.executemany("UPDATE runs_delivery SET message = %s WHERE id = %s", summaries)


def _delivery_row(arrival: Arrival, outcome: Outcome) -> tuple[Any, ...]:
    return (
        stored_id(arrival.id),
        stored_id(arrival.workflow_id),
        stored_id(outcome.run_id),
        str(outcome.verdict),
        STATUS_OF[outcome.verdict],
        outcome.message,
        arrival.method,
        arrival.remote_address,
        arrival.body_bytes,
        stored_time(arrival.received_at),
    )
