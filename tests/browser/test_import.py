"""Files dropped on a page, and workflows chosen from the list, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.workflows.definitions import graph
from workflows.models import Workflow
from workflows.services import create_workflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FIXTURES = Path(__file__).parent.parent / "fixtures/n8n"
DRAG = """([kind, files]) => {
  const data = new DataTransfer();
  for (const [name, text] of files) data.items.add(new File([text], name));
  const options = {dataTransfer: data, bubbles: true, cancelable: true};
  document.body.dispatchEvent(new DragEvent(kind, options));
}"""


def drag(page: Page, kind: str, *files: tuple[str, str]) -> None:
    page.evaluate(DRAG, [kind, [list(file) for file in files]])


def test_files_are_dropped_on_the_list(visit: Callable[[str], Page]) -> None:
    create_workflow(name="Here already", graph=graph())
    page = visit("/workflows/")
    sign = page.get_by_text("Drop files to import their workflows")
    hard = ("hard.json", (FIXTURES / "20_everything_that_is_hard.json").read_text())
    drag(page, "dragenter", hard)
    expect(sign).to_be_visible()
    drag(page, "dragleave", hard)
    expect(sign).to_be_hidden()
    drag(page, "dragenter", hard)
    drag(page, "drop", hard, ("odd.json", "[1"))

    expect(page.get_by_role("heading", name="1 workflow imported")).to_be_focused()
    expect(page.get_by_text("This is no JSON")).to_be_visible()
    expect(page.get_by_text("lead back to themselves")).to_be_visible()
    page.get_by_role("link", name="Hard", exact=True).click()
    expect(page.locator("#workflow-side")).to_contain_text("There is no node type 'n8n.merge'")
    assert Workflow.objects.count() == 2


def test_files_are_dropped_on_the_import_page(visit: Callable[[str], Page]) -> None:
    page = visit("/workflows/import/")
    text = json.dumps({"altoflow": 1, "name": "Dropped", "graph": graph()})
    page.get_by_label("Or paste JSON").fill(text.replace("Dropped", "Pasted"))
    drag(page, "drop", ("dropped.json", text))
    expect(page.get_by_label("Files", exact=True)).to_be_focused()
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Import").press("Enter")
    expect(page.get_by_role("heading", name="2 workflows imported")).to_be_visible()
    assert set(Workflow.objects.values_list("name", flat=True)) == {"Dropped", "Pasted"}


def test_chosen_workflows_are_exported(visit: Callable[[str], Page]) -> None:
    for name in ("A", "B", "C", "D"):
        create_workflow(name=name, graph=graph())
    page = visit("/workflows/")
    export = page.get_by_role("button", name="Export chosen")
    expect(export).to_be_disabled()
    page.get_by_label("Choose A", exact=True).click()
    page.get_by_label("Choose C", exact=True).click(modifiers=["Shift"])
    expect(page.get_by_text("3 workflows chosen")).to_be_visible()
    page.get_by_label("Choose B", exact=True).press("Space")
    assert exported_names(page, lambda: export.press("Enter")) == ["A", "C"]
    every = page.get_by_label("Choose all on this page")
    every.click()
    expect(page.get_by_text("4 workflows chosen")).to_be_visible()
    every.click()
    expect(export).to_be_disabled()
    page.get_by_role("link", name="A", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="A")).to_be_visible()
    page.go_back()
    link = page.get_by_role("link", name="Export all")
    assert exported_names(page, link.click) == ["A", "B", "C", "D"]


def exported_names(page: Page, action: Callable[[], Any]) -> list[str]:
    with page.expect_download() as download:
        action()
    document = json.loads(Path(download.value.path()).read_text())
    return [workflow["name"] for workflow in document["workflows"]]
