"""The canvas of the builder by mouse and by keys."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.builder.canvas_driver import Canvas
from tests.browser.builder.drawn import LINE, LOOP
from workflows.models import Role
from workflows.services import create_workflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_mouse_draws_a_workflow(open_canvas: Callable[..., Canvas], page: Page) -> None:
    canvas = open_canvas()
    page.get_by_role("region", name="Canvas").get_by_role("button", name="Manual start").click()
    assert canvas.ids == ["manual_trigger"]
    assert canvas.selected == {"manual_trigger"}

    # A click in the palette adds after what is selected, a drag adds where it ends.
    page.get_by_role("button", name="Text", exact=True).click()
    assert canvas.edges == {"manual_trigger:default>text_transform"}
    palette = page.locator("#palette")
    item = palette.get_by_role("button", name="HTTP request").bounding_box()
    assert item
    x, y = canvas.at("text_transform")
    canvas.drag((item["x"] + 20, item["y"] + 10), (x, y + 250))
    assert canvas.ids == ["manual_trigger", "text_transform", "http_request"]
    assert canvas.at("http_request") == pytest.approx((x, y + 250), abs=12)

    # Onto an edge it is put in.
    generate = palette.get_by_role("button", name="Generate").bounding_box()
    assert generate
    wire = canvas.middle_of_wire("manual_trigger default text_transform")
    canvas.drag((generate["x"] + 20, generate["y"] + 10), wire)
    assert canvas.edges == {
        "manual_trigger:default>generate",
        "generate:default>text_transform",
    }

    # An edge by drag, one by two clicks, one that is refused.
    canvas.press("1")
    canvas.drag(canvas.port("text_transform"), canvas.at("http_request"))
    assert "text_transform:default>http_request" in canvas.edges
    canvas.click(*canvas.port("generate"))
    expect(canvas.card("http_request")).to_have_attribute("data-target", "yes")
    canvas.click(*canvas.at("http_request"))
    assert "generate:default>http_request" in canvas.edges
    canvas.drag(canvas.port("http_request"), canvas.at("generate"))
    expect(page.locator("#notices")).to_contain_text("That would be a circle")
    assert is_free_of(page, ".toast", ".minimap", ".tools")
    before = canvas.edges

    # Into the empty space: choose what comes next.
    x, y = canvas.port("http_request")
    canvas.drag((x, y), (x + 120, y + 150))
    canvas.choose("mail")
    assert canvas.edges - before == {"http_request:default>send_email"}
    canvas.press("Control+z")
    assert canvas.edges == before
    assert "send_email" not in canvas.ids
    canvas.press("Control+y")
    assert "send_email" in canvas.ids

    # An edge is led elsewhere by its end, or taken away.
    wire = canvas.middle_of_wire("generate default http_request")
    canvas.click(*wire)
    end = page.locator('.wire-end[data-end="target"]').bounding_box()
    assert end
    canvas.drag((end["x"] + 6, end["y"] + 6), canvas.at("send_email"))
    assert "generate:default>send_email" in canvas.edges
    assert "generate:default>http_request" not in canvas.edges
    canvas.click(*canvas.middle_of_wire("generate default send_email", 0.4))
    canvas.press("Delete")
    assert "generate:default>send_email" not in canvas.edges

    # All of it can be undone, and done again.
    done = canvas.graph
    for _ in range(20):
        canvas.press("Control+z")
    assert canvas.graph == {"nodes": [], "edges": []}
    expect(page.get_by_role("heading", name="Add a trigger")).to_be_visible()
    for _ in range(20):
        canvas.press("Control+Shift+z")
    assert canvas.graph == done


def test_cards_are_selected_moved_and_copied(
    open_canvas: Callable[..., Canvas], page: Page, home: str
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    canvas = open_canvas(LINE)
    x, y = canvas.place("spare")
    canvas.drag(canvas.at("spare"), canvas.at("spare", 4, 93))
    assert canvas.place("spare")[0] == x, "It snaps to the line of the card above."
    assert canvas.place("spare")[1] > y + 60
    canvas.press("Control+z")
    assert canvas.place("spare") == (x, y)

    # Dropped onto an edge, a card without edges is put in.
    canvas.drag(canvas.at("spare"), canvas.middle_of_wire("start default say"))
    assert {"start:default>spare", "spare:default>say"} <= canvas.edges
    canvas.press("Control+z")

    # Rubber band, shift and all; align, duplicate.
    (left, top), (right, bottom) = canvas.at("say", -140, -60), canvas.at("call", 140, 60)
    canvas.drag((left, top), (right, bottom))
    assert canvas.selected == {"say", "call"}
    page.keyboard.down("Shift")
    canvas.click(*canvas.at("spare"))
    page.keyboard.up("Shift")
    assert canvas.selected == {"say", "call", "spare"}
    page.get_by_role("button", name="Align left").click()
    assert {canvas.place(each)[0] for each in ("say", "call", "spare")} == {400}
    canvas.press("Control+z", "Control+a")
    assert canvas.selected == {"start", "say", "call", "spare"}
    canvas.click(*canvas.at("say"))
    # A copy lies beside what is there, also beside an earlier copy.
    canvas.press("Control+d")
    assert canvas.selected == {"say_2"}
    assert canvas.place("say_2") == (430, 30)
    canvas.click(*canvas.at("say", -60, -14))
    canvas.press("Control+d")
    assert canvas.place("say_3") == (460, 60)
    canvas.press("Delete", "Control+z", "Control+z", "Control+z")
    canvas.press("Control+a", "Control+d")
    assert canvas.selected == {"say_2", "call_2", "spare_2"}
    assert canvas.place("call_2") == (830, 30)
    canvas.press("Delete")
    canvas.click(*canvas.at("say"))
    canvas.press("Control+d", "Delete")
    expect(page.locator(":focus")).to_have_attribute("data-node", "say")

    # Copied to another workflow: ids are made anew where they are taken, edges come along.
    canvas.press("Control+a", "Control+c")
    expect(page.locator("#announcements")).to_have_text("4 nodes copied.")
    other = create_workflow(name="Other", graph=LINE)
    canvas.open(other)
    # Also where the pointer is nowhere and all is in view, no card is hidden.
    page.mouse.move(2, 2)
    page.locator(".stage").focus()
    canvas.press("Control+v")
    apart = {
        (abs(a[0] - b[0]), abs(a[1] - b[1]))
        for a, b in itertools.combinations(map(canvas.place, canvas.ids), 2)
    }
    assert all(x >= 30 or y >= 30 for x, y in apart)
    canvas.press("Control+z")
    page.mouse.move(*canvas.at("spare", 200, 120))
    page.locator(".stage").focus()
    canvas.press("Control+v")
    expect(page.locator("#notices")).to_contain_text("The trigger was left out")
    assert canvas.selected == {"say_2", "call_2", "spare_2"}
    assert "say_2:default>call_2" in canvas.edges
    canvas.press("Control+x")
    assert sorted(canvas.ids) == ["call", "say", "spare", "start"]


def test_the_board_is_looked_at(open_canvas: Callable[..., Canvas], page: Page) -> None:
    canvas = open_canvas(LOOP)
    expect(page.locator(".body-ground")).to_contain_text("For each item")
    page.evaluate(
        """import("/static/js/builder/main.js").then(({ editor }) => editor.setRun({
            id: "1", status: "completed", taken: ["each default"],
            nodes: {each: {status: "completed", count: 1}, inside: {status: "completed", count: 2}},
        }))"""
    )
    expect(page.locator(".wire.is-taken")).to_have_attribute("data-port", "item")
    scale = page.locator("[data-scale]")
    page.mouse.move(*canvas.at("each"))
    before = canvas.at("each")
    at_first = scale.inner_text()
    page.keyboard.down("Control")
    page.mouse.wheel(0, 80)
    page.keyboard.up("Control")
    expect(scale).not_to_have_text(at_first)
    canvas.expect_at("each", before)  # zoomed to the pointer
    canvas.press("0")
    expect(scale).to_have_text("100 %")
    x, y = canvas.at("each")
    page.mouse.wheel(40, 30)
    canvas.expect_at("each", (x - 40, y - 30))

    # The bar of space held, or the middle button: a drag pans, also on a card.
    canvas.card("each").focus()
    canvas.settle()
    x, y = canvas.at("each")
    page.keyboard.down("Space")
    canvas.drag((x, y), (x + 50, y + 60))
    page.keyboard.up("Space")
    canvas.expect_at("each", (x + 50, y + 60))
    assert canvas.place("each") == (300, 0)

    box = page.locator(".minimap svg").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    canvas.until(lambda: canvas.at("each")[0] < x - 100)
    canvas.press("1")

    # Tidied on the server: no card over another, no edge over a card.
    page.get_by_role("button", name="Tidy up").click()
    expect(page.locator("#announcements")).to_have_text("The nodes were laid out.")
    assert canvas.place("start") != (0, 0) or canvas.place("each") != (300, 0)
    canvas.until(lambda: page.evaluate(CROSSED) == [])

    # The outline tells the same graph, and leads to its nodes.
    page.get_by_role("button", name="Outline", exact=True).click()
    outline = page.get_by_role("complementary", name="Outline")
    expect(outline).to_contain_text("itemTextinside")
    outline.get_by_role("button", name="Many?").click()
    canvas.until(lambda: canvas.selected == {"choose"})
    expect(canvas.card("choose")).to_be_focused()


CROSSED = """() => {
    const cards = [...document.querySelectorAll("#board .node[data-node]")];
    return [...document.querySelectorAll("[data-edge]")].flatMap((wire) => {
        const line = wire.querySelector(".wire-line");
        const [source, , target] = wire.dataset.edge.split(" ");
        const others = cards.filter((card) => ![source, target].includes(card.dataset.node));
        const boxes = others.map((card) => card.getBoundingClientRect());
        const length = line.getTotalLength();
        for (let at = 0; at <= length; at += 8) {
            const on = line.getPointAtLength(at);
            const { x, y } = new DOMPoint(on.x, on.y).matrixTransform(line.getScreenCTM());
            if (boxes.some((b) => x > b.left && x < b.right && y > b.top && y < b.bottom)) {
                return [wire.dataset.edge];
            }
        }
        return [];
    });
}"""


def test_keys_do_all_of_it(open_canvas: Callable[..., Canvas], page: Page) -> None:
    canvas = open_canvas()
    page.locator(".stage").focus()
    canvas.press("/")
    expect(page.get_by_role("dialog", name="Add a node")).to_be_visible()
    canvas.choose("manual")
    focused = page.locator(":focus")
    expect(focused).to_have_accessible_name("Manual start, manual_trigger, leads nowhere")

    canvas.press("a")
    canvas.choose("number")
    canvas.press("a")
    canvas.choose("http")
    assert canvas.edges == {
        "manual_trigger:default>number_condition",
        "number_condition:true>http_request",
    }
    # Added without a place, a node comes after the only loose end; where there are two, it says
    # that it is alone.
    canvas.press("Control+z", "Escape", "/")
    canvas.choose("http")
    assert "number_condition:true>http_request" in canvas.edges
    canvas.press("Escape", "/")
    canvas.choose("generate")
    notice = page.locator("#notices")
    expect(notice).to_contain_text("Generate is not connected yet")
    canvas.press("Delete", "f")
    canvas.choose("number_condition")
    canvas.press("a")
    canvas.choose("text")
    assert "number_condition:false>text_transform" in canvas.edges

    # Tab leads from the palette to the card where one was.
    page.get_by_label("Search nodes").focus()
    canvas.press("Tab", "Tab")
    expect(focused).to_have_attribute("data-node", "text_transform")

    # Walk along the edges, between siblings, back the way one came.
    canvas.press("Home", "ArrowRight", "ArrowRight")
    assert canvas.selected == {"http_request"}
    canvas.press("ArrowDown")
    assert canvas.selected == {"text_transform"}
    canvas.press("ArrowUp", "ArrowLeft", "ArrowLeft")
    expect(focused).to_have_attribute("data-node", "manual_trigger")

    # Connect: the port, then one of the targets that are allowed.
    canvas.press("ArrowRight", "ArrowRight", "c")
    options = page.get_by_role("dialog").get_by_role("option")
    expect(options).to_have_text(["Texttext_transform"])
    canvas.choose("text")
    assert "http_request:default>text_transform" in canvas.edges
    expect(focused).to_have_accessible_name(re.compile("^HTTP request, .*, leads to Text"))
    canvas.press("ArrowLeft", "c")
    expect(options).to_have_text(["true", "false"])
    canvas.press("ArrowDown", "Enter")
    expect(options).to_have_text(["HTTP requesthttp_request"])
    canvas.press("Escape")
    canvas.press("x")
    expect(page.get_by_role("dialog", name="Remove which edge?")).to_be_visible()
    canvas.choose("Text")
    assert "number_condition:false>text_transform" not in canvas.edges

    # Move, once undone for a row of presses; Space selects more; delete gives the focus back.
    canvas.press("ArrowRight")
    x, y = canvas.place("http_request")
    canvas.press("Alt+ArrowDown", "Alt+ArrowDown", "Alt+ArrowRight")
    assert canvas.place("http_request") == (x + 10, y + 20)
    canvas.press("Control+z")
    assert canvas.place("http_request") == (x, y)
    expect(page.locator("#announcements")).to_have_text("Undone: Move HTTP request")
    canvas.press("Shift+ArrowRight")
    assert canvas.selected == {"http_request", "text_transform"}
    canvas.press("Space")
    assert canvas.selected == {"http_request"}
    canvas.press("Delete")
    assert canvas.ids == ["manual_trigger", "number_condition", "text_transform"]
    expect(focused).to_have_attribute("data-node", "number_condition")

    # Enter asks for the settings, Ctrl-S for saving, ? for the list of keys.
    page.evaluate(
        """import("/static/js/builder/main.js").then(({ editor }) => {
            window.told = [];
            for (const type of ["open", "save"]) {
                editor.addEventListener(type, ({ detail }) => window.told.push([type, detail.id]));
            }
        })"""
    )
    canvas.press("Enter", "Control+s")
    told = page.evaluate("window.told")
    assert [each[0] for each in told] == ["open", "save"]
    assert told[0][1] == "number_condition"
    canvas.card("number_condition").focus()
    canvas.press("?")
    expect(page.get_by_role("dialog", name="Keys of the canvas")).to_be_visible()
    canvas.press("Escape")
    expect(focused).to_have_attribute("data-node", "number_condition")


def is_free_of(page: Page, covering: str, *covered: str) -> bool:
    """Whether none of what is `covering` lies over what is `covered`."""
    script = """([over, under]) => {
        const boxes = (selector) =>
            [...document.querySelectorAll(selector)].map((each) => each.getBoundingClientRect());
        return boxes(over).every((a) => boxes(under).every((b) =>
            a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top));
    }"""
    return bool(page.evaluate(script, [covering, ", ".join(covered)]))


def test_viewers_look_and_walk(open_canvas: Callable[..., Canvas], page: Page) -> None:
    canvas = open_canvas(LINE, Role.VIEWER)
    expect(page.locator("#palette")).to_have_count(0)
    expect(page.get_by_role("button", name="Tidy up")).to_have_count(0)
    canvas.drag(canvas.at("say"), canvas.at("say", 80, 80))
    assert canvas.place("say") == (400, 0)
    canvas.press("ArrowRight")
    expect(canvas.card("call")).to_be_focused()
    canvas.press("Delete", "a", "Control+d")
    assert canvas.graph["nodes"][2]["id"] == "call"
    assert len(canvas.ids) == 4
    expect(page.locator("#notices")).to_contain_text("You may look at this workflow")
    canvas.drag(canvas.port("spare"), canvas.at("call"))
    assert canvas.edges == {"start:default>say", "say:default>call"}
