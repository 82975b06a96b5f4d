"""The documentation in a real browser: search, templates tried while typing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_people_find_a_node_type_while_typing(visit: Callable[[str], Page], page: Page) -> None:
    page.set_viewport_size(PHONE)
    visit("/")
    docs = page.get_by_role("link", name="Docs")
    docs.click()
    page.wait_for_url("**/docs/")
    expect(docs).to_have_attribute("aria-current", "page")
    page.set_viewport_size(DESK)
    page.get_by_role("searchbox").fill("webhook")
    expect(page.get_by_role("link", name="Wait", exact=True)).to_have_count(0)
    page.get_by_role("link", name="HTTP request", exact=True).click()
    expect(page.get_by_role("heading", level=1, name="HTTP request")).to_be_visible()
    expect(page.get_by_label("Output of the example")).to_contain_text('"status": 201')


def test_a_template_is_tried_while_typing(visit: Callable[[str], Page], page: Page) -> None:
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


def test_an_example_goes_into_the_form(visit: Callable[[str], Page], page: Page) -> None:
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
