"""A graph as it stands in a browser at some moment of editing: read for a look, never stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from workflows.errors import GraphError, Problem
from workflows.graph import Edge, Graph, Node
from workflows.node_type import Json


def read_loosely(raw: Json) -> Graph:
    """What can be used of it. One node that is being changed does not keep another from being
    looked at; and it is read twenty times as fast as a graph that is checked."""
    data = raw if isinstance(raw, Mapping) else {}
    nodes = (_node(each) for each in _mappings(data.get("nodes")))
    edges = (_edge(each) for each in _mappings(data.get("edges")))
    return Graph({node.id: node for node in nodes if node}, tuple(edge for edge in edges if edge))


def form_problems(raw: Json, node_id: str) -> tuple[Problem, ...]:
    """What keeps the node itself from being stored."""
    data = raw if isinstance(raw, Mapping) else {}
    own = [each for each in _mappings(data.get("nodes")) if each.get("id") == node_id]
    try:
        Graph.from_json({"nodes": own, "edges": []})
    except GraphError as error:
        return tuple(error.problems)
    return ()


def _mappings(raw: Json) -> Iterator[Mapping[str, Any]]:
    return (
        (each for each in raw if isinstance(each, Mapping)) if isinstance(raw, list) else iter(())
    )


def _node(raw: Mapping[str, Any]) -> Node | None:
    name, kind, config = raw.get("id"), raw.get("type"), raw.get("config")
    if not isinstance(name, str) or not isinstance(kind, str):
        return None
    return Node(
        id=name,
        type=kind,
        name=str(raw.get("name") or ""),
        config=config if isinstance(config, Mapping) else {},
        continue_on_error=raw.get("continue_on_error") is True,
    )


def _edge(raw: Mapping[str, Any]) -> Edge | None:
    source, port, target = raw.get("source"), raw.get("port", "default"), raw.get("target")
    if not (isinstance(source, str) and isinstance(port, str) and isinstance(target, str)):
        return None
    return Edge(source, port, target)
