"""Runs that a run calls: who may be called, with what, and what is stored for it."""

from __future__ import annotations

from uuid import UUID

from runs.memory.run_state import ChildCall, ChildRun
from runs.triggers import trigger_of
from workflows.errors import NodeError
from workflows.ids import uuid7
from workflows.models import Workflow
from workflows.node_type import Json, Output
from workflows.plain_json import encode

TRIGGER = "workflow_trigger"


def prepare(call: ChildCall) -> Output | NodeError:
    """Ready a child run to be stored with the next checkpoint of its parent; gives the step's
    output. A workflow that is on the call stack already is not started again."""
    try:
        workflow = target(call.workflow)
        if str(workflow.pk) in call.state.call_stack:
            return Output({"ignored": True}, warnings=(_circle(workflow),))
        version_id = check_call(workflow, call.inputs)
        _, payload = encode(call.inputs)
    except NodeError as error:
        return error
    new = ChildRun(
        run_id=uuid7().hex,
        workflow_id=workflow.pk.hex,
        version_id=version_id,
        payload=payload,
        parent_run=call.state.run_id,
        call_stack=call.state.call_stack,
    )
    call.state.new_children.append(new)
    call.child_run = str(UUID(new.run_id))
    return Output({"run_id": call.child_run})


def target(workflow_id: str) -> Workflow:
    """Raises NodeError."""
    try:
        key = UUID(workflow_id)
    except ValueError:
        raise _unknown(workflow_id) from None
    found = Workflow.objects.filter(pk=key, archived_at=None)
    workflow = found.only("name", "is_active", "published_id").first()
    if workflow is None:
        raise _unknown(workflow_id)
    return workflow


def check_call(workflow: Workflow, inputs: dict[str, Json]) -> int:
    """The version to start. Raises NodeError when the workflow is switched off, is not made to be
    called, or an input is missing."""
    version_id = workflow.published_id
    if not workflow.is_active or version_id is None:
        raise NodeError(
            f"The workflow {workflow.name!r} is switched off. Publish and activate it first.",
            code="workflow_inactive",
        )
    trigger = trigger_of(workflow.pk, version_id)
    if trigger is None or trigger.type != TRIGGER:
        raise NodeError(
            f"The workflow {workflow.name!r} has no {TRIGGER}, so no other workflow can start it. "
            "Give it one and publish it.",
            code="not_callable",
        )
    wanted = [i["name"] for i in trigger.raw.get("inputs", ()) if i.get("required")]
    if missing := [name for name in wanted if inputs.get(name) is None]:
        raise NodeError(
            f"The workflow {workflow.name!r} needs the inputs {', '.join(missing)}. "
            "Set them in this step.",
            code="missing_inputs",
        )
    return version_id


def _circle(workflow: Workflow) -> str:
    return (
        f"The workflow {workflow.name!r} is running already and led to this step, so it was not "
        "started again. Break the circle."
    )


def _unknown(workflow_id: str) -> NodeError:
    return NodeError(
        f"There is no workflow {workflow_id!r}. Choose one that exists.", code="unknown_workflow"
    )
