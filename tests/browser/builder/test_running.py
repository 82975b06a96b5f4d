"""Publish, switch on, run the draft and watch it; versions side by side; open to everybody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from runs.models import Run
from tests.browser.builder.editor_page import in_editor, page_of
from tests.browser.builder.work_driver import edit, expect_saved, workflow_of
from tests.browser.filled import HOOK, broken_workflow, changed_workflow
from tests.browser.people import PHONE, log_in, too_wide
from tests.environment import axe
from tests.runs.records import run_of
from tests.runs.workers import working
from tests.workflows.definitions import START, graph
from workflows.models import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

Visit = Callable[..., Page]
SLOW: dict[str, Any] = {
    "nodes": [
        {**START, "config": {"sample": {"name": "Ada"}}},
        {"id": "wait", "type": "delay", "name": "A moment", "config": {"duration": "2"}},
        {"id": "read", "type": "json_parser", "name": "Read it", "config": {"input": "no JSON"}},
    ],
    "edges": [
        {"source": "start", "port": "default", "target": "wait"},
        {"source": "wait", "port": "default", "target": "read"},
    ],
}


def run_dialog(tab: Page) -> Any:
    tab.locator("#run-button").click()
    return tab.get_by_role("dialog", name="Run ")


def test_the_draft_runs_is_watched_and_fails_at_a_node(visit: Visit) -> None:
    workflow = workflow_of(SLOW)
    tab = visit(page_of(workflow))
    edit(tab, "Changed a moment ago", node="read")
    dialog = run_dialog(tab)
    payload = dialog.get_by_label("Payload (JSON)")
    expect(payload).to_have_value('{\n  "name": "Ada"\n}')
    expect(dialog.get_by_label("Nothing is published")).to_be_disabled()
    payload.fill('{"name": "Grace"}')
    strip = tab.get_by_role("region", name="The run on the canvas")
    with working():
        dialog.get_by_role("button", name="Run").click()
        expect(strip).to_contain_text("Waiting")
        expect(strip).to_have_attribute("data-state", "waiting")
        assert in_editor(tab, "editor.run.nodes.wait.status") == "waiting"
        assert in_editor(tab, "editor.run.taken") == ["start default"]
        expect(strip).to_contain_text("Failed at “Read it”")
    assert in_editor(tab, "editor.run.nodes.read.status") == "failed"
    assert in_editor(tab, "editor.run.taken") == ["start default", "wait default"]
    run = Run.objects.get()
    assert run.payload == {"name": "Grace"}
    assert run.version.graph["nodes"][2]["notes"] == "Changed a moment ago"

    strip.get_by_role("button", name="Open the node").click()
    assert in_editor(tab, "editor.single") == "read"
    expect(strip.get_by_role("link", name="Run page")).to_have_attribute("href", f"/runs/{run.pk}/")
    strip.get_by_role("button", name="Clear the run from the canvas").click()
    expect(strip).to_be_hidden()
    assert in_editor(tab, "editor.run") is None

    in_editor(tab, "editor.select({})")
    tab.get_by_title("Show last run on the canvas").click()
    expect(strip).to_contain_text("Failed at “Read it”")
    expect(run_dialog(tab).get_by_label("Payload (JSON)")).to_have_value('{"name": "Grace"}')


def test_a_run_is_cancelled_from_the_builder(visit: Visit) -> None:
    workflow = workflow_of(SLOW)
    tab = visit(page_of(workflow))
    run_dialog(tab).get_by_role("button", name="Run").click()
    strip = tab.get_by_role("region", name="The run on the canvas")
    expect(strip).to_contain_text("Waiting for a worker")
    strip.get_by_role("button", name="Cancel").click()
    expect(strip).to_contain_text("Cancelled")
    assert Run.objects.get().status == "cancelled"


def test_what_can_not_run_says_why(visit: Visit, allowed_errors: list[str]) -> None:
    allowed_errors.append("400")
    bad = {"id": "call", "type": "http_request", "name": "Call it", "config": {}}
    workflow = workflow_of({"nodes": [START, bad], "edges": []})
    tab = visit(page_of(workflow))
    dialog = run_dialog(tab)
    dialog.get_by_role("button", name="Run").click()
    expect(dialog.get_by_role("alert")).to_contain_text("The draft can not run like this:")
    dialog.get_by_label("Payload (JSON)").fill("{")
    dialog.get_by_role("button", name="Run").click()
    expect(dialog.get_by_role("alert")).to_contain_text("This is no JSON")
    dialog.get_by_label("Payload (JSON)").fill("{}")
    dialog.get_by_role("button", name="Run").click()
    dialog.get_by_role("button", name="Call it").first.click()
    expect(dialog).to_be_hidden()
    assert in_editor(tab, "editor.single") == "call"
    assert not Run.objects.exists()

    tab.locator("#problems summary").click()
    tab.locator("#problems").get_by_role("button", name="Call it").first.click()
    expect(tab.locator("#problems")).not_to_have_attribute("open", "")


def test_publish_and_switch_without_leaving_the_page(visit: Visit) -> None:
    workflow = workflow_of()
    tab = visit(page_of(workflow))
    switch = tab.get_by_role("switch")
    expect(switch).to_be_disabled()
    expect(tab.locator("#why-not-active")).to_have_text("Publish it first.")
    edit(tab, "kept in the history")
    tab.locator("#publish-button").click()
    dialog = tab.get_by_role("dialog", name="Publish the draft")
    dialog.get_by_label("Note").fill("First")
    dialog.get_by_role("button", name="Publish").click()
    expect(tab.get_by_text("Version 1 is published. New runs use it.")).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(tab.locator(".published-state")).to_have_text("Same as v1")
    assert in_editor(tab, "editor.undoLabel") == "Edit say"

    switch.click()
    expect(switch).to_be_checked()
    expect(tab.get_by_text("Active: its trigger starts runs now.")).to_be_visible()
    switch.click()
    tab.get_by_role("button", name="Keep it").click()
    expect(switch).to_be_checked()
    switch.click()
    tab.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(switch).not_to_be_checked()

    edit(tab, "louder")
    expect(tab.locator(".published-state")).to_have_text("Differs from v1")
    tab.locator("#publish-button").click()
    expect(dialog).to_contain_text("Since v1: 1 changed")
    with tab.context.expect_page() as opened:
        dialog.get_by_role("link", name="What changes").click()
    compared = opened.value
    expect(compared.get_by_role("heading", name="What changed")).to_be_visible()
    expect(compared.get_by_text("kept in the history")).to_be_visible()
    workflow.refresh_from_db()
    assert workflow.published is not None
    assert workflow.published.graph["nodes"][1]["notes"] == "kept in the history"


def test_import_settings_and_a_new_webhook_address(visit: Visit, allowed_errors: list[str]) -> None:
    allowed_errors.append("400")
    workflow = workflow_of(HOOK)
    tab = visit(page_of(workflow))
    address = tab.locator("#webhook-url")
    old = address.text_content()
    tab.get_by_role("button", name="New address").click()
    tab.get_by_role("dialog").get_by_role("button", name="Make a new one").click()
    expect(address).not_to_have_text(str(old))

    tab.locator("#workflow-side").get_by_role("button", name="Edit").click()
    dialog = tab.get_by_role("dialog", name="Description and settings")
    dialog.get_by_label("Description").fill("What it is for")
    dialog.get_by_label("When a run fails").select_option("address")
    dialog.get_by_label("E-mail address").fill("nobody")
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_label("E-mail address").fill("ada@example.org")
    dialog.get_by_label("Runs at once").fill("3")
    dialog.get_by_role("button", name="Save").click()
    expect(tab.locator("#workflow-side")).to_contain_text("What it is for")
    expect(tab.locator("#workflow-side")).to_contain_text("e-mail to ada@example.org")

    tab.locator("summary[aria-label=More]").click()
    tab.get_by_role("button", name="Import into this draft").click()
    dialog = tab.get_by_role("dialog", name="Import into this draft")
    dialog.get_by_label("JSON").fill('{"nodes": 1, "edges": []}')
    dialog.get_by_role("button", name="Replace the draft").click()
    expect(dialog.get_by_role("alert")).to_contain_text("A graph is")
    document = {"altoflow": 1, "name": "Other", "graph": graph("imported")}
    dialog.locator("input[type=file]").set_input_files(
        {"name": "x.json", "mimeType": "application/json", "buffer": json.dumps(document).encode()}
    )
    dialog.get_by_role("button", name="Replace the draft").click()
    expect(dialog).to_be_hidden()
    expect_saved(tab)
    workflow.refresh_from_db()
    assert workflow.draft["nodes"][1]["config"] == {"template": "imported"}
    expect(tab.locator("#webhook-url")).to_have_count(0)
    in_editor(tab, "editor.undo()")
    expect(address).to_be_visible()
    expect_saved(tab)


def test_a_viewer_looks_and_watches(page: Page, home: str) -> None:
    log_in(page.context, home, Role.VIEWER)
    workflow = workflow_of(published=True)
    run_of(workflow, "failed", error={"code": "x", "message": "It broke.", "details": {}})
    page.goto(home + page_of(workflow))
    expect(page.get_by_text("View only")).to_be_visible()
    expect(page.get_by_role("switch")).to_have_count(0)
    page.get_by_title("Show last run on the canvas").click()
    expect(page.get_by_role("region", name="The run on the canvas")).to_contain_text("It broke.")


# ---------------------------------------------------------------- for everybody


def test_no_dialog_has_a_barrier(visit: Visit, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    tab = visit(page_of(broken_workflow()))
    tab.get_by_title("Show last run on the canvas").click()
    expect(tab.locator("#run-strip")).to_be_visible()
    found = {"with a run": axe.barriers(tab)}
    openers = {
        "problems": ("#problems summary", "#problems[open]"),
        "publish": ("#publish-button", "#publish-dialog[open] form"),
        "run": ("#run-button", "#run-dialog[open]"),
        "details": ("#workflow-side [data-details]", "#details-dialog[open] form"),
    }
    for name, (opener, opened) in openers.items():
        tab.locator(opener).click()
        tab.locator(opened).first.wait_for()
        found[name] = axe.barriers(tab, within=opened.partition("[")[0])
        tab.keyboard.press("Escape")
    assert {name: each for name, each in found.items() if each} == {}


def test_the_work_is_done_on_a_phone(visit: Visit, page: Page) -> None:
    page.set_viewport_size(PHONE)
    tab = visit(page_of(broken_workflow()))
    side = tab.locator("#workflow-side")
    expect(side).to_be_hidden()
    tab.get_by_role("button", name="About this workflow").click()
    expect(side).to_be_visible()
    side.get_by_title("Show last run on the canvas").click()
    side.get_by_role("button", name="Close").click()
    expect(side).to_be_hidden()
    expect(tab.locator("#run-strip")).to_contain_text("It broke.")
    inside = "(id) => document.getElementById(id).getBoundingClientRect().right <= innerWidth"
    for button in ("run-button", "publish-button", "run-clear", "save-state"):
        assert tab.evaluate(inside, button), button
    assert too_wide(tab) == 0


def test_versions_work_without_script(browser: Browser, home: str) -> None:
    versions = page_of(changed_workflow(), "versions/")
    context = browser.new_context(java_script_enabled=False)
    log_in(context, home, Role.EDITOR)
    page = context.new_page()
    page.goto(home + versions)
    page.get_by_role("link", name="Compare v2 with v1").click()
    expect(page.get_by_text("Changed", exact=True).first).to_be_visible()
    page.get_by_label("To", exact=True).select_option("1")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Nothing changed")).to_be_visible()
    page.goto(home + versions)
    page.get_by_role("button", name="Restore version 1 as the draft").click()
    expect(page.get_by_text("Version 1 is the draft now.")).to_be_visible()
    context.close()


def test_many_problems_are_counted_and_the_first_are_listed(visit: Visit) -> None:
    nodes = [{"id": f"call_{number}", "type": "http_request"} for number in range(60)]
    tab = visit(page_of(workflow_of({"nodes": [START, *nodes], "edges": []})))
    expect(tab.locator("#problems-count")).to_have_text("60")
    rows = tab.locator("#problems [data-all-problems] > li")
    expect(rows).to_have_count(51)
    expect(rows.last).to_contain_text("and 70 more")
    in_editor(tab, "editor.open('call_1')")
    url = tab.locator('#side-node [data-path="config.url"] [data-problems]')
    expect(url.locator(".problem")).to_have_count(1)
