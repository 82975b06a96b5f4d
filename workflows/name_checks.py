"""Names in templates: does what they read come before, on every way?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from workflows.certainty import certain_before
from workflows.compiled import CompiledConfig
from workflows.errors import Problem
from workflows.graph import RESERVED_IDS, Graph, joined
from workflows.suggestions import did_you_mean
from workflows.templating import NameRead

LOOP_NAMES = frozenset({"item", "index", "loop"})


def check_names(
    graph: Graph, ports: Mapping[str, tuple[str, ...]], configs: Mapping[str, CompiledConfig]
) -> Iterator[Problem]:
    """A warning for each name in each field of `configs` that has no value there, or has none on
    some way:

    - `unknown_variable`: there is no such node, or it does not come before
    - `outside_iterator`: `item`, `index` and `loop` are known in the body of an iterator only
    - `may_be_missing`: the node runs on some ways to this place only
    """
    certain = certain_before(graph, ports)
    for node, config in configs.items():
        place = _Place(graph, node, certain.get(node, frozenset()))
        seen: set[tuple[str, str]] = set()
        for path, read in sorted(config.reads, key=lambda found: found[1].handled):
            if (path, read.root) not in seen and (found := place.judge(read)):
                seen.add((path, read.root))
                where = f" (line {read.line})" if read.line else ""
                yield Problem(found[0], found[1] + where, node, joined("config", path))


class _Place:
    """One node, and what its templates can see."""

    def __init__(self, graph: Graph, node: str, certain: frozenset[str]) -> None:
        self.graph = graph
        self.node = node
        self.certain = certain
        self.before = graph.ancestors(node)
        self.around = {name for scope in graph.scopes.get(node, ()) for name in scope}

    def judge(self, read: NameRead) -> tuple[str, str] | None:
        """Code and message; None where all is well."""
        name = read.root
        if read.given:
            return None
        if name in self.graph.nodes:
            return self._judge_node(name, read.handled)
        if name in LOOP_NAMES and not self.around:
            message = (
                f"{name!r} is known in the body of an iterator only, and this node stands in none. "
                "It will be empty."
            )
            return "outside_iterator", message
        if name in RESERVED_IDS:
            return None
        hint = did_you_mean(name, [*self.before, *RESERVED_IDS])
        return "unknown_variable", f"There is no {name!r}{hint}. It will be empty."

    def _judge_node(self, name: str, handled: bool) -> tuple[str, str] | None:
        if name == self.node:
            message = f"{name!r} is this node itself; its output is not there yet."
        elif name in self.around:
            message = f"{name!r} has not ended here, in its own body. Use item."
        elif name not in self.before:
            message = f"{name!r} does not come before this node, so its output is empty here."
        elif name in self.certain or handled:
            return None
        else:
            return "may_be_missing", (
                f"{name!r} does not run on every way to this node; where it did not, its output is "
                f"empty. Give a default: {{{{ {name} | default: ... }}}}"
            )
        return "unknown_variable", message
