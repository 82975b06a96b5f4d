from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from workflows.node_type import Json, NodeConfig, Output, TriggerType


class ManualTrigger(TriggerType):
    """Starts when somebody presses Run, or a program calls execute in the API. The payload that
    comes with it is the output."""

    type = "manual_trigger"
    label = "Manual start"
    icon = "play"
    keywords = ("run", "button", "api", "execute")
    example: ClassVar[dict[str, Json]] = {"sample": {"order": {"id": 42, "total": 19.9}}}
    example_result = Output({"order": {"id": 42, "total": 19.9}})
    sample: ClassVar[Json] = {}

    class Config(NodeConfig):
        sample = serializers.JSONField(
            label="Sample payload",
            help_text="The button Run offers it as the payload; the builder shows its fields.",
            default=dict,
            allow_null=True,
        )
