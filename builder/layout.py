"""Automatic layout, layered from left to right: each node stands right of all that lead to it.

1. Layers by the longest path from a start.
2. A placeholder in each layer that an edge passes, so that it finds a way between the cards.
3. Order within the layers by the mean place of the neighbours; the ports of a node keep their
   order, so that true is above false.
4. Heights: each row as near to its neighbours as the others in its layer allow.
5. Room for the bodies of iterators, which hold their own nodes only.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from builder.layout_bodies import make_room
from workflows.graph import Edge, Graph

NODE_WIDTH = 216
NODE_HEIGHT = 56
ROW_HEIGHT = 22
FOOT_HEIGHT = 8
GAP_X = 72
GAP_Y = 32
PLACEHOLDER_HEIGHT = 12
SWEEPS = 6

Point: TypeAlias = tuple[float, float]
Key: TypeAlias = str | tuple[int, int]
"""A node id, or (number of an edge, layer) for a placeholder."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Upper left corners of the nodes, and for long edges (by their number) points to pass."""

    positions: Mapping[str, Point]
    bends: Mapping[int, Sequence[Point]] = field(default_factory=dict)


def has_rows(ports: Sequence[str]) -> bool:
    """Up to two ports are beside the card's head, more have a row each;
    static/js/builder/graph.js has the same rules."""
    return len(ports) > 2


def node_height(ports: Sequence[str]) -> int:
    return NODE_HEIGHT + (len(ports) * ROW_HEIGHT + FOOT_HEIGHT if has_rows(ports) else 0)


def port_height(ports: Sequence[str], port: str) -> float:
    """How far down a card a port is."""
    if port not in ports:
        return NODE_HEIGHT / 2
    place = ports.index(port)
    if has_rows(ports):
        return NODE_HEIGHT + (place + 0.5) * ROW_HEIGHT
    return round(NODE_HEIGHT * (place + 1) / (len(ports) + 1), 1)


def lay_out(graph: Graph, ports: Mapping[str, Sequence[str]]) -> Layout:
    """`ports`: the ports of each node from top to bottom. Nodes on a circle come last."""
    layers = _layers(graph)
    links = _links(graph, layers)
    columns = _columns(graph, layers, links)
    _order(graph, columns, links, ports)
    tall = {node: node_height(ports.get(node, ())) for node in graph.nodes}
    heights = _with_room(graph, layers, _heights(columns, links, tall), tall)
    positions = {
        node: (float(layer * (NODE_WIDTH + GAP_X)), heights[node]) for node, layer in layers.items()
    }
    return Layout(positions, _bends(graph, layers, heights))


def _layers(graph: Graph) -> dict[str, int]:
    layers: dict[str, int] = {}
    for node in graph.order:
        before = [layers[edge.source] for edge in graph.incoming.get(node, ())]
        layers[node] = max(before, default=-1) + 1
    last = max(layers.values(), default=-1) + 1
    return layers | {node: last for node in graph.nodes if node not in layers}


@dataclass(frozen=True, slots=True)
class Link:
    """A piece of an edge, from one layer to the next."""

    left: Key
    right: Key
    edge: int


def _links(graph: Graph, layers: Mapping[str, int]) -> list[Link]:
    links = []
    for number, edge in enumerate(graph.edges):
        first, last = layers[edge.source], layers[edge.target]
        if last <= first:
            continue
        way: list[Key] = [edge.source]
        way += [(number, layer) for layer in range(first + 1, last)]
        way += [edge.target]
        links += [Link(left, right, number) for left, right in itertools.pairwise(way)]
    return links


def _columns(graph: Graph, layers: Mapping[str, int], links: Sequence[Link]) -> list[list[Key]]:
    columns: list[list[Key]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    ordered = set(graph.order)
    for node in (*graph.order, *(node for node in graph.nodes if node not in ordered)):
        columns[layers[node]].append(node)
    for link in links:
        if isinstance(link.right, tuple):
            columns[link.right[1]].append(link.right)
    return columns


def _order(
    graph: Graph,
    columns: list[list[Key]],
    links: Sequence[Link],
    ports: Mapping[str, Sequence[str]],
) -> None:
    """Sweep from left to right and back; the last sweep, from the left, decides."""
    lefts, rights = defaultdict(list), defaultdict(list)
    for link in links:
        lefts[link.right].append((link.left, _share(graph.edges[link.edge], link.left, ports)))
        rights[link.left].append((link.right, 0.0))
    for sweep in range(SWEEPS + 1):
        if sweep % 2 == 0:
            for left, column in itertools.pairwise(columns):
                _sort(column, left, lefts)
                _keep_ports(column, lefts)
        else:
            for column, right in zip(columns[-2::-1], columns[:0:-1], strict=False):
                _sort(column, right, rights)


def _keep_ports(column: list[Key], lefts: Mapping[Key, Sequence[tuple[Key, float]]]) -> None:
    """What follows the ports of one node stands in their order, in the places that it has."""
    families: dict[Key, list[tuple[float, Key]]] = defaultdict(list)
    for key in column:
        for left, share in lefts.get(key, ()):
            families[left].append((share, key))
    for family in families.values():
        if len({share for share, _ in family}) < 2:
            continue
        places = {key: place for place, key in enumerate(column)}
        wanted: dict[Key, float] = {}
        for share, key in family:
            wanted[key] = min(share, wanted.get(key, 1.0))
        members = sorted(wanted, key=places.__getitem__)
        for place, key in zip(
            sorted(places[key] for key in members),
            sorted(members, key=wanted.__getitem__),
            strict=True,
        ):
            column[place] = key


def _share(edge: Edge, left: Key, ports: Mapping[str, Sequence[str]]) -> float:
    """How far down its source an edge begins: below 1."""
    names = ports.get(edge.source, ())
    if isinstance(left, tuple) or edge.port not in names:
        return 0.0
    return names.index(edge.port) / len(names)


def _sort(
    column: list[Key],
    fixed: Sequence[Key],
    neighbours: Mapping[Key, Sequence[tuple[Key, float]]],
) -> None:
    places = {key: place for place, key in enumerate(fixed)}

    def mean(place: int, key: Key) -> float:
        found = [places[near] + share for near, share in neighbours.get(key, ()) if near in places]
        return sum(found) / len(found) if found else float(place)

    wanted = {key: mean(place, key) for place, key in enumerate(column)}
    column.sort(key=wanted.__getitem__)


def _heights(
    columns: Sequence[Sequence[Key]], links: Sequence[Link], tall: Mapping[str, int]
) -> dict[Key, float]:
    """Tops of all keys."""
    near: dict[Key, list[Key]] = defaultdict(list)
    for link in links:
        near[link.left].append(link.right)
        near[link.right].append(link.left)
    middles: dict[Key, float] = {}
    for column in columns:
        middles.update(_stacked(column, [0.0] * len(column), tall))
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else columns[::-1]:
            wanted = [
                _mean([middles[other] for other in near[key]], middles[key]) for key in column
            ]
            middles.update(_stacked(column, wanted, tall))
    return {key: middle - _height(key, tall) / 2 for key, middle in middles.items()}


def _with_room(
    graph: Graph, layers: Mapping[str, int], tops: Mapping[Key, float], tall: Mapping[str, int]
) -> dict[Key, float]:
    """Tops with the bodies of iterators apart; the highest is 0."""
    iterators = {edge.source for edge in graph.edges if edge.port == "item"}
    bodies = sorted((graph.body_of(each) for each in iterators), key=len)
    members = [_members(graph, layers, body) for body in bodies if body]
    sizes: dict[Key, float] = {key: _height(key, tall) for key in tops}
    places = {key: key[1] if isinstance(key, tuple) else layers[key] for key in tops}
    moved = make_room(tops, sizes, places, members)
    highest = min(moved.values(), default=0.0)
    return {key: round(top - highest, 1) for key, top in moved.items()}


def _members(graph: Graph, layers: Mapping[str, int], body: frozenset[str]) -> set[Key]:
    """The nodes of a body, and the placeholders of the edges that lead to them."""
    members: set[Key] = {*body}
    for number, edge in enumerate(graph.edges):
        if edge.target in body:
            between = range(layers[edge.source] + 1, layers[edge.target])
            members.update((number, layer) for layer in between)
    return members


def _mean(values: Sequence[float], default: float) -> float:
    return sum(values) / len(values) if values else default


def _height(key: Key, tall: Mapping[str, int]) -> int:
    return PLACEHOLDER_HEIGHT if isinstance(key, tuple) else tall[key]


def _stacked(
    column: Sequence[Key], wanted: Sequence[float], tall: Mapping[str, int]
) -> dict[Key, float]:
    """Middles near to the wanted ones, in this order and without overlap: neighbours that want the
    same place form a block, which stands at the mean of what its members want."""
    blocks: list[list[float]] = []  # [sum of wanted tops, members, height]
    members: list[list[Key]] = []
    for key, middle in zip(column, wanted, strict=True):
        height = _height(key, tall) + GAP_Y
        blocks.append([middle - height / 2, 1, height])
        members.append([key])
        while len(blocks) > 1 and _top(blocks[-2]) + blocks[-2][2] > _top(blocks[-1]):
            total, count, high = blocks.pop()
            # Each member of the lower block wants its own top, less what now stands above it.
            blocks[-1][0] += total - count * blocks[-1][2]
            blocks[-1][1] += count
            blocks[-1][2] += high
            lower = members.pop()
            members[-1] += lower
    middles: dict[Key, float] = {}
    for block, keys in zip(blocks, members, strict=True):
        top = _top(block)
        for key in keys:
            height = _height(key, tall) + GAP_Y
            middles[key] = top + height / 2
            top += height
    return middles


def _top(block: Sequence[float]) -> float:
    return block[0] / block[1]


def _bends(
    graph: Graph, layers: Mapping[str, int], heights: Mapping[Key, float]
) -> dict[int, list[Point]]:
    bends: dict[int, list[Point]] = {}
    for number, edge in enumerate(graph.edges):
        between = range(layers[edge.source] + 1, layers[edge.target])
        if between:
            bends[number] = [
                point
                for layer in between
                for point in _passage(layer, heights[(number, layer)] + PLACEHOLDER_HEIGHT / 2)
            ]
    return bends


def _passage(layer: int, y: float) -> tuple[Point, Point]:
    """The way past the cards of a layer: straight from their left to their right."""
    left = float(layer * (NODE_WIDTH + GAP_X))
    return (left, y), (left + NODE_WIDTH, y)
