from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from workflows.node_type import Context, End, Json, NodeConfig, NodeType, TemplateField
from workflows.values import as_text


class Terminate(NodeType):
    """Ends the whole run at once, as completed or as failed. Other branches stop, and from within
    an iterator the rest of its items is left out."""

    type = "terminate"
    label = "End the run"
    category = "flow"
    icon = "circle-stop"
    keywords = ("stop", "fail", "exit", "abort")
    ports = ()
    example: ClassVar[dict[str, Json]] = {
        "status": "failed",
        "message": "The order {{ trigger.order.id }} has no items.",
    }
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"order": {"id": 42}}}
    example_result = End("failed", "The order 42 has no items.")

    class Config(NodeConfig):
        status = serializers.ChoiceField(
            [("completed", "Completed"), ("failed", "Failed")], label="As", default="completed"
        )
        message = TemplateField(
            label="Message", help_text="Shown as the reason.", default="", allow_null=True
        )

    def execute(self, config: dict[str, Json], context: Context) -> End:
        return End(config["status"], as_text(config["message"]))
