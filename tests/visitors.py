"""People who are logged in, and the pages as they read them."""

from __future__ import annotations

import html
import re
from typing import Any

from django.test import Client

from tests.workflows.definitions import user_with
from workflows.models import Role


def client_of(role: Role) -> Client:
    client = Client()
    client.force_login(user_with(role))
    return client


def text_of(answer: Any) -> str:
    """No tags, single blanks."""
    bare = re.sub(r"<(script|style|svg).*?</\1>|<[^>]+>", " ", answer.content.decode(), flags=re.S)
    return " ".join(html.unescape(bare).split())
