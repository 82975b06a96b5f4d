"""The steps of a run without their data: what the graph, the timeline and the folds are made of."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from runs.models import Run, Step, milliseconds_between
from workflows.errors import GraphError
from workflows.graph import Graph, Scope
from workflows.node_type import Json
from workflows.plain_json import dump

MOST_READ = 20_000
"""Steps; an iterator in an iterator can have many more."""


class Mark(NamedTuple):
    """A step as a row of light columns."""

    pk: int
    node_id: str
    node_type: str
    name: str
    iteration: str
    try_number: int
    status: str
    port: str
    attempt: int
    started_at: datetime | None
    finished_at: datetime | None
    wake_at: datetime | None
    superseded_by: int | None

    @property
    def duration_ms(self) -> float | None:
        return milliseconds_between(self.started_at, self.finished_at)


@dataclass(frozen=True, slots=True)
class Marks:
    """All steps up to an attempt in the order of their start, and those that counted then."""

    all: Sequence[Mark] = ()
    standing: Sequence[Mark] = ()
    is_cut: bool = False
    """Whether the run has more than MOST_READ."""
    scopes: Mapping[str, Scope] = field(default_factory=dict)

    def scope_of(self, mark: Mark) -> Scope:
        """The iterators around a step. Empty for one outside of them, and where the graph does not
        say the same as the step."""
        scope = self.scopes.get(mark.node_id, ())
        depth = mark.iteration.count(".") + 1 if mark.iteration else 0
        return scope if len(scope) == depth else ()

    @property
    def outer(self) -> list[Mark]:
        """Those outside of iterators."""
        return [mark for mark in self.standing if not self.scope_of(mark)]


def read_marks(run: Run, attempt: int, graph: Graph | None) -> Marks:
    """One query. Without a graph no step is in an iterator."""
    rows = (
        Step.objects.filter(run=run, attempt__lte=attempt)
        .order_by("attempt", "sequence", "id")
        .values_list(*Mark._fields)[: MOST_READ + 1]
    )
    found = [Mark(*row) for row in rows]
    standing = [
        mark for mark in found if mark.superseded_by is None or mark.superseded_by > attempt
    ]
    return Marks(found[:MOST_READ], standing[:MOST_READ], len(found) > MOST_READ, scopes_of(graph))


def scopes_of(graph: Graph | None) -> dict[str, Scope]:
    if graph is None:
        return {}
    return {node: next(iter(found)) for node, found in graph.scopes.items() if len(found) == 1}


def last_tries(marks: Iterable[Mark]) -> dict[tuple[str, str], Mark]:
    return {(mark.node_id, mark.iteration): mark for mark in marks}


def graph_of(run: Run) -> Graph | None:
    """None for a graph of a form that is no longer read; the steps are shown without it."""
    return _parsed(dump(run.version.graph))


@lru_cache(maxsize=64)
def _parsed(text: str) -> Graph | None:
    """Most of what a large graph costs is to be checked, so the newest ones are kept."""
    graph: Json = json.loads(text)
    try:
        return Graph.from_json(graph)
    except GraphError:
        return None
