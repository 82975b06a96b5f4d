"""The pages of the archive in a real browser: what fits, what axe says, how a run is restored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from runs.archive import archive_runs
from runs.archive_restore import restore_run
from runs.models import Run
from tests.environment import axe
from tests.runs.archives import archive_in, old_run, rich_run
from tests.runs.records import workflow_called
from tests.workflows.definitions import user_with
from workflows.models import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOT_PREPARED = "!!!! axe is missing, npm was not reached: run `make test` once"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
PAGES = {
    "list": "/archive/",
    "failed run": "/archive/{failed}/",
    "copy": "/runs/{restored}/",
}


@pytest.fixture
def visit(
    page: Page, live_server: Any, settings: Any, tmp_path: Path
) -> Iterator[Callable[[str], Page]]:
    """Opens a page as an admin."""
    cache.clear()
    archive_in(tmp_path, settings)
    home = str(live_server.url).replace("localhost", "127.0.0.1")
    client = Client()
    client.force_login(user_with(Role.ADMIN))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": home}])

    def open_page(path: str) -> Page:
        page.goto(home + path)
        return page

    yield open_page


@pytest.fixture
def places(visit: Callable[[str], Page]) -> dict[str, str]:
    """Archived runs, one of which has a copy."""
    workflow = workflow_called("Nightly reconciliation of all orders with accounting")
    failed = rich_run(workflow)
    runs = [failed, *(old_run(workflow, days=100 + number) for number in range(3))]
    archive_runs(rest=0)
    restore_run(run_id=runs[1].pk)
    return {"failed": str(failed.pk), "restored": str(runs[1].pk)}


def test_the_pages_fit_and_have_no_barrier(
    visit: Callable[[str], Page], places: dict[str, str], page: Page
) -> None:
    if not axe.available():
        pytest.skip(NOT_PREPARED)
    beyond = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    found = {}
    for name, address in PAGES.items():
        # Before the page opens: colours that are still changing have no contrast of their own.
        page.set_viewport_size(DESK)
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        opened = visit(address.format(**places))
        light = (opened.evaluate(beyond), axe.barriers(opened))
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        opened.reload()
        found[name] = (*light, opened.evaluate(beyond), axe.barriers(opened))
    assert found == dict.fromkeys(PAGES, (0, [], 0, []))


def test_a_run_is_found_opened_and_restored(
    visit: Callable[[str], Page], places: dict[str, str]
) -> None:
    page = visit("/runs/")
    page.get_by_role("link", name="Archive").click()
    page.wait_for_load_state()
    page.get_by_label("Status").select_option("failed")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="Nightly").click()
    expect(page.get_by_text("nothing here can be changed")).to_be_visible()
    step = page.locator("details.step").first
    step.locator("summary").first.click()
    expect(step.get_by_role("region", name="Output")).to_contain_text("ü")
    page.get_by_role("button", name="Restore").click()
    page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    expect(page.get_by_text("A copy of the run was restored.")).to_be_visible()
    expect(page.get_by_role("link", name="Resume")).to_have_count(0)
    run = Run.objects.get(pk=places["failed"])
    assert run.restored_at is not None
    assert timezone.now() - run.restored_at < timedelta(minutes=1)
