"""A version made ready to run: configs checked, templates compiled, edges followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from rest_framework import serializers

from workflows.errors import GraphError, Problem, TemplateError
from workflows.graph import Edge, Graph, Node
from workflows.node_type import Json, JsonTemplateField, NodeConfig, NodeType, TemplateField
from workflows.nodes import registry
from workflows.templating import CompiledValue, Resolved, compile_value

Tree: TypeAlias = Any  # a CompiledValue, a dict or list of trees, or a fixed value in _Fixed


@dataclass(frozen=True, slots=True)
class _Fixed:
    value: Json


class CompiledConfig:
    """A checked config; `resolve` gives the dict that `NodeType.execute` gets."""

    __slots__ = ("_fixed", "_parts", "uses_vault", "variables")

    def __init__(self, tree: Mapping[str, Tree]) -> None:
        self._fixed = {k: v.value for k, v in tree.items() if isinstance(v, _Fixed)}
        self._parts = [(k, v) for k, v in tree.items() if not isinstance(v, _Fixed)]
        leaves = [leaf for _, part in self._parts for leaf in _leaves(part)]
        self.variables: frozenset[str] = frozenset().union(*(leaf.variables for leaf in leaves))
        self.uses_vault = any(leaf.uses_vault for leaf in leaves)

    @classmethod
    def compile(cls, form_class: type[NodeConfig], raw: Mapping[str, Json]) -> CompiledConfig:
        """Raises serializers.ValidationError, or TemplateError with the field in its details."""
        form = form_class(data=dict(raw))
        form.is_valid(raise_exception=True)
        return cls({k: _compile(form.fields[k], v, k) for k, v in form.validated_data.items()})

    def resolve(
        self, context: Mapping[str, Json], *, strict: bool = False, masked: bool = False
    ) -> Resolved:
        """Raises TemplateError."""
        values = dict(self._fixed)
        warnings: list[str] = []
        exposed: set[str] = set()
        for name, part in self._parts:
            values[name] = _resolve(part, context, strict, masked, warnings, exposed)
        return Resolved(values, tuple(warnings), frozenset(exposed))


def _compile(field: serializers.Field[Any, Any, Any, Any], value: Json, path: str) -> Tree:
    if isinstance(field, (TemplateField, JsonTemplateField)):
        try:
            compiled = compile_value(value)
        except TemplateError as error:
            error.details.setdefault("field", path)
            raise
        return _Fixed(value) if compiled.is_literal else compiled
    if isinstance(value, Mapping) and isinstance(field, serializers.Serializer):
        inner = {k: _compile(field.fields[k], v, f"{path}.{k}") for k, v in value.items()}
        return _folded(inner, inner.values(), dict(value))
    child = getattr(field, "child", None)
    if isinstance(value, list) and isinstance(child, serializers.Field):
        items = [_compile(child, item, f"{path}[{place}]") for place, item in enumerate(value)]
        return _folded(items, items, value)
    return _Fixed(value)


def _folded(tree: Tree, parts: Any, value: Json) -> Tree:
    return _Fixed(value) if all(isinstance(part, _Fixed) for part in parts) else tree


def _leaves(tree: Tree) -> list[CompiledValue]:
    if isinstance(tree, CompiledValue):
        return [tree]
    if isinstance(tree, _Fixed):
        return []
    parts = tree.values() if isinstance(tree, dict) else tree
    return [leaf for part in parts for leaf in _leaves(part)]


def _resolve(
    tree: Tree,
    context: Mapping[str, Json],
    strict: bool,
    masked: bool,
    warnings: list[str],
    exposed: set[str],
) -> Json:
    if isinstance(tree, _Fixed):
        return tree.value
    if isinstance(tree, CompiledValue):
        resolved = tree.resolve(context, strict=strict, masked=masked)
        warnings.extend(resolved.warnings)
        exposed |= resolved.exposed
        return resolved.value
    if isinstance(tree, dict):
        return {k: _resolve(v, context, strict, masked, warnings, exposed) for k, v in tree.items()}
    return [_resolve(item, context, strict, masked, warnings, exposed) for item in tree]


@dataclass(frozen=True, slots=True)
class CompiledNode:
    """A node with its type and config. `outgoing` and `incoming` follow reachable edges only."""

    node: Node
    type: NodeType
    config: CompiledConfig
    outgoing: tuple[Edge, ...]
    incoming: int

    @property
    def has_effect(self) -> bool:
        return self.type.effect == "outside"

    @property
    def repeats_when_interrupted(self) -> bool:
        """Whether a step that a crash cut off may be made again."""
        if self.node.on_interrupt is not None:
            return self.node.on_interrupt == "retry"
        return self.type.sends_idempotency_key or not self.has_effect


@dataclass(frozen=True, slots=True)
class CompiledGraph:
    trigger: str
    nodes: Mapping[str, CompiledNode]
    """Those that can be reached from the trigger."""
    levels: Mapping[str, Mapping[str, int]]
    """By the iterator around it (empty for none), each node and how many edges lead to it."""
    graph: Graph


def compile_graph(graph: Graph) -> CompiledGraph:
    """Raises GraphError when a node can not be used (a type was uninstalled, a rule changed)."""
    trigger = _trigger_of(graph)
    reached = {trigger, *graph.descendants(trigger)}
    nodes = {}
    for name in graph.order:
        if name in reached:
            node = graph.nodes[name]
            nodes[name] = CompiledNode(
                node,
                _type_of(node),
                _config_of(node),
                graph.outgoing.get(name, ()),
                sum(edge.source in reached for edge in graph.incoming.get(name, ())),
            )
    return CompiledGraph(trigger, nodes, _levels(graph, nodes), graph)


def _levels(graph: Graph, nodes: Mapping[str, CompiledNode]) -> dict[str, dict[str, int]]:
    levels: dict[str, dict[str, int]] = {"": {}}
    for name, node in nodes.items():
        scope = next(iter(graph.scopes[name]))
        levels.setdefault(scope[-1] if scope else "", {})[name] = node.incoming
        if "item" in node.type.ports:
            levels.setdefault(name, {})
    return levels


def _trigger_of(graph: Graph) -> str:
    for node in graph.nodes.values():
        node_type = registry().get(node.type)
        if node_type is not None and node_type.category == "trigger":
            return node.id
    raise GraphError([Problem("no_trigger", "The graph has no trigger. Add one to start it with.")])


def _type_of(node: Node) -> NodeType:
    node_type = registry().get(node.type)
    if node_type is None:
        message = f"The node type {node.type!r} is not installed here. Install it, or replace it."
        raise GraphError([Problem("unknown_type", message, node.id, "type")])
    return node_type


def _config_of(node: Node) -> CompiledConfig:
    try:
        return CompiledConfig.compile(_type_of(node).Config, node.config)
    except (serializers.ValidationError, TemplateError) as error:
        message = f"The settings of {node.id!r} can not be used: {error}. Correct and publish them."
        raise GraphError([Problem("invalid_config", message, node.id, "config")]) from error
