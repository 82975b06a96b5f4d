"""What the run page shows: steps with their data within a budget, states of nodes, taken edges."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast, Length

from runs.models import Run, Step
from runs.pages import read_number
from runs.presentation.json_tree import Row, rows_of
from workflows.graph import Graph
from workflows.validation import port_label
from workflows.vault import snapshot

STEPS_AT_ONCE = 60
INLINE_CHARACTERS = 6_000
"""Of one input or output; larger ones are fetched when the step is opened."""
INLINE_TOTAL = 20_000
INLINE_STEPS = 20
ORDER = ("failed", "running", "waiting", "cancelled", "ignored", "completed")
"""The state of a node that ran several times is the first of these that one of them has."""


@dataclass(slots=True)
class StepView:
    """A step as the page shows it. `parts` is None where the data is fetched later."""

    step: Step
    is_open: bool = False
    is_reused: bool = False
    parts: list[PartView] | None = None
    bar: Bar | None = None
    port_label: str = ""
    """What the graph has at the port that was taken."""


@dataclass(frozen=True, slots=True)
class PartView:
    name: str
    rows: list[Row]
    is_container: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """Where a step lies in its attempt: percent of the whole time."""

    start: float
    length: float


@dataclass(frozen=True, slots=True)
class NodeState:
    status: str
    count: int = 1
    duration_ms: float | None = None
    step_id: int = 0


@dataclass(frozen=True, slots=True)
class Track:
    """What a run has done to a graph: the state of each node, and the edges that were taken."""

    states: Mapping[str, NodeState] = field(default_factory=dict)
    taken: frozenset[tuple[str, str]] = frozenset()
    """(source, port)"""


def with_sizes(steps: QuerySet[Step]) -> QuerySet[Step]:
    """Without the data, which may be megabytes, but with its length."""
    return steps.defer("input", "output").annotate(
        input_size=Length(Cast(F("input"), TextField())),
        output_size=Length(Cast(F("output"), TextField())),
    )


def stored_data(step_ids: Iterable[int]) -> Iterable[Step]:
    return Step.objects.filter(pk__in=step_ids).only("input", "output")


def step_views(
    run: Run,
    steps: Sequence[Step],
    attempt: int,
    *,
    graph: Graph | None = None,
    may_open: bool = True,
    data_of: Callable[[Iterable[int]], Iterable[Step]] = stored_data,
) -> list[StepView]:
    """Small data comes along, so that opening a step needs no request; failed steps are open.
    `data_of` gives the steps of these ids with their data."""
    views = [
        StepView(
            step,
            is_open=may_open and is_the_end(step),
            is_reused=step.attempt < attempt,
            port_label=_port_label(step, graph),
        )
        for step in steps
    ]
    own = [view.step for view in views if not view.is_reused]
    first, last = _span(run, own)
    for view in views:
        view.bar = None if view.is_reused else _bar(view.step, first, last)
    _fill(views, data_of)
    return views


def _port_label(step: Step, graph: Graph | None) -> str:
    node = graph.nodes.get(step.node_id) if graph else None
    return port_label(node, step.port) if node else step.port


def is_the_end(step: Step) -> bool:
    """Whether it failed for good: no port and no other try goes on from it."""
    return step.status == Step.Status.FAILED and not step.port and step.wake_at is None


def fill(view: StepView) -> StepView:
    """All of a step's data, whatever its size: trees show their first levels only."""
    view.parts = parts_of(view.step)
    return view


def parts_of(step: Step) -> list[PartView]:
    parts = [part_view("input", step.input, "")]
    if step.error is None or step.output is not None:
        parts.append(part_view("output", step.output, step.node_id))
    return parts


def run_parts(run: Run, attempt: int) -> list[PartView]:
    """The output is that of the last attempt; earlier ones had none. The payload is kept as it
    came, and what came may hold a secret."""
    parts = [part_view("payload", snapshot().masked(run.payload), "trigger")]
    if attempt == run.attempt:
        parts.append(part_view("output", run.output, ""))
    return parts


def part_view(name: str, value: Any, root: str) -> PartView:
    is_container = isinstance(value, (dict, list)) and bool(value)
    return PartView(name, rows_of(value, root=root), is_container)


def _fill(views: Sequence[StepView], data_of: Callable[[Iterable[int]], Iterable[Step]]) -> None:
    """Open steps first, then in order, until the budget is used up."""
    budget = INLINE_TOTAL
    chosen: dict[int, StepView] = {}
    for view in sorted(views, key=lambda view: not view.is_open):
        sizes = [getattr(view.step, name) or 0 for name in ("input_size", "output_size")]
        fits = max(sizes) <= INLINE_CHARACTERS and sum(sizes) <= budget
        if fits and len(chosen) < INLINE_STEPS:
            budget -= sum(sizes)
            chosen[view.step.pk] = view
    for row in data_of(chosen):
        step = chosen[row.pk].step
        step.input, step.output = row.input, row.output
        chosen[row.pk].parts = parts_of(step)


def _span(run: Run, steps: Sequence[Step]) -> tuple[datetime | None, datetime | None]:
    times = [time for step in steps for time in (step.started_at, step.finished_at) if time]
    return (min(times), max(times)) if times else (run.started_at, run.finished_at)


def _bar(step: Step, first: datetime | None, last: datetime | None) -> Bar | None:
    if not (first and last and step.started_at and step.finished_at) or last <= first:
        return None
    whole = (last - first).total_seconds()
    start = (step.started_at - first).total_seconds() / whole
    length = (step.finished_at - step.started_at).total_seconds() / whole
    return Bar(round(min(start, 0.985) * 100, 2), round(max(length, 0.015) * 100, 2))


def track_of(steps: QuerySet[Step]) -> Track:
    """One query, without the data."""
    return track_from(
        steps.only(
            "node_id", "status", "port", "iteration", "try_number", "started_at", "finished_at"
        )
    )


class Traced(Protocol):
    """What a step, or a row of its light columns, tells about its node."""

    @property
    def pk(self) -> Any: ...
    @property
    def node_id(self) -> str: ...
    @property
    def iteration(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def port(self) -> str: ...
    @property
    def duration_ms(self) -> float | None: ...


def track_from(rows: Iterable[Traced]) -> Track:
    """`rows` in the order in which the steps started."""
    last_tries = {(row.node_id, row.iteration): row for row in rows}
    by_node: dict[str, list[Traced]] = defaultdict(list)
    for row in last_tries.values():
        by_node[row.node_id].append(row)
    return Track(
        states={node: _state(found) for node, found in by_node.items()},
        taken=frozenset((row.node_id, row.port) for row in last_tries.values() if row.port),
    )


def _state(rows: Sequence[Traced]) -> NodeState:
    decisive = min(rows, key=lambda row: ORDER.index(row.status))
    durations = [row.duration_ms for row in rows if row.duration_ms is not None]
    return NodeState(
        status=decisive.status,
        count=len(rows),
        duration_ms=sum(durations) if durations else None,
        step_id=decisive.pk,
    )


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a page that is open already knows: the last step, and the unfinished ones."""

    last_step: int
    unfinished: Mapping[int, str]
    state: str
    """`<attempt>.<status of the run>.<progress>`"""

    @property
    def attempt(self) -> str:
        return self.state.partition(".")[0]

    @classmethod
    def after(cls, run: Run, steps: Iterable[Traced], progress: str = "") -> Cursor:
        """`progress` changes with anything else that the page shows."""
        steps = list(steps)
        return cls(
            last_step=max((step.pk for step in steps), default=0),
            unfinished={
                step.pk: step.status
                for step in steps
                if step.status in (Step.Status.RUNNING, Step.Status.WAITING)
            },
            state=f"{run.attempt}.{run.status}.{progress}",
        )

    def query(self) -> str:
        unfinished = ",".join(f"{pk}.{status}" for pk, status in self.unfinished.items())
        return f"last={self.last_step}&unfinished={unfinished}&state={self.state}"

    @classmethod
    def read(cls, params: Mapping[str, str]) -> Cursor:
        """What can not be read counts as unknown."""
        pairs = (text.partition(".") for text in params.get("unfinished", "").split(",")[:5000])
        return cls(
            last_step=read_number(params.get("last", ""), digits=18) or 0,
            unfinished={
                pk: status
                for text, _, status in pairs
                if (pk := read_number(text, digits=18)) is not None
            },
            state=params.get("state", ""),
        )
