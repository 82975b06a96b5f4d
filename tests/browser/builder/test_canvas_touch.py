"""The canvas of the builder on a phone, by fingers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.builder.canvas_driver import Canvas, middle
from tests.browser.builder.drawn import LINE
from tests.browser.people import PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("device", [{"has_touch": True, "viewport": PHONE}], ids=["phone"])
def test_a_finger_does_it(open_canvas: Callable[..., Canvas], page: Page) -> None:
    canvas = open_canvas(LINE, size=PHONE)
    touch = Touch(canvas)
    # The first look is at the start, and a map says that there is more.
    expect(page.locator(".minimap")).to_be_visible()
    touch.tap(*canvas.at("start"))
    canvas.until(lambda: canvas.selected == {"start"})
    x, y = canvas.at("start")
    touch.drag((x, y), (x, y + 120))
    canvas.until(lambda: canvas.place("start")[1] > 100)
    page.get_by_role("button", name="Undo").tap()
    expect(page.get_by_role("button", name="Redo: Move Manual start")).to_be_visible()
    canvas.settle()

    # One finger on the board pans, two pinch.
    before = canvas.at("start")
    empty = (200, 620)
    touch.drag(empty, (160, 590))
    canvas.expect_at("start", (before[0] - 40, before[1] - 30), near=2)
    touch.drag((160, 590), empty)
    canvas.expect_at("start", before, near=2)
    scale = page.locator("[data-scale]")
    at_first = scale.inner_text()
    touch.pinch((195, 420), 120, 60)
    expect(scale).not_to_have_text(at_first)

    def shows_all() -> bool:
        """A tap right after a pinch may be taken for a part of it."""
        page.get_by_role("button", name="Show all").tap()
        canvas.settle()
        return scale.inner_text() == "32 %"

    # Tap the port, tap the target; the palette is a sheet.
    canvas.until(shows_all)
    expect(page.locator(".minimap")).to_be_hidden()
    canvas.settle()
    touch.tap(*canvas.port("spare"))
    expect(page.get_by_text("Tap the node to connect to.")).to_be_visible()
    touch.tap(*canvas.at("call"))
    canvas.until(lambda: "spare:default>call" in canvas.edges)
    touch.tap(*canvas.at("call"))
    page.get_by_role("button", name="Close the settings").tap()
    expect(page.get_by_role("button", name="Close the settings")).to_be_hidden()
    page.get_by_role("button", name="Add a node").tap()
    page.get_by_role("complementary", name="Nodes").get_by_role("button", name="Wait").tap()
    expect(page.get_by_role("complementary", name="Nodes")).to_be_hidden()
    canvas.until(lambda: "call:default>delay" in canvas.edges)
    page.get_by_role("toolbar", name="Selection").get_by_role("button", name="Delete").tap()
    expect(canvas.card("delay")).to_have_count(0)

    # A finger that has rested on a type drags it from the sheet; one that has not scrolls the list.
    page.get_by_role("button", name="Add a node").tap()
    sheet = page.get_by_role("complementary", name="Nodes")
    item = sheet.get_by_role("button", name="Date", exact=True)
    item.scroll_into_view_if_needed()
    start = middle(item)

    def scrolls() -> bool:
        """A browser that is busy may hear so late of the finger's way that it seems to have rested
        first."""
        touch.drag(start, (start[0], start[1] - 90))
        expect(sheet).to_be_visible()
        return middle(item)[1] < start[1] - 50

    canvas.until(scrolls)
    assert "date_transform" not in canvas.ids
    touch.drag(middle(item), (120, 230), rest=400)
    expect(sheet).to_be_hidden()
    canvas.expect_at("date_transform", (120, 230), near=12)
    page.get_by_role("button", name="Undo").tap()
    expect(canvas.card("date_transform")).to_have_count(0)

    # A second tap opens; a finger that rests selects one more.
    page.get_by_role("button", name="Show all").tap()
    expect(scale).to_have_text("32 %")
    canvas.settle()
    touch.tap(*canvas.at("say"))
    canvas.until(lambda: canvas.selected == {"say"})
    touch.hold(*canvas.at("spare"))
    canvas.until(lambda: canvas.selected == {"say", "spare"})


class Touch:
    """Fingers, by the protocol of the browser."""

    def __init__(self, canvas: Canvas) -> None:
        self.settle = canvas.settle
        self.client = canvas.page.context.new_cdp_session(canvas.page)

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    def tap(self, x: float, y: float) -> None:
        self.send("touchStart", (x, y))
        self.send("touchEnd")
        self.settle()

    def drag(self, start: tuple[float, float], end: tuple[float, float], rest: int = 0) -> None:
        """The finger rests before it is lifted: the browser ignores a tap that ends a fling. It
        may `rest` where it starts too, for so many milliseconds."""
        self.send("touchStart", start)
        self.wait(rest)
        for share in (0.2, 0.6, 1):
            x, y = (a + (b - a) * share for a, b in zip(start, end, strict=True))
            self.send("touchMove", (x, y))
        self.wait(80)
        self.send("touchMove", end)
        self.send("touchEnd")
        self.settle()

    def wait(self, milliseconds: int) -> None:
        script = f"new Promise((done) => setTimeout(done, {milliseconds}))"
        self.client.send("Runtime.evaluate", {"expression": script, "awaitPromise": True})

    def pinch(self, center: tuple[float, float], apart: float, then: float) -> None:
        x, y = center
        self.send("touchStart", (x - apart / 2, y))
        self.send("touchStart", (x - apart / 2, y), (x + apart / 2, y))
        for share in (0.5, 1):
            half = (apart + (then - apart) * share) / 2
            self.send("touchMove", (x - half, y), (x + half, y))
        self.send("touchEnd")
        self.settle()

    def hold(self, x: float, y: float) -> None:
        self.send("touchStart", (x, y))
        self.wait(600)
        self.send("touchEnd")
        self.settle()
