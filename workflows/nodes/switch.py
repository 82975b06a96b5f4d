from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from workflows.names import repeated_names
from workflows.node_type import PORT, Context, Json, NodeConfig, NodeType, Output, TemplateField
from workflows.operators import (
    NUMBER_PAIRS,
    TEXT_OPERATORS,
    check_right,
    compare_any,
    labelled,
    with_right,
)

TAKEN_PORTS = frozenset({"default", "error", "item"})
OPERATORS = (*TEXT_OPERATORS, *(name for name in NUMBER_PAIRS if name not in TEXT_OPERATORS))


class Case(NodeConfig):
    only_for: ClassVar = {"right": ("operator", with_right(OPERATORS))}

    port = serializers.RegexField(
        rf"^{PORT.pattern}\Z",
        label="Port",
        help_text="Edges that start here are taken when the case matches.",
        error_messages={"invalid": "Use lower-case letters, digits and _, at most 64."},
    )
    label = serializers.CharField(  # type: ignore[assignment]  # a field of this name, not ours
        label="Label",
        help_text="What the case is about, for those who read the workflow.",
        default="",
        allow_blank=True,
        max_length=200,
    )
    operator = serializers.ChoiceField(labelled(OPERATORS), label="Operator", default="equals")
    right = TemplateField(label="Compare with", allow_null=True, required=False)

    def validate_port(self, port: str) -> str:
        if port in TAKEN_PORTS:
            raise serializers.ValidationError(f"{port} has a meaning of its own. Take another.")
        return port

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        check_right(attrs)
        return attrs


class Switch(NodeType):
    """Compares a value with one case after another and goes on at the port of the first that
    matches, else at default. Without an edge there the branch just ends."""

    type = "switch"
    label = "Switch"
    category = "condition"
    icon = "split"
    keywords = ("if", "case", "route", "branch")
    port_list = "cases"
    example: ClassVar[dict[str, Json]] = {
        "value": "{{ trigger.order.total }}",
        "cases": [
            {"port": "large", "label": "Large order", "operator": "greater_than", "right": 1000},
            {"port": "gift", "label": "Free", "operator": "equals", "right": 0},
        ],
    }
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"order": {"total": 1250}}}
    example_result = Output(
        {"result": True, "left": 1250, "right": 1000, "port": "large"}, port="large"
    )

    class Config(NodeConfig):
        value = TemplateField(
            label="Value", help_text="Compared with each case in turn.", allow_null=True
        )
        cases = serializers.ListField(
            child=Case(), label="Cases", help_text="The first match wins.", max_length=100
        )

        def validate_cases(self, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
            if twice := repeated_names(case["port"] for case in cases):
                raise serializers.ValidationError(
                    f"Two cases have the port {twice[0]}. Give each its own."
                )
            return cases

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        value = config["value"]
        for case in config["cases"]:
            comparison = compare_any(case["operator"], value, case.get("right"))
            if comparison["result"]:
                return Output({**comparison, "port": case["port"]}, port=case["port"])
        return Output({"result": False, "left": value, "right": None, "port": "default"})
