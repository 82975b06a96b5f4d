"""How a value becomes text, and how large it is."""

from __future__ import annotations

import json
from collections.abc import Mapping

from workflows.errors import TemplateError
from workflows.node_type import Json
from workflows.templating.budget import (
    JSON_WORK,
    OUTPUT_BYTES,
    Budget,
    check_integer,
    limit_error,
)

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


def size_of(value: Json, most: int) -> int:
    """About as many characters as the JSON text has, never more; counting stops above `most`."""
    total = 0
    stack = [value]
    while stack and total <= most:
        item = stack.pop()
        kind = item.__class__
        if kind is str:
            total += len(item) + 2
        elif kind is dict:
            total += 2 + 4 * len(item)
            if total <= most:
                total += sum(map(len, item))
                stack.extend(item.values())
        elif kind is list:
            total += 2 + len(item)
            if total <= most:
                stack.extend(item)
        else:
            total += 1
    return total


def json_text(value: Json) -> str:
    """The JSON text with the separators `, ` and `: `; letters of every language stay."""
    if size_of(value, OUTPUT_BYTES) > OUTPUT_BYTES:
        raise limit_error(f"A text in a template has at most {OUTPUT_BYTES:,} characters.")
    try:
        return _encode(value)
    except (TypeError, ValueError) as error:
        raise TemplateError(f"A value can not be written as JSON: {error}.") from None
    except RecursionError:
        raise limit_error("A value is nested too deeply to be written as JSON.") from None


def text_of(value: Json) -> str:
    """null is nothing, booleans are `true` and `false`, objects and lists are JSON text."""
    kind = value.__class__
    if kind is str:
        text: str = value
        return text
    if value is None:
        return ""
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(check_integer(value))
    if kind is float:
        return repr(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (list, dict)):
        return json_text(value)
    raise TemplateError(f"A value of the type {kind.__name__} is no JSON value.")


def counted_text(budget: Budget, value: Json) -> str:
    """text_of(), where it may be asked for again and again without being written."""
    text = text_of(value)
    budget.spend(len(text) * (JSON_WORK if isinstance(value, (list, dict)) else 1))
    return text


def preview(value: Json) -> str:
    """A value for an error message, short."""
    if isinstance(value, Mapping):
        return f"an object with {len(value)} keys"
    if isinstance(value, list):
        return f"a list of {len(value)} items"
    if value is None:
        return "nothing"
    text = text_of(value)
    shown = text if len(text) <= 40 else text[:37] + "..."
    return json.dumps(shown, ensure_ascii=False) if isinstance(value, str) else shown
