"""The documentation in a real browser: search, templates tried while typing, small screens, axe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_pages import NOT_PREPARED, PHONE, home, visit  # noqa: F401
from tests.environment import axe

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = {
    "index": "/docs/",
    "search": "/docs/?q=list",
    "nothing found": "/docs/?q=zzz",
    "node types": "/docs/nodes/",
    "webhook": "/docs/nodes/webhook_trigger/",
    "HTTP request": "/docs/nodes/http_request/",
    "rules": "/docs/nodes/logical_group/",
    "long words": "/docs/nodes/string_transform/",
    "templates": "/docs/templates/",
    "warning": "/docs/templates/?template={{ trigger.ordr }}",
    "error": "/docs/templates/?template={% nope %}",
}
MADE_DIFFERENTLY = ("index", "nothing found", "HTTP request", "rules", "warning")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_barrier(visit: Callable[[str], Page], page: Page, scheme: Any) -> None:  # noqa: F811
    if not axe.available():
        pytest.skip(NOT_PREPARED)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    found = {name: axe.barriers(visit(PAGES[name])) for name in MADE_DIFFERENTLY}
    assert not {name: barriers for name, barriers in found.items() if barriers}


def test_every_page_fits_a_phone(visit: Callable[[str], Page], page: Page) -> None:  # noqa: F811
    page.set_viewport_size(PHONE)
    wide = {}
    for name, address in PAGES.items():
        visit(address)
        page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true; })")
        page.locator(".menu").evaluate_all("all => all.forEach((each) => { each.open = false; })")
        wide[name] = page.evaluate("document.documentElement.scrollWidth")
    assert wide == dict.fromkeys(PAGES, PHONE["width"])


def test_people_find_a_node_type_while_typing(visit: Callable[[str], Page], page: Page) -> None:  # noqa: F811
    visit("/")
    page.get_by_label("Account of").click()
    page.get_by_role("link", name="Docs").click()
    page.wait_for_url("**/docs/")
    page.get_by_role("searchbox").fill("webhook")
    expect(page.get_by_role("link", name="Wait", exact=True)).to_have_count(0)
    page.get_by_role("link", name="HTTP request", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="HTTP request")).to_be_visible()
    expect(page.get_by_label("Output of the example")).to_contain_text('"status": 201')


def test_a_template_is_tried_while_typing(visit: Callable[[str], Page], page: Page) -> None:  # noqa: F811
    visit("/docs/templates/")
    gives = page.get_by_label("What the template gives")
    expect(gives).to_have_text("Order 42: Lamp, Bulb")
    template = page.get_by_label("Template", exact=True)
    template.fill("{{ trigger.order.lines.size }}")
    expect(gives).to_have_text("2")
    expect(page.locator("#trial")).to_contain_text("Number")
    template.fill("{{ trigger.ordr }} x")
    expect(page.locator("#trial")).to_contain_text("did you mean trigger.order?")
    template.fill("{% if %}")
    expect(page.locator("#trial .notice.bad")).to_be_visible()
    page.locator(".docs-data > summary").click()
    page.get_by_label("Data that it sees").fill('{"name": "<b>Ada</b>"}')
    template.fill("Hi {{ name }}")
    expect(gives).to_have_text("Hi <b>Ada</b>")


def test_an_example_goes_into_the_form(visit: Callable[[str], Page], page: Page) -> None:  # noqa: F811
    page.set_viewport_size(PHONE)
    visit("/docs/templates/")
    page.locator(".docs-data > summary").click()
    page.get_by_label("Data that it sees").fill("{}")
    page.locator("#filter-where").get_by_role("link", name="Try it").click()
    template = page.get_by_label("Template", exact=True)
    expect(template).to_have_value('{{ users | where: "age", 36 | map: "name" }}')
    expect(template).to_be_focused()
    expect(template).to_be_in_viewport()
    expect(page.get_by_label("What the template gives")).to_contain_text('"Ada"')
    assert page.url.endswith("/docs/templates/")
