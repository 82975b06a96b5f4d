"""A version made ready to run: configs checked, templates compiled, edges followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from rest_framework import serializers

from workflows.errors import GraphError, Problem, TemplateError
from workflows.graph import Edge, Graph, Node, flattened, joined
from workflows.node_type import (
    HtmlTemplateField,
    ItemTemplatesField,
    Json,
    JsonTemplateField,
    NodeConfig,
    NodeType,
    TemplateField,
)
from workflows.nodes import is_trigger, registry
from workflows.templating import AsHtml, CompiledValue, Fixed, PerItem, Resolved, compile_value


class CompiledConfig:
    """A checked config; `resolve` gives the dict that `NodeType.execute` gets."""

    __slots__ = ("_value", "reads", "uses_vault", "variables")

    def __init__(self, value: CompiledValue) -> None:
        self._value = value
        self.reads = value.reads
        self.variables = value.variables
        self.uses_vault = value.uses_vault

    @classmethod
    def compile(cls, form_class: type[NodeConfig], raw: Mapping[str, Json]) -> CompiledConfig:
        """Raises serializers.ValidationError, or TemplateError with its place in the details."""
        form = _form(form_class)
        return cls(compile_value(_marked(form, form.run_validation(dict(raw)))))

    def resolve(
        self, context: Mapping[str, Json], *, strict: bool = False, masked: bool = False
    ) -> Resolved:
        """Raises TemplateError."""
        return self._value.resolve(context, strict=strict, masked=masked)


@cache
def _form(form_class: type[NodeConfig]) -> NodeConfig:
    """One for all nodes of a type: to make a form takes longer than to check a config with it."""
    return form_class()


def _marked(field: Any, value: Json) -> Any:
    """The value with everything that is no template in a Fixed, and other kinds of templates marked
    as such."""
    if isinstance(field, ItemTemplatesField):
        return PerItem(value)
    if isinstance(field, HtmlTemplateField):
        return AsHtml(value)
    if isinstance(field, (TemplateField, JsonTemplateField)):
        return value
    if isinstance(value, Mapping) and isinstance(field, serializers.Serializer):
        return {name: _marked(field.fields[name], inner) for name, inner in value.items()}
    child = getattr(field, "child", None)
    if isinstance(value, list) and child is not None:
        return [_marked(child, item) for item in value]
    return Fixed(value)


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
    trigger = _trigger_id(graph)
    reached = {trigger, *graph.descendants(trigger)}
    nodes = {}
    for name in graph.order:
        if name in reached:
            node = graph.nodes[name]
            node_type = _type_of(node)
            nodes[name] = CompiledNode(
                node,
                node_type,
                _published_config_of(node, node_type),
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


def trigger_in(graph: Graph) -> Node | None:
    """The first one of a graph that was not checked."""
    return next((node for node in graph.nodes.values() if is_trigger(node.type)), None)


def config_of(node: Node, node_type: NodeType) -> CompiledConfig:
    """Raises GraphError with a problem for each field."""
    try:
        return CompiledConfig.compile(node_type.Config, node.config)
    except serializers.ValidationError as error:
        problems = [
            Problem("invalid_config", message, node.id, joined("config", path))
            for path, message in flattened(error.detail)
        ]
        raise GraphError(problems) from error
    except TemplateError as error:
        place = joined("config", str(error.details.get("path", "")))
        raise GraphError([Problem(error.code, error.message, node.id, place)]) from error


def _trigger_id(graph: Graph) -> str:
    if trigger := trigger_in(graph):
        return trigger.id
    raise GraphError([Problem("no_trigger", "The graph has no trigger. Add one to start it with.")])


def _type_of(node: Node) -> NodeType:
    node_type = registry().get(node.type)
    if node_type is None:
        message = f"The node type {node.type!r} is not installed here. Install it, or replace it."
        raise GraphError([Problem("unknown_type", message, node.id, "type")])
    return node_type


def _published_config_of(node: Node, node_type: NodeType) -> CompiledConfig:
    try:
        return config_of(node, node_type)
    except GraphError as error:
        why = f"The settings of {node.id!r} can not be used: {error.message}"
        raise GraphError(error.problems, f"{why} Correct and publish them.") from error
