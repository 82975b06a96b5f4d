"""The side panel in a real browser: typing, lists, rules, completion, data to use, tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from builder.models import PinnedSample
from tests.browser.builder.side import Side
from tests.browser.people import PHONE
from tests.environment import axe
from tests.workflows.broken_templates import BROKEN, broken_graph
from workflows import services
from workflows.models import Role, Workflow
from workflows.vault import set_secret

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_broken_templates_are_marked_at_their_fields(page: Page, home: str) -> None:
    set_secret(name="token", value="value of it")
    made = services.create_workflow(name="Broken", graph=broken_graph())
    side = Side(page, home, made)
    page.locator("[data-picker] summary").evaluate(
        "(summary) => (summary.parentElement.open = false)"
    )
    levels = {"error": "problem", "warning": "problem warning", "hint": "problem hint"}
    seen: dict[str, Any] = {}
    for each in BROKEN:
        side.choose(each.name)
        shown = page.locator("#side-settings .problem")
        seen[each.name] = shown.evaluate_all(
            "all => all.map((p) => [p.className, p.closest('[data-path]')?.dataset.path, "
            "p.textContent.trim()])"
        )
    for each in BROKEN:
        assert len(seen[each.name]) == 1, (each.name, seen[each.name])
        (found,) = seen[each.name]
        place = each.field
        while place != found[1] and "." in place:  # a place within JSON: its field says where
            place = place.rpartition(".")[0].removesuffix("[1]")
        assert [found[0], found[1]] == [levels[each.level], place], each.name
        assert each.part in found[2], each.name


# ---------------------------------------------------------------- typing


def test_typing_changes_the_graph_at_once_and_can_be_undone(side: Side, page: Page) -> None:
    side.choose("send", opened=True)
    url = side.control("config.url")
    before = url.input_value()
    url.fill("https://b.example/")
    url.press_sequentially("{{ nobody }}")
    assert side.config("send")["url"].startswith("https://b.example/{{ nobody")
    expect(side.problems("config.url")).to_contain_text("There is no 'nobody'")
    described = url.get_attribute("aria-describedby") or ""
    assert side.field("config.url").locator("[data-problems]").get_attribute("id") in described
    side.js("editor.undo()")
    expect(url).to_have_value(before)
    expect(side.problems("config.url")).to_have_count(0)
    side.js("editor.redo()")
    expect(url).to_have_value("https://b.example/{{ nobody }}")
    url.fill("")
    assert "url" not in side.config("send")
    expect(url).to_have_attribute("aria-invalid", "true")


def test_the_server_is_not_needed_for_typing(
    side: Side, page: Page, allowed_errors: list[str]
) -> None:
    allowed_errors.append("Failed to load resource")
    side.choose("send")
    page.context.set_offline(True)
    side.control("config.timeout_seconds").fill("2.5")
    side.control("name").fill("Offline")
    side.field("config.headers").get_by_role("button", name="Move down").first.click()
    page.context.set_offline(False)
    config = side.config("send")
    assert config["timeout_seconds"] == 2.5
    assert [each["name"] for each in config["headers"]] == ["X-B", "X-A"]
    expect(page.locator("#np-title")).to_have_text("Offline")


def test_what_is_typed_is_taken_as_it_is_meant(side: Side) -> None:
    broken_json_is_kept_and_named_until_it_is_mended(side)
    a_number_in_a_template_field_stays_what_is_meant(side)
    fields_that_do_not_apply_are_left_out_and_come_back(side)
    edges_follow_a_port_and_never_get_lost_while_it_is_typed(side)
    a_new_case_has_a_port_at_once(side)


def broken_json_is_kept_and_named_until_it_is_mended(side: Side) -> None:
    side.choose("send")
    body = side.control("config.body")
    body.fill('{\n  "id": 1,\n  oops }')
    expect(side.problems("config.body")).to_contain_text("in line 3, column 3")
    assert side.config("send")["body"] == {"id": "{{ order.body.id }}"}
    side.control("name").fill("Else")
    expect(body).to_have_value('{\n  "id": 1,\n  oops }')
    body.fill('{"id": 1}')
    expect(side.problems("config.body")).to_have_count(0)
    assert side.config("send")["body"] == {"id": 1}


def a_number_in_a_template_field_stays_what_is_meant(side: Side) -> None:
    side.choose("kind")
    right = side.control("config.cases[0].right")
    row = side.field("config.cases[0].right")
    right.fill("5")
    assert side.config("kind")["cases"][0]["right"] == "5"
    row.get_by_role("button", name="Read as number").click()
    assert side.config("kind")["cases"][0]["right"] == 5
    right.fill("57")
    assert side.config("kind")["cases"][0]["right"] == 57
    row.get_by_role("button", name="Read as text").click()
    assert side.config("kind")["cases"][0]["right"] == "57"


def fields_that_do_not_apply_are_left_out_and_come_back(side: Side) -> None:
    side.choose("kind")
    right = side.field("config.cases[0].right")
    operator = side.control("config.cases[0].operator")
    side.control("config.cases[0].right").fill("abc")
    operator.select_option(label="is empty")
    expect(right).to_be_hidden()
    assert "right" not in side.config("kind")["cases"][0]
    operator.select_option(label="contains")
    expect(right).to_be_visible()
    assert side.config("kind")["cases"][0]["right"] == "abc"


def a_new_case_has_a_port_at_once(side: Side) -> None:
    add = side.field("config.cases").get_by_role("button", name="Add to cases")
    for _ in range(2):
        add.click()
    ports = [case["port"] for case in side.config("kind")["cases"]]
    assert ports[1:] == ["case_1", "case_2"]
    port = side.control("config.cases[2].port")
    expect(port).to_be_focused()
    expect(port).to_have_value("case_2")
    side.page.keyboard.type("late")
    port.press("Tab")
    assert side.config("kind")["cases"][2]["port"] == "late"


def edges_follow_a_port_and_never_get_lost_while_it_is_typed(side: Side) -> None:
    side.choose("kind")
    port = side.control("config.cases[0].port")
    ports = "editor.graph.edges.filter((e) => e.source === 'kind').map((e) => e.port)"
    port.fill("")
    port.press("Tab")
    expect(side.problems("config.cases[0].port")).to_contain_text("Port is needed")
    assert side.js(ports) == ["big", "default"]
    port.fill("huge")
    port.press("Tab")
    assert side.js(ports) == ["huge", "default"]


# ---------------------------------------------------------------- lists and rules by keyboard


def test_lists_and_rules_by_keyboard_alone(side: Side, page: Page) -> None:
    side.choose("send", opened=True)
    add = side.field("config.headers").get_by_role("button", name="Add to headers")
    add.focus()
    page.keyboard.press("Enter")
    page.keyboard.type("X-C")
    page.keyboard.press("Tab")
    page.keyboard.type("three")
    assert side.config("send")["headers"][2] == {"name": "X-C", "value": "three"}
    up = side.field("config.headers").get_by_role("button", name="Move up").nth(1)
    up.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert [each["name"] for each in side.config("send")["headers"]] == ["X-C", "X-A", "X-B"]
    side.field("config.headers").get_by_role("button", name="Remove").first.press("Enter")
    assert [each["name"] for each in side.config("send")["headers"]] == ["X-A", "X-B"]

    side.choose("both", opened=True)
    rules = side.field("config.rules")
    rules.get_by_role("button", name="Group").last.press("Enter")
    group = rules.locator("[data-form=group]")
    kind = group.get_by_label("Kind of rule")
    expect(group.get_by_label("This group holds when")).to_be_focused()
    kind.focus()
    page.keyboard.press("ArrowDown")
    expect(kind).to_have_value("number")
    group.get_by_role("button", name="Group").press("Enter")
    rules_now = side.config("both")["rules"]
    assert rules_now[1]["combinator"] == "or"
    assert rules_now[1]["rules"][0]["kind"] == "number"
    assert rules_now[1]["rules"][1]["rules"][0]["kind"] == "string"


# ---------------------------------------------------------------- the whole node


def test_a_new_id_is_followed_by_references_and_samples(side: Side, page: Page) -> None:
    side.choose("order")
    page.locator("[data-more=other] summary").click()
    own = side.control("id")
    own.fill("Order Nr")
    own.press("Enter")
    expect(own).to_have_value("order")
    loop = "{% for line in order.body.lines %}{{ line }}{% endfor %}"
    side.js(
        "editor.change('x', (g) => ({...g, nodes: g.nodes.map((n) => "
        "n.id === 'big' ? {...n, config: {template: args[0]}} : n)}))",
        loop,
    )
    own.fill("line")
    own.press("Enter")
    expect(own).to_have_value("order")
    own.fill("purchase")
    own.press("Enter")
    expect(page.locator("[data-side-id]")).to_have_text("purchase")
    assert side.config("send")["url"] == "https://a.example/{{ purchase.body.id }}"
    side.choose("big", opened=True)
    expect(page.get_by_role("tree", name="Nodes before")).to_contain_text("purchase")
    expect(page.get_by_role("tree", name="Nodes before")).to_contain_text("pinned")
    assert PinnedSample.objects.get().node_id == "purchase"
    side.js("editor.undo()")
    expect(page.get_by_role("tree", name="Nodes before")).to_contain_text("order")


def test_an_unknown_type_is_shown_and_replaced(side: Side, page: Page) -> None:
    side.js("editor.select({nodes: ['gone']})")
    shown = page.get_by_role("tree", name="Original settings")
    expect(shown).to_contain_text("a")
    shown.get_by_role("treeitem").first.press("ArrowRight")
    expect(shown).to_contain_text("b")
    page.get_by_label("Replace with").select_option(label="Wait")
    expect(side.control("config.duration")).to_be_visible()
    assert side.js("editor.graph.edges.at(-1)")["target"] == "gone"


def test_what_to_do_about_failures_and_copies(side: Side, page: Page) -> None:
    side.choose("send")
    page.locator("[data-more=failure] summary").click()
    page.get_by_role("switch", name="Continue on error").check()
    page.get_by_role("switch", name="Try again when it fails").check()
    side.control("retry.max_attempts").fill("4")
    node = "editor.graph.nodes.find((n) => n.id === args[0])"
    assert side.js(node, "send")["retry"]["max_attempts"] == 4
    expect(page.locator("[data-more=failure] [data-note]")).to_have_text("goes on, 4 attempts")
    side.control("retry.max_attempts").fill("99")
    expect(side.problems("retry.max_attempts")).to_contain_text("from 1 to 10")
    assert side.js(node, "send")["retry"]["max_attempts"] == 4
    page.get_by_role("switch", name="Try again when it fails").uncheck()
    assert side.js(node, "send")["retry"] is None
    page.locator("#side-node").get_by_role("button", name="Duplicate").click()
    expect(page.locator("[data-side-id]")).to_have_text("send_2")
    page.locator("#side-node").get_by_role("button", name="Delete").click()
    assert side.js(node, "send_2") is None
    expect(page.locator("#side-node")).to_be_hidden()


def test_findings_about_the_whole_node_stand_above_its_settings(side: Side, page: Page) -> None:
    side.choose("say")
    finding = {"node": "say", "field": "edges", "code": "open_body", "message": "An open body."}
    side.js("editor.setFindings({errors: [args[0]], warnings: []})", finding)
    expect(page.locator("[data-general]")).to_contain_text("An open body.")
    side.js("editor.setFindings({errors: [], warnings: []})")
    expect(page.locator("[data-general]")).to_be_empty()


# ---------------------------------------------------------------- for everybody


def test_viewers_look_and_change_nothing(page: Page, home: str, workflow: Workflow) -> None:
    side = Side(page, home, workflow, Role.VIEWER)
    side.choose("send")
    assert side.control("config.url").get_attribute("readonly") is not None
    expect(side.control("config.method")).to_be_disabled()
    expect(page.get_by_role("button", name="Add to headers")).to_be_hidden()
    expect(page.get_by_role("tab", name="Test")).to_be_hidden()
    page.get_by_role("tab", name="Last run").click()
    expect(page.locator("#side-data")).to_contain_text("has not run yet")


def write(page: Page) -> None:
    page.locator("#side-settings .code-input").first.focus()
    page.wait_for_load_state("networkidle")


def prepare_a_test(page: Page) -> None:
    page.get_by_role("tab", name="Test").click()
    expect(page.get_by_role("button", name="Test this node")).to_be_visible()


def look_back(page: Page) -> None:
    page.get_by_role("tab", name="Last run").click()
    expect(page.locator("#side-data")).to_contain_text("has not run yet")


LOOK: dict[str, Callable[[Page], None]] = {
    "send": write,
    "both": lambda page: None,
    "order": prepare_a_test,
    "kind": look_back,
}


def test_the_panel_has_no_barrier(side: Side, page: Page) -> None:
    page.emulate_media(reduced_motion="reduce")
    found = {}
    for node, look in LOOK.items():
        side.choose(node)
        look(page)
        found[node] = axe.barriers(page, within="#side")
    side.js("editor.select({nodes: ['gone']})")
    found["gone"] = axe.barriers(page)
    assert found == {name: [] for name in found}


def test_on_a_phone_the_panel_is_a_sheet(side: Side, page: Page) -> None:
    page.set_viewport_size(PHONE)
    side.choose("send")
    expect(page.locator("#side-node")).to_be_hidden()
    side.choose("both", opened=True)
    expect(page.locator("#side-node")).to_be_visible()
    expect(side.control("config.combinator")).to_be_focused()
    for node in ("send", "both", "kind", "order"):
        side.choose(node, opened=True)
        beyond = page.locator("#side-settings").evaluate("(e) => e.scrollWidth - e.clientWidth")
        assert beyond == 0, node
    box = page.locator("#side").bounding_box()
    assert box and (box["x"], box["width"]) == (0, PHONE["width"])
    page.keyboard.press("Escape")
    expect(page.locator("#side-node")).to_be_hidden()
    assert side.js("editor.single") == "order"


def test_the_list_of_problems_names_node_and_setting_and_stays_out_of_the_fields(
    page: Page, home: str
) -> None:
    nodes = [{"id": "start", "type": "manual_trigger"}, {"id": "which", "type": "switch"}]
    edges = [{"source": "start", "port": "default", "target": "which"}]
    graph = {"nodes": [{**node, "config": {}} for node in nodes], "edges": edges}
    side = Side(page, home, services.create_workflow(name="Bare", graph=graph)).choose("which")
    side.control("config.value").fill("{{ trigger.kind }}")
    expect(page.locator("#problems-count")).to_have_text("1")
    page.locator("#problems summary").click()
    expect(page.locator("#problems .problem-row")).to_have_text(
        "Switch cases This field is required."
    )
    expect(page.locator("#side-settings .problem-row")).to_have_count(0)
    # What is longer than the side scrolls there, never the page.
    page.set_viewport_size({"width": 1440, "height": 360})
    page.locator(".np-head").get_by_role("button", name="Close the settings").click()
    assert page.evaluate("document.documentElement.scrollHeight") == 360


def test_a_node_that_takes_the_place_of_another_stays_selected(page: Page, home: str) -> None:
    nodes = [{"id": "start", "type": "gone", "config": {}}]
    made = services.create_workflow(name="Gone", graph={"nodes": nodes, "edges": []})
    side = Side(page, home, made)
    side.js("editor.select({nodes: ['start']})")
    page.get_by_label("Replace with").select_option("manual_trigger")
    card = page.locator('#board .node[data-node="start"][data-category="trigger"]')
    expect(card).to_have_attribute("aria-current", "true")
