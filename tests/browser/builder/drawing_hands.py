"""A person who draws a workflow in the real product, by mouse or by keyboard alone."""

from __future__ import annotations

from typing import Any, Protocol

from playwright.sync_api import Locator, Page, expect

TABS = 120
"""So many presses of Tab lead around the whole page."""


class Hands(Protocol):
    """`place` names a field of the node whose settings are shown, like `config.url`."""

    def trigger(self, label: str) -> None: ...
    def add(self, label: str, *, after: str, port: str = "default") -> None: ...
    def connect(self, source: str, port: str, target: str) -> None: ...
    def settings(self, node: str) -> None: ...
    def fill(self, place: str, text: str) -> None: ...
    def rename(self, node: str) -> None: ...
    def choose(self, place: str, label: str) -> None: ...
    def switch_on(self, place: str) -> None: ...
    def press(self, name: str) -> None: ...
    def flip(self, name: str) -> None: ...


def field(page: Page, place: str) -> Locator:
    return page.locator(f'#side-node [data-path="{place}"] [data-control]').first


def card(page: Page, node: str) -> Locator:
    return page.locator(f'#board .node[data-node="{node}"]')


class MouseHands:
    """Letters come from the keyboard; everything else is clicked and dragged."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def trigger(self, label: str) -> None:
        canvas = self.page.get_by_role("region", name="Canvas")
        canvas.get_by_role("button", name=label).click()

    def add(self, label: str, *, after: str, port: str = "default") -> None:
        """Drag from the port into the empty space, and choose what comes there."""
        box = self._port(after, port).bounding_box()
        assert box
        mouse = self.page.mouse
        mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        mouse.down()
        mouse.move(box["x"] + 90, box["y"] + (150 if port == "error" else 40), steps=4)
        mouse.up()
        chooser = self.page.locator("#chooser")
        exactly = self.page.get_by_text(label, exact=True)
        chooser.get_by_role("option").filter(has=exactly).first.click()
        expect(chooser).to_be_hidden()

    def connect(self, source: str, port: str, target: str) -> None:
        self._port(source, port).click()
        card(self.page, target).click()

    def _port(self, node: str, port: str) -> Locator:
        return card(self.page, node).locator(f'.port[data-port="{port}"]')

    def settings(self, node: str) -> None:
        card(self.page, node).click()
        expect(self.page.locator("[data-side-id]")).to_have_text(node)

    def fill(self, place: str, text: str) -> None:
        self._show(place)
        target = field(self.page, place)
        target.click()
        target.fill(text)

    def rename(self, node: str) -> None:
        """Its id counts when the field is left."""
        self.fill("id", node)
        self.page.locator("#np-title").click()
        expect(self.page.locator("[data-side-id]")).to_have_text(node)

    def choose(self, place: str, label: str) -> None:
        self._show(place)
        field(self.page, place).select_option(label=label)

    def switch_on(self, place: str) -> None:
        self._show(place)
        field(self.page, place).click()

    def _show(self, place: str) -> None:
        """Unfold what the field is in."""
        for fold in self.page.locator("#side-node details.pf-more:not([open])").all():
            if fold.locator(f'[data-path="{place}"]').count():
                fold.locator("summary").click()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def flip(self, name: str) -> None:
        self.page.get_by_role("switch", name=name, exact=True).click()


class KeyHands:
    """Without a mouse: Tab, arrows, letters, Enter."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.keys = page.keyboard

    def trigger(self, label: str) -> None:
        self._tab_to(f"e => e.matches('.trigger-choice') && e.textContent.includes('{label}')")
        self.keys.press("Enter")

    def add(self, label: str, *, after: str, port: str = "default") -> None:
        """After the first port that leads nowhere yet."""
        self._go_to(after)
        self._ask("a", label)

    def connect(self, source: str, port: str, target: str) -> None:
        self._go_to(source)
        self._ask("c", target)

    def settings(self, node: str) -> None:
        self._go_to(node)
        self.keys.press("Enter")
        expect(self.page.locator("[data-side-id]")).to_have_text(node)
        expect(self.page.locator("#side-node :focus")).to_be_visible()

    def fill(self, place: str, text: str) -> None:
        self._tab_to_field(place)
        self.keys.press("Control+a")
        self.keys.insert_text(text)
        if self.page.locator("#suggestions").is_visible():
            self.keys.press("Escape")

    def rename(self, node: str) -> None:
        self.fill("id", node)
        self.keys.press("Tab")
        expect(self.page.locator("[data-side-id]")).to_have_text(node)

    def choose(self, place: str, label: str) -> None:
        self._tab_to_field(place)
        self.keys.type(label)

    def switch_on(self, place: str) -> None:
        self._tab_to_field(place)
        self.keys.press("Space")

    def press(self, name: str) -> None:
        self._tab_to(f"e => e.matches('button, a, summary') && e.textContent.trim() === '{name}'")
        self.keys.press("Enter")

    def flip(self, name: str) -> None:
        self.press(name)

    def _go_to(self, node: str) -> None:
        """From wherever the focus is."""
        if self.page.locator("#side-node :focus").count():
            self.keys.press("Escape")
        self._ask("f", node)
        expect(card(self.page, node)).to_be_focused()

    def _ask(self, key: str, answer: str) -> None:
        """Press a key of the canvas, and answer in the list that opens."""
        self.keys.press(key)
        chooser = self.page.locator("#chooser")
        expect(chooser.get_by_role("combobox")).to_be_focused()
        self.keys.insert_text(answer)
        self.keys.press("Enter")
        expect(chooser).to_be_hidden()

    def _tab_to_field(self, place: str) -> None:
        """Folds on the way are opened."""
        is_field = f"""e => {{
            const fold = e.matches("#side-node details.pf-more:not([open]) > summary");
            if (fold && e.parentElement.querySelector('[data-path="{place}"]')) return "fold";
            const path = e.closest("[data-path]")?.dataset.path;
            return e.matches("[data-control]") && path === "{place}";
        }}"""
        if self._tab_to(is_field) == "fold":
            self.keys.press("Enter")
            self._tab_to(is_field)

    def _tab_to(self, is_wanted: str) -> Any:
        script = f"() => ({is_wanted})(document.activeElement)"
        for _ in range(TABS):
            if found := self.page.evaluate(script):
                return found
            self.keys.press("Tab")
        raise AssertionError(f"Tab does not lead there: {is_wanted}")
