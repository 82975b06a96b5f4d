"""A live server, people who are logged in, and pages of theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import BrowserContext, Page

from tests.workflows.definitions import user_with
from workflows.models import Role


@pytest.fixture
def home(live_server: Any) -> Iterator[str]:
    cache.clear()
    yield str(live_server.url).replace("localhost", "127.0.0.1")


@pytest.fixture
def log_in(home: str) -> Callable[[BrowserContext, Role], None]:
    """Makes a browser somebody with this role."""

    def as_role(context: BrowserContext, role: Role) -> None:
        client = Client()
        client.force_login(user_with(role))
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": home}])

    return as_role


@pytest.fixture
def visit(
    page: Page, home: str, log_in: Callable[[BrowserContext, Role], None]
) -> Callable[..., Page]:
    """Opens a page as an admin; with `tab`, in that tab of the same browser."""
    log_in(page.context, Role.ADMIN)

    def open_page(path: str, *, tab: Page | None = None) -> Page:
        chosen = tab or page
        chosen.goto(home + path)
        return chosen

    return open_page
