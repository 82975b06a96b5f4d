from __future__ import annotations

from time import thread_time
from typing import ClassVar

from rest_framework import serializers

from workflows.errors import NodeError
from workflows.node_type import Context, Json, NodeConfig, NodeType, Output, TemplateField
from workflows.rules import ItemRulesField, evaluate
from workflows.values import to_list

MOST_SECONDS = 10.0
"""Of processor time, for all items together."""


class ArrayFilter(NodeType):
    """Keeps the items of a list for which the rules hold, or the others. In the rules `item` is the
    item they are asked about."""

    type = "array_filter"
    label = "Filter a list"
    category = "action"
    icon = "list-filter"
    keywords = ("array", "where", "select", "items", "rules", "search")
    example: ClassVar[dict[str, Json]] = {
        "items": "{{ trigger.order.lines }}",
        "combinator": "and",
        "rules": [
            {
                "kind": "number",
                "left": "{{ item.price }}",
                "operator": "greater_than",
                "right": "{{ trigger.order.limit }}",
            }
        ],
        "keep": "matching",
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {
            "order": {
                "limit": 50,
                "lines": [{"name": "Lamp", "price": 79}, {"name": "Bulb", "price": 4.5}],
            }
        }
    }
    example_result = Output({"items": [{"name": "Lamp", "price": 79}], "count": 1})

    class Config(NodeConfig):
        items = TemplateField(label="List", help_text="For example: {{ trigger.body.lines }}")
        combinator = serializers.ChoiceField(
            [("and", "All rules hold"), ("or", "At least one holds")],
            label="An item matches when",
            default="and",
        )
        rules = ItemRulesField(label="Rules", help_text="{{ item }} is the item asked about.")
        keep = serializers.ChoiceField(
            [("matching", "Those that match"), ("others", "The others")],
            label="Keep",
            default="matching",
        )

    def execute(self, config: dict[str, Json], context: Context) -> Output:
        rules, combinator = config["rules"], config["combinator"]
        wanted = config["keep"] == "matching"
        end = thread_time() + MOST_SECONDS
        kept = []
        for place, item in enumerate(to_list(config["items"], "items")):
            if thread_time() > end:
                raise _too_long(place)
            try:
                matches, _ = evaluate(combinator, rules.for_item(item), context.now)
            except NodeError as error:
                raise error.at(f"items[{place}]") from None
            if matches is wanted:
                kept.append(item)
        return Output({"items": kept, "count": len(kept)}, warnings=rules.warnings)


def _too_long(done: int) -> NodeError:
    return NodeError(
        f"The rules needed more than {MOST_SECONDS:g} s for the first {done:,} items. "
        "Filter fewer items, or with simpler rules.",
        code="too_much_work",
    )
