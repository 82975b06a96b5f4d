"""Checkpoints: what the engine writes. Every write of a run is fenced.

`run_id` is the UUID in hex; times are seconds since 1970 by the clock of the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from runs.memory.run_state import ChildRun, RunState, StepRecord
from runs.models import Run, Step
from runs.queue import database_now_sql, insert_jobs, wake_parents
from runs.sql_values import RECORD_COLUMNS, TIME_COLUMNS, hexed, marks, stored_seconds
from runs.store.leases import Claim
from workflows.plain_json import dump


def still_held(owner: str, states: Sequence[RunState]) -> set[str]:
    """Which of these runs the worker still holds with the fence it has. Within the transaction of
    the checkpoint; what is missing here belongs to somebody else now, or was cancelled."""
    if not states:
        return set()
    fences = {state.run_id: state.fence for state in states}
    # Parents of runs that end and forsaken children are written too: all in one order.
    parents = {state.parent_run for state in states if state.ending and state.parent_run}
    forsaken = {UUID(run_id).hex for state in states for run_id in state.forsaken}
    rows = list({*fences, *parents, *forsaken})
    lock = "ORDER BY run_id FOR UPDATE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT run_id, fence, owner FROM runs_job WHERE run_id IN ({marks(rows)}) {lock}",
            rows,
        )
        found = [(hexed(run_id), fence, holder) for run_id, fence, holder in cursor.fetchall()]
    return {run_id for run_id, fence, by in found if by == owner and fences.get(run_id) == fence}


def save(states: Sequence[RunState], moment: float) -> None:
    """Write what the runs did since the last checkpoint: steps, run states, jobs. The caller has
    checked `still_held` in the same transaction. `moment`: what counts as now."""
    _save_steps([(state.run_id, record) for state in states for record in state.unsaved])
    _save_runs([s for s in states if _status(s) != s.saved_status], stored_seconds(moment))
    _save_new_runs([new for state in states for new in state.new_children], stored_seconds(moment))
    _save_jobs(states)


def _status(state: RunState) -> str:
    if state.ending is not None:
        return state.ending.status
    return Run.Status.WAITING if state.is_idle else Run.Status.RUNNING


_OUTCOME_COLUMNS = ("status", "input", "output", "error", "warnings", "port", *TIME_COLUMNS[1:])
_CONFLICT = "ON CONFLICT (run_id, attempt, node_id, iteration, try_number) DO UPDATE SET " + (
    ", ".join(f"{name} = excluded.{name}" for name in _OUTCOME_COLUMNS)
)
_STEP_COLUMNS = ("run_id", *RECORD_COLUMNS)
_POSTGRESQL_TYPES = {
    "run_id": "uuid",
    "attempt": "int",
    "sequence": "int",
    "try_number": "int",
    **dict.fromkeys(TIME_COLUMNS, "timestamptz"),
}


def _save_steps(records: Sequence[tuple[str, StepRecord]]) -> None:
    if not records:
        return
    last = {
        (run_id, r.attempt, r.node_id, r.iteration, r.try_number): (run_id, r)
        for run_id, r in records
    }
    rows = [_step_row(run_id, record) for run_id, record in last.values()]
    names = ", ".join(_STEP_COLUMNS)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            arrays = ", ".join(f"%s::{_POSTGRESQL_TYPES.get(n, 'text')}[]" for n in _STEP_COLUMNS)
            cursor.execute(
                f"INSERT INTO runs_step ({names}) SELECT * FROM unnest({arrays}) {_CONFLICT}",
                [list(column) for column in zip(*rows, strict=True)],
            )
        else:
            cursor.executemany(
                f"INSERT INTO runs_step ({names}) VALUES ({marks(_STEP_COLUMNS)}) {_CONFLICT}",
                rows,
            )


def _step_row(run_id: str, record: StepRecord) -> tuple[Any, ...]:
    return (
        run_id,
        record.node_id,
        record.node_type,
        record.name,
        record.attempt,
        record.sequence,
        record.status,
        stored_seconds(record.started_at),
        record.iteration,
        record.try_number,
        record.input,
        record.output,
        record.error,
        dump(record.warnings) if record.warnings else "[]",
        record.port,
        stored_seconds(record.finished_at),
        stored_seconds(record.wake_at),
    )


def _save_runs(states: Sequence[RunState], finished_at: Any) -> None:
    """Only an unfinished run is changed."""
    if not states:
        return
    rows = []
    for state in states:
        ending = state.ending
        rows.append(
            (
                _status(state),
                stored_seconds(state.started_at),
                stored_seconds(state.attempt_started_at),
                finished_at if ending else None,
                ending.error if ending else None,
                ending.output if ending else None,
                state.run_id,
            )
        )
    with connection.cursor() as cursor:
        cursor.executemany(
            "UPDATE runs_run SET status = %s, started_at = %s, attempt_started_at = %s, "
            "finished_at = %s, error = %s, output = %s "
            "WHERE id = %s AND status IN ('queued', 'running', 'waiting')",
            rows,
        )


def _save_new_runs(runs: Sequence[ChildRun], created_at: Any) -> None:
    """Child runs, with their jobs."""
    if not runs:
        return
    rows = [
        (
            new.run_id,
            new.workflow_id,
            new.version_id,
            new.payload,
            new.parent_run,
            dump(new.call_stack),
            created_at,
        )
        for new in runs
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO runs_run (id, workflow_id, version_id, status, attempt, trigger_type, "
            "payload, parent_run_id, call_stack, created_at) "
            "VALUES (%s, %s, %s, 'queued', 1, 'workflow_trigger', %s, %s, %s, %s)",
            rows,
        )
    insert_jobs([new.run_id for new in runs])


def _save_jobs(states: Sequence[RunState]) -> None:
    """Ended runs lose their job; runs that only wait are parked until their next due time."""
    ended = [state.run_id for state in states if state.ending is not None]
    parked = [
        (state.wakeups, int(state.next_due * 1000), state.run_id)
        for state in states
        if state.ending is None and state.is_idle
    ]
    progressed = [
        state.run_id
        for state in states
        if state.deaths and any(record.finished_at for record in state.unsaved)
    ]
    with connection.cursor() as cursor:
        if ended:
            cursor.execute(f"DELETE FROM runs_job WHERE run_id IN ({marks(ended)})", ended)
            if any(state.parent_run for state in states if state.ending):
                wake_parents(ended)
        if parked:
            cursor.executemany(
                f"UPDATE runs_job SET available_at = CASE WHEN wakeups > %s "
                f"THEN {database_now_sql()} ELSE %s END, owner = '' WHERE run_id = %s",
                parked,
            )
        if progressed:
            cursor.execute(
                f"UPDATE runs_job SET deaths = 0 WHERE run_id IN ({marks(progressed)})", progressed
            )


def mark_saved(states: Sequence[RunState]) -> None:
    """Call after the commit."""
    for state in states:
        state.saved_status = _status(state)
        if any(record.finished_at for record in state.unsaved):
            state.deaths = 0
        state.unsaved.clear()
        state.new_children.clear()
        state.forsaken.clear()


def fail_unusable(claim: Claim, error_text: str, moment: float) -> None:
    """End a run that no worker can execute."""
    finished_at = stored_seconds(moment)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE runs_run SET status = 'failed', error = %s, finished_at = %s, "
            "started_at = COALESCE(started_at, %s) "
            "WHERE id = %s AND status IN ('queued', 'running', 'waiting')",
            [error_text, finished_at, finished_at, claim.run_id],
        )
        cursor.execute(
            "UPDATE runs_step SET status = %s, finished_at = %s WHERE run_id = %s AND status = %s",
            [Step.Status.CANCELLED, finished_at, claim.run_id, Step.Status.RUNNING],
        )
        cursor.execute("DELETE FROM runs_job WHERE run_id = %s", [claim.run_id])
    wake_parents([claim.run_id])
