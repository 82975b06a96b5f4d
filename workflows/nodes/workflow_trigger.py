from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from workflows.names import repeated_names
from workflows.node_type import Json, NodeConfig, TriggerConfig, TriggerType


class Input(NodeConfig):
    name = serializers.RegexField(
        r"^[A-Za-z_][A-Za-z0-9_-]*\Z",
        label="Name",
        max_length=64,
        error_messages={"invalid": "Use letters, digits, _ and -, and begin with a letter."},
    )
    required = serializers.BooleanField(  # type: ignore[assignment]  # a field of this name
        label="Required", help_text="A call without it is refused.", default=False
    )


class WorkflowTrigger(TriggerType):
    """Starts when another workflow calls this one. What it is given is the output: each input is at
    {{ trigger.its_name }}."""

    type = "workflow_trigger"
    label = "Called by a workflow"
    icon = "workflow"
    keywords = ("call", "sub-workflow", "child", "function", "inputs")
    example: ClassVar[dict[str, Json]] = {
        "inputs": [{"name": "order", "required": True}, {"name": "note", "required": False}]
    }
    sample: ClassVar[Json] = {"order": {"id": 42, "total": 19.9}, "note": "Thank you"}

    class Config(TriggerConfig):
        inputs = serializers.ListField(
            child=Input(),
            label="Inputs",
            help_text="What the calling workflow gives; required ones have to be there.",
            default=list,
            max_length=100,
        )

        def validate_inputs(self, inputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
            if twice := repeated_names(item["name"] for item in inputs):
                raise serializers.ValidationError(
                    f"The input {twice[0]} is named twice. Give each its own name."
                )
            return inputs
