from __future__ import annotations

from typing import ClassVar

from workflows.node_type import (
    MULTILINE,
    Context,
    Json,
    NodeConfig,
    NodeType,
    Output,
    TemplateField,
)
from workflows.values import as_text


class TextTransform(NodeType):
    """Writes a text from data, with everything that Liquid has: conditions, loops and filters. An
    object or a list becomes its JSON."""

    type = "text_transform"
    label = "Text"
    category = "action"
    icon = "type"
    keywords = ("template", "liquid", "format", "write", "string")
    example: ClassVar[dict[str, Json]] = {
        "template": "{% for label in trigger.labels %}#{{ label.name }} {% endfor %}"
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {"labels": [{"name": "bug"}, {"name": "urgent"}]}
    }
    example_result = Output({"text": "#bug #urgent "})

    class Config(NodeConfig):
        template = TemplateField(
            label="Template",
            help_text="Liquid, for example: Hello {{ trigger.name }}!",
            style=MULTILINE,
        )

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        return Output({"text": as_text(config["template"])})
