"""How examples look in the documentation."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from builder.json_input import pretty
from workflows.node_type import Json
from workflows.templating import MASK

register = template.Library()

_QUOTED = re.compile(r"`([^`]+)`")


@register.filter
def pretty_json(value: Json) -> str:
    return pretty(value)


@register.filter
def inline_code(text: str) -> SafeString:
    """What stands between backticks as <code>."""
    parts = _QUOTED.split(text)
    return format_html_join(
        "", "{}{}", ((part, _code(code)) for part, code in zip_longest(parts[::2], parts[1::2]))
    )


def _code(text: str | None) -> SafeString | str:
    return format_html("<code>{}</code>", text) if text else ""


@register.filter
def masked_vault(data: dict[str, Any]) -> dict[str, Any]:
    """Secrets as they read everywhere, made-up ones too."""
    if not isinstance(data.get("vault"), dict):
        return data
    return {**data, "vault": dict.fromkeys(data["vault"], MASK)}
