"""An archived run as the pages show it: objects that are in no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runs import selectors
from runs.archive.files import read_run
from runs.archive.rows import Row, instance_of
from runs.models import ArchivedRun, Delivery, Run, Step
from runs.presentation.shown_steps import STEPS_AT_ONCE, Track, track_from
from workflows.errors import GraphError, NotFoundError
from workflows.graph import Graph
from workflows.models import Version, Workflow

DELIVERIES_AT_ONCE = 20


@dataclass(slots=True)
class ArchivedView:
    """One attempt of an archived run. Steps that are not shown now have no data."""

    run: Run
    attempt: int
    attempts: list[selectors.Attempt]
    steps: list[Step] = field(default_factory=list)
    """Those that are shown, with `input_size` and `output_size` in characters."""
    total: int = 0
    """Steps of the attempt."""
    deliveries: list[Delivery] = field(default_factory=list)
    track: Track = field(default_factory=Track)

    @property
    def graph(self) -> Graph | None:
        """None for a graph of a form that is no longer read."""
        try:
            return Graph.from_json(self.run.version.graph)
        except GraphError:
            return None


def read_view(entry: ArchivedRun, *, attempt: int = 0, start: int = 0) -> ArchivedView:
    """`attempt` 0, or one that there is not, is the last one; `start`: the first step to show.
    Raises ArchiveError."""
    number = attempt if 1 <= attempt <= entry.attempt else entry.attempt
    shown: list[Step] = []
    all_of_attempt: list[Step] = []
    every: list[Step] = []
    deliveries: list[Delivery] = []
    run, version = Row(), Row()
    for record in read_run(entry):
        if record.kind == "version":
            version = record.row
        elif record.kind == "run":
            run = record.row
        elif record.kind == "delivery" and len(deliveries) < DELIVERIES_AT_ONCE:
            deliveries.append(instance_of(Delivery, record.row))
        elif record.kind == "step":
            is_in = _is_in(record.row, number)
            is_shown = is_in and start <= len(all_of_attempt) < start + STEPS_AT_ONCE
            every.append(_step(record.row, with_data=is_shown))
            if is_in:
                all_of_attempt.append(every[-1])
            if is_shown:
                shown.append(every[-1])
    found = run_of(run, version)
    return ArchivedView(
        run=found,
        attempt=number,
        attempts=selectors.attempts_from(found, _count(every)),
        steps=shown,
        total=len(all_of_attempt),
        deliveries=deliveries,
        track=track_from(all_of_attempt),
    )


def read_run_alone(entry: ArchivedRun) -> Run:
    """Raises ArchiveError."""
    rows = {r.kind: r.row for r in read_run(entry) if r.kind in ("version", "run")}
    return run_of(rows["run"], rows["version"])


def read_step(entry: ArchivedRun, step_id: int) -> Step:
    """Raises NotFoundError, ArchiveError."""
    rows = [r.row for r in read_run(entry) if r.kind == "step" and r.row["id"] == step_id]
    if not rows:
        raise NotFoundError("There is no such step in this run.")
    return _step(rows[0], with_data=True)


def run_of(row: Row, version: Row) -> Run:
    """With its version and its workflow, of which the name is known."""
    run = instance_of(Run, row)
    run.version = instance_of(Version, version)
    run.workflow = Workflow(id=run.workflow_id, name=version["workflow_name"])
    return run


def _step(row: Row, *, with_data: bool) -> Step:
    sizes = {f"{name}_size": len(row[name] or "") for name in ("input", "output")}
    if not with_data:
        row = {**row, "input": None, "output": None}
    step = instance_of(Step, row)
    for name, size in sizes.items():
        setattr(step, name, size)
    return step


def _is_in(row: Row, attempt: int) -> bool:
    """See Step."""
    superseded = row["superseded_by"]
    return bool(row["attempt"] <= attempt and (superseded is None or superseded > attempt))


def _count(steps: Iterable[Step]) -> Mapping[int, Mapping[str, Any]]:
    counted: dict[int, dict[str, Any]] = {}
    for step in steps:
        found = counted.setdefault(step.attempt, {"executed": 0, "failed": 0, "last": None})
        found.setdefault("first", step.started_at)
        found["executed"] += 1
        found["failed"] += step.status == Step.Status.FAILED
        found["last"] = max(filter(None, [found["last"], step.finished_at]), default=None)
    return counted
