"""Two graphs in one picture: what is new, gone or changed is marked, what is gone stands where it
stood, or as near as there is room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from builder.diff import GraphDiff
from builder.drawing import Marks, is_unplaced, placed, ports_shown
from builder.layout import GAP_Y, NODE_WIDTH, Point, node_height
from workflows.graph import Edge, Graph, Node


@dataclass(frozen=True, slots=True)
class Comparison:
    graph: Graph
    marks: Marks


def together(old: Graph, new: Graph, diff: GraphDiff) -> Comparison:
    gone = [node for name, node in old.nodes.items() if name not in new.nodes]
    nodes = {**new.nodes, **_in_free_places(gone, old, new)}
    gone_edges = tuple(Edge(*key) for key in diff.removed_edges)
    edges = dict.fromkeys(diff.added_edges, "added")
    edges |= dict.fromkeys(diff.removed_edges, "removed")
    marks = Marks({node.id: node.mark for node in diff.nodes}, edges)
    return Comparison(Graph(nodes, (*new.edges, *gone_edges)), marks)


def _in_free_places(gone: Iterable[Node], old: Graph, new: Graph) -> dict[str, Node]:
    """All in one place where nobody has moved a node yet: then the whole picture is laid out."""
    if is_unplaced(new):
        return {node.id: replace(node, position=_position(_any_place(new))) for node in gone}
    taken = [(place, _height(new.nodes[id], new)) for id, place in placed(new).positions.items()]
    before = placed(old).positions
    found = {}
    for node in gone:
        height = _height(node, old)
        place = _free(before[node.id], height, taken)
        taken.append((place, height))
        found[node.id] = replace(node, position=_position(place))
    return found


def _any_place(graph: Graph) -> Point:
    first = next(iter(graph.nodes.values()), None)
    return (first.position["x"], first.position["y"]) if first else (0.0, 0.0)


def _height(node: Node, graph: Graph) -> int:
    return node_height(ports_shown(node, graph))


def _free(place: Point, height: int, taken: Iterable[tuple[Point, int]]) -> Point:
    """The same place, or the next one below that no card covers."""
    x, y = place
    column = sorted((top, other) for (left, top), other in taken if abs(left - x) < NODE_WIDTH)
    for top, other in column:
        if top < y + height and y < top + other:
            y = top + other + GAP_Y
    return x, y


def _position(place: Point) -> dict[str, float]:
    return {"x": place[0], "y": place[1]}
