"""The run that the kills meet: 60 steps, ten outside effects, each step built on the one before."""

from __future__ import annotations

from typing import Any

PATH = "/effect"
BLOCKS = 5
PURE_IN_BLOCK = 8
TAIL = 4
STEPS = 1 + BLOCKS * (PURE_IN_BLOCK + 3) + TAIL
EFFECTS = [f"{side}{block}" for block in range(BLOCKS) for side in ("left", "right")]
ADDED = BLOCKS * (PURE_IN_BLOCK + 1) + TAIL
"""What a run adds to `n`, one for each pure step."""

Graph = dict[str, Any]


def sixty_steps(receiver_url: str) -> Graph:
    """webhook, then five times: eight pure steps, two effects side by side, a join of both.

    `trace` collects the receipts of the effects in order, so a step that was lost, made twice or
    overwritten shows in all that come after it."""
    drawn: Graph = {"nodes": [{"id": "hook", "type": "webhook_trigger", "config": {}}], "edges": []}
    last, value = "hook", "hook.body"
    for block in range(BLOCKS):
        for number in range(PURE_IN_BLOCK):
            name = f"pure{block}_{number}"
            _add(drawn, [last], mapper(name, value))
            last = value = name
        sides = [f"left{block}", f"right{block}"]
        for side in sides:
            _add(drawn, [last], effect(side, value, receiver_url))
        receipts = " ".join(f"{{{{ {side}.body.receipt }}}}" for side in sides)
        _add(drawn, sides, mapper(f"join{block}", value, receipts))
        last = value = f"join{block}"
    for number in range(TAIL):
        _add(drawn, [last], mapper(f"tail{number}", value))
        last = value = f"tail{number}"
    return drawn


def three_steps() -> Graph:
    drawn: Graph = {"nodes": [{"id": "hook", "type": "webhook_trigger", "config": {}}], "edges": []}
    _add(drawn, ["hook"], mapper("first", "hook.body"))
    _add(drawn, ["first"], mapper("second", "first"))
    return drawn


def mapper(name: str, value: str, more: str = "") -> dict[str, Any]:
    mappings = [
        {"target": "n", "value": f"{{{{ {value}.n | plus: 1 }}}}"},
        {"target": "trace", "value": f"{{{{ {value}.trace }}}} {more}".strip()},
    ]
    return {"id": name, "type": "data_mapper", "config": {"mappings": mappings}}


def effect(name: str, value: str, receiver_url: str) -> dict[str, Any]:
    body = {
        "run": "{{ run.id }}",
        "step": name,
        "n": f"{{{{ {value}.n }}}}",
        "trace": f"{{{{ {value}.trace }}}}",
    }
    config = {"method": "POST", "url": f"{receiver_url}{PATH}", "body": body}
    return {"id": name, "type": "http_request", "config": config}


def _add(drawn: Graph, sources: list[str], node: dict[str, Any]) -> None:
    drawn["nodes"].append(node)
    drawn["edges"] += [
        {"source": source, "port": "default", "target": node["id"]} for source in sources
    ]
