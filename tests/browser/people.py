"""Whose browser it is, and how large."""

from __future__ import annotations

from django.conf import settings
from django.test import Client
from playwright.sync_api import BrowserContext, Page, ViewportSize

from tests.workflows.definitions import user_with
from workflows.models import Role

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
BEYOND = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def log_in(context: BrowserContext, home: str, role: Role) -> None:
    """Makes the browser that of somebody new with this role."""
    client = Client()
    client.force_login(user_with(role))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": home}])


def too_wide(page: Page) -> int:
    """By how many pixels the page is wider than the screen."""
    return int(page.evaluate(BEYOND))
