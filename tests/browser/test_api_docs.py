from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from tests.workflows.definitions import user_with
from workflows.models import Role, Workflow

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_docs_call_the_api_under_our_content_security_policy(
    page: Page, live_server: Any
) -> None:
    home = live_server.url.replace("localhost", "127.0.0.1")
    client = Client()
    client.force_login(user_with(Role.EDITOR))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": home}])

    page.goto(f"{home}/api/docs/")
    create = page.locator("#operations-workflows-create_workflow")
    create.click()
    create.get_by_role("button", name="Try it out").click()
    create.locator("textarea").fill('{"name": "Made in the docs"}')
    create.get_by_role("button", name="Execute").click()

    expect(create.locator(".live-responses-table tbody .response-col_status")).to_contain_text(
        "201"
    )
    assert Workflow.objects.get().name == "Made in the docs"
