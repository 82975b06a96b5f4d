"""An HTTP step as a command for a shell, to be tried by hand. Secrets stay masked in it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from workflows.errors import NodeError
from workflows.http.url import parse_url
from workflows.http_body import encode_body, repeated
from workflows.node_type import Json
from workflows.redaction import MASK
from workflows.values import to_text

NODE_TYPE = "http_request"


def curl_command(sent: Json) -> str:
    """`sent`: the input of an http_request step, as it is stored. Empty where it makes no request,
    like one whose templates could not be resolved."""
    if not isinstance(sent, Mapping) or not isinstance(sent.get("url"), str):
        return ""
    try:
        lines = [" ".join(map(shlex.quote, words)) for words in _arguments(dict(sent))]
    except (NodeError, AttributeError, KeyError, TypeError, ValueError):
        return ""
    return " \\\n  ".join(lines)


def _arguments(sent: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    method = str(sent.get("method") or "GET")
    yield ("curl", "--head") if method == "HEAD" else ("curl", "--request", method)
    # Brackets in an address are no patterns here.
    yield "--globoff", "--url", _address(sent)
    body, content_type = encode_body(_body_type(sent), sent.get("body"))
    headers = {"content-type": content_type} if content_type else {}
    headers |= {
        each["name"].lower(): to_text(each.get("value"), "headers")
        for each in sent.get("headers") or ()
    }
    for name, value in headers.items():
        # A header without a value is written with a semicolon; with a colon curl leaves it out.
        yield "--header", f"{name}: {value}" if value.strip() else f"{name};"
    if body is not None:
        yield "--data-raw", body.decode("utf-8", "replace")
    if sent.get("follow_redirects", True):
        yield ("--location",)
    yield "--max-time", f"{sent.get('timeout_seconds') or 30:g}"


def _body_type(sent: Mapping[str, Any]) -> str:
    return str(sent.get("body_type") or ("none" if sent.get("body") is None else "json"))


def _address(sent: Mapping[str, Any]) -> str:
    """As it was called; as it stands, where a mask makes it one that can not be called."""
    pairs = [
        pair
        for each in sent.get("query") or ()
        for pair in repeated(each["name"], each.get("value"), "query")
    ]
    url = str(sent["url"]).strip()
    try:
        target = parse_url(url, pairs)
    except NodeError:
        return _joined(url, pairs)
    return _joined(url, pairs) if target.credentials or MASK in url else target.url


def _joined(url: str, pairs: list[tuple[str, str]]) -> str:
    if not pairs:
        return url
    address, mark, fragment = url.partition("#")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(pairs)}{mark}{fragment}"
