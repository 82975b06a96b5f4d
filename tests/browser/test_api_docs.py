from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from workflows.models import Workflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_docs_call_the_api_under_our_content_security_policy(
    visit: Callable[[str], Page],
) -> None:
    page = visit("/api/docs/")
    create = page.locator("#operations-workflows-create_workflow")
    create.click()
    create.get_by_role("button", name="Try it out").click()
    create.locator("textarea").fill('{"name": "Made in the docs"}')
    create.get_by_role("button", name="Execute").click()

    expect(create.locator(".live-responses-table tbody .response-col_status")).to_contain_text(
        "201"
    )
    assert Workflow.objects.get().name == "Made in the docs"
