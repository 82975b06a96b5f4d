"""What the page of a run is made of: its steps, read once for all of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from django.utils import timezone

from runs.models import Run, Step
from runs.presentation import shown_steps
from runs.presentation.folding import STEPS_OF_ITERATION, Fold, outer_folds, steps_of_iteration
from runs.presentation.shown_steps import StepView
from runs.presentation.step_marks import Mark, Marks, graph_of, read_marks
from runs.presentation.timeline import Timeline, build_timeline
from workflows.graph import Graph

Entry: TypeAlias = tuple[StepView, Fold | None]
"""A step of the list, and the iterations that are folded below it."""


@dataclass(frozen=True, slots=True)
class RunPage:
    """One attempt of a run."""

    run: Run
    attempt: int
    graph: Graph | None
    marks: Marks

    @property
    def track(self) -> shown_steps.Track:
        return shown_steps.track_from(self.marks.standing)

    @property
    def progress(self) -> str:
        """Changes with every step that starts, ends or goes to sleep."""
        unsettled = [m.status[0] for m in self.marks.standing if m.finished_at is None]
        return f"{len(self.marks.standing)}-{''.join(unsettled)[:40]}"

    @property
    def timeline(self) -> Timeline | None:
        nodes = self.graph.nodes.values() if self.graph else ()
        parked = [node.id for node in nodes if node.config.get("wait") is True]
        now = timezone.now()
        return build_timeline(self.run, self.marks, self.attempt, now, parked=parked)

    def more(self, start: int) -> dict[str, int] | None:
        """None when no step follows."""
        rest = len(self.marks.outer) - start
        return {"rest": rest, "start": start} if rest > 0 else None


def read_page(run: Run, attempt: int) -> RunPage:
    graph = graph_of(run)
    return RunPage(run, attempt, graph, read_marks(run, attempt, graph))


def load_steps(marks: Iterable[Mark]) -> list[Step]:
    """In this order, without their data."""
    wanted = [mark.pk for mark in marks]
    found = shown_steps.with_sizes(Step.objects.all()).in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]


def outer_entries(page: RunPage, start: int = 0) -> list[Entry]:
    """The steps outside of iterators, from number `start` on."""
    return entries(page, page.marks.outer[start : start + shown_steps.STEPS_AT_ONCE])


def entries(
    page: RunPage, shown: Sequence[Mark], *, may_open: bool = True, deeper: bool = True
) -> list[Entry]:
    """Two queries. `deeper`: with the steps of each first iteration that failed."""
    folds = outer_folds(page.marks, shown)
    first_of: dict[int, list[Mark]] = {}
    for pk, fold in folds.items():
        if deeper and (failed := fold.first_failed):
            inside = steps_of_iteration(page.marks, fold.iterator, failed.key)
            first_of[pk] = inside[:STEPS_OF_ITERATION]
    inner = [mark for marks in first_of.values() for mark in marks]
    views = shown_steps.step_views(
        page.run,
        load_steps([*shown, *inner]),
        page.attempt,
        graph=page.graph,
        may_open=may_open,
    )
    by_pk = {view.step.pk: view for view in views}
    for pk, marks in first_of.items():
        folds[pk].first = [by_pk[mark.pk] for mark in marks if mark.pk in by_pk]
    return [(by_pk[mark.pk], folds.get(mark.pk)) for mark in shown if mark.pk in by_pk]
