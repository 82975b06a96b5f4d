"""Workflows that call each other, for tests."""

from __future__ import annotations

from typing import Any

from tests.runs.driver import graph, node, publish, publish_next
from workflows.models import Workflow


def started_by(trigger: str, *parts: dict[str, Any] | str, **config: Any) -> dict[str, Any]:
    """A graph whose node `start` is a trigger of this type."""
    drawn = graph(*parts)
    drawn["nodes"][0] = {"id": "start", "type": trigger, "config": config}
    return drawn


def callable_one(*parts: dict[str, Any] | str, inputs: Any = (), name: str = "") -> Workflow:
    """A workflow that others may start."""
    workflow = publish(started_by("workflow_trigger", *parts, inputs=list(inputs)))
    Workflow.objects.filter(pk=workflow.pk).update(name=name or "Child")
    workflow.refresh_from_db()
    return workflow


def call(name: str, workflow: Workflow, *, wait: bool = True, **more: Any) -> dict[str, Any]:
    return node(name, "trigger_workflow", workflow=str(workflow.pk), wait=wait, **more)


def redraw(workflow: Workflow, *parts: dict[str, Any] | str) -> None:
    publish_next(workflow, started_by("workflow_trigger", *parts))
