"""axe-core, which looks for barriers in a page, from the npm package of this name."""

from collections.abc import Sequence
from typing import Literal

import pytest
from playwright.sync_api import Page

from tests.environment.paths import NPM

SCRIPT = NPM / "node_modules" / "axe-core" / "axe.min.js"
COLOURS = ("color-contrast", "link-in-text-block")
"""The rules whose answer depends on the theme."""
IS_THERE = "() => Boolean(window.axe)"
KEEP_STILL = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, *::before, *::after { transition-property: none !important; }");
    document.adoptedStyleSheets.push(sheet);
}"""
"""Colours that are still changing have no contrast of their own."""
FIND = """async ([within, rules]) => {
    for (let calm = 0; calm < 2; calm += 1) {
        await new Promise(requestAnimationFrame);
        if (document.getAnimations().some((each) => each.playState === "running")) calm = -1;
    }
    const only = rules.length ? {runOnly: {type: "rule", values: rules}} : {};
    const result = await axe.run(within, {resultTypes: ["violations"], ...only});
    return result.violations.flatMap((rule) =>
        rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}`));
}"""
Theme = Literal["light", "dark"]


def barriers(page: Page, within: str = "html") -> list[str]:
    """What axe finds in this part of the page as it is now, as "theme: rule: element": in light by
    all rules, in dark by those about colours. Without axe, the test is skipped."""
    if not SCRIPT.exists():
        pytest.skip("!!!! axe is missing, npm was not reached: run `make test` once")
    found = [*_found(page, within, "light", ()), *_found(page, within, "dark", COLOURS)]
    page.emulate_media(color_scheme="light")
    return found


def _found(page: Page, within: str, theme: Theme, rules: Sequence[str]) -> list[str]:
    if not page.evaluate(IS_THERE):
        page.evaluate(SCRIPT.read_text())  # No page would load it.
        page.evaluate(KEEP_STILL)
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    return [f"{theme}: {each}" for each in page.evaluate(FIND, [within, list(rules)])]
