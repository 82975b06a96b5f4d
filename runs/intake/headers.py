"""The headers of a request, and other parts of it, as WSGI gives them and as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

Environ: TypeAlias = Mapping[str, Any]


def headers_of(environ: Environ) -> dict[str, str]:
    """Names in lower case."""
    headers = {
        name[5:].replace("_", "-").lower(): characters(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = characters(environ[name])
    return headers


def characters(raw: str) -> str:
    """WSGI gives bytes as Latin-1; most senders mean UTF-8."""
    try:
        return raw.encode("latin-1").decode()
    except UnicodeError:
        return raw
