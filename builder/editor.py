"""What the builder's script starts with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from builder.drawing import placed
from workflows.graph import Graph
from workflows.models import Workflow
from workflows.node_type import Json
from workflows.palette import node_types

PALETTE_FIELDS = (
    "type",
    "label",
    "category",
    "icon",
    "ports",
    "port_list",
    "can_fail",
    "effect",
    "keywords",
    "help",
    "sample",
)


GROUPS = {"trigger": "Triggers", "action": "Actions", "condition": "Conditions", "flow": "Flow"}


@dataclass(frozen=True, slots=True)
class PaletteGroup:
    category: str
    label: str
    types: Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class CardTemplate:
    """What the script copies for each node of a type; the type "" is for those not installed."""

    type: str
    name: str
    icon: str
    category: str
    id: str = ""


def palette() -> list[PaletteGroup]:
    """All node types in the groups in which people look for them."""
    return [
        PaletteGroup(category, label, [t for t in node_types() if t["category"] == category])
        for category, label in GROUPS.items()
    ]


def card_templates() -> list[CardTemplate]:
    known = [CardTemplate(t["type"], t["label"], t["icon"], t["category"]) for t in node_types()]
    return [*known, CardTemplate("", "", "", "unknown")]


def page_state(workflow: Workflow, graph: Graph, *, can_edit: bool) -> dict[str, Json]:
    """As JSON in the page: `graph` is the draft with every field and a place for each node, `types`
    the palette without the schemas of the configs."""
    return {
        "workflow": str(workflow.pk),
        "name": workflow.name,
        "revision": workflow.revision,
        "can_edit": can_edit,
        "graph": graph_json(graph),
        "types": [{name: each[name] for name in PALETTE_FIELDS} for each in node_types()],
    }


def graph_json(graph: Graph) -> dict[str, Json]:
    """A graph as the script keeps it. Nodes that nobody has placed yet are laid out."""
    positions = placed(graph).positions
    nodes: list[dict[str, Any]] = []
    for node in graph.nodes.values():
        x, y = positions[node.id]
        nodes.append({**asdict(node), "position": {"x": round(x), "y": round(y)}})
    edges = [{"id": f"e{number}", **asdict(edge)} for number, edge in enumerate(graph.edges, 1)]
    return {"nodes": nodes, "edges": edges}
