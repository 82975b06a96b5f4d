"""Short words for the work around the canvas: edits, what is saved, what the server has."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, expect

from tests.workflows.definitions import graph
from workflows import services
from workflows.models import Workflow

EDIT = """async ([node, field, value]) => {
    const { editor } = await import("/static/js/builder/main.js");
    const { setNode } = await import("/static/js/builder/graph.js");
    editor.change(`Edit ${node}`, (graph) =>
        setNode(graph, editor.types, node, { [field]: value }));
    return document.getElementById("save-text")?.textContent;
}"""


def workflow_of(drawn: Any = None, *, published: bool = False, name: str = "Greet") -> Workflow:
    workflow = services.create_workflow(name=name, graph=drawn or graph())
    if published:
        services.publish_workflow(workflow=workflow)
    return workflow


def edit(tab: Page, value: str, *, node: str = "say", field: str = "notes") -> str:
    """One change through the editor; gives what the bar says about saving right after it."""
    return str(tab.evaluate(EDIT, [node, field, value]))


def expect_saved(tab: Page) -> None:
    expect(tab.locator("#save-text")).to_have_text("Saved")


def notes_of(workflow: Workflow, node: str = "say") -> str:
    """As the server has them now."""
    draft = Workflow.objects.values_list("draft", flat=True).get(pk=workflow.pk)
    return next(str(each.get("notes", "")) for each in draft["nodes"] if each["id"] == node)
