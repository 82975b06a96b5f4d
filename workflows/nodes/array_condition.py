from __future__ import annotations

from typing import ClassVar

from workflows.comparisons import ListComparison, compare
from workflows.node_type import Context, Json, NodeType, Output
from workflows.operators import branch


class ArrayCondition(NodeType):
    """Asks what is in a list, or how long it is, and goes on at the port true or false. A list that
    is not there counts as an empty one."""

    type = "array_condition"
    label = "List condition"
    category = "condition"
    icon = "list-checks"
    keywords = ("if", "filter", "array", "contains", "empty", "length", "count")
    ports = ("true", "false")
    example: ClassVar[dict[str, Json]] = {
        "left": "{{ trigger.order.tags }}",
        "operator": "contains",
        "right": "express",
    }
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"order": {"tags": ["gift", "express"]}}}
    example_result = Output(
        {"result": True, "left": ["gift", "express"], "right": "express"}, port="true"
    )

    class Config(ListComparison):
        pass

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        return branch(compare("array", config, context.now))
