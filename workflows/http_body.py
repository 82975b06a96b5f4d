"""Bodies of HTTP messages: data to bytes, and what a server sent back to data."""

from __future__ import annotations

import base64
import codecs
from collections.abc import Mapping
from contextlib import suppress
from email.message import Message
from urllib.parse import urlencode

from workflows import plain_json
from workflows.http_syntax import WITHOUT_BODY
from workflows.node_type import Json
from workflows.values import to_object, to_text, wrong_type

_NOT_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "palmos", "punycode", "undefined"}
    | {"raw-unicode-escape", "unicode-escape"}
)


def encode_body(body_type: str, value: Json) -> tuple[bytes | None, str]:
    """The bytes and their content type. Raises NodeError `wrong_type`."""
    if body_type == "json":
        return plain_json.encode(value)[1].encode(), "application/json"
    if body_type == "form":
        form = urlencode(form_pairs(value)).encode("ascii")
        return form, "application/x-www-form-urlencoded"
    if body_type == "text":
        return to_text(value, "body").encode("utf-8", "replace"), "text/plain; charset=utf-8"
    return None, ""


def form_pairs(value: Json) -> list[tuple[str, str]]:
    """Of an object, or a list of {name, value}. A list of values repeats its name."""
    if isinstance(value, list):
        items = [_named(item, place) for place, item in enumerate(value)]
    else:
        items = list(to_object(value, "body").items())
    return [pair for name, item in items for pair in repeated(name, item, f"body.{name}")]


def repeated(name: str, value: Json, field: str) -> list[tuple[str, str]]:
    """`name` once with a value, or with each value of a list."""
    values = value if isinstance(value, list) else [value]
    return [(name, to_text(item, field)) for item in values]


def _named(item: Json, place: int) -> tuple[str, Json]:
    if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
        raise wrong_type(item, "an object like {name, value}", f"body[{place}]")
    return item["name"], item.get("value")


def decode_body(method: str, status: int, headers: Mapping[str, str], body: bytes) -> Json:
    """JSON parsed where the content type says so and it is; else text; bytes that are no text
    become {base64, content_type, size}. Null where there can be no body."""
    content_type = Message()
    content_type["content-type"] = headers.get("content-type", "")
    media = content_type.get_content_type() if headers.get("content-type") else ""
    is_json = media.endswith(("/json", "+json"))
    if not body:
        return None if is_json or method == "HEAD" or status in WITHOUT_BODY else ""
    raw = _text_of(body, media, content_type.get_param("charset"))
    if raw is None:
        encoded = base64.b64encode(body).decode("ascii")
        return {"base64": encoded, "content_type": media, "size": len(body)}
    if is_json:
        with suppress(ValueError):
            return plain_json.decode(raw)
    return plain_json.clean(raw)


def _text_of(body: bytes, media: str, charset: object) -> str | None:
    if isinstance(charset, str) and (text := _decoded(body, charset)) is not None:
        return text
    text = _decoded(body, "utf-8-sig")
    if text is not None and (media.startswith("text/") or "\0" not in text):
        return text
    return _decoded(body, "latin-1") if media.startswith("text/") else None


def _decoded(body: bytes, charset: str) -> str | None:
    """Python knows encodings that are no character sets, some of which take quadratic time."""
    try:
        name = codecs.lookup(charset).name
        if name.replace("_", "-") in _NOT_CHARSETS:
            return None
        return body.decode("utf-8-sig" if name == "utf-8" else name)
    except (LookupError, ValueError):
        return None
