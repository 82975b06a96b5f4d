"""The builder with a workflow of 500 nodes: how long it takes to open, and what an event costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from playwright.sync_api import Route

from bench.figures import Measures, Row
from bench.large_graph import large_graph
from bench.real_browser import RealBrowser
from bench.stage import Scenario, Stage

NODES = 500
EVENTS = 60
FRAME_MS = 1000 / 60
OPEN_GOAL_MS = 1500
EVENT_GOAL_MS = 16
READY = 'performance.getEntriesByName("canvas-drawn")[0].startTime'
LOADED = 'performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd'
EDITOR = 'import("/static/js/builder/main.js").then(({ editor, canvas }) => '
EVENT_NAMES = ("pan", "zoom", "drag one", "drag fifty", "drag all")


class Canvas(Scenario):
    name: ClassVar = "canvas"

    def prepare(self, stage: Stage) -> None:
        body = {"name": "bench: canvas", "graph": large_graph(NODES)}
        workflow = stage.product.call("POST", "workflows/", body)
        self.address = f"http://127.0.0.1:{stage.product.port}/workflows/{workflow['id']}/"
        self.browser = RealBrowser(stage.product)
        self.page = self.browser.page
        self.open()
        self.page.route("**/same-as-html/", self.answer_same)
        self.html = self.page.evaluate(
            """() => {
                const page = document.documentElement.cloneNode(true);
                for (const script of page.querySelectorAll("script, template")) script.remove();
                return "<!doctype html>" + page.outerHTML;
            }"""
        )

    def answer_same(self, route: Route) -> None:
        route.fulfill(body=self.html, content_type="text/html")

    def open(self) -> float:
        """Milliseconds from the navigation to all cards and edges on the page."""
        self.page.goto(self.address)
        self.page.locator("html[data-builder=ready]").wait_for()
        return float(self.page.evaluate(READY))

    def round(self, stage: Stage) -> None:
        self.page.goto(f"{self.address}same-as-html/")
        stage.measures.add("canvas html", float(self.page.evaluate(LOADED)))
        stage.measures.add("canvas open", self.open())
        self.page.wait_for_timeout(500)
        acts: dict[str, Callable[[], None]] = {
            "pan": self.pan,
            "zoom": self.zoom,
            "drag one": lambda: self.drag(1),
            "drag fifty": lambda: self.drag(50),
            "drag all": lambda: self.drag(NODES),
        }
        for name, act in acts.items():
            before = self.browser.spent()
            act()
            stage.measures.add(f"canvas {name}", (self.browser.spent() - before) / EVENTS)

    def pan(self) -> None:
        self.page.mouse.move(700, 500)
        for number in range(EVENTS):
            self.page.mouse.wheel(6 if number % 2 else -6, 4)

    def zoom(self) -> None:
        self.page.keyboard.down("Control")
        for number in range(EVENTS):
            self.page.mouse.wheel(0, 8 if number % 2 else -8)
        self.page.keyboard.up("Control")

    def drag(self, nodes: int) -> None:
        """The first nodes together, by the first; undone afterwards."""
        self.page.evaluate(f"{EDITOR} editor.select({{ nodes: [] }}))")
        self.page.evaluate(
            f"{EDITOR} {{ const ids = editor.graph.nodes.slice(0, {nodes}).map((node) => node.id);"
            " editor.select({ nodes: ids }); canvas.reveal(ids[0]); })"
        )
        self.page.wait_for_timeout(200)
        box = self.page.locator("#board .node").first.bounding_box()
        assert box, "The first card is not on the page."
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        for number in range(EVENTS):
            self.page.mouse.move(x + 5 + number, y + 5 + number / 2)
        self.page.mouse.up()
        self.page.keyboard.press("Control+z")

    def rows(self, measures: Measures) -> list[Row]:
        html = (measures["canvas html"], "the same page as HTML")
        frame = (FRAME_MS, "a frame at 60 Hz")
        opened = measures["canvas open"]
        return [
            Row(f"builder with {NODES} nodes → all drawn", opened, "ms", *html, OPEN_GOAL_MS),
            *(
                Row(
                    f"builder with {NODES} nodes, {name}: script, style, layout an event",
                    measures[f"canvas {name}"],
                    "ms",
                    *frame,
                    EVENT_GOAL_MS,
                )
                for name in EVENT_NAMES
            ),
        ]

    def close(self) -> None:
        self.browser.close()
