"""The iterations of an iterator as one line, with the first one that failed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from runs.models import Step
from runs.presentation.shown_steps import ORDER, StepView
from runs.presentation.step_marks import Mark, Marks, last_tries

ITERATIONS_AT_ONCE = 50
STEPS_OF_ITERATION = 200


@dataclass(slots=True)
class Iteration:
    """`key`: "2", or "2.0" of an iterator in an iterator."""

    key: str
    status: str
    steps: int
    duration_ms: float | None

    @property
    def index(self) -> str:
        return self.key.rpartition(".")[2]


@dataclass(slots=True)
class Fold:
    """The iterations of one iterator step; `within` is the iteration that step is in itself."""

    iterator: str
    within: str
    iterations: Sequence[Iteration]
    nodes: Sequence[str]
    """The nodes of its body."""
    first: list[StepView] = field(default_factory=list)
    """The steps of the first iteration that failed."""

    @property
    def dom_id(self) -> str:
        return f"fold-{self.iterator}" + (
            f"-{self.within.replace('.', '-')}" if self.within else ""
        )

    @property
    def counts(self) -> list[tuple[str, int]]:
        """(status, how many), the worst first."""
        counted = Counter(iteration.status for iteration in self.iterations)
        return [(status, counted[status]) for status in ORDER if counted[status]]

    @property
    def first_failed(self) -> Iteration | None:
        failed = (each for each in self.iterations if each.status == Step.Status.FAILED)
        return next(failed, None)


def fold_of(marks: Marks, iterator: str, within: str) -> Fold:
    """One of an iterator without any iteration is empty."""
    parts: dict[str, list[Mark]] = {}
    nodes: dict[str, None] = {}
    for mark in _inside(marks, iterator, within):
        depth = within.count(".") + 2 if within else 1
        key = ".".join(mark.iteration.split(".")[:depth])
        parts.setdefault(key, []).append(mark)
        nodes[mark.node_id] = None
    found = [_iteration(key, steps) for key, steps in parts.items()]
    found.sort(key=lambda iteration: int(iteration.index))
    return Fold(iterator, within, found, list(nodes))


def outer_folds(marks: Marks, shown: Iterable[Mark]) -> dict[int, Fold]:
    """Id of an iterator's step -> what is folded below it; the last try has it. One that ended
    without any iteration has nothing to fold."""
    tries: Mapping[tuple[str, str], Mark] = last_tries(shown)
    folds = {
        mark: fold_of(marks, mark.node_id, mark.iteration)
        for mark in tries.values()
        if mark.node_type == "iterator"
    }
    return {
        mark.pk: fold for mark, fold in folds.items() if fold.iterations or mark.finished_at is None
    }


def steps_of_iteration(marks: Marks, iterator: str, key: str) -> list[Mark]:
    """Those directly in the body, not in an iterator within it."""
    return [
        mark
        for mark in marks.standing
        if mark.iteration == key and (scope := marks.scope_of(mark)) and scope[-1] == iterator
    ]


def _inside(marks: Marks, iterator: str, within: str) -> Iterable[Mark]:
    prefix = f"{within}." if within else ""
    depth = within.count(".") + 1 if within else 0
    for mark in marks.standing:
        scope = marks.scope_of(mark)
        if len(scope) > depth and scope[depth] == iterator and mark.iteration.startswith(prefix):
            yield mark


def _iteration(key: str, steps: Sequence[Mark]) -> Iteration:
    last = last_tries(steps).values()
    statuses = {"completed" if mark.port == "error" else mark.status for mark in last}
    starts = [mark.started_at for mark in steps if mark.started_at]
    ends = [mark.finished_at for mark in steps if mark.finished_at]
    took = (max(ends) - min(starts)).total_seconds() * 1000 if starts and ends else None
    return Iteration(key, next(s for s in ORDER if s in statuses), len(steps), took)
