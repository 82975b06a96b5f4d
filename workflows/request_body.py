"""The body of an incoming request as JSON, by its content type."""

from __future__ import annotations

import base64
import codecs
import re
from contextlib import suppress
from urllib.parse import parse_qsl

from workflows.node_type import Json
from workflows.plain_json import decode

MOST_FIELDS = 1000
_CHARSET = re.compile(
    r"utf-?8|utf-?16(-?[bl]e)?|us-ascii|ascii|iso-8859-\d\d?|latin-?1|windows-125\d"
)
_PARAMETER = re.compile(r";\s*charset\s*=\s*\"?([a-z0-9_-]+)")
_TEXT_TYPES = re.compile(r"text/.*|.*[/+]xml|application/(javascript|yaml|x-yaml|graphql)")
_JSON_TYPES = re.compile(r"application/(.*\+)?json|text/json")
FORM = "application/x-www-form-urlencoded"


def read_body(content_type: str, body: bytes) -> Json:
    """What a workflow gets to see of a body:

    - nothing: null, whatever the type says
    - JSON types: the value
    - forms: an object; a field that is sent several times is a list. JSON that curl -d sends under
      the type of forms is read as JSON
    - other text: a string
    - anything else: `{"base64", "content_type", "bytes"}`

    Raises ValueError with a sentence.
    """
    kind, charset = _kind(content_type)
    if not body:
        return None
    if _JSON_TYPES.fullmatch(kind):
        return decode(body.decode(_codec(charset)))
    if kind == FORM:
        return _form(body)
    if _TEXT_TYPES.fullmatch(kind):
        return _text(body, charset)
    return _guessed(kind, body)


def read_fields(text: str) -> dict[str, Json]:
    """A query string or a form: texts, or lists of texts where a name comes several times. Raises
    ValueError."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise ValueError(f"There are more than {MOST_FIELDS:,} fields. Send fewer.") from None
    fields: dict[str, Json] = {}
    for name, value in pairs:
        if name not in fields:
            fields[name] = value
        elif isinstance(fields[name], list):
            fields[name].append(value)
        else:
            fields[name] = [fields[name], value]
    return fields


def _kind(content_type: str) -> tuple[str, str]:
    lower = content_type.lower()
    charset = _PARAMETER.search(lower)
    return lower.partition(";")[0].strip(), charset[1] if charset else "utf-8"


def _form(body: bytes) -> Json:
    value = _json_or_none(body)
    return read_fields(body.decode(errors="replace")) if value is None else value


def _json_or_none(body: bytes) -> Json:
    """None unless it is an object or a list."""
    if body.lstrip()[:1] in (b"{", b"["):
        with suppress(ValueError):
            return decode(body)
    return None


def _text(body: bytes, charset: str) -> str:
    return body.decode(_codec(charset), errors="replace")


def _codec(charset: str) -> str:
    """Only codecs of texts: some of Python's others take very long. A byte order mark is no part
    of the text."""
    if not _CHARSET.fullmatch(charset) or charset.replace("-", "") == "utf8":
        return "utf-8-sig"
    try:
        return codecs.lookup(charset).name
    except LookupError:
        return "utf-8-sig"


def _guessed(kind: str, body: bytes) -> Json:
    """Without a type that says more, JSON and text are what they look like."""
    if not kind and (value := _json_or_none(body)) is not None:
        return value
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:
        return text
    encoded = base64.b64encode(body).decode()
    return {"base64": encoded, "content_type": kind, "bytes": len(body)}
