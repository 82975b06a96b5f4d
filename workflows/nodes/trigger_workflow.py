from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers

from workflows.node_type import (
    Call,
    Context,
    Json,
    JsonTemplateField,
    NodeConfig,
    NodeType,
    is_template,
)
from workflows.values import to_object


class WorkflowField(serializers.CharField):
    """The id of a workflow."""

    value_schema: ClassVar[dict[str, Any]] = {
        "type": "string",
        "format": "uuid",
        "maxLength": 64,
        "x-workflow": True,
    }

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return str(UUID(text))
        except ValueError:
            raise serializers.ValidationError(
                f"{text!r} is no id of a workflow. Choose one from the list."
            ) from None


class InputsField(JsonTemplateField):
    """An object, or a template that gives one."""

    value_schema: ClassVar[dict[str, Any]] = {"type": ["object", "string"], "x-json-template": True}

    def to_internal_value(self, data: Any) -> Json:
        inputs = super().to_internal_value(data)
        if not isinstance(inputs, dict) and not is_template(inputs):
            raise serializers.ValidationError('Inputs are an object, like {"name": "value"}.')
        return inputs


class TriggerWorkflow(NodeType):
    """Starts another workflow, one that begins with Called by a workflow, and gives it its inputs.
    With wait the run goes on when the other one has ended, with its output; when that fails, this
    step fails."""

    type = "trigger_workflow"
    label = "Start a workflow"
    category = "flow"
    icon = "workflow"
    keywords = ("call", "sub-workflow", "child", "execute", "run")
    waits = True
    starts_runs = True
    example: ClassVar[dict[str, Json]] = {
        "workflow": "0198c9a4-7d2e-7c41-9f0b-3a5d6e7f8091",
        "inputs": {"order": "{{ trigger.order }}", "note": "From {{ workflow.name }}"},
        "wait": True,
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {"order": {"id": 42}},
        "workflow": {"name": "Order intake"},
    }
    example_result = Call(
        "0198c9a4-7d2e-7c41-9f0b-3a5d6e7f8091",
        {"order": {"id": 42}, "note": "From Order intake"},
        wait=True,
    )

    class Config(NodeConfig):
        workflow = WorkflowField(
            label="Workflow", help_text="Which one to start, by its id.", max_length=64
        )
        inputs = InputsField(
            label="Inputs", help_text="An object: a value for each name.", default=dict
        )
        wait = serializers.BooleanField(
            label="Wait until it has ended",
            help_text="Its output is then this step's output; its failure fails this step.",
            default=False,
        )

    def execute(self, config: dict[str, Json], context: Context) -> Call:
        return Call(config["workflow"], to_object(config["inputs"], "inputs"), config["wait"])
