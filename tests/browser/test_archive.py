"""The pages of the archive in a real browser: how a run is restored."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from runs.models import Run
from tests.browser.filled import archived_runs
from tests.runs.archives import archive_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def failed(settings: Any, tmp_path: Path) -> Run:
    archive_in(tmp_path, settings)
    return archived_runs()[0]


def test_a_run_is_found_opened_and_restored(visit: Callable[[str], Page], failed: Run) -> None:
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
    run = Run.objects.get(pk=failed.pk)
    assert run.restored_at is not None
    assert timezone.now() - run.restored_at < timedelta(minutes=1)
