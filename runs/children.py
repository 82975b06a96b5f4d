"""Runs that a run calls: who may be called, with what, and what is stored for it."""

from __future__ import annotations

from uuid import UUID

from runs.state import ChildCall, NewRun
from workflows.errors import NodeError
from workflows.graph import Graph
from workflows.ids import uuid7
from workflows.models import Version, Workflow
from workflows.node_type import Json, Output
from workflows.plain_json import encode

TRIGGER = "workflow_trigger"


def prepare(call: ChildCall) -> Output | NodeError:
    """Ready a child run to be stored with the next checkpoint of its parent; gives the step's
    output. A workflow that is on the call stack already is not started again."""
    if call.workflow in call.state.call_stack:
        warning = (
            f"The workflow {call.workflow} is running already and led to this step, so it was not "
            "started again. Break the circle."
        )
        return Output({"ignored": True}, warnings=(warning,))
    try:
        version = _target(call.workflow)
        _check_inputs(version, call.inputs)
        _, payload = encode(call.inputs)
    except NodeError as error:
        return error
    new = NewRun(
        run_id=uuid7().hex,
        workflow_id=version.workflow_id.hex,
        version_id=version.pk,
        payload=payload,
        parent_run=call.state.run_id,
        call_stack=call.state.call_stack,
    )
    call.state.new_runs.append(new)
    call.child_run = str(UUID(new.run_id))
    return Output({"run_id": call.child_run})


def _target(workflow_id: str) -> Version:
    """The published version of an active workflow. Raises NodeError."""
    try:
        key = UUID(workflow_id)
    except ValueError:
        raise _unknown(workflow_id) from None
    workflow = Workflow.objects.select_related("published").filter(pk=key, archived_at=None).first()
    if workflow is None:
        raise _unknown(workflow_id)
    if not workflow.is_active or workflow.published is None:
        raise NodeError(
            f"The workflow {workflow.name!r} is switched off. Publish and activate it first.",
            code="workflow_inactive",
        )
    return workflow.published


def _unknown(workflow_id: str) -> NodeError:
    return NodeError(
        f"There is no workflow {workflow_id!r}. Choose one that exists.", code="unknown_workflow"
    )


def _check_inputs(version: Version, inputs: dict[str, Json]) -> None:
    """Raises NodeError when the workflow is not made to be called, or an input is missing."""
    nodes = Graph.from_json(version.graph).nodes.values()
    trigger = next((node for node in nodes if node.type == TRIGGER), None)
    if trigger is None:
        raise NodeError(
            "That workflow has no workflow_trigger, so no other workflow can start it.",
            code="not_callable",
        )
    wanted = [i["name"] for i in trigger.config.get("inputs", ()) if i.get("required")]
    if missing := [name for name in wanted if inputs.get(name) is None]:
        raise NodeError(
            f"The called workflow needs the inputs {', '.join(missing)}. Set them in this step.",
            code="missing_inputs",
        )
