from __future__ import annotations

from typing import ClassVar

from workflows.comparisons import TextComparison, compare
from workflows.node_type import Context, Json, NodeType, Output
from workflows.operators import branch


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
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"body": {"action": "opened"}}}
    example_result = Output({"result": True, "left": "opened", "right": "opened"}, port="true")

    class Config(TextComparison):
        pass

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        return branch(compare("string", config, context.now))
