"""A workflow of 500 nodes as people build them: a long way with branches that meet again, and loops
over lists."""

from __future__ import annotations

from typing import Any

CONFIGS: dict[str, dict[str, Any]] = {
    "manual_trigger": {},
    "string_condition": {"left": "{{ trigger.kind }}", "operator": "equals", "right": "a"},
    "iterator": {"items": "{{ trigger.items }}"},
    "http_request": {"url": "https://a.example/{{ trigger.id }}"},
    "text_transform": {"template": "Hello {{ trigger.name }}"},
    "data_mapper": {"mappings": [{"target": "id", "value": "{{ trigger.id }}"}]},
}
WIDTH = 300
HEIGHT = 90


def large_graph(size: int = 500) -> dict[str, Any]:
    """Condition, two ways and their meeting, again and again; now and then an iterator instead."""
    nodes = [_node("start", "manual_trigger", 0, 0)]
    edges: list[dict[str, str]] = []
    before, row = "start", 0
    while len(nodes) < size:
        column, line = row % 20, row // 20
        x, y = 300 + column * 3 * WIDTH, line * 4 * HEIGHT
        kind = (
            ("iterator", "item", "default")
            if row % 7 == 3
            else ("string_condition", "true", "false")
        )
        names = [f"n{row}_{part}" for part in ("ask", "yes", "no", "meet")][: size - len(nodes)]
        types = [kind[0], "http_request", "text_transform", "data_mapper"]
        places = [(x, y), (x + WIDTH, y - 60), (x + WIDTH, y + 60), (x + 2 * WIDTH, y)]
        nodes += [_node(n, t, *p) for n, t, p in zip(names, types, places, strict=False)]
        wanted = [(before, "default", 0), (0, kind[1], 1), (0, kind[2], 2), (2, "default", 3)]
        if kind[0] != "iterator":
            wanted.append((1, "default", 3))
        for source, port, target in wanted:
            if target < len(names):
                start = source if isinstance(source, str) else names[source]
                edges.append({"source": start, "port": port, "target": names[target]})
        before, row = names[-1], row + 1
    return {"nodes": nodes, "edges": edges}


def _node(id: str, type: str, x: int, y: int) -> dict[str, Any]:
    place = {"x": x, "y": y}
    return {
        "id": id,
        "type": type,
        "name": f"Step {id}",
        "position": place,
        "config": CONFIGS[type],
    }
