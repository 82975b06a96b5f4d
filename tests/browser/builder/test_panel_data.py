"""The data of a node in a real browser: completion, data to use, trials, samples, its last run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from builder.models import PinnedSample
from tests.browser.builder.side import Side
from tests.runs.records import run_of, step_of
from workflows.models import Workflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_names_and_filters_are_completed(side: Side, page: Page) -> None:
    side.choose("big", opened=True)
    template = side.control("config.template")
    offers = page.get_by_role("listbox", name="Names and filters")
    template.fill("")
    template.press_sequentially("Hi {{ order.body.i")
    expect(offers.get_by_role("option").first).to_contain_text("order.body.id")
    template.press("Enter")
    expect(template).to_have_value("Hi {{ order.body.id }}")
    # The caret stays inside.
    template.press_sequentially(" | curr")
    expect(offers.get_by_role("option").first).to_contain_text("currency")
    template.press("Tab")
    expect(template).to_have_value("Hi {{ order.body.id | currency }}")
    template.press("Control+z")
    expect(template).to_have_value("Hi {{ order.body.id | curr }}")
    assert side.config("big")["template"] == "Hi {{ order.body.id | curr }}"
    template.fill("{{ ")
    template.press("Control+Space")
    expect(offers.get_by_role("option", name="trigger", exact=False).first).to_be_visible()
    template.press("Escape")
    expect(offers).to_be_hidden()
    expect(template).to_be_focused()


def test_data_is_inserted_and_its_value_shown(side: Side, page: Page) -> None:
    side.choose("big", opened=True)
    template = side.control("config.template")
    tree = page.get_by_role("tree", name="Nodes before")
    expect(tree).to_be_hidden()
    template.fill("No. ")
    order = tree.get_by_role("treeitem", name="order").first
    expect(order).to_contain_text("pinned")
    order.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.locator(":focus")).to_contain_text("body")
    page.keyboard.press("ArrowRight")
    order.locator("[data-expression='order.body[\"odd key\"]']").first.click()
    expect(template).to_have_value('No. {{ order.body["odd key"] }}')
    preview = side.field("config.template").locator("[data-preview]")
    expect(preview).to_contain_text("No. 1")
    expect(preview).to_contain_text("text, from a pinned sample")
    template.fill("{{ order.body.vip }}")
    expect(preview).to_contain_text("yes or no")
    template.fill("{{ vault.token | upcase }}")
    expect(preview).to_contain_text("•••")
    template.fill("Dropped: ")
    order.locator("[data-expression='order.method'] > .data-row").drag_to(template)
    expect(template).to_have_value(re.compile(r"\{\{ order\.method \}\}"))
    assert "{{ order.method }}" in side.config("big")["template"]
    page.get_by_role("searchbox", name="Search the data").fill("lamp")
    expect(page.get_by_role("tree", name="Found")).to_contain_text("order.body.lines[0].name")
    side.choose("say")
    loop = page.get_by_role("tree", name="In this loop")
    expect(loop).to_be_hidden()
    side.control("config.template").focus()
    expect(loop.get_by_role("treeitem").first).to_contain_text("item")
    expect(side.field("config.template").locator("[data-preview]")).to_contain_text("Lamp")
    # Who closes the drawer has it closed, whatever is filled in next.
    page.get_by_text("Data to use").click()
    side.choose("big")
    side.control("config.template").focus()
    expect(side.field("config.template").locator("[data-preview]")).to_be_visible()
    expect(tree).to_be_hidden()


def test_a_value_goes_into_json_with_its_quotes(side: Side, page: Page) -> None:
    side.choose("send", opened=True)
    body = side.control("config.body")
    body.fill('{"id": }')
    body.evaluate("(area) => area.setSelectionRange(7, 7)")
    page.get_by_role("tree", name="About this run").get_by_text("workflow", exact=True).click()
    assert side.config("send")["body"] == {"id": "{{ workflow }}"}


# ---------------------------------------------------------------- trials and the last run


def test_a_node_is_tested_and_its_output_pinned(side: Side, page: Page) -> None:
    side.choose("big")
    page.get_by_role("tab", name="Test").click()
    data = page.get_by_label("Data of the nodes before")
    expect(data).to_have_value(re.compile('"status": 201'))
    data.fill('{"send": {"status": 418}}')
    page.get_by_role("button", name="Test this node").click()
    result = page.get_by_role("region", name="Result of the test")
    expect(result).to_contain_text("Completed")
    expect(result).to_contain_text("418")
    result.get_by_role("button", name="Pin this output").click()
    expect(page.locator("#notices")).to_contain_text("Pinned")
    assert PinnedSample.objects.get(node_id="big").output == {"text": "418"}
    data.fill("{oops")
    page.get_by_role("button", name="Test this node").click()
    expect(page.locator("[data-test-problem]")).to_contain_text("column 2")
    page.get_by_role("tab", name="Last run").click()
    page.get_by_role("button", name="Unpin").click()
    expect(page.locator("#side-data")).not_to_contain_text("A sample is pinned")
    assert not PinnedSample.objects.filter(node_id="big").exists()


def test_the_last_run_of_a_node_item_by_item(side: Side, page: Page, workflow: Workflow) -> None:
    workflow.published = workflow.versions.create(number=1, graph=workflow.draft)
    workflow.save()
    run = run_of(workflow)
    for place in range(12):
        step_of(
            run,
            "say",
            node_type="text_transform",
            iteration=str(place),
            output={"text": f"item {place}"},
        )
    side.choose("say")
    page.get_by_role("tab", name="Last run").click()
    data = page.locator("#side-data")
    expect(data).to_contain_text("item 11")
    data.get_by_role("button", name="The one before").click()
    expect(data).to_contain_text("item 10")
    data.get_by_label("Number of 12").fill("3")
    data.get_by_label("Number of 12").press("Enter")
    expect(data).to_contain_text("item 2")
    data.get_by_role("button", name="Pin this output").click()
    expect(data).to_contain_text("A sample is pinned")
    assert PinnedSample.objects.get(node_id="say").output == {"text": "item 2"}

    watched = run_of(workflow, "running")
    side.js(
        "editor.setRun({id: args[0], status: 'running', nodes: {}, taken: []})", str(watched.pk)
    )
    expect(data).to_contain_text("This node has not run in this run yet")
    step_of(watched, "say", node_type="text_transform", output={"text": "watched"})
    stage = "{say: {status: 'completed', count: 1}}"
    side.js(f"editor.setRun({{...editor.run, nodes: {stage}}})")
    expect(data).to_contain_text("watched")
