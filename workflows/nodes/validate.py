from __future__ import annotations

from typing import ClassVar

from workflows.json_schemas import JsonSchemaField, find_errors
from workflows.node_type import Context, Json, NodeConfig, NodeType, Output, TemplateField


class Validate(NodeType):
    """Checks data against a JSON Schema and goes on at true or false. The output lists what is
    wrong, and where."""

    type = "validate"
    label = "Validate"
    category = "action"
    icon = "shield-check"
    keywords = ("schema", "json schema", "check", "verify", "required", "if")
    ports = ("true", "false")
    example: ClassVar[dict[str, Json]] = {
        "input": "{{ trigger.order }}",
        "schema": {
            "type": "object",
            "properties": {"id": {"type": "integer"}, "email": {"format": "email"}},
            "required": ["id"],
        },
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {"order": {"id": "42", "email": "ada@example.com"}}
    }
    example_result = Output(
        {
            "valid": False,
            "errors": [
                {
                    "path": "id",
                    "message": "It has to be of the type integer, but it is a text.",
                }
            ],
        },
        port="false",
    )

    class Config(NodeConfig):
        input = TemplateField(
            label="Data",
            help_text="What is checked; a template gives the value itself.",
            allow_null=True,
        )
        schema = JsonSchemaField(
            label="JSON Schema",
            help_text="Draft 2020-12; nothing is fetched, patterns are those of RE2.",
        )

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        errors = find_errors(config["schema"], config["input"])
        return Output({"valid": not errors, "errors": errors}, port="false" if errors else "true")
