"""What a node last saw and gave."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from runs.models import Run, Step
from runs.presentation.shown_steps import PartView, parts_of
from runs.selectors import steps_of_attempt
from workflows.models import Workflow

RUNS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class LastData:
    """A step of a node, the `number`th of `count` in its run."""

    run: Run
    step: Step
    number: int
    count: int
    parts: list[PartView]

    @property
    def before(self) -> int:
        return self.number - 1

    @property
    def after(self) -> int:
        return self.number + 1 if self.number < self.count else 0


def last_data(
    workflow: Workflow, node_id: str, *, run_id: UUID | None = None, at: int = 0
) -> LastData | None:
    """`run_id`: of this run only. `at`: counted from 1; else the last that has begun."""
    run = _run_with(workflow, node_id, run_id)
    if run is None:
        return None
    steps = steps_of_attempt(run, run.attempt).filter(node_id=node_id).order_by("iteration", "id")
    keys = list(steps.values_list("pk", "iteration"))
    keys.sort(key=lambda key: ([int(part) for part in key[1].split(".") if part], key[0]))
    if not keys:
        return None
    number = min(at, len(keys)) or len(keys)
    step = Step.objects.get(pk=keys[number - 1][0])
    return LastData(run, step, number, len(keys), parts_of(step))


def _run_with(workflow: Workflow, node_id: str, run_id: UUID | None) -> Run | None:
    runs = Run.objects.filter(workflow=workflow).order_by("-id")
    if run_id:
        return runs.filter(pk=run_id).first()
    newest = list(runs.values_list("id", flat=True)[:RUNS_LOOKED_AT])
    steps = Step.objects.filter(run__in=newest, node_id=node_id, superseded_by=None)
    found = steps.order_by("-run_id").values_list("run_id", flat=True).first()
    return runs.get(pk=found) if found else None
