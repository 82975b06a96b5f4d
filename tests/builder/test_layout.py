"""Automatic layout: nothing overlaps, everything flows to the right, ports keep their order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builder.drawing import draw
from builder.layout import NODE_HEIGHT, NODE_WIDTH, Layout, lay_out
from runs.presentation.shown_steps import NodeState, Track
from workflows.graph import Edge, Graph, Node


def graph_of(*edges: str, nodes: Sequence[str] = ()) -> Graph:
    """Edges as text: "a -> b" or "a:true -> b"."""
    parsed = []
    for edge in edges:
        source, target = edge.split(" -> ")
        source, _, port = source.partition(":")
        parsed.append((source, port or "default", target))
    names = dict.fromkeys([*nodes, *(name for s, _, t in parsed for name in (s, t))])
    drawn = tuple(Edge(source, port, target) for source, port, target in parsed)
    return Graph({name: Node(name, "text_transform") for name in names}, drawn)


def laid_out(graph: Graph) -> Layout:
    ports = {
        name: tuple(dict.fromkeys(edge.port for edge in graph.outgoing.get(name, ())))
        for name in graph.nodes
    }
    return lay_out(graph, ports)


SHAPES = {
    "nothing": graph_of(),
    "one node": graph_of(nodes=["a"]),
    "a line": graph_of("a -> b", "b -> c"),
    "a diamond": graph_of("a:true -> b", "a:false -> c", "b -> d", "c -> d"),
    "a long edge": graph_of("a -> b", "b -> c", "c -> d", "a -> d"),
    "two pieces": graph_of("a -> b", "x -> y", nodes=["alone"]),
    "a circle": graph_of("a -> b", "b -> c", "c -> b"),
    "a fan": graph_of(*(f"a -> n{n}" for n in range(40)), *(f"n{n} -> z" for n in range(40))),
}


def overlaps(first: Any, second: Any) -> bool:
    return abs(first[0] - second[0]) < NODE_WIDTH and abs(first[1] - second[1]) < NODE_HEIGHT


@pytest.mark.parametrize("graph", SHAPES.values(), ids=SHAPES)
def test_every_node_has_a_place_of_its_own(graph: Graph) -> None:
    layout = laid_out(graph)
    assert set(layout.positions) == set(graph.nodes)
    assert not any(overlaps(a, b) for a, b in combinations(layout.positions.values(), 2))


@pytest.mark.parametrize("graph", [shape for name, shape in SHAPES.items() if name != "a circle"])
def test_edges_lead_to_the_right(graph: Graph) -> None:
    positions = laid_out(graph).positions
    for edge in graph.edges:
        assert positions[edge.source][0] + NODE_WIDTH < positions[edge.target][0]


@pytest.mark.parametrize("names", [("b", "c"), ("c", "b")])
def test_true_is_above_false(names: tuple[str, str]) -> None:
    yes, no = names
    graph = graph_of(
        f"a:true -> {yes}", f"a:false -> {no}", f"{yes} -> d", f"{no} -> d", nodes="abcd"
    )
    positions = lay_out(graph, {"a": ("true", "false")}).positions
    assert positions[yes][1] < positions[no][1]
    assert positions["a"][1] == positions["d"][1]


def test_a_line_is_straight() -> None:
    positions = laid_out(SHAPES["a line"]).positions
    assert len({y for _, y in positions.values()}) == 1


def test_long_edges_pass_between_the_cards() -> None:
    graph = SHAPES["a long edge"]
    layout = laid_out(graph)
    points = layout.bends[3]
    assert len(points) == 4
    for x, y in points:
        for left, top in layout.positions.values():
            assert not (left < x < left + NODE_WIDTH and top < y < top + NODE_HEIGHT)


@st.composite
def acyclic_graphs(draw: st.DrawFn) -> Graph:
    size = draw(st.integers(1, 14))
    pairs = [(a, b) for b in range(size) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=30, unique=True)) if pairs else []
    return graph_of(*(f"n{a} -> n{b}" for a, b in chosen), nodes=[f"n{n}" for n in range(size)])


@given(acyclic_graphs())
def test_no_graph_overlaps(graph: Graph) -> None:
    positions = list(laid_out(graph).positions.values())
    assert not any(overlaps(a, b) for a, b in combinations(positions, 2))
    assert min(y for _, y in positions) >= 0


def test_nodes_stay_where_people_put_them() -> None:
    nodes = {
        "a": Node("a", "text_transform", position={"x": -100, "y": 50}),
        "b": Node("b", "text_transform", position={"x": 300, "y": 10}),
    }
    drawing = draw(Graph(nodes, (Edge("a", "default", "b"),)))
    first, second = drawing.cards
    assert (second.x - first.x, second.y - first.y) == (400, -40)
    assert min(first.x, second.x) == min(first.y, second.y) == 24


def test_the_way_into_a_body_was_taken_where_an_item_went_it() -> None:
    graph = graph_of("each:item -> say", "each:item -> more", "each -> end")
    states = {"each": NodeState("completed"), "say": NodeState("failed", 3)}
    drawing = draw(graph, Track(states, frozenset({("each", "default")})))
    taken = {
        edge.target: line.is_taken for edge, line in zip(graph.edges, drawing.lines, strict=True)
    }
    assert taken == {"say": True, "more": False, "end": False}


def test_a_type_that_is_gone_is_drawn_all_the_same() -> None:
    (card,) = draw(Graph({"a": Node("a", "gone")}, ())).cards
    assert (card.name, card.label, card.category) == ("a", "gone", "unknown")


def test_five_hundred_nodes_are_laid_out_quickly() -> None:
    edges = [f"n{n // 3} -> n{n}" for n in range(1, 500)]
    assert len(draw(graph_of(*edges)).cards) == 500


LOOPS = {
    "what follows": ["i:item -> a", "i -> z", "a -> b", "s -> i", "s -> z", "a -> c", "b -> d"],
    "two beside each other": [
        *("s -> i", "s -> j", "i:item -> a", "a -> b", "i:item -> c", "j:item -> d", "d -> e"),
        *("i -> x", "j -> x", "s -> x"),
    ],
    "one in the other": [
        *("i:item -> a", "a -> j", "j:item -> b", "b -> c", "j -> d", "i -> y", "y -> z"),
        "i:item -> e",
    ],
}


@pytest.mark.parametrize("edges", LOOPS.values(), ids=LOOPS)
def test_the_ground_of_a_body_holds_its_own_nodes_only(edges: list[str]) -> None:
    graph = graph_of(*edges)
    positions = laid_out(graph).positions
    for iterator in ("i", "j"):
        body = graph.body_of(iterator)
        if not body:
            continue
        xs, ys = zip(*(positions[node] for node in body), strict=True)
        left, right = min(xs) - 22, max(xs) + NODE_WIDTH + 22
        top, bottom = min(ys) - 36, max(ys) + NODE_HEIGHT + 22
        for node, (x, y) in positions.items():
            is_inside = x < right and x + NODE_WIDTH > left and y < bottom and y + NODE_HEIGHT > top
            assert not is_inside or node in body, (iterator, node)
    assert not any(overlaps(a, b) for a, b in combinations(positions.values(), 2))
    assert min(y for _, y in positions.values()) == 0


def test_ports_keep_their_order_where_others_pull() -> None:
    graph = graph_of("s -> a", "s -> z", "a:true -> y", "a:false -> z", "t -> z", nodes="ts")
    positions = lay_out(graph, {"a": ("true", "false")}).positions
    assert positions["y"][1] < positions["z"][1]


def test_many_ports_have_rows_with_their_labels() -> None:
    cases = [{"port": "a", "label": "First"}, {"port": "b"}]
    nodes = {"s": Node("s", "switch", config={"cases": cases}), "t": Node("t", "text_transform")}
    drawing = draw(Graph(nodes, (Edge("s", "b", "t"),)))
    switch, plain = drawing.cards
    assert list(switch.rows) == ["First", "b", "default"]
    assert (switch.height, plain.height, plain.rows) == (130, NODE_HEIGHT, ())
    assert drawing.lines[0].text == ""


def test_up_to_two_ports_have_their_labels_beside_them() -> None:
    cases = {"s": ("a", "Large"), "t": ("b", "What everybody waits for")}
    nodes = {
        name: Node(name, "switch", config={"cases": [{"port": port, "label": label}]})
        for name, (port, label) in cases.items()
    }
    nodes["end"] = Node("end", "text_transform")
    drawing = draw(Graph(nodes, (Edge("s", "a", "t"), Edge("t", "b", "end"))))
    assert [line.text for line in drawing.lines] == ["Large", "What everyb…"]
