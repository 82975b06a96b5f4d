"""A live server, people who are logged in, pages of theirs; a workflow and its side panel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from builder.samples import pin_sample
from tests.browser.builder.side import Side
from tests.workflows.broken_templates import edge_of
from tests.workflows.definitions import user_with
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
def home(live_server: Any) -> Iterator[str]:
    cache.clear()
    yield str(live_server.url).replace("localhost", "127.0.0.1")


@pytest.fixture
def log_in(home: str) -> Callable[[BrowserContext, Role], None]:
    """Makes a browser somebody with this role."""

    def as_role(context: BrowserContext, role: Role) -> None:
        client = Client()
        client.force_login(user_with(role))
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": home}])

    return as_role


@pytest.fixture
def visit(
    page: Page, home: str, log_in: Callable[[BrowserContext, Role], None]
) -> Callable[..., Page]:
    """Opens a page as an admin; with `tab`, in that tab of the same browser."""
    log_in(page.context, Role.ADMIN)

    def open_page(path: str, *, tab: Page | None = None) -> Page:
        chosen = tab or page
        chosen.goto(home + path)
        return chosen

    return open_page


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
