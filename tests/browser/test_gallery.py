"""The templates and the tour in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from builder.gallery import templates
from runs.models import Run
from workflows.models import Role, Workflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def role() -> Role:
    return Role.EDITOR


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
