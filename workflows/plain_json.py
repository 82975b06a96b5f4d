"""JSON that every database takes: cleaned once, at the edge, and kept as text.

PostgreSQL refuses NUL characters and lone surrogates that SQLite stores, NaN fails on both, and a
very deep value breaks the parser. Text (not jsonb) keeps what was sent exactly: key order, number
forms, bytes.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import models

from workflows.errors import NodeError

MAX_DEPTH = 100
MAX_INTEGER_BITS = 1024


def encode(value: Any) -> tuple[Any, str]:
    """The value, cleaned where needed, and its JSON text. Raises NodeError `json_too_deep`."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        text.encode()
    except (ValueError, TypeError, RecursionError):
        return _encode_cleaned(value)
    if "\\u0000" in text or text.count("[") + text.count("{") > MAX_DEPTH:
        return _encode_cleaned(value)
    return value, text


def decode(text: str | bytes) -> Any:
    """Strict JSON to a clean value. Raises ValueError with a sentence for what is not JSON."""
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError(f"The JSON is nested more than {MAX_DEPTH} levels deep.") from None
    try:
        return clean(value)
    except NodeError as error:
        raise ValueError(error.message) from None


def dump(value: Any) -> str:
    """The compact JSON text of a value that is clean already."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def loads(text: str | bytes) -> Any:
    """JSON that we stored ourselves, so it is clean already."""
    return json.loads(text)


def clean(value: Any, depth: int = 0) -> Any:
    """The same value made of plain JSON only. NUL and lone surrogates become U+FFFD, NaN and
    infinities null, integers over 1,024 bits text, other objects text."""
    if depth > MAX_DEPTH:
        raise NodeError(
            f"The data is nested more than {MAX_DEPTH} levels deep. Take a part of it.",
            code="json_too_deep",
        )
    if isinstance(value, str):
        return _clean_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value.bit_length() <= MAX_INTEGER_BITS else hex(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {_clean_text(str(k)): clean(v, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(item, depth + 1) for item in value]
    return _clean_text(str(value))


def _encode_cleaned(value: Any) -> tuple[Any, str]:
    value = clean(value)
    return value, dump(value)


def _clean_text(text: str) -> str:
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON.")


class JsonText(models.TextField):  # type: ignore[type-arg]
    """A column that holds JSON as the exact text it was written with."""

    def from_db_value(self, value: str | None, *_: Any) -> Any:
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> str | None:
        """None is NULL in a column that may be NULL, else JSON's null."""
        return None if value is None and self.null else encode(value)[1]

    def value_to_string(self, obj: models.Model) -> str:
        return dump(self.value_from_object(obj))
