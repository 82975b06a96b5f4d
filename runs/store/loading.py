"""Claimed runs, read from the database as they stand.

`run_id` is the UUID in hex; times are seconds since 1970 by the clock of the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from runs.memory.run_state import ChildEnding, RunState, StepKey, StepRecord
from runs.models import Run
from runs.queue import database_now_sql
from runs.sql_values import RECORD_COLUMNS, TIME_COLUMNS, hexed, marks, seconds_of
from runs.store.leases import Claim
from workflows.compiled import CompiledGraph, compile_graph
from workflows.errors import GraphError
from workflows.graph import Graph
from workflows.models import Version
from workflows.plain_json import loads


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
            f"WHERE r.id IN ({marks(by_id)})",
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
        started_at=seconds_of(row[5]) or moment,
        attempt_started_at=seconds_of(row[6]) or moment,
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
    columns = ", ".join(RECORD_COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT run_id, {columns} FROM runs_step WHERE superseded_by IS NULL "
            f"AND run_id IN ({marks(run_ids)}) ORDER BY run_id, attempt, try_number",
            list(run_ids),
        )
        for run_id, *values in cursor.fetchall():
            record = StepRecord(**dict(zip(RECORD_COLUMNS, values, strict=True)))
            record.warnings = loads(values[RECORD_COLUMNS.index("warnings")])
            for name in TIME_COLUMNS:
                setattr(record, name, seconds_of(getattr(record, name)))
            memories[hexed(run_id)][record.node_id, record.iteration] = record
    return memories


# ---------------------------------------------------------------- called runs


def _awaited(memories: Iterable[Mapping[StepKey, StepRecord]]) -> list[str]:
    """The runs that waiting steps called."""
    return [r.awaited_run for memory in memories for r in memory.values() if r.awaited_run]


def child_endings(called: Sequence[str]) -> dict[str, ChildEnding]:
    """How these runs ended; those that have not are left out."""
    if not called:
        return {}
    ended = Run.objects.filter(pk__in=called, status__in=Run.FINISHED)
    return {
        str(run.pk): ChildEnding(run.status, run.error, run.output)
        for run in ended.only("status", "error", "output")
    }
