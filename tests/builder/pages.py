"""The builder in a real browser: logged in, with short words for what people do there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from tests.workflows.definitions import graph, user_with
from workflows import services
from workflows.models import Role, Workflow

EDIT = """async ([node, field, value]) => {
    const source = document.querySelector("script[type=module][src*='builder/main']").src;
    const { editor } = await import(source);
    const { setNode, nodeOf } = await import(new URL("graph.js", source));
    editor.change(`Edit ${node}`, (graph) =>
        setNode(graph, editor.types, node, { [field]: value }));
    return document.getElementById("save-text")?.textContent;
}"""
EDITOR = """async () => {
    const source = document.querySelector("script[type=module][src*='builder/main']").src;
    const { editor } = await import(source);
    return editor;
}"""


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


def workflow_of(drawn: Any = None, *, published: bool = False, name: str = "Greet") -> Workflow:
    workflow = services.create_workflow(name=name, graph=drawn or graph())
    if published:
        services.publish_workflow(workflow=workflow)
    return workflow


def edit(tab: Page, value: str, *, node: str = "say", field: str = "notes") -> str:
    """One change through the editor; gives what the bar says about saving right after it."""
    return str(tab.evaluate(EDIT, [node, field, value]))


def in_editor(tab: Page, expression: str) -> Any:
    """The value of an expression about `editor`."""
    return tab.evaluate(
        f"async () => {{ const editor = await ({EDITOR})(); return {expression}; }}"
    )


def expect_saved(tab: Page) -> None:
    expect(tab.locator("#save-text")).to_have_text("Saved")


def notes_of(workflow: Workflow, node: str = "say") -> str:
    """As the server has them now."""
    draft = Workflow.objects.values_list("draft", flat=True).get(pk=workflow.pk)
    return next(str(each.get("notes", "")) for each in draft["nodes"] if each["id"] == node)
