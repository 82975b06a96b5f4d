"""The iterators that the bench runs, and how many steps of each node a run of them must have."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from bench.graphs import Graph

ITEMS = 1_000
"""The most that an iterator takes."""
CONCURRENCY = 50
LEVELS = 5
ITEMS_A_LEVEL = 4

ALL = "{{ trigger.body.items }}"


@dataclass(frozen=True)
class LoopCase:
    graph: Graph
    body: str
    """What the webhook gets."""
    counts: dict[str, int]
    """Node -> steps."""

    @property
    def steps(self) -> int:
        return sum(self.counts.values())


def three_pure_nodes() -> LoopCase:
    """A text of the item, a condition on it, an object of both."""
    mappings = [
        {"target": "label", "value": "{{ text.text }}"},
        {"target": "n", "value": "{{ item.n }}"},
    ]
    condition = {"left": "{{ item.name }}", "operator": "starts_with", "right": "item"}
    nodes = [
        node("each", "iterator", items=ALL, concurrency=CONCURRENCY),
        node("text", "text_transform", template="{{ loop.number }}: {{ item.name }}"),
        node("check", "string_condition", **condition),
        node("object", "data_mapper", mappings=mappings),
    ]
    edges = ["hook:default", "each:item", "text:default", "check:true"]
    return LoopCase(
        joined(nodes, edges), items(ITEMS), counts(each=1, text=ITEMS, check=ITEMS, object=ITEMS)
    )


def a_call_each(url: str) -> LoopCase:
    call = {"method": "POST", "url": url, "body_type": "json", "body": {"n": "{{ item.n }}"}}
    nodes = [
        node("each", "iterator", items=ALL, concurrency=CONCURRENCY),
        node("call", "http_request", **call),
    ]
    graph = joined(nodes, ["hook:default", "each:item"])
    return LoopCase(graph, items(ITEMS), counts(each=1, call=ITEMS))


def five_levels() -> LoopCase:
    levels = [f"level_{number + 1}" for number in range(LEVELS)]
    nodes = [node(name, "iterator", items=ALL) for name in levels]
    nodes.append(node("leaf", "text_transform", template="{{ loop.parent.index }}.{{ index }}"))
    edges = ["hook:default", *(f"{name}:item" for name in levels)]
    expected = {name: ITEMS_A_LEVEL**number for number, name in enumerate(levels)}
    leaves = ITEMS_A_LEVEL**LEVELS
    return LoopCase(joined(nodes, edges), items(ITEMS_A_LEVEL), counts(**expected, leaf=leaves))


def items(number: int) -> str:
    return json.dumps({"items": [{"n": n, "name": f"item {n}"} for n in range(number)]})


def counts(**expected: int) -> dict[str, int]:
    return {"hook": 1, **expected}


def node(name: str, kind: str, **config: Any) -> dict[str, Any]:
    return {"id": name, "type": kind, "config": config}


def joined(nodes: list[dict[str, Any]], sources: list[str]) -> Graph:
    """A webhook, and each node behind its own source, "node:port"."""
    edges = []
    for source, target in zip(sources, nodes, strict=True):
        name, _, port = source.partition(":")
        edges.append({"source": name, "port": port, "target": target["id"]})
    return {"nodes": [node("hook", "webhook_trigger"), *nodes], "edges": edges}
