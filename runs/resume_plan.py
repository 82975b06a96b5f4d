"""What a resume would do with each node: reuse its step, repeat it, or run it first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from runs.memory.run_state import StepKey
from runs.models import Step
from workflows.compiled import CompiledGraph, CompiledNode
from workflows.errors import ConflictError, NodeError
from workflows.values import to_list

Action = Literal["reused", "repeated", "new"]


@dataclass(frozen=True, slots=True)
class PlannedStep:
    node_id: str
    iteration: str
    """Empty outside of iterators, and for items that were not started yet."""
    name: str
    node_type: str
    action: Action
    has_effect: bool

    @property
    def kind(self) -> tuple[str, str]:
        """What the items of an iterator have in common."""
        return self.node_id, self.action

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ResumePlan:
    """`steps` in the order of the graph; `superseded`: ids of Step rows that no longer count."""

    start: str
    version: int
    steps: tuple[PlannedStep, ...]
    superseded: tuple[int, ...]


def plan(graph: CompiledGraph, version: int, rows: Iterable[Step], start: str) -> ResumePlan:
    """`rows`: the steps that count now. `start`: failed, start, or the id of a node that ran.
    Raises ConflictError for a node that did not run."""
    rows = sorted(rows, key=lambda row: (row.attempt, row.try_number))
    last = {(row.node_id, row.iteration): row for row in rows}
    again = _repeated(graph, rows, start)
    reused = {
        key for key, row in last.items() if is_settled(row) and key[0] in set(graph.nodes) - again
    }
    superseded = tuple(row.pk for row in rows if (row.node_id, row.iteration) not in reused)
    return ResumePlan(start, version, tuple(_walk(graph, last, reused)), superseded)


def is_settled(row: Step) -> bool:
    """Whether the step has an outcome that the run can go on from."""
    done = (Step.Status.COMPLETED, Step.Status.IGNORED)
    return row.status in done or row.port == "error"


def _repeated(graph: CompiledGraph, rows: Iterable[Step], start: str) -> set[str]:
    if start == "start":
        return {row.node_id for row in rows}
    if start == "failed":
        return set()
    if start not in graph.nodes:
        raise ConflictError(
            f"This version has no node {start!r}. Choose another step, or the other version.",
            code="unknown_node",
        )
    if start not in {row.node_id for row in rows}:
        raise ConflictError(
            f"{start!r} did not run, so there is nothing to resume from. Choose a step that ran.",
            code="step_did_not_run",
        )
    repeated = {start, *graph.graph.descendants(start)}
    for iterator in next(iter(graph.graph.scopes[start])):
        repeated |= {iterator, *_behind(graph, iterator)}
    return repeated


def _behind(graph: CompiledGraph, iterator: str) -> set[str]:
    """What follows an iterator, without its body."""
    edges = graph.nodes[iterator].outgoing
    following = {edge.target for edge in edges if edge.port != "item"}
    return following.union(*(graph.graph.descendants(node) for node in following))


def _walk(
    graph: CompiledGraph, last: Mapping[StepKey, Step], reused: set[StepKey]
) -> Iterable[PlannedStep]:
    """Follow the edges that reused steps took, and all edges where the port is not known yet."""
    known: dict[str, list[StepKey]] = defaultdict(list)
    for key in last:
        known[key[0]].append(key)
    reached = {graph.trigger}
    for name, node in graph.nodes.items():
        if name not in reached:
            continue
        keys = sorted(known[name], key=lambda key: [int(part or 0) for part in key[1].split(".")])
        ports = {last[key].port for key in keys} | {"item"}
        is_open = not keys or any(key not in reused for key in keys)
        reached |= {edge.target for edge in node.outgoing if is_open or edge.port in ports}
        for key in keys:
            yield _planned(node, "reused" if key in reused else "repeated", key[1])
        if _may_be_new(graph, name, last, reused):
            yield _planned(node, "new", "")


def _may_be_new(
    graph: CompiledGraph, name: str, last: Mapping[StepKey, Step], reused: set[StepKey]
) -> bool:
    """Whether a node that is reached will run where it did not run before: outside of iterators if
    it has no step, else for the items that it has not seen."""
    seen = sum(key[0] == name for key in last)
    scope = next(iter(graph.graph.scopes[name]))
    if not scope:
        return not seen
    if _may_be_new(graph, scope[-1], last, reused):
        return True
    around = [key for key in last if key[0] == scope[-1]]
    if all(key in reused for key in around):
        return False
    counts = [_items_of(last[key]) for key in around]
    return not seen or None in counts or seen < sum(filter(None, counts))


def _items_of(iterator: Step) -> int | None:
    """None: its input was no list."""
    try:
        return len(to_list((iterator.input or {}).get("items"), "items"))
    except NodeError:
        return None


def _planned(node: CompiledNode, action: Action, iteration: str) -> PlannedStep:
    return PlannedStep(
        node_id=node.node.id,
        iteration=iteration,
        name=node.node.name or node.type.label,
        node_type=node.node.type,
        action=action,
        has_effect=node.has_effect or node.type.starts_runs,
    )
