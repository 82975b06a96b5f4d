from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from workflows.node_type import Context, Json, NodeConfig, NodeType, Output, TemplateField
from workflows.operators import BOOLEAN_OPERATORS, branch, compare_boolean, labelled


class BooleanCondition(NodeType):
    """Asks whether a value is true or false and goes on at that port. The texts true, yes, on, 1
    and false, no, off, 0 count too, as do the numbers 1 and 0; anything else is an error."""

    type = "boolean_condition"
    label = "Yes or no"
    category = "condition"
    icon = "toggle-left"
    keywords = ("if", "filter", "true", "false", "boolean", "flag")
    ports = ("true", "false")
    example: ClassVar[dict[str, Json]] = {
        "value": "{{ trigger.user.is_active }}",
        "operator": "is_true",
    }
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"user": {"is_active": "yes"}}}
    example_result = Output({"result": True, "left": True, "right": True}, port="true")

    class Config(NodeConfig):
        value = TemplateField(label="Value", allow_null=True)
        operator = serializers.ChoiceField(
            labelled(BOOLEAN_OPERATORS), label="Operator", default="is_true"
        )

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        return branch(compare_boolean(config["operator"], config["value"]))
