"""Random workflows whose templates read other nodes, and which of these references dangle: told by
trying every way that a run can take, not by the rules of the checker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from random import Random
from typing import Any

from workflows.graph import Edge, Graph, Node

LOOP = ("item", "index", "loop")
PORTS = {
    "manual_trigger": ("default",),
    "text_transform": ("default",),
    "data_mapper": ("default",),
    "boolean_condition": ("true", "false"),
    "iterator": ("default",),
}
FORMS = (
    "{{ NAME }}",
    "a {{ NAME.b | upcase }} c",
    "{% if NAME.ok %}x{% endif %}",
    "{% for each in NAME.list %}{{ each }}{% endfor %}",
    "{{ 'NAME' | append: NAME['a b'] }}",
    "{%- assign x = NAME -%}{{ x.NAME }}",
    "{% liquid\n assign x = NAME.c\n echo x\n%}",
)


@dataclass(frozen=True, slots=True)
class Reference:
    node: str
    field: str
    name: str
    code: str = ""


@dataclass(frozen=True)
class Drawing:
    """`scopes`: the iterator around each node, empty for none."""

    nodes: dict[str, dict[str, Any]]
    edges: list[tuple[str, str, str]]
    scopes: dict[str, str]
    references: list[Reference]

    @classmethod
    def random(cls, random: Random) -> Drawing:
        pen = _Pen(random)
        pen.level("", random.randint(4, 7))
        return Drawing(pen.nodes, pen.edges, pen.scopes, pen.references)

    @cached_property
    def graph(self) -> Graph:
        nodes = {name: Node(**node) for name, node in self.nodes.items()}
        return Graph(nodes, tuple(Edge(*edge) for edge in self.edges))

    # ------------------------------------------------------------ mutations

    def without_a_node(self, random: Random) -> Drawing:
        gone = random.choice([name for name in self.nodes if name != "start"])
        body = {name for name, scope in self.scopes.items() if scope == gone}
        gone_too = {gone, *body}
        return replace(
            self,
            nodes={name: node for name, node in self.nodes.items() if name not in gone_too},
            edges=[edge for edge in self.edges if not gone_too & {edge[0], edge[2]}],
            references=[ref for ref in self.references if ref.node not in gone_too],
        )

    def with_another_id(self, random: Random) -> Drawing:
        """Templates do not follow."""
        old = random.choice(sorted(self.nodes))
        name = f"{old}_renamed"

        def new(each: str) -> str:
            return name if each == old else each

        return replace(
            self,
            nodes={new(n): {**node, "id": new(n)} for n, node in self.nodes.items()},
            edges=[(new(s), port, new(t)) for s, port, t in self.edges],
            scopes={new(n): new(scope) for n, scope in self.scopes.items()},
            references=[replace(ref, node=new(ref.node)) for ref in self.references],
        )

    def without_an_edge(self, random: Random) -> Drawing:
        gone = random.choice(self.edges)
        return replace(self, edges=[edge for edge in self.edges if edge is not gone])

    def with_a_moved_edge(self, random: Random) -> Drawing:
        """It starts at another node of its level that does not come after its end."""
        old = random.choice(self.edges)
        source, port, target = old
        after = {target, *self.graph.descendants(target)}
        others = [
            (name, out)
            for name, node in self.nodes.items()
            for out in PORTS[node["type"]]
            if name not in after and self.scopes[name] == self.scopes[source] and port != "item"
        ]
        moved = (*random.choice(others or [(source, port)]), target)
        edges = [moved if edge is old else edge for edge in self.edges]
        return replace(self, edges=list(dict.fromkeys(edges)))

    # ------------------------------------------------------------ the truth

    def dangling(self) -> set[Reference]:
        return {replace(ref, code=code) for ref in self.references if (code := self._code(ref))}

    def _code(self, ref: Reference) -> str:
        if ref.name in LOOP:
            return "" if self._is_in_a_body(ref.node) else "outside_iterator"
        if ref.name not in self.nodes or ref.name not in self.graph.ancestors(ref.node):
            return "unknown_variable"
        when = [ran for ran in self._runs if ref.node in ran]
        if not when:
            return "" if self._is_certain_without_trigger(ref) else "may_be_missing"
        return "" if all(ref.name in ran for ran in when) else "may_be_missing"

    def _is_certain_without_trigger(self, ref: Reference) -> bool:
        """A node that nothing leads to never runs; say what would be if what it begins with ran."""
        when = [ran for ran in self._runs_from_all if ref.node in ran]
        return all(ref.name in ran for ran in when)

    def _is_in_a_body(self, node: str) -> bool:
        return any(scope for scope in self.graph.scopes.get(node, ()))

    @cached_property
    def _runs(self) -> list[set[str]]:
        return list(self._ways({"start"}))

    @cached_property
    def _runs_from_all(self) -> list[set[str]]:
        begin = {name for name in self.nodes if not self.graph.incoming.get(name)}
        return [ran for one in sorted(begin) for ran in self._ways({one})]

    def _ways(self, begin: set[str]) -> Iterator[set[str]]:
        names = list(self.nodes)
        for taken in product(*(PORTS[self.nodes[name]["type"]] for name in names)):
            chosen = dict(zip(names, taken, strict=True))
            ran = set(begin)
            for name in self.graph.order:
                incoming = self.graph.incoming.get(name, ())
                if any(e.source in ran and e.port in ("item", chosen[e.source]) for e in incoming):
                    ran.add(name)
            yield ran


class _Pen:
    """Draws level by level; a node reads only what has run for certain before it."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.nodes: dict[str, dict[str, Any]] = {
            "start": {"id": "start", "type": "manual_trigger", "config": {}}
        }
        self.edges: list[tuple[str, str, str]] = []
        self.scopes = {"start": ""}
        self.references: list[Reference] = []

    def level(self, scope: str, size: int) -> None:
        outlets = [(scope, "item")] if scope else [("start", "default")]
        for place in range(size):
            kinds = ["text_transform", "text_transform", "data_mapper", "boolean_condition"]
            many = sum(len(PORTS[node["type"]]) > 1 for node in self.nodes.values()) > 3
            kinds = kinds[:3] if many else kinds
            kinds += ["iterator"] if not scope and len(self.nodes) < 8 else []
            kind = self.random.choice(kinds)
            name = f"n{len(self.nodes)}"
            count = 1 if not place else self.random.choice([1, 1, 2, 2, 3])
            for source, port in self.random.sample(outlets, min(count, len(outlets))):
                self.edges.append((source, port, name))
            self.scopes[name] = scope
            self.nodes[name] = {"id": name, "type": kind, "config": {}}
            self.nodes[name]["config"] = getattr(self, f"_{kind}")(name)
            outlets += [(name, port) for port in PORTS[kind]]
            if kind == "iterator":
                self.level(name, self.random.randint(1, 3))

    def _known(self, name: str) -> list[str]:
        """Nodes that have run for certain, found by trying all ways; names of the loop around."""
        so_far = Drawing(self.nodes, self.edges, self.scopes, [])
        scope = self.scopes[name]
        when = [ran for ran in so_far._runs if name in ran]
        before = so_far.graph.ancestors(name) - {scope}
        sure = [one for one in sorted(before) if all(one in ran for ran in when)]
        return [*(sure if when else []), *(LOOP if scope else ()), "trigger", "run"]

    def _template(self, name: str, field: str) -> str:
        read = self.random.choice(self._known(name))
        if read not in ("trigger", "run"):
            self.references.append(Reference(name, field, read))
        return self.random.choice(FORMS).replace("NAME", read)

    def _text_transform(self, name: str) -> dict[str, Any]:
        return {"template": self._template(name, "config.template")}

    def _boolean_condition(self, name: str) -> dict[str, Any]:
        return {"value": self._template(name, "config.value")}

    def _iterator(self, name: str) -> dict[str, Any]:
        return {"items": self._template(name, "config.items")}

    def _data_mapper(self, name: str) -> dict[str, Any]:
        if self.random.random() < 0.5:
            deep = self._template(name, "config.template.a[1].b")
            return {"template": {"a": ["x", {"b": deep}], "c": 1}}
        values = [self._template(name, f"config.mappings[{n}].value") for n in range(2)]
        return {"mappings": [{"target": f"t{n}", "value": v} for n, v in enumerate(values)]}
