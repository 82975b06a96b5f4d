from __future__ import annotations

from typing import ClassVar

from rest_framework import serializers

from workflows.errors import NodeError
from workflows.limits import limits
from workflows.node_type import Context, ForEach, Json, NodeConfig, NodeType, TemplateField
from workflows.values import to_list


class Iterator(NodeType):
    """Runs the nodes behind its port item once for each item of a list, then goes on at default
    with all their outputs in the order of the list. There {{ item }} is the item, {{ index }} its
    number from 0. One item that fails fails the iterator; the rest is not started."""

    type = "iterator"
    label = "For each"
    category = "flow"
    icon = "repeat"
    keywords = ("loop", "iterate", "each", "list", "array", "batch", "map")
    ports = ("item", "default")
    example: ClassVar[dict[str, Json]] = {
        "items": "{{ trigger.order.lines }}",
        "mode": "parallel",
        "concurrency": 10,
    }
    example_data: ClassVar[dict[str, Json]] = {
        "trigger": {"order": {"lines": [{"name": "Lamp"}, {"name": "Bulb"}]}}
    }
    example_result = ForEach([{"name": "Lamp"}, {"name": "Bulb"}], concurrency=10)

    class Config(NodeConfig):
        only_for: ClassVar = {"concurrency": ("mode", ("parallel",))}

        items = TemplateField(label="List", help_text="For example: {{ trigger.body.lines }}")
        mode = serializers.ChoiceField(
            [("parallel", "Several at once"), ("sequential", "One after the other")],
            label="Mode",
            help_text="One after the other where an item needs what those before it did.",
            default="parallel",
        )
        concurrency = serializers.IntegerField(
            label="At once",
            help_text="How many items at most, when several run at once.",
            default=10,
            min_value=1,
            max_value=100,
        )

    def execute(self, config: dict[str, Json], context: Context) -> ForEach:
        items, most = to_list(config["items"], "items"), limits().iterator_items
        if len(items) > most:
            raise NodeError(
                f"The list has {len(items):,} items, {most:,} is the limit. "
                "Filter it, or take a part of it.",
                code="too_many_items",
                details={"items": len(items), "most": most},
            )
        return ForEach(items, 1 if config["mode"] == "sequential" else config["concurrency"])
