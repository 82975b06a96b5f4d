"""All node types as the palette and the REST API show them."""

from __future__ import annotations

from functools import cache
from typing import Any

from workflows.config_schema import json_schema
from workflows.node_type import NodeType, TriggerType
from workflows.nodes import registry


@cache
def node_types() -> tuple[dict[str, Any], ...]:
    """The palette, in the order in which people read it."""
    order = ("trigger", "action", "condition", "flow")
    found = registry().values()
    return tuple(
        _described(node_type)
        for node_type in sorted(found, key=lambda each: (order.index(each.category), each.label))
    )


def _described(node_type: NodeType) -> dict[str, Any]:
    return {
        "type": node_type.type,
        "label": node_type.label,
        "category": node_type.category,
        "icon": node_type.icon,
        "ports": [*node_type.ports],
        "port_list": node_type.port_list,
        "can_fail": node_type.can_fail,
        "effect": node_type.effect,
        "keywords": [*node_type.keywords],
        "help": " ".join((type(node_type).__doc__ or "").split()),
        "example": node_type.example,
        "sample": node_type.sample if isinstance(node_type, TriggerType) else None,
        "config_schema": json_schema(node_type.Config),
    }
