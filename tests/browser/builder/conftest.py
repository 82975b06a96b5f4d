"""A canvas; a workflow with nodes of many kinds, and its side panel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from builder.samples import pin_sample
from tests.browser.builder.canvas_driver import Canvas
from tests.browser.builder.side import Side
from tests.browser.people import DESK, log_in
from tests.workflows.broken_templates import edge_of
from workflows import services
from workflows.models import Role, Workflow
from workflows.vault import set_secret

ORDER = {
    "body": {"id": 42, "odd key": 1, "lines": [{"name": "Lamp"}], "vip": True},
    "method": "PUT",
}
NODES = [
    {"id": "order", "type": "webhook_trigger"},
    {
        "id": "send",
        "type": "http_request",
        "name": "Tell them",
        "config": {
            "method": "POST",
            "url": "https://a.example/{{ order.body.id }}",
            "headers": [{"name": "X-A", "value": "1"}, {"name": "X-B", "value": "{{ run.id }}"}],
            "body": {"id": "{{ order.body.id }}"},
        },
    },
    {"id": "each", "type": "iterator", "config": {"items": "{{ order.body.lines }}"}},
    {"id": "say", "type": "text_transform", "config": {"template": "{{ item.name }}"}},
    {"id": "kind", "type": "switch", "config": {"value": 1, "cases": [{"port": "big"}]}},
    {"id": "big", "type": "text_transform", "config": {"template": "{{ send.status }}"}},
    {
        "id": "both",
        "type": "logical_group",
        "config": {"rules": [{"kind": "string", "left": "a", "operator": "equals", "right": "b"}]},
    },
    {"id": "gone", "type": "plugin_gone", "config": {"a": {"b": [1, "x"]}}},
]
EDGES = [
    "order send",
    "send each",
    "each:item say",
    "each kind",
    "kind:big big",
    "kind both",
    "both:true gone",
]


@pytest.fixture
def workflow() -> Workflow:
    graph = {"nodes": NODES, "edges": [edge_of(each) for each in EDGES]}
    made = services.create_workflow(name="Orders", graph=graph)
    pin_sample(workflow=made, node_id="order", output=ORDER)
    set_secret(name="token", value="value of it")
    return made


@pytest.fixture
def side(page: Page, home: str, workflow: Workflow) -> Side:
    return Side(page, home, workflow)


@pytest.fixture
def open_canvas(page: Page, home: str) -> Callable[..., Canvas]:
    page.emulate_media(reduced_motion="reduce")

    def make(graph: Any = None, role: Role = Role.EDITOR, size: Any = DESK) -> Canvas:
        page.set_viewport_size(size)
        log_in(page.context, home, role)
        return Canvas(page, home).open(services.create_workflow(name="Orders", graph=graph))

    return make
