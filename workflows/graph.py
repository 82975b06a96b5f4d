"""The shape of a workflow: nodes, edges and what follows from them. No models, no node types."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Literal, TypeAlias

from rest_framework import serializers

from workflows.errors import GraphError, Problem
from workflows.names import repeated_names

NODE_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
RESERVED_IDS = frozenset({"trigger", "vault", "run", "workflow", "item", "index", "loop"})

Scope: TypeAlias = tuple[str, ...]
"""The iterators around a node, outermost first."""
MOST_SCOPES = 16


@dataclass(frozen=True, slots=True)
class Retry:
    """How often and when a failed step is tried again. Seconds."""

    max_attempts: int = 1
    wait_seconds: float = 1
    backoff: Literal["fixed", "exponential"] = "fixed"
    max_wait_seconds: float = 300

    def wait_before(self, next_try: int) -> float:
        """Seconds to wait before try number `next_try` (2 is the first repetition)."""
        factor = 2 ** (next_try - 2) if self.backoff == "exponential" else 1
        return min(self.wait_seconds * factor, self.max_wait_seconds)


@dataclass(frozen=True, slots=True)
class Node:
    id: str
    type: str
    name: str = ""
    position: Mapping[str, float] = field(default_factory=lambda: {"x": 0, "y": 0})
    config: Mapping[str, Any] = field(default_factory=dict)
    continue_on_error: bool = False
    retry: Retry | None = None
    on_interrupt: Literal["retry", "fail"] | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    source: str
    port: str
    target: str


@dataclass(frozen=True)
class Graph:
    """Nodes in the order they were drawn, edges likewise."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]

    @classmethod
    def from_json(cls, data: Any) -> Graph:
        """Raises GraphError when the form is broken; what a well-formed graph means is checked by
        `workflows.validation.check_graph`."""
        return _parse(data)

    @cached_property
    def outgoing(self) -> Mapping[str, tuple[Edge, ...]]:
        return _grouped((edge.source, edge) for edge in self.edges)

    @cached_property
    def incoming(self) -> Mapping[str, tuple[Edge, ...]]:
        return _grouped((edge.target, edge) for edge in self.edges)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """All nodes, each after all that lead to it. What stands on a circle is left out."""
        known = [e for e in self.edges if e.source in self.nodes and e.target in self.nodes]
        missing = dict.fromkeys(self.nodes, 0) | Counter(edge.target for edge in known)
        order = [node for node, count in missing.items() if not count]
        following = _grouped((edge.source, edge) for edge in known)
        for node in order:
            for edge in following.get(node, ()):
                missing[edge.target] -= 1
                if not missing[edge.target]:
                    order.append(edge.target)
        return tuple(order)

    def descendants(self, start: str) -> frozenset[str]:
        """All nodes that can be reached from `start`, without it."""
        return self._closure(start, lambda node: (e.target for e in self.outgoing.get(node, ())))

    def ancestors(self, start: str) -> frozenset[str]:
        """All nodes from which `start` can be reached, without it."""
        return self._closure(start, lambda node: (e.source for e in self.incoming.get(node, ())))

    def _closure(self, start: str, step: Any) -> frozenset[str]:
        found: set[str] = set()
        todo = list(step(start))
        while todo:
            if (node := todo.pop()) not in found:
                found.add(node)
                todo.extend(step(node))
        return frozenset(found)

    @cached_property
    def scopes(self) -> Mapping[str, frozenset[Scope]]:
        """The iterators around each node. A sound graph gives each node exactly one scope; two mean
        that an edge leads into or out of an iterator's body. Of more, MOST_SCOPES are kept: a chain
        of iterators that leave by both ports doubles them at each."""
        scopes: dict[str, set[Scope]] = defaultdict(set)
        for node in self.order:
            if not self.incoming.get(node):
                scopes[node].add(())
            for edge in self.outgoing.get(node, ()):
                inner = (node,) if edge.port == "item" else ()
                found = scopes[edge.target] | {scope + inner for scope in scopes[node]}
                shortest = sorted(found, key=lambda scope: (len(scope), scope))
                scopes[edge.target] = set(shortest[:MOST_SCOPES])
        return {node: frozenset(found) for node, found in scopes.items()}

    def body_of(self, iterator: str) -> frozenset[str]:
        """The nodes between an iterator's port `item` and its end, nested bodies included."""
        return frozenset(
            node for node, scopes in self.scopes.items() if any(iterator in s for s in scopes)
        )


class _PositionForm(serializers.Serializer[Any]):
    x = serializers.FloatField()
    y = serializers.FloatField()


class _RetryForm(serializers.Serializer[Any]):
    max_attempts = serializers.IntegerField(min_value=1, max_value=10)
    wait_seconds = serializers.FloatField(min_value=0, max_value=3600, default=1)
    backoff = serializers.ChoiceField(["fixed", "exponential"], default="fixed")
    max_wait_seconds = serializers.FloatField(min_value=0, max_value=3600, default=300)


class _NodeForm(serializers.Serializer[Any]):
    id = serializers.RegexField(
        rf"^{NODE_ID.pattern}\Z",
        trim_whitespace=False,
        error_messages={
            "invalid": "Use lower-case letters, digits and _, starting with a letter, at most 64."
        },
    )
    type = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=200, allow_blank=True, default="")
    position = _PositionForm(default=lambda: {"x": 0, "y": 0})
    config = serializers.DictField(default=dict)
    continue_on_error = serializers.BooleanField(default=False)
    retry = _RetryForm(allow_null=True, default=None)
    on_interrupt = serializers.ChoiceField(["retry", "fail"], allow_null=True, default=None)
    notes = serializers.CharField(allow_blank=True, default="", max_length=10_000)


class _EdgeForm(serializers.Serializer[Any]):
    id = serializers.CharField(max_length=64, allow_blank=True, required=False)
    source = serializers.CharField(max_length=64)  # type: ignore[assignment]
    port = serializers.CharField(max_length=64, default="default")
    target = serializers.CharField(max_length=64)


def _parse(data: Any) -> Graph:
    if not isinstance(data, Mapping) or not isinstance(data.get("nodes"), list):
        raise _malformed('A graph is {"nodes": [...], "edges": [...]}. Send an object like that.')
    if not isinstance(data.get("edges"), list):
        raise _malformed('The graph has no list of "edges". Add one; it may be empty.', "edges")
    problems: list[Problem] = []
    if unknown := sorted(set(data) - {"nodes", "edges"}):
        problems.append(
            Problem("malformed", f"A graph has no {unknown[0]!r}. Remove it.", "", unknown[0])
        )
    nodes = [_parse_node(raw, place, problems) for place, raw in enumerate(data["nodes"])]
    edges = [_parse_edge(raw, place, problems) for place, raw in enumerate(data["edges"])]
    problems += _repeated_ids(node.id for node in nodes if node)
    if problems:
        raise GraphError(problems)
    return Graph({node.id: node for node in nodes if node}, tuple(edge for edge in edges if edge))


def _parse_node(raw: Any, place: int, problems: list[Problem]) -> Node | None:
    known = raw.get("id") if isinstance(raw, Mapping) else None
    label = known if isinstance(known, str) else f"#{place + 1}"
    form = _checked(_NodeForm, raw, label, "", problems)
    if form is None:
        return None
    if form["id"] in RESERVED_IDS:
        problems.append(
            Problem("reserved_id", f"{label!r} is a reserved name. Take another id.", label, "id")
        )
    retry = Retry(**form.pop("retry")) if form["retry"] else form.pop("retry")
    return Node(**form, retry=retry)


def _parse_edge(raw: Any, place: int, problems: list[Problem]) -> Edge | None:
    form = _checked(_EdgeForm, raw, "", f"edges[{place}]", problems)
    return Edge(form["source"], form["port"], form["target"]) if form else None


def _checked(
    form_class: type[serializers.Serializer[Any]],
    raw: Any,
    node: str,
    place: str,
    problems: list[Problem],
) -> dict[str, Any] | None:
    form = _form(form_class)
    unknown = sorted(set(raw) - set(form.fields), key=str) if isinstance(raw, Mapping) else []
    for name in unknown:
        message = f"There is no field {name!r} here. Remove it, or put it under config."
        problems.append(Problem("malformed", message, node, joined(place, str(name))))
    try:
        checked = dict(form.run_validation(raw))
    except serializers.ValidationError as error:
        for path, message in flattened(error.detail):
            problems.append(Problem("malformed", message, node, joined(place, path)))
        return None
    return None if unknown else checked


@cache
def _form(form_class: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """One for all nodes: to make a form costs five times as much as to check a node with it."""
    return form_class()


def flattened(errors: Any, path: str = "") -> Iterable[tuple[str, str]]:
    """DRF's nested errors as (path, message) pairs: `headers[0].name`."""
    if isinstance(errors, Mapping):
        for name, inner in errors.items():
            here = path if name == "non_field_errors" else joined(path, str(name))
            yield from flattened(inner, here)
    elif isinstance(errors, list) and any(isinstance(item, (Mapping, list)) for item in errors):
        for place, inner in enumerate(errors):
            yield from flattened(inner, f"{path}[{place}]")
    elif isinstance(errors, list):
        for message in errors:
            yield path, str(message)
    else:
        yield path, str(errors)


def joined(path: str, name: str) -> str:
    if isinstance(name, str) and name.isdigit():
        return f"{path}[{name}]"
    return f"{path}.{name}" if path and name else path or name


def _repeated_ids(ids: Iterable[str]) -> list[Problem]:
    return [
        Problem("duplicate_id", f"Two nodes have the id {node!r}. Give each its own.", node, "id")
        for node in repeated_names(ids)
    ]


def _malformed(message: str, place: str = "") -> GraphError:
    return GraphError([Problem("malformed", message, "", place)])


def _grouped(pairs: Iterable[tuple[str, Edge]]) -> Mapping[str, tuple[Edge, ...]]:
    groups: dict[str, list[Edge]] = defaultdict(list)
    for key, edge in pairs:
        groups[key].append(edge)
    return {key: tuple(edges) for key, edges in groups.items()}
