from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from workflows.node_type import Context, Json, NodeConfig, NodeType, Output, TemplateField
from workflows.operators import TEXT_OPERATORS, branch, check_right, compare_text


class StringCondition(NodeType):
    """Compares a text and goes on at the port true or false. A value that is not there counts as an
    empty text."""

    type = "string_condition"
    label = "Text condition"
    category = "condition"
    icon = "text-search"
    keywords = ("if", "filter", "contains", "equals", "regex", "string")
    ports = ("true", "false")
    example: ClassVar[dict[str, Json]] = {
        "left": "{{ trigger.body.action }}",
        "operator": "equals",
        "right": "opened",
        "case_sensitive": True,
    }

    class Config(NodeConfig):
        left = TemplateField(label="Text", allow_null=True)
        operator = serializers.ChoiceField(TEXT_OPERATORS, label="Operator")
        right = TemplateField(
            label="Compare with",
            help_text="For in: a list, or a text with commas. For matches: a regular expression "
            "(RE2), found anywhere in the text.",
            allow_null=True,
            required=False,
        )
        case_sensitive = serializers.BooleanField(label="Upper and lower case differ", default=True)

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            check_right(attrs)
            return attrs

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        return branch(
            compare_text(
                config["operator"],
                config["left"],
                config.get("right"),
                case_sensitive=config["case_sensitive"],
            )
        )
