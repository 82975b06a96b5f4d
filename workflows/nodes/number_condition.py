from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from workflows.node_type import Context, Json, NodeConfig, NodeType, Output, TemplateField
from workflows.operators import NUMBER_OPERATORS, branch, compare_number


class NumberCondition(NodeType):
    """Compares numbers and goes on at the port true or false. A text that is a number counts as
    one, and decimal numbers compare exactly as they are written."""

    type = "number_condition"
    label = "Number condition"
    category = "condition"
    icon = "calculator"
    keywords = ("if", "filter", "greater", "less", "between", "amount")
    ports = ("true", "false")
    example: ClassVar[dict[str, Json]] = {
        "left": "{{ trigger.order.total }}",
        "operator": "between",
        "right": 10,
        "right2": 99.5,
    }

    class Config(NodeConfig):
        left = TemplateField(label="Number", allow_null=True)
        operator = serializers.ChoiceField(NUMBER_OPERATORS, label="Operator")
        right = TemplateField(label="Compare with", allow_null=True)
        right2 = TemplateField(
            label="And at most",
            help_text="Only for between; both ends belong to it.",
            allow_null=True,
            required=False,
        )

        def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
            if attrs["operator"] == "between" and attrs.get("right2") is None:
                raise serializers.ValidationError({"right2": "between needs it."})
            return attrs

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        return branch(
            compare_number(
                config["operator"], config["left"], config["right"], config.get("right2")
            )
        )
