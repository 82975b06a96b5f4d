"""Short words for tests of the side panel: open a workflow, choose a node, look at its fields."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.builder.editor_page import READY, in_editor, page_of
from tests.browser.people import DESK, log_in
from workflows.models import Role, Workflow

SIDE = "#side-node"


class Side:
    """The panel beside a workflow that is being edited."""

    def __init__(self, page: Page, home: str, workflow: Workflow, role: Role = Role.EDITOR) -> None:
        log_in(page.context, home, role)
        self.page = page
        page.set_viewport_size(DESK)
        page.goto(home + page_of(workflow))
        page.locator(READY).wait_for()

    def js(self, expression: str, *args: Any) -> Any:
        """With `editor` and `panel` of the page, and `args`."""
        return in_editor(self.page, expression, *args)

    def choose(self, node_id: str, *, opened: bool = False, event: str = "checked") -> Side:
        """Select a node and wait until its form is `ready`, or `checked` for the first time."""
        told = f"document.querySelector('{SIDE}').addEventListener('panel:{event}', "
        self.page.evaluate(
            f"() => {{ window.told = new Promise((r) => {told} r, {{once: true}})); }}"
        )
        self.js("editor.open(args[0])" if opened else "editor.select({nodes: [args[0]]})", node_id)
        expect(self.page.locator("[data-side-id]")).to_have_text(node_id)
        self.page.evaluate("window.told.then(() => 0)")
        return self

    def field(self, path: str) -> Locator:
        return self.page.locator(f'{SIDE} [data-path="{path}"]')

    def control(self, path: str) -> Locator:
        return self.field(path).locator("[data-control]").first

    def problems(self, path: str) -> Locator:
        return self.field(path).locator(":scope > [data-problems] .problem")

    def config(self, node_id: str) -> dict[str, Any]:
        found = self.js("editor.graph.nodes.find((node) => node.id === args[0]).config", node_id)
        return dict(found)
