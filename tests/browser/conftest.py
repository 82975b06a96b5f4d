"""A live server, and a browser in which somebody is logged in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from playwright.sync_api import Page

from tests.browser.people import log_in
from workflows.models import Role


@pytest.fixture
def home(live_server: Any) -> Iterator[str]:
    cache.clear()
    yield str(live_server.url).replace("localhost", "127.0.0.1")


@pytest.fixture
def role() -> Role:
    """Of whom `visit` logs in; a module may have another."""
    return Role.ADMIN


@pytest.fixture
def visit(page: Page, home: str, role: Role) -> Callable[..., Page]:
    """Opens a page; with `tab`, in that tab of the same browser."""
    log_in(page.context, home, role)

    def open_page(path: str, *, tab: Page | None = None) -> Page:
        chosen = tab or page
        chosen.goto(home + path)
        return chosen

    return open_page
