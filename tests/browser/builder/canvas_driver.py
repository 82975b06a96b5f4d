"""The builder's canvas for tests: opens it, points at cards, reads the graph it holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.builder.editor_page import READY, in_editor, page_of
from tests.environment.waiting import until
from workflows.models import Workflow

FRAMES = """async () => {
    for (let count = 0; count < 3; count += 1) await new Promise(requestAnimationFrame);
}"""


class Canvas:
    def __init__(self, page: Page, home: str) -> None:
        self.page, self.home = page, home

    def open(self, workflow: Workflow) -> Canvas:
        self.page.goto(self.home + page_of(workflow))
        self.page.locator(READY).wait_for()
        self.settle()
        return self

    @property
    def graph(self) -> dict[str, Any]:
        return dict(in_editor(self.page, "editor.graph"))

    @property
    def selected(self) -> set[str]:
        return set(in_editor(self.page, "[...editor.nodes]"))

    @property
    def ids(self) -> list[str]:
        return [node["id"] for node in self.graph["nodes"]]

    @property
    def edges(self) -> set[str]:
        return {f"{e['source']}:{e['port']}>{e['target']}" for e in self.graph["edges"]}

    def place(self, node: str) -> tuple[int, int]:
        found = next(each for each in self.graph["nodes"] if each["id"] == node)
        return found["position"]["x"], found["position"]["y"]

    def card(self, node: str) -> Locator:
        return self.page.locator(f'#board .node[data-node="{node}"]')

    def port(self, node: str, port: str = "default") -> tuple[float, float]:
        return middle(self.card(node).locator(f'.port[data-port="{port}"]'))

    def at(self, node: str, dx: float = 0, dy: float = 0) -> tuple[float, float]:
        x, y = middle(self.card(node))
        return x + dx, y + dy

    def expect_at(self, node: str, where: tuple[float, float], near: float = 1) -> None:
        """Wait until its card is there, give or take so many pixels."""
        self.until(lambda: self.at(node) == pytest.approx(where, abs=near))

    def until(self, condition: Callable[[], object]) -> None:
        """What input does may take a while to be seen."""
        until(condition, within=10)

    def wire(self, key: str) -> Locator:
        """Of "source port target"."""
        return self.page.locator(f'[data-edge="{key}"] .wire-line')

    def middle_of_wire(self, key: str, share: float = 0.5) -> tuple[float, float]:
        """In the window."""
        script = """(line, share) => {
            const at = line.getPointAtLength(line.getTotalLength() * share);
            const point = new DOMPoint(at.x, at.y).matrixTransform(line.getScreenCTM());
            return [point.x, point.y];
        }"""
        x, y = self.wire(key).evaluate(script, share)
        return x, y

    def drag(self, start: tuple[float, float], end: tuple[float, float], steps: int = 5) -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down()
        self.page.mouse.move(*end, steps=steps)
        self.page.mouse.up()
        self.settle()

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def settle(self) -> None:
        """Input that the browser has accepted may wait for a frame, and the view for another."""
        self.page.evaluate(FRAMES)

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(x, y)
        self.settle()

    def choose(self, text: str) -> None:
        """In the list that is open."""
        self.page.locator("#chooser input").fill(text)
        self.press("Enter")


def middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box, "It is not on the page."
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
