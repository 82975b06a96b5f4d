"""A graph as shapes: cards and paths with coordinates, for the templates of the canvas."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from builder.layout import (
    NODE_HEIGHT,
    NODE_WIDTH,
    Layout,
    Point,
    has_rows,
    lay_out,
    node_height,
    port_height,
)
from runs.presentation.shown_steps import NodeState, Track
from workflows.graph import Edge, Graph, Node
from workflows.node_type import NodeType
from workflows.nodes import registry
from workflows.validation import port_label, ports_of

MARGIN = 24
MOST_BESIDE = 12


@dataclass(frozen=True, slots=True)
class Card:
    id: str
    name: str
    label: str
    icon: str
    category: str
    x: float
    y: float
    width: int = NODE_WIDTH
    height: int = NODE_HEIGHT
    rows: Sequence[str] = ()
    """What stands at its ports, where they have rows of their own."""
    state: NodeState | None = None
    mark: str = ""
    """Beside another graph: added, removed, changed."""


@dataclass(frozen=True, slots=True)
class Line:
    """`text` is the port, where it says something; it stands at (x, y)."""

    path: str
    text: str
    x: float
    y: float
    port: str
    is_taken: bool
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    width: float
    height: float
    cards: Sequence[Card]
    lines: Sequence[Line]
    sentences: Sequence[str]
    """The same graph as text."""

    @property
    def icons(self) -> set[str]:
        return {card.icon for card in self.cards}

    @property
    def smallest_width(self) -> int:
        """Below it the text of the cards can no longer be read."""
        return round(self.width * 0.7)


@dataclass(frozen=True, slots=True)
class Marks:
    """What is added, removed or changed beside another graph: nodes by id, edges by their ends."""

    nodes: Mapping[str, str] = field(default_factory=dict)
    edges: Mapping[tuple[str, str, str], str] = field(default_factory=dict)


def draw(graph: Graph, track: Track | None = None, marks: Marks | None = None) -> Drawing:
    """`track`: what a run did to it."""
    graph, track, marks = drawable(graph), track or Track(), marks or Marks()
    ports = {node.id: ports_shown(node, graph) for node in graph.nodes.values()}
    layout = _shifted(placed(graph, ports))
    cards = [
        _card(node, layout, track, marks, node_height(ports[node.id]))
        for node in graph.nodes.values()
    ]
    lines = [
        _line(number, edge, graph, layout, ports, track, marks)
        for number, edge in enumerate(graph.edges)
    ]
    right = max((card.x + card.width for card in cards), default=0.0)
    bottom = max(
        [card.y + card.height for card in cards]
        + [y for points in layout.bends.values() for _, y in points],
        default=0.0,
    )
    shown = [_with_rows(card, graph.nodes[card.id], ports[card.id]) for card in cards]
    return Drawing(right + MARGIN, bottom + MARGIN, shown, lines, _sentences(graph))


def placed(graph: Graph, ports: Mapping[str, Sequence[str]] | None = None) -> Layout:
    """Where the nodes are; laid out where nobody has moved one yet."""
    return laid_out(graph, ports) if is_unplaced(graph) else _as_placed(graph)


def laid_out(graph: Graph, ports: Mapping[str, Sequence[str]] | None = None) -> Layout:
    graph = drawable(graph)
    return lay_out(
        graph, ports or {node.id: ports_shown(node, graph) for node in graph.nodes.values()}
    )


def drawable(graph: Graph) -> Graph:
    """Without edges that lead from or to a node that is not there. A draft may have some."""
    edges = [e for e in graph.edges if e.source in graph.nodes and e.target in graph.nodes]
    return graph if len(edges) == len(graph.edges) else Graph(graph.nodes, tuple(edges))


def ports_shown(node: Node, graph: Graph) -> tuple[str, ...]:
    """Of a type that is not installed: those that edges leave from."""
    node_type = registry().get(node.type)
    if node_type:
        return ports_of(node, node_type)
    used = dict.fromkeys(edge.port for edge in graph.outgoing.get(node.id, ()))
    return tuple(used) or ("default",)


def is_unplaced(graph: Graph) -> bool:
    """Whether nobody has moved a node yet."""
    places = {(node.position["x"], node.position["y"]) for node in graph.nodes.values()}
    return len(graph.nodes) > 1 and len(places) == 1


def _as_placed(graph: Graph) -> Layout:
    return Layout(
        {node.id: (node.position["x"], node.position["y"]) for node in graph.nodes.values()}
    )


def _shifted(layout: Layout) -> Layout:
    """The upper left corner of everything at the margin."""
    points = [*layout.positions.values(), *(p for ps in layout.bends.values() for p in ps)]
    left = min((x for x, _ in points), default=0.0) - MARGIN
    top = min((y for _, y in points), default=0.0) - MARGIN
    return Layout(
        {node: (x - left, y - top) for node, (x, y) in layout.positions.items()},
        {n: [(x - left, y - top) for x, y in points] for n, points in layout.bends.items()},
    )


def _card(node: Node, layout: Layout, track: Track, marks: Marks, height: int) -> Card:
    known: NodeType | None = registry().get(node.type)
    x, y = layout.positions[node.id]
    return Card(
        id=node.id,
        name=node.name or (known.label if known else node.id),
        label=known.label if known else node.type,
        icon=known.icon if known else "",
        category=known.category if known else "unknown",
        x=x,
        y=y,
        height=height,
        state=track.states.get(node.id),
        mark=marks.nodes.get(node.id, ""),
    )


def _with_rows(card: Card, node: Node, ports: Sequence[str]) -> Card:
    if not has_rows(ports):
        return card
    return replace(card, rows=[port_label(node, port) for port in ports])


def _line(
    number: int,
    edge: Edge,
    graph: Graph,
    layout: Layout,
    ports: Mapping[str, Sequence[str]],
    track: Track,
    marks: Marks,
) -> Line:
    names = ports[edge.source]
    x, y = layout.positions[edge.source]
    start = (x + NODE_WIDTH, y + port_height(names, edge.port))
    to_x, to_y = layout.positions[edge.target]
    points = [start, *layout.bends.get(number, ()), (to_x, to_y + NODE_HEIGHT / 2)]
    return Line(
        path=_curve(points),
        text="" if names == ("default",) or has_rows(names) else _beside(edge, graph),
        x=start[0] + 10,
        y=start[1] + 4,
        port=edge.port,
        is_taken=_is_taken(edge, track),
        mark=marks.edges.get((edge.source, edge.port, edge.target), ""),
    )


def _beside(edge: Edge, graph: Graph) -> str:
    """The port's label, as much as there is room for up to the next card."""
    label = port_label(graph.nodes[edge.source], edge.port)
    return label if len(label) <= MOST_BESIDE else f"{label[: MOST_BESIDE - 1].rstrip()}…"


def _is_taken(edge: Edge, track: Track) -> bool:
    """Into the body of an iterator lead only its items; its own step goes on elsewhere."""
    went = edge.port == "item" or (edge.source, edge.port) in track.taken
    return went and edge.target in track.states


def _curve(points: Sequence[Point]) -> str:
    """Horizontal at every point."""
    path = f"M{points[0][0]:g} {points[0][1]:g}"
    for (x1, y1), (x2, y2) in itertools.pairwise(points):
        if y1 == y2 and x2 > x1:
            path += f"H{x2:g}"
            continue
        reach = max((x2 - x1) / 2, 36.0)
        path += f"C{x1 + reach:g} {y1:g} {x2 - reach:g} {y2:g} {x2:g} {y2:g}"
    return path


def _sentences(graph: Graph) -> list[str]:
    names = {node.id: node.name or node.id for node in graph.nodes.values()}
    return [
        f"{names[node]}: "
        + (
            ", ".join(
                (f"{edge.port} to " if edge.port != "default" else "then ") + names[edge.target]
                for edge in graph.outgoing.get(node, ())
            )
            or "the end"
        )
        for node in graph.nodes
    ]
