"""Lossless conversions between the JSON types, as node types need them.

A value is converted where nothing is lost, else NodeError `wrong_type` shows it and says what was
wanted. `field` names the setting in messages: `right`, `headers[0].value`.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import TypeAlias

from workflows import plain_json
from workflows.errors import NodeError
from workflows.node_type import Json

Exact: TypeAlias = int | Decimal

NUMBER_CHARACTERS = 1_000
_json_text = json.JSONEncoder(ensure_ascii=False).encode
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,300}", re.ASCII)
_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True} | {
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def wrong_type(value: Json, wanted: str, field: str, hint: str = "") -> NodeError:
    """`wanted` with its article: "a number"."""
    message = f"The field {field!r} has to be {wanted}, but nothing is there."
    quoted = ""
    if value is not None and value != "":
        quoted = plain_json.dump(value)
        message = f"The field {field!r} has to be {wanted}.{hint} It is {kind_of(value)}:"
    elif hint:
        message += hint
    return NodeError(
        message,
        code="wrong_type",
        details={"field": field, "wanted": wanted, "value": quoted or plain_json.dump(value)},
        quoted=quoted,
    )


def kind_of(value: Json) -> str:
    """What a JSON value is called, with its article."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, (int, float)):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"


def to_text(value: Json, field: str = "value") -> str:
    """A text as it is, nothing as an empty text, a number or boolean as its JSON. No list and no
    object: which text they should become is not for us to guess."""
    if isinstance(value, str):
        return value
    if isinstance(value, (list, dict)):
        raise wrong_type(
            value, "a text", field, " Take one part of it, or use the filter json or join."
        )
    return as_text(value)


def as_text(value: Json) -> str:
    """Any value as it stands inside a template: lists and objects as JSON text, nothing as an empty
    text. Never fails."""
    if isinstance(value, str):
        return value
    return "" if value is None else _json_text(value)


def to_exact(value: Json, field: str = "value") -> Exact:
    """A number, or a text that is one ("5", "-0.1", "1e3"), without rounding: the float 0.1 counts
    as 0.1, which is what people wrote."""
    if type(value) is int:
        return value
    if type(value) is float and value - value == 0:
        return Decimal(repr(value))
    if isinstance(value, str) and len(value) <= NUMBER_CHARACTERS:
        text = value.strip()
        if _INTEGER.fullmatch(text):
            return int(text)
        if _NUMBER.fullmatch(text):
            return Decimal(text)
    raise wrong_type(value, "a number", field)


def to_number(value: Json, field: str = "value") -> int | float:
    """A JSON number, or a text that is one and loses no digit as an int or a float."""
    if type(value) in (int, float):
        return value  # type: ignore[no-any-return]
    number = _as_json_number(to_exact(value, field))
    if number is None:
        raise wrong_type(value, "a number of at most 15 digits", field)
    return number


def shown_number(value: Json, exact: Exact) -> Json:
    """What a log shows of a number that was compared exactly: a text that has more digits than a
    JSON number can hold stays a text."""
    if not isinstance(value, str):
        return value
    number = _as_json_number(exact)
    return value if number is None else number


def _as_json_number(exact: Exact) -> int | float | None:
    if isinstance(exact, int):
        return exact
    if exact.adjusted() < 300 and exact == exact.to_integral_value():
        return int(exact)
    number = float(exact)
    return number if number - number == 0 and Decimal(repr(number)) == exact else None


def to_boolean(value: Json, field: str = "value") -> bool:
    """true and false; the texts true, yes, on, 1 and false, no, off, 0 in any case; the numbers 1
    and 0. Nothing is neither: an answer that is missing is not a no."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and value in (0, 1):
        return value == 1
    if isinstance(value, str) and (found := _BOOLEANS.get(value.strip().lower())) is not None:
        return found
    raise wrong_type(value, "true or false", field)


def to_list(value: Json, field: str = "value") -> list[Json]:
    """A list, or a text that is the JSON of one."""
    found = _parsed(value, "[")
    if not isinstance(found, list):
        raise wrong_type(value, "a list", field)
    return found


def to_object(value: Json, field: str = "value") -> dict[str, Json]:
    """An object, or a text that is the JSON of one."""
    found = _parsed(value, "{")
    if not isinstance(found, dict):
        raise wrong_type(value, "an object", field)
    return found


def _parsed(value: Json, opening: str) -> Json:
    if not isinstance(value, str) or not value.lstrip().startswith(opening):
        return value
    try:
        return plain_json.decode(value)
    except ValueError:
        return value
