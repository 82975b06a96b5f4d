"""Which nodes have run for certain when a node runs, whatever way the run took to it.

A fact is that a node has run, or that a port of it was taken. Sets of facts are the bits of whole
numbers, so that a graph of hundreds of nodes is answered in a few milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from operator import and_, or_
from typing import TypeAlias

from workflows.compiled import trigger_in
from workflows.graph import Edge, Graph

Fact: TypeAlias = str | tuple[str, str]
"""A node, or (node, port)."""
Bits: TypeAlias = int
Ports: TypeAlias = Mapping[str, tuple[str, ...]]


def certain_before(graph: Graph, ports: Ports) -> Mapping[str, frozenset[str]]:
    """For each node the nodes that have run for certain when it runs. `ports`: those of each node
    whose type is known.

    1. One of its edges was taken, so what all of them lead back to is certain.
    2. Every edge of a taken port is taken, so parallel branches that meet again have both run; and
       what lies behind all ports of a node runs whichever is taken.
    3. Nothing is said of nodes that do not lead here: they may still be under way.
    4. Edges from nodes that never run do not count.
    """
    certain = _Certain(graph, ports)
    return {node: certain.nodes_in(facts) for node, facts in certain.facts.items()}


class _Certain:
    def __init__(self, graph: Graph, ports: Ports) -> None:
        self.graph = graph
        self.order = graph.order
        names: list[Fact] = [*self.order, *dict.fromkeys((e.source, e.port) for e in graph.edges)]
        self.bit = {name: 1 << place for place, name in enumerate(names)}
        self.every_node = (1 << len(self.order)) - 1
        self.follows = self._what_follows(ports)
        trigger = trigger_in(graph)
        self.reached = {trigger.id, *graph.descendants(trigger.id)} if trigger else set()
        self.before: dict[str, Bits] = {}
        self.facts: dict[str, Bits] = {}
        self.promised: dict[str, Bits] = {}
        """All that follows from the facts of a node."""
        for name in self.order:
            self._judge(name)

    def nodes_in(self, facts: Bits) -> frozenset[str]:
        return frozenset(self.order[place] for place in _places(facts & self.every_node))

    def _judge(self, name: str) -> None:
        edges = [e for e in self.graph.incoming.get(name, ()) if e.source in self.before]
        self.before[name] = reduce(
            or_, (self.before[e.source] | self.bit[e.source] for e in edges), 0
        )
        ways = [
            self._known_on(edge, self.before[name])
            for edge in edges
            if edge.source in self.reached or name not in self.reached
        ]
        if len(ways) == 1:
            self.facts[name], self.promised[name] = ways[0]
            return
        facts = reduce(and_, (known for known, _ in ways)) if ways else 0
        self.facts[name] = facts
        self.promised[name] = reduce(or_, (self.follows[place] for place in _places(facts)), 0)

    def _known_on(self, edge: Edge, ancestors: Bits) -> tuple[Bits, Bits]:
        """All that is certain about the `ancestors` where this edge was taken, and what follows."""
        source, port = self.bit[edge.source], self.bit[edge.source, edge.port]
        known, promised = self.facts[edge.source], self.promised[edge.source]
        fresh = source | port
        while fresh:
            known |= fresh
            for place in _places(fresh):
                promised |= self.follows[place]
                if place < len(self.order) and (node := self.order[place]) in self.facts:
                    known |= self.facts[node]
                    promised |= self.promised[node]
            fresh = promised & ancestors & ~known
        return known, promised

    def _what_follows(self, ports: Ports) -> list[Bits]:
        """By the place of its bit: the nodes that run sooner or later once a node runs or a port is
        taken, itself included."""
        follows: dict[Fact, Bits] = {}
        for name in reversed(self.order):
            edges = self.graph.outgoing.get(name, ())
            for edge in edges:
                behind = follows.get((name, edge.port), 0) | follows.get(edge.target, 0)
                follows[name, edge.port] = behind
            going = [port for port in ports.get(name, ()) if port != "item"]
            whatever = [follows.get((name, port), 0) for port in going]
            follows[name] = (reduce(and_, whatever) if whatever else 0) | self.bit[name]
        return [follows.get(fact, 0) for fact in self.bit]


def _places(bits: Bits) -> Iterator[int]:
    """Of the bits that are set."""
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest
