"""Filters for data, encodings and signatures."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math

from workflows.node_type import Json
from workflows.templating.budget import (
    CONTAINER_WORK,
    INTEGER_BITS,
    JSON_WORK,
    OUTPUT_BYTES,
    Budget,
    check_integer,
    limit_error,
)
from workflows.templating.filters.registry import FilterError, text_filter, value_filter
from workflows.templating.filters.values import integer_of
from workflows.templating.text import json_text, text_of

_LONGEST_INTEGER = INTEGER_BITS // 3
_LARGEST_INDENT = 8


@value_filter("""{{ missing | default: "none" }}""", "none")
def default(
    budget: Budget, value: Json, replacement: Json = "", *, allow_false: Json = False
) -> Json:
    """Another value where this one is unknown, null, false or empty. With `allow_false: true`
    false is kept."""
    if value is False and allow_false is True:
        return value
    return replacement if value is None or value is False or value in ("", [], {}) else value


@value_filter("""{{ users | first | json }}""", '{"name": "Ada", "age": 36}', "json")
def json_(budget: Budget, value: Json, indent: Json = None) -> str:
    """Writes a value as JSON text; with a number of blanks, in several lines."""
    if indent is None:
        text = json_text(value)
    else:
        text = _indented(value, min(max(0, integer_of(indent)), _LARGEST_INDENT))
    budget.text(len(text))
    budget.spend((JSON_WORK - 1) * len(text))
    return text


def _indented(value: Json, indent: int) -> str:
    encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, indent=indent)
    parts: list[str] = []
    total = 0
    for part in encoder.iterencode(value):
        total += len(part)
        if total > OUTPUT_BYTES:
            raise limit_error(f"A text in a template has at most {OUTPUT_BYTES:,} characters.")
        parts.append(part)
    return "".join(parts)


@value_filter("""{{ '{"a": [1, 2]}' | parse_json | map: "a" }}""", "[[1, 2]]")
def parse_json(budget: Budget, value: Json) -> Json:
    """Reads a JSON text; a value that is no text is kept."""
    if not isinstance(value, str):
        return value
    budget.text(len(value))
    budget.spend(CONTAINER_WORK * (value.count("[") + value.count("{")))
    try:
        return json.loads(
            value, parse_int=_integer, parse_float=_float, parse_constant=_no_constant
        )
    except json.JSONDecodeError as error:
        raise FilterError(
            f"the text is no JSON (line {error.lineno}, column {error.colno})", value
        ) from None
    except RecursionError:
        raise limit_error("A JSON text is nested too deeply.") from None


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        raise limit_error(f"A whole number in a template has at most {INTEGER_BITS} bits.")
    return check_integer(int(text))


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise FilterError("the JSON text holds a number that is too large")
    return number


def _no_constant(name: str) -> float:
    raise FilterError(f"the text is no JSON: it holds {name}")


@text_filter(
    """{{ "a" | sha256 }}""", "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
)
def sha256(budget: Budget, text: str) -> str:
    """The SHA-256 hash as hexadecimal text."""
    return hashlib.sha256(text.encode()).hexdigest()


@text_filter(
    """{{ "a" | hmac_sha256: "key" }}""",
    "780c3db4ce3de5b9e55816fba98f590631d96c075271b26976238d5f4444219b",
)
def hmac_sha256(budget: Budget, text: str, key: Json) -> str:
    """The HMAC-SHA-256 signature with a key, as hexadecimal text."""
    secret = text_of(key)
    budget.text(len(secret))
    if not secret:
        raise FilterError("the key is empty")
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


@text_filter("""{{ "hi" | base64_encode }}""", "aGk=")
def base64_encode(budget: Budget, text: str) -> str:
    """Encodes a text as base64."""
    return base64.b64encode(text.encode()).decode()


@text_filter("""{{ "aGk=" | base64_decode }}""", "hi")
def base64_decode(budget: Budget, text: str) -> str:
    """Decodes base64 into a text; line breaks are ignored."""
    return _decoded(text)


@text_filter("""{{ "??>" | base64_url_safe_encode }}""", "Pz8-")
def base64_url_safe_encode(budget: Budget, text: str) -> str:
    """Encodes a text as base64 for URLs (- and _ in place of + and /)."""
    return base64.urlsafe_b64encode(text.encode()).decode()


@text_filter("""{{ "Pz8-" | base64_url_safe_decode }}""", "??>")
def base64_url_safe_decode(budget: Budget, text: str) -> str:
    """Decodes base64 for URLs into a text."""
    return _decoded(text.replace("-", "+").replace("_", "/"))


def _decoded(text: str) -> str:
    packed = "".join(text.split()).rstrip("=")
    try:
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        raise FilterError("the text is no base64 of a text", text) from None
