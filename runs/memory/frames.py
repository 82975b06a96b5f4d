"""One pass over one level of a graph: over the whole of it, or over an iterator's body for an item.

A node is ready when each of its incoming edges is settled and at least one was taken. When none was
taken the node is dead, and so are its edges.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from workflows.compiled import CompiledGraph
from workflows.node_type import Json

if TYPE_CHECKING:
    from runs.memory.run_state import Loop


class Frame:
    """`path`: indexes of the enclosing iterations ("2.0"), empty for the whole graph. `loop`: the
    iteration that this pass belongs to."""

    __slots__ = (
        "_graph",
        "_missing",
        "_ready",
        "_taken",
        "context",
        "ends",
        "loop",
        "open",
        "path",
    )

    def __init__(
        self,
        graph: CompiledGraph,
        ready: deque[tuple[Frame, str]],
        context: dict[str, Json],
        loop: Loop | None = None,
        path: str = "",
    ) -> None:
        self._graph = graph
        self._ready = ready
        self._missing = dict(graph.levels[loop.node.node.id if loop else ""])
        self._taken: set[str] = set()
        self.context = context
        self.loop = loop
        self.path = path
        self.open = 0
        """Nodes that are ready, under way or waiting."""
        self.ends: dict[str, Json] = {}
        """Outputs of the nodes behind which nothing was taken."""

    @property
    def is_dead(self) -> bool:
        """Whether an iteration around it was given up."""
        loop = self.loop
        while loop is not None and not loop.is_dead:
            loop = loop.frame.loop
        return loop is not None

    @property
    def output(self) -> Json:
        """Of the node where the pass ended; by node id, in the order in which the nodes were drawn,
        where it ended in several."""
        if len(self.ends) <= 1:
            return next(iter(self.ends.values()), None)
        return {name: self.ends[name] for name in self._graph.graph.nodes if name in self.ends}

    def is_within(self, loop: Loop) -> bool:
        around = self.loop
        while around is not None and around is not loop:
            around = around.frame.loop
        return around is not None

    def begin(self) -> None:
        if self.loop is None:
            self._start(self._graph.trigger)
            return
        for edge in self.loop.node.outgoing:
            if edge.port == "item":
                self._arrive(edge.target, True)

    def settle(self, node_id: str, port: str, output: Json) -> None:
        """The node is done and its `port` is taken; all its other edges are dead."""
        self.context[node_id] = output
        self.open -= 1
        edges = [edge for edge in self._graph.nodes[node_id].outgoing if edge.port != "item"]
        if not any(edge.port == port for edge in edges):
            self.ends[node_id] = output
        dead = [edge.target for edge in edges if self._arrive(edge.target, edge.port == port)]
        while dead:
            for edge in self._graph.nodes[dead.pop()].outgoing:
                if edge.port != "item" and self._arrive(edge.target, False):
                    dead.append(edge.target)

    def _arrive(self, target: str, taken: bool) -> bool:
        """One edge to `target` is settled. True when that made the target dead."""
        self._missing[target] -= 1
        if taken:
            self._taken.add(target)
        if self._missing[target]:
            return False
        if target in self._taken:
            self._start(target)
            return False
        return True

    def _start(self, node_id: str) -> None:
        self.open += 1
        self._ready.append((self, node_id))
