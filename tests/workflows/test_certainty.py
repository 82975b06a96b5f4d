"""What is certain to have run, against every way that a run can take."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from workflows.certainty import certain_before
from workflows.graph import Edge, Graph, Node

KINDS: dict[str, tuple[str, ...]] = {
    "start": ("default",),
    "plain": ("default",),
    "question": ("true", "false"),
    "caught": ("default", "error"),
    "end": (),
}


def drawn(random: Random) -> tuple[Graph, dict[str, tuple[str, ...]]]:
    """A graph of up to ten nodes, of which up to four take one port of two."""
    nodes, edges, ports = ["start"], [], {"start": KINDS["start"]}
    for number in range(random.randint(3, 9)):
        name = f"n{number}"
        many = sum(len(found) == 2 for found in ports.values()) >= 4
        kind = random.choice(["plain", "plain", "end"] if many else [*KINDS][1:])
        outlets = [(node, port) for node in nodes for port in ports[node]]
        for source, port in random.sample(
            outlets, min(len(outlets), random.choice([1, 1, 1, 2, 3]))
        ):
            edges.append(Edge(source, port, name))
        nodes.append(name)
        ports[name] = KINDS[kind]
    return Graph({name: Node(name, "x") for name in nodes}, tuple(edges)), ports


def runs(graph: Graph, ports: dict[str, tuple[str, ...]]) -> Iterator[set[str]]:
    """The nodes that run, for each choice of ports."""
    for taken in product(*(ports[name] or ("",) for name in graph.nodes)):
        chosen = dict(zip(graph.nodes, taken, strict=True))
        ran = {"start"}
        for name in graph.order:
            incoming = graph.incoming.get(name, ())
            if any(edge.source in ran and chosen[edge.source] == edge.port for edge in incoming):
                ran.add(name)
        yield ran


@pytest.mark.parametrize("seed", range(0, 400, 100))
def test_certain_is_what_no_run_leaves_out(seed: int) -> None:
    """Nothing is called certain that a run can leave out; and of what no run leaves out, hardly
    anything is called uncertain."""
    missed = found = 0
    for number in range(100):
        graph, ports = drawn(Random(seed + number))
        ways = list(runs(graph, ports))
        certain = certain_before(graph, ports)
        for name in graph.order:
            when = [ran for ran in ways if name in ran]
            for other in graph.ancestors(name):
                always = all(other in ran for ran in when)
                if when and not always:
                    assert other not in certain[name], (seed + number, name, other, graph.edges)
                found += always
                missed += always and other not in certain[name]
    assert found > 500
    assert missed <= found * 0.005, (missed, found)
