"""Graphs with places, drawn for the canvas."""

from __future__ import annotations

from typing import Any


def node(id: str, type: str, x: int = 0, y: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "position": {"x": x, "y": y}, **more}


def edges(*texts: str) -> list[dict[str, str]]:
    """Edges as text: "a:true > b"."""
    found = []
    for text in texts:
        source, target = text.split(" > ")
        source, _, port = source.partition(":")
        found.append({"source": source, "port": port or "default", "target": target})
    return found


LINE = {
    "nodes": [
        node("start", "manual_trigger", 0, 0),
        node("say", "text_transform", 400, 0, name="Say hello", config={"template": "Hi"}),
        node("call", "http_request", 800, 0, name="Announce it"),
        node("spare", "generate", 400, 200, name="Spare"),
    ],
    "edges": edges("start > say", "say > call"),
}
LOOP = {
    "nodes": [
        node("start", "manual_trigger", 0, 0),
        node("each", "iterator", 300, 0, config={"items": "{{ start.rows }}"}),
        node("inside", "text_transform", 600, -60, config={"template": "{{ item }}"}),
        node("after", "text_transform", 600, 140, config={"template": "{{ each.count }}"}),
        node("choose", "number_condition", 900, 140, name="Many?"),
    ],
    "edges": edges("start > each", "each:item > inside", "each > after", "after > choose"),
}
