from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from workflows.node_type import Context, Json, NodeConfig, NodeType, Output
from workflows.operators import branch
from workflows.rules import RulesField, evaluate


class LogicalGroup(NodeType):
    """Joins several conditions by and or by or, in groups where needed, and goes on at the port
    true or false. Rules are asked in their order until the answer is clear, so that one can guard
    the next. The output has the answer of each rule in left and the combinator in right."""

    type = "logical_group"
    label = "Several conditions"
    category = "condition"
    icon = "git-fork"
    keywords = ("if", "filter", "and", "or", "all", "any", "rules", "group")
    ports = ("true", "false")
    example: ClassVar[dict[str, Json]] = {
        "combinator": "and",
        "rules": [
            {
                "kind": "string",
                "left": "{{ trigger.status }}",
                "operator": "equals",
                "right": "new",
            },
            {
                "combinator": "or",
                "rules": [
                    {
                        "kind": "number",
                        "left": "{{ trigger.order.total }}",
                        "operator": "greater_than",
                        "right": 100,
                    },
                    {"kind": "boolean", "left": "{{ trigger.is_vip }}", "operator": "is_true"},
                ],
            },
        ],
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {"status": "new", "order": {"total": 80}, "is_vip": True}
    }
    example_result = Output({"result": True, "left": [True, True], "right": "and"}, port="true")

    class Config(NodeConfig):
        combinator = serializers.ChoiceField(
            [("and", "All of them"), ("or", "At least one")], label="True when", default="and"
        )
        rules = RulesField(label="Rules", help_text="Groups may stand in groups, at most 10 deep.")

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        result, answers = evaluate(config["combinator"], config["rules"], context.now)
        return branch({"result": result, "left": answers, "right": config["combinator"]})
