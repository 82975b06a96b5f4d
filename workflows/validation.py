"""Every rule that a graph must keep before it is published. Each finding names node and field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from workflows.compiled import CompiledConfig, config_of, trigger_in
from workflows.errors import GraphError, Problem
from workflows.graph import Edge, Graph, Node
from workflows.limits import limits
from workflows.name_checks import check_names
from workflows.node_type import NodeType
from workflows.nodes import is_trigger, registry
from workflows.suggestions import did_you_mean

API_TRIGGER, RESPOND, DELAY = "api_trigger", "respond", "delay"


@dataclass(frozen=True, slots=True)
class Findings:
    """Errors keep a graph from being published, warnings do not."""

    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    def raise_errors(self) -> None:
        if self.errors:
            raise GraphError(self.errors)


def check_graph(graph: Graph) -> Findings:
    """1. size and trigger  2. types and configs  3. edges and ports  4. circles
    5. iterator bodies  6. answers to a caller who waits  7. names that templates use."""
    errors = [*_size(graph), *_trigger(graph)]
    configs: dict[str, CompiledConfig] = {}
    for node in graph.nodes.values():
        errors += _node(node, configs)
    errors += _edges(graph)
    errors += _circle(graph) or _bodies(graph)
    errors += _answers(graph)
    names = check_names(graph, known_ports(graph), configs)
    warnings = [*_unreached(graph), *_unanswered(graph), *names]
    return Findings(tuple(errors), tuple(warnings))


def check_node(graph: Graph, node_id: str) -> Findings:
    """What check_graph says about the settings of one node; of its edges nothing."""
    configs: dict[str, CompiledConfig] = {}
    errors = tuple(_node(graph.nodes[node_id], configs))
    return Findings(errors, tuple(check_names(graph, known_ports(graph), configs)))


def known_ports(graph: Graph) -> dict[str, tuple[str, ...]]:
    """The ports of each node whose type is known."""
    types = registry()
    nodes = graph.nodes.values()
    return {node.id: ports_of(node, types[node.type]) for node in nodes if node.type in types}


def ports_of(node: Node, node_type: NodeType) -> tuple[str, ...]:
    """All ports of a node as it is configured, `error` included."""
    ports = node_type.ports_for(node.config)
    return (*ports, "error") if node.continue_on_error and node_type.can_fail else ports


def port_label(node: Node, port: str) -> str:
    """What people call a port of this node."""
    known = registry().get(node.type)
    return known.port_label(node.config, port) if known else port


def _size(graph: Graph) -> Iterator[Problem]:
    most = limits().graph_nodes
    if len(graph.nodes) > most:
        yield Problem(
            "too_many_nodes",
            f"The graph has {len(graph.nodes)} nodes, {most} is the limit. "
            "Move a part of it into a workflow of its own.",
        )


def _trigger(graph: Graph) -> Iterator[Problem]:
    triggers = [node.id for node in graph.nodes.values() if is_trigger(node.type)]
    if not triggers:
        yield Problem("no_trigger", "The graph has no trigger. Add one to start it with.")
    for extra in triggers[1:]:
        yield Problem(
            "second_trigger",
            f"{extra!r} is a second trigger beside {triggers[0]!r}. A graph has exactly one.",
            extra,
            "type",
        )


def _node(node: Node, configs: dict[str, CompiledConfig]) -> Iterator[Problem]:
    node_type = registry().get(node.type)
    if node_type is None:
        hint = did_you_mean(node.type, registry())
        message = f"There is no node type {node.type!r}{hint}. Choose one from the palette."
        yield Problem("unknown_type", message, node.id, "type")
        return
    if node.continue_on_error and not node_type.can_fail:
        message = f"{node_type.label} can not fail. Switch continue_on_error off."
        yield Problem("not_allowed", message, node.id, "continue_on_error")
    if node.retry and is_trigger(node.type):
        yield Problem("not_allowed", "A trigger has no retry. Remove it.", node.id, "retry")
    try:
        configs[node.id] = config_of(node, node_type)
    except GraphError as error:
        yield from error.problems


def _edges(graph: Graph) -> Iterator[Problem]:
    for edge, count in Counter(graph.edges).items():
        if count > 1:
            message = f"{_shown(edge)} is drawn {count} times. Keep one."
            yield Problem("duplicate_edge", message, edge.source, "edges")
        missing = [end for end in (edge.source, edge.target) if end not in graph.nodes]
        for end in missing:
            message = f"{_shown(edge)}: there is no node {end!r}. Remove the edge."
            yield Problem("unknown_node", message, end, "edges")
        if not missing:
            yield from _edge(graph.nodes[edge.source], graph.nodes[edge.target], edge)


def _edge(source: Node, target: Node, edge: Edge) -> Iterator[Problem]:
    if is_trigger(target.type):
        message = f"{_shown(edge)}: a trigger starts the workflow, no edge may lead to it."
        yield Problem("edge_to_trigger", message, target.id, "edges")
    node_type = registry().get(source.type)
    if node_type is None or edge.port in (ports := ports_of(source, node_type)):
        return
    hint = " Switch continue_on_error on to have it." if edge.port == "error" else ""
    message = (
        f"{_shown(edge)}: {source.id!r} has no port {edge.port!r}; it has {', '.join(ports)}.{hint}"
    )
    yield Problem("unknown_port", message, source.id, "edges")


def _circle(graph: Graph) -> list[Problem]:
    rest = set(graph.nodes) - set(graph.order)
    circle = next((node for node in sorted(rest) if node in graph.descendants(node)), None)
    if circle is None:
        return []
    path = " -> ".join(_path_back(graph, circle))
    message = f"These nodes lead back to themselves: {path}. Remove one of the edges."
    return [Problem("cycle", message, circle, "edges")]


def _path_back(graph: Graph, start: str) -> list[str]:
    """A shortest way from `start` to itself."""
    came_from: dict[str, str] = {}
    for node in (queue := [start]):
        for edge in graph.outgoing.get(node, ()):
            if edge.target == start:
                path = [start, node]
                while path[-1] != start:
                    path.append(came_from[path[-1]])
                return path[::-1] if node != start else [start, start]
            if edge.target not in came_from:
                came_from[edge.target] = node
                queue.append(edge.target)
    return [start]


def _bodies(graph: Graph) -> Iterator[Problem]:
    depth = limits().iterator_depth
    for node, scopes in graph.scopes.items():
        if len(scopes) > 1:
            iterator = sorted({name for scope in scopes for name in scope})[0]
            message = (
                f"An edge leads into or out of the body of the iterator {iterator!r} at {node!r}. "
                "Everything that follows its port item must stay apart from the rest; "
                "go on from its port default."
            )
            yield Problem("open_body", message, node, "edges")
        elif len(next(iter(scopes), ())) > depth:
            message = f"{node!r} stands in more than {depth} iterators. Nest fewer."
            yield Problem("too_deep", message, node, "edges")


def _answers(graph: Graph) -> Iterator[Problem]:
    """Nothing may hold up the answer that a caller waits for."""
    answering = [node for node in graph.nodes.values() if node.type == RESPOND]
    if not answering:
        return
    if not any(node.type == API_TRIGGER for node in graph.nodes.values()):
        for node in answering:
            message = (
                "Respond answers the caller of an API call, and nobody calls this workflow so. "
                f"Use the trigger {API_TRIGGER}, or remove the node."
            )
            yield Problem("needs_api_trigger", message, node.id, "type")
        return
    iterators: dict[str, str] = {}
    for node in graph.nodes.values():
        if node.type == DELAY:
            message = "A workflow that responds to a waiting caller may not wait. Remove the delay."
            yield Problem("delay_before_answer", message, node.id, "type")
        if node.type in registry() and "item" in registry()[node.type].ports:
            iterators |= dict.fromkeys(graph.body_of(node.id), node.id)
    for name, iterator in sorted(iterators.items()):
        inner = graph.nodes.get(name)
        if inner is not None and inner.type != DELAY and not _is_pure(inner):
            message = (
                f"{name!r} has an effect outside or waits, and stands in the iterator "
                f"{iterator!r}. A workflow that responds to a waiting caller may only compute "
                "there. Move it out of the iterator, or do it in another workflow."
            )
            yield Problem("effect_before_answer", message, name, "type")


def _is_pure(node: Node) -> bool:
    """A type that is not installed is a problem of its own."""
    node_type = registry().get(node.type)
    return node_type is None or (node_type.effect == "none" and not node_type.waits)


def _unanswered(graph: Graph) -> Iterator[Problem]:
    types = {node.type: node for node in graph.nodes.values()}
    if API_TRIGGER in types and RESPOND not in types:
        message = "No node responds: callers get 504 after they have waited. Add Respond."
        yield Problem("no_answer", message, types[API_TRIGGER].id, "type")


def _unreached(graph: Graph) -> Iterator[Problem]:
    trigger = trigger_in(graph)
    if trigger is None:
        return
    reached = {trigger.id, *graph.descendants(trigger.id)}
    for node in graph.nodes:
        if node not in reached:
            yield Problem("unreached", f"No edge leads to {node!r}, it never runs.", node, "edges")


def _shown(edge: Edge) -> str:
    return f"The edge {edge.source} ({edge.port}) -> {edge.target}"
