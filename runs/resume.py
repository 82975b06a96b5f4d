"""What a resume would do with each node: reuse its step, repeat it, or run it first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from runs.models import Step
from workflows.compiled import CompiledGraph, CompiledNode
from workflows.errors import ConflictError

Action = Literal["reused", "repeated", "new"]


@dataclass(frozen=True, slots=True)
class PlannedStep:
    node_id: str
    name: str
    node_type: str
    action: Action
    has_effect: bool

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ResumePlan:
    """`steps` in the order of the graph; `superseded`: ids of Step rows that no longer count."""

    start: str
    version: int
    steps: tuple[PlannedStep, ...]
    superseded: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        steps = [step.as_json() for step in self.steps]
        return {"from": self.start, "version": self.version, "steps": steps}


def plan(graph: CompiledGraph, version: int, rows: Iterable[Step], start: str) -> ResumePlan:
    """`rows`: the steps that count now. `start`: failed, start, or the id of a node that ran.
    Raises ConflictError for a node that did not run."""
    rows = list(rows)
    settled = {row.node_id: row for row in rows if is_settled(row)}
    repeated = _repeated(graph, rows, start)
    superseded = tuple(
        row.pk for row in rows if row.node_id in repeated or row.node_id not in settled
    )
    reused = {name: row for name, row in settled.items() if name not in repeated}
    ran = {row.node_id for row in rows}
    return ResumePlan(start, version, tuple(_walk(graph, reused, ran)), superseded)


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


def _walk(graph: CompiledGraph, reused: Mapping[str, Step], ran: set[str]) -> Iterable[PlannedStep]:
    """Follow the taken edges of reused steps, and all edges where the port is not known yet."""
    reached = {graph.trigger}
    for name, node in graph.nodes.items():
        if name not in reached:
            continue
        row = reused.get(name)
        reached |= {edge.target for edge in node.outgoing if row is None or row.port == edge.port}
        yield _planned(node, "reused" if row else "repeated" if name in ran else "new")


def _planned(node: CompiledNode, action: Action) -> PlannedStep:
    name = node.node.name or node.type.label
    return PlannedStep(node.node.id, name, node.node.type, action, node.has_effect)
