"""The SQL of the engine: load, checkpoint, finish. Every write of a run is fenced.

`run_id` is the UUID in hex; times are seconds since 1970 by the clock of the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from runs.leases import Claim, hexed
from runs.models import Run, Step
from runs.queue import database_now_sql, insert_jobs, wake_parents
from runs.state import ChildEnding, NewRun, RunState, StepKey, StepRecord
from workflows.compiled import CompiledGraph, compile_graph
from workflows.errors import GraphError
from workflows.graph import Graph
from workflows.models import Version
from workflows.plain_json import dump, loads


class Graphs:
    """The compiled graphs of versions; they are immutable, so what is compiled is kept."""

    MOST_KEPT = 256

    def __init__(self) -> None:
        self._kept: dict[int, CompiledGraph | GraphError] = {}

    def get(self, versions: set[int]) -> Mapping[int, CompiledGraph | GraphError]:
        """Of each version its graph, or why it can not be used."""
        missing = versions - set(self._kept)
        if len(self._kept) + len(missing) > self.MOST_KEPT:
            self._kept, missing = {}, versions
        rows = Version.objects.filter(pk__in=missing) if missing else ()
        for version in rows:
            try:
                self._kept[version.pk] = compile_graph(Graph.from_json(version.graph))
            except GraphError as error:
                self._kept[version.pk] = error
        return self._kept


def load(
    claims: Sequence[Claim], graphs: Graphs, moment: float
) -> list[RunState | tuple[Claim, GraphError]]:
    """The claimed runs as they stand; instead of a run whose graph can not be used, the reason.
    `moment`: what counts as now where a run or an attempt starts."""
    if not claims:
        return []
    by_id = {claim.run_id: claim for claim in claims}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.id, r.version_id, r.attempt, r.status, r.payload, r.started_at, "
            "r.attempt_started_at, w.id, w.name, w.settings, r.parent_run_id, r.call_stack "
            "FROM runs_run r "
            "JOIN workflows_workflow w ON w.id = r.workflow_id "
            f"WHERE r.id IN ({_marks(by_id)})",
            list(by_id),
        )
        rows = cursor.fetchall()
    known = [hexed(row[0]) for row in rows if row[2] > 1 or row[5] is not None]
    memories = _memories(known)
    endings = child_endings(_awaited(memories.values()))
    compiled = graphs.get({row[1] for row in rows})
    return [
        _state(by_id[hexed(row[0])], row, compiled[row[1]], memories, endings, moment)
        for row in rows
    ]


def admit(state: RunState) -> bool:
    """Start a queued run of a workflow that limits its parallel runs. False: the limit is reached,
    and the run was put back for a second."""
    workflow = UUID(state.workflow_id).hex
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT 1 FROM workflows_workflow WHERE id = %s FOR UPDATE", [workflow])
        cursor.execute(
            "UPDATE runs_run SET status = 'running' WHERE id = %s AND status = 'queued' AND "
            "(SELECT count(*) FROM runs_run WHERE workflow_id = %s "
            "AND status IN ('running', 'waiting')) < %s",
            [state.run_id, workflow, state.most_parallel],
        )
        if cursor.rowcount:
            state.saved_status = Run.Status.RUNNING
            return True
        cursor.execute(
            f"UPDATE runs_job SET available_at = {database_now_sql()} + 1000, owner = '' "
            "WHERE run_id = %s",
            [state.run_id],
        )
        return False


def _state(
    claim: Claim,
    row: Sequence[Any],
    graph: CompiledGraph | GraphError,
    memories: Mapping[str, dict[StepKey, StepRecord]],
    endings: dict[str, ChildEnding],
    moment: float,
) -> RunState | tuple[Claim, GraphError]:
    if isinstance(graph, GraphError):
        return claim, graph
    workflow_settings = loads(row[9])
    return RunState(
        run_id=claim.run_id,
        fence=claim.fence,
        deaths=claim.deaths,
        wakeups=claim.wakeups,
        parent_run=hexed(row[10]) if row[10] else None,
        call_stack=[*loads(row[11]), str(UUID(hexed(row[7])))],
        child_endings=endings,
        attempt=row[2],
        status=row[3],
        payload=loads(row[4]),
        started_at=_seconds(row[5]) or moment,
        attempt_started_at=_seconds(row[6]) or moment,
        workflow={"id": str(UUID(hexed(row[7]))), "name": row[8]},
        strict=bool(workflow_settings.get("strict_variables")),
        most_parallel=workflow_settings.get("max_parallel_runs"),
        graph=graph,
        memory=memories.get(claim.run_id, {}),
    )


def _memories(run_ids: Sequence[str]) -> dict[str, dict[StepKey, StepRecord]]:
    """The steps that count, the last try of each."""
    memories: dict[str, dict[StepKey, StepRecord]] = {run_id: {} for run_id in run_ids}
    if not run_ids:
        return memories
    columns = ", ".join(_RECORD_COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT run_id, {columns} FROM runs_step WHERE superseded_by IS NULL "
            f"AND run_id IN ({_marks(run_ids)}) ORDER BY run_id, attempt, try_number",
            list(run_ids),
        )
        for run_id, *values in cursor.fetchall():
            record = StepRecord(**dict(zip(_RECORD_COLUMNS, values, strict=True)))
            record.warnings = loads(values[_RECORD_COLUMNS.index("warnings")])
            for name in _TIME_COLUMNS:
                setattr(record, name, _seconds(getattr(record, name)))
            memories[hexed(run_id)][record.node_id, record.iteration] = record
    return memories


# ---------------------------------------------------------------- checkpoint


def _awaited(memories: Iterable[Mapping[StepKey, StepRecord]]) -> list[str]:
    """The runs that waiting steps called."""
    return [
        loads(record.output)["run_id"]
        for memory in memories
        for record in memory.values()
        if record.status == Step.Status.WAITING and record.wake_at is None and record.output
    ]


def child_endings(called: Sequence[str]) -> dict[str, ChildEnding]:
    """How these runs ended; those that have not are left out."""
    if not called:
        return {}
    ended = Run.objects.filter(pk__in=called, status__in=Run.FINISHED)
    return {
        str(run.pk): ChildEnding(run.status, run.error, run.output)
        for run in ended.only("status", "error", "output")
    }


def still_held(owner: str, states: Sequence[RunState]) -> set[str]:
    """Which of these runs the worker still holds with the fence it has. Within the transaction of
    the checkpoint; what is missing here belongs to somebody else now, or was cancelled."""
    if not states:
        return set()
    fences = {state.run_id: state.fence for state in states}
    # Parents of runs that end are written too: all rows are locked in one order.
    parents = {state.parent_run for state in states if state.ending and state.parent_run}
    rows = list({*fences, *parents})
    lock = "ORDER BY run_id FOR UPDATE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT run_id, fence, owner FROM runs_job WHERE run_id IN ({_marks(rows)}) {lock}",
            rows,
        )
        found = [(hexed(run_id), fence, holder) for run_id, fence, holder in cursor.fetchall()]
    return {run_id for run_id, fence, by in found if by == owner and fences.get(run_id) == fence}


def save(states: Sequence[RunState], moment: float) -> None:
    """Write what the runs did since the last checkpoint: steps, run states, jobs. The caller has
    checked `still_held` in the same transaction. `moment`: what counts as now."""
    _save_steps([(state.run_id, record) for state in states for record in state.unsaved])
    _save_runs([s for s in states if _status(s) != s.saved_status], _moment(moment))
    _save_new_runs([new for state in states for new in state.new_runs], _moment(moment))
    _save_jobs(states)


def _status(state: RunState) -> str:
    if state.ending is not None:
        return state.ending.status
    return Run.Status.WAITING if state.is_idle else Run.Status.RUNNING


_RECORD_COLUMNS = (
    "node_id",
    "node_type",
    "name",
    "attempt",
    "sequence",
    "status",
    "started_at",
    "iteration",
    "try_number",
    "input",
    "output",
    "error",
    "warnings",
    "port",
    "finished_at",
    "wake_at",
)
_TIME_COLUMNS = ("started_at", "finished_at", "wake_at")
_OUTCOME_COLUMNS = ("status", "input", "output", "error", "warnings", "port", *_TIME_COLUMNS[1:])
_CONFLICT = "ON CONFLICT (run_id, attempt, node_id, iteration, try_number) DO UPDATE SET " + (
    ", ".join(f"{name} = excluded.{name}" for name in _OUTCOME_COLUMNS)
)
_STEP_COLUMNS = ("run_id", *_RECORD_COLUMNS)
_POSTGRESQL_TYPES = {
    "run_id": "uuid",
    "attempt": "int",
    "sequence": "int",
    "try_number": "int",
    **dict.fromkeys(_TIME_COLUMNS, "timestamptz"),
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
                f"INSERT INTO runs_step ({names}) VALUES ({_marks(_STEP_COLUMNS)}) {_CONFLICT}",
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
        _moment(record.started_at),
        record.iteration,
        record.try_number,
        record.input,
        record.output,
        record.error,
        dump(record.warnings) if record.warnings else "[]",
        record.port,
        _moment(record.finished_at),
        _moment(record.wake_at),
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
                _moment(state.started_at),
                _moment(state.attempt_started_at),
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


def _save_new_runs(runs: Sequence[NewRun], created_at: Any) -> None:
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
            cursor.execute(f"DELETE FROM runs_job WHERE run_id IN ({_marks(ended)})", ended)
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
                f"UPDATE runs_job SET deaths = 0 WHERE run_id IN ({_marks(progressed)})", progressed
            )


def mark_saved(states: Sequence[RunState]) -> None:
    """Call after the commit."""
    for state in states:
        state.saved_status = _status(state)
        if any(record.finished_at for record in state.unsaved):
            state.deaths = 0
        state.unsaved.clear()
        state.new_runs.clear()


def fail_unusable(claim: Claim, error_text: str, moment: float) -> None:
    """End a run that no worker can execute."""
    finished_at = _moment(moment)
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


# ---------------------------------------------------------------- values


def _marks(values: Iterable[Any]) -> str:
    return ", ".join("%s" for _ in values)


def _moment(seconds: float | None) -> Any:
    """As the driver takes it; SQLite has no type for times, Django's text form is UTC."""
    if seconds is None:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    if connection.vendor == "sqlite":
        return moment.replace(tzinfo=None).isoformat(" ", "microseconds")
    return moment


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return float((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
