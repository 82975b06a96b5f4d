"""The templates and the tour in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Page, expect

from builder.gallery import templates
from runs.models import Run
from tests.environment import axe
from tests.workflows.definitions import user_with
from workflows.models import Role, Workflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOT_PREPARED = "!!!! axe is missing, npm was not reached: run `make test` once"
PHONE = {"width": 390, "height": 844}
BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PLACES = ("/", "/workflows/templates/", "/workflows/templates/?q=zzz")


@pytest.fixture
def visit(page: Page, live_server: Any) -> Callable[[str], Page]:
    """Opens a page as an editor."""
    cache.clear()
    home = str(live_server.url).replace("localhost", "127.0.0.1")
    client = Client()
    client.force_login(user_with(Role.EDITOR))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": home}])

    def open_page(path: str) -> Page:
        page.goto(home + path)
        return page

    return open_page


def test_the_first_use_has_no_barrier_and_fits_a_phone(
    visit: Callable[[str], Page], page: Page
) -> None:
    if not axe.available():
        pytest.skip(NOT_PREPARED)
    schemes: list[Any] = ["light", "dark"]
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert [found for place in PLACES for found in axe.barriers(visit(place))] == []
    page.set_viewport_size(PHONE)
    assert {place: visit(place).evaluate(BEYOND) for place in PLACES} == dict.fromkeys(PLACES, 0)


def test_somebody_new_follows_the_tour(visit: Callable[[str], Page]) -> None:
    page = visit("/")
    tour = page.get_by_role("region", name="First steps")
    tour.get_by_role("link", name="Show the templates").click()

    cards = page.get_by_role("listitem").filter(has=page.get_by_role("heading", level=2))
    expect(cards).to_have_count(len(templates()))
    page.get_by_role("link", name="Control").click()
    expect(cards).to_have_count(3)
    page.get_by_role("searchbox", name="Search templates").fill("schedule")
    page.get_by_role("searchbox", name="Search templates").press("Enter")
    expect(cards).to_have_count(1)
    page.get_by_role("button", name="Use this: Uptime check").click()
    expect(page.get_by_text("Uptime check was added.")).to_be_visible()
    assert Workflow.objects.get().published is not None

    page = visit("/")
    tour.get_by_role("link", name="Open the workflow").click()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Run").click()
    page.get_by_role("link", name="Run page").click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]+/$"))
    assert Run.objects.get().payload.keys() == {"scheduled_for", "fired_at"}

    page = visit("/")
    expect(tour.get_by_text("Done")).to_have_count(3)
    tour.get_by_role("button", name="Close").click()
    expect(page.get_by_role("heading", name="Dashboard")).to_be_visible()
    expect(tour).to_have_count(0)
    page.reload()
    expect(tour).to_have_count(0)


def test_it_works_without_script(visit: Callable[[str], Page], page: Page) -> None:
    page.route("**/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    visit("/workflows/templates/?category=Data")
    page.get_by_role("button", name="Use this: Batch over a list").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Batch over a list")).to_be_visible()
    visit("/")
    page.get_by_role("button", name="Close the first steps").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="First steps")).to_have_count(0)
