"""A workflow that calls two receivers, one after the other."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from tests.acceptance.receiver import Receiver


def order(first: Receiver, second: Receiver) -> dict[str, Any]:
    """Tells the first receiver, adds up, and tells the second one."""
    told = {"order": "{{ trigger.body.order }}"}
    summed = {"sum": "{{ trigger.body.price | times: trigger.body.count }}"}
    bill = {"sum": "{{ add_up.sum }}", "receipt": "{{ reserve.body.receipt }}"}
    nodes = {
        "hook": ("webhook_trigger", {}),
        "reserve": ("http_request", {"method": "POST", "url": f"{first.url}/stock", "body": told}),
        "add_up": ("data_mapper", {"template": summed}),
        "bill": ("http_request", {"method": "POST", "url": f"{second.url}/bill", "body": bill}),
        "done": ("data_mapper", {"template": {"bill": "{{ bill.body.receipt }}", **bill}}),
    }
    names = list(nodes)
    return {
        "nodes": [{"id": name, "type": kind, "config": c} for name, (kind, c) in nodes.items()],
        "edges": [{"source": a, "port": "default", "target": b} for a, b in pairwise(names)],
    }
