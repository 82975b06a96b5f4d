"""Which nodes have run for certain when a node runs, whatever way the run took to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TypeAlias

from workflows.compiled import trigger_in
from workflows.graph import Graph

Fact: TypeAlias = str | tuple[str, str]
"""A node has run, or (node, port): this port of it was taken."""
Facts: TypeAlias = frozenset[Fact]
Ports: TypeAlias = Mapping[str, tuple[str, ...]]


def certain_before(graph: Graph, ports: Ports) -> Mapping[str, Facts]:
    """For each node what is certain when it runs. `ports`: those of each node whose type is known.

    1. One of its edges was taken, so what all of them lead back to is certain.
    2. Every edge of a taken port is taken, so parallel branches that meet again have both run; and
       what lies behind all ports of a node runs whichever is taken.
    3. Nothing is said of nodes that do not lead here: they may still be under way.
    4. Edges from nodes that never run do not count.
    """
    follows = _what_follows(graph, ports)
    trigger = trigger_in(graph)
    reached = {trigger.id, *graph.descendants(trigger.id)} if trigger else set()
    certain: dict[str, Facts] = {}
    before: dict[str, frozenset[str]] = {}
    for name in graph.order:
        sources = {edge.source for edge in graph.incoming.get(name, ()) if edge.source in before}
        before[name] = frozenset(sources).union(*(before[source] for source in sources))
        ways = [
            _closed(
                {*certain[edge.source], edge.source, (edge.source, edge.port)},
                before[name],
                follows,
                certain,
            )
            for edge in graph.incoming.get(name, ())
            if edge.source in certain and (edge.source in reached or name not in reached)
        ]
        certain[name] = reduce(frozenset.intersection, ways) if ways else frozenset()
    return certain


def _what_follows(graph: Graph, ports: Ports) -> Mapping[Fact, frozenset[str]]:
    """The nodes that run sooner or later once a node runs or a port is taken, itself included."""
    follows: dict[Fact, frozenset[str]] = {}
    for name in reversed(graph.order):
        edges = graph.outgoing.get(name, ())
        for port in {edge.port for edge in edges}:
            behind = (follows.get(edge.target, frozenset()) for edge in edges if edge.port == port)
            follows[name, port] = frozenset().union(*behind)
        going = [port for port in ports.get(name, ()) if port != "item"]
        whatever = [follows.get((name, port), frozenset[str]()) for port in going]
        common = reduce(frozenset.intersection, whatever) if whatever else frozenset[str]()
        follows[name] = common | {name}
    return follows


def _closed(
    facts: set[Fact],
    ancestors: frozenset[str],
    follows: Mapping[Fact, frozenset[str]],
    certain: Mapping[str, Facts],
) -> Facts:
    """The facts and all that they say about the `ancestors`."""
    todo = list(facts)
    while todo:
        fact = todo.pop()
        fresh: set[Fact] = {*(follows.get(fact, frozenset()) & ancestors)}
        if isinstance(fact, str):
            fresh |= certain[fact]
        fresh -= facts
        facts |= fresh
        todo += fresh
    return frozenset(facts)
