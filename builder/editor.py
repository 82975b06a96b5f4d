"""What the builder's script starts with, and hears after each save."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.urls import reverse

from builder import panels, side
from builder.drawing import drawable, placed
from workflows.compiled import trigger_in
from workflows.graph import Graph
from workflows.models import Workflow, empty_graph
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


def page_state(
    workflow: Workflow, graph: Graph | None, *, can_edit: bool, user: int | None
) -> dict[str, Json]:
    """As JSON in the page: `graph` is the draft with every field and a place for each node, `types`
    the palette without the schemas of the configs. A draft of a form that is no longer read (None)
    can be replaced as a whole, not edited. `user`: the id of whose page it is."""
    return {
        "user": user,
        "workflow": str(workflow.pk),
        "address": reverse("workflow_detail", args=[workflow.pk]),
        "may_save": can_edit,
        "can_edit": can_edit and graph is not None,
        "is_readable": graph is not None,
        "types": [{name: each[name] for name in PALETTE_FIELDS} for each in node_types()],
        **draft_state(workflow, graph),
    }


def draft_state(workflow: Workflow, graph: Graph | None) -> dict[str, Json]:
    """The draft as it is stored, with who stored it."""
    return {
        "name": workflow.name,
        "graph": graph_json(graph or Graph.from_json(empty_graph())),
        "saved_at": workflow.updated_at.isoformat(),
        "saved_by": workflow.changed_by.get_username() if workflow.changed_by else "",
        **saved_state(workflow, graph),
    }


def saved_state(workflow: Workflow, graph: Graph | None) -> dict[str, Json]:
    """The answer to a save. `differs`: from what is published; `sample`: what Run offers."""
    findings = panels.findings_of(graph)
    return {
        "revision": workflow.revision,
        "sample": panels.sample_payload(trigger_in(graph) if graph else None),
        "differs": side.differs_from_published(workflow),
        "errors": [problem.as_json() for problem in findings.errors],
        "warnings": [problem.as_json() for problem in findings.warnings],
    }


def graph_json(graph: Graph) -> dict[str, Json]:
    """A graph as the script keeps it. Nodes that nobody has placed yet are laid out."""
    graph = drawable(graph)
    positions = placed(graph).positions
    nodes: list[dict[str, Any]] = []
    for node in graph.nodes.values():
        x, y = positions[node.id]
        nodes.append({**asdict(node), "position": {"x": round(x), "y": round(y)}})
    edges = [{"id": f"e{number}", **asdict(edge)} for number, edge in enumerate(graph.edges, 1)]
    return {"nodes": nodes, "edges": edges}
