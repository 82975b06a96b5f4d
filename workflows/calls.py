"""Which workflow starts which other one with a `trigger_workflow` action."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q

from workflows.errors import CircularWorkflowError, Problem
from workflows.models import Workflow
from workflows.node_type import Json

CALL = "trigger_workflow"


def callees(graph: Json) -> dict[UUID, str]:
    """The workflows that a graph in JSON form starts, each with the node that does it. A target
    that is a template is known at run time only."""
    found: dict[UUID, str] = {}
    for node in graph["nodes"]:
        target = _uuid(node.get("config", {}).get("workflow")) if node["type"] == CALL else None
        if target:
            found.setdefault(target, node["id"])
    return found


def callers_of(workflow: Workflow) -> list[Workflow]:
    """The other workflows whose draft or published graph starts this one."""
    named = str(workflow.pk)
    candidates = (
        Workflow.objects.filter(archived_at=None)
        .filter(Q(draft__icontains=named) | Q(published__graph__icontains=named))
        .exclude(pk=workflow.pk)
        .select_related("published")
    )
    return [other for other in candidates if workflow.pk in _all_callees(other)]


def refuse_circles(workflow: Workflow, graph: Json) -> None:
    """Raises CircularWorkflowError with the path when the workflows that `graph` starts lead back
    to its workflow. One query for each level of calls."""
    paths: dict[UUID, tuple[UUID, ...]] = {target: (target,) for target in callees(graph)}
    names = {workflow.pk: workflow.name}
    level = set(paths)
    while level:
        if workflow.pk in paths:
            raise _circular(workflow, graph, paths[workflow.pk], names)
        following: set[UUID] = set()
        for other in _known(level):
            names[other.pk] = other.name
            for target in _all_callees(other):
                if target not in paths:
                    paths[target] = (*paths[other.pk], target)
                    following.add(target)
        level = following


def _known(ids: Iterable[UUID]) -> Iterator[Workflow]:
    yield from Workflow.objects.filter(pk__in=ids, archived_at=None).select_related("published")


def _all_callees(workflow: Workflow) -> set[UUID]:
    published = workflow.published.graph if workflow.published else {"nodes": []}
    return {*callees(workflow.draft), *callees(published)}


def _circular(
    workflow: Workflow, graph: Json, path: tuple[UUID, ...], names: Mapping[UUID, str]
) -> CircularWorkflowError:
    shown = " -> ".join([workflow.name, *(names[step] for step in path)])
    node = callees(graph)[path[0]]
    message = f"The workflows would start each other for ever: {shown}. Start another one here."
    problem = Problem("circular_workflow", message, node, "config.workflow")
    return CircularWorkflowError([problem])


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
