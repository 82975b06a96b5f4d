"""What the canvas of the builder shows: to everybody, of problems and runs, of large graphs."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from bench.large_graph import large_graph
from tests.browser.builder.canvas_driver import Canvas
from tests.browser.builder.drawn import LINE, LOOP, edges, node
from tests.browser.builder.editor_page import READY, in_editor
from tests.environment import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def row_of(columns: int) -> dict[str, Any]:
    ids = [f"n{number}" for number in range(columns)]
    nodes = [{"id": each, "type": "text_transform", "config": {}} for each in ids]
    nodes[0]["type"] = "manual_trigger"
    return {
        "nodes": nodes,
        "edges": edges(*(f"{left} > {right}" for left, right in itertools.pairwise(ids))),
    }


NAME_SIZE = """(name) => parseFloat(getComputedStyle(name).fontSize)
    * name.getBoundingClientRect().width / name.offsetWidth"""


def test_six_columns_are_seen_whole_at_first(
    open_canvas: Callable[..., Canvas], page: Page
) -> None:
    canvas = open_canvas(row_of(6))
    assert is_inside(canvas, "n0") and is_inside(canvas, "n5")
    # So far away, the names alone are shown, as large as can be read.
    expect(canvas.card("n5").locator(".node-id")).to_be_hidden()
    assert canvas.card("n5").locator(".node-name").evaluate(NAME_SIZE) > 9
    page.get_by_role("button", name="Full size").click()
    expect(canvas.card("n0").locator(".node-id")).to_be_visible()


def test_of_eight_columns_the_first_are_seen_or_the_palette_is_folded_away(
    open_canvas: Callable[..., Canvas], page: Page
) -> None:
    canvas = open_canvas(row_of(8))
    assert is_inside(canvas, "n4") and not is_inside(canvas, "n7")
    assert canvas.card("n0").locator(".node-name").evaluate(NAME_SIZE) > 9
    expect(page.locator(".minimap [data-beyond]")).to_be_visible()

    fold = page.get_by_role("button", name="Node types")
    expect(fold).to_have_attribute("aria-expanded", "true")
    fold.press("Enter")
    expect(fold).to_be_focused()
    expect(fold).to_have_attribute("aria-expanded", "false")
    search = page.get_by_role("searchbox", name="Search nodes")
    expect(search).to_be_hidden()
    # This browser remembers it, and then there is room for all of them.
    page.reload()
    page.locator(READY).wait_for()
    canvas.settle()
    expect(search).to_be_hidden()
    assert is_inside(canvas, "n7")
    expect(page.locator(".minimap [data-beyond]")).to_have_count(0)
    assert axe.barriers(page) == []
    page.get_by_role("button", name="Add a node", exact=True).click()
    expect(page.get_by_role("dialog", name="Add after Text")).to_be_visible()
    canvas.press("Escape")
    fold.click()
    expect(search).to_be_visible()
    expect(fold).to_have_attribute("aria-expanded", "true")


def is_inside(canvas: Canvas, node: str) -> bool:
    stage, card = (
        canvas.page.locator("#canvas .stage").bounding_box(),
        canvas.card(node).bounding_box(),
    )
    assert stage and card
    return stage["x"] < card["x"] and card["x"] + card["width"] < stage["x"] + stage["width"]


def test_the_canvas_has_no_barrier(open_canvas: Callable[..., Canvas], page: Page) -> None:
    canvas = open_canvas(LOOP)
    page.get_by_role("button", name="Outline", exact=True).click()
    canvas.click(*canvas.at("each"))
    assert axe.barriers(page) == []
    canvas.press("a")
    assert axe.barriers(page) == []
    canvas.press("Escape", "?")
    assert axe.barriers(page) == []
    canvas.press("Escape", "Control+a", "Delete")
    assert axe.barriers(page) == []


def test_problems_and_runs_are_seen_on_the_cards(
    open_canvas: Callable[..., Canvas], page: Page
) -> None:
    gone = node("gone", "of_a_plugin", 800, 200, config={"old": "settings"})
    more = edges("spare > gone", "gone:somewhere > call")
    canvas = open_canvas({"nodes": [*LINE["nodes"], gone], "edges": [*LINE["edges"], *more]})
    expect(canvas.card("gone")).to_have_accessible_name(
        re.compile(r"^Unknown type of_a_plugin, gone, leads to Announce it \(somewhere\)")
    )
    expect(canvas.wire("gone somewhere call")).to_have_count(1)
    page.evaluate(
        """import("/static/js/builder/main.js").then(({ editor }) => {
            editor.setFindings({
                errors: [{node: "call", field: "url", message: "Give an address."}],
                warnings: [{node: "spare", field: "edges", message: "Never runs."}],
            });
            editor.setRun({
                id: "1", status: "running", taken: ["start default"],
                nodes: {start: {status: "completed", count: 1}, say: {status: "running", count: 3}},
            });
        })"""
    )
    expect(canvas.card("call")).to_have_attribute("title", "Give an address.")
    expect(canvas.card("call")).to_have_accessible_name(
        "HTTP request, Announce it, leads nowhere, 1 problem"
    )
    expect(canvas.card("spare")).to_have_attribute("data-problem", "warning")
    expect(canvas.card("say")).to_contain_text("×3")
    expect(canvas.card("say")).to_have_accessible_name(
        "Text, Say hello, leads to Announce it, running"
    )
    expect(page.locator(".wire.is-taken")).to_have_count(1)
    in_editor(page, "editor.setRun(null)")
    expect(page.locator(".wire.is-taken, #board [data-state]")).to_have_count(0)


PROGRESS = """() => performance.getEntriesByName("canvas-drawn")[0].startTime"""


def test_five_hundred_nodes_stay_fluid(
    open_canvas: Callable[..., Canvas],
    page: Page,
) -> None:
    """The figures are in the bench; here what they depend on, with room for busy machines."""
    graph = large_graph(500)
    canvas = open_canvas(graph)
    expect(page.locator("#board .node")).to_have_count(500)
    expect(page.locator("[data-edge]")).to_have_count(len(graph["edges"]))
    assert page.evaluate("document.querySelectorAll('*').length") < 10_000
    assert page.evaluate(PROGRESS) < 6_000

    client = page.context.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.mouse.move(*canvas.at("start"))
    for name, act in {"pan": pan, "drag one": drag_one, "drag all": drag_all}.items():
        before = metrics(client)
        act(canvas)
        after = metrics(client)
        spent = 1000 * sum(after[key] - before[key] for key in COSTS) / EVENTS
        assert spent < 16, f"{name}: {spent:.1f} ms of our script, style and layout per event"


EVENTS = 20
COSTS = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


def metrics(client: Any) -> dict[str, float]:
    return {
        each["name"]: each["value"] for each in client.send("Performance.getMetrics")["metrics"]
    }


def pan(canvas: Canvas) -> None:
    for _ in range(EVENTS):
        canvas.page.mouse.wheel(5, 3)


def drag_one(canvas: Canvas) -> None:
    x, y = canvas.at("start")
    canvas.drag((x, y), (x + 60, y + 60), EVENTS)


def drag_all(canvas: Canvas) -> None:
    canvas.press("Control+a")
    drag_one(canvas)
