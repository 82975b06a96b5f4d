from __future__ import annotations

from typing import ClassVar

from workflows.comparisons import NumberComparison, compare
from workflows.node_type import Context, Json, NodeType, Output
from workflows.operators import branch


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
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"order": {"total": "42.50"}}}
    example_result = Output({"result": True, "left": 42.5, "right": [10, 99.5]}, port="true")

    class Config(NumberComparison):
        pass

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        return branch(compare("number", config, context.now))
