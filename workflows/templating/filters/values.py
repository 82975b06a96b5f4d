"""Turning any JSON value into what a filter works on, and comparing values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal

from workflows.errors import TemplateError
from workflows.node_type import Json
from workflows.templating.budget import ITEMS, Budget, check_integer

_NESTED_LISTS = 5
_INTEGER = re.compile(r"\s*[+-]?[0-9]{1,310}\s*")
# Each text matches in one way only: else a list of long texts that nearly match takes minutes.
_FLOAT = re.compile(
    r"\s*[+-]?(?:[0-9]{1,310}(?:\.[0-9]{0,310})?|\.[0-9]{1,310})(?:[eE][+-]?[0-9]{1,4})?\s*"
)
_LONGEST_NUMBER = 700


def number_of(value: Json) -> int | float:
    """A number, or a text that is one; all else is 0."""
    if value.__class__ is int:
        return check_integer(value)
    if value.__class__ is float:
        return float(value) if math.isfinite(value) else 0
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        if _INTEGER.fullmatch(value):
            return check_integer(int(value))
        if _FLOAT.fullmatch(value) and math.isfinite(number := float(value)):
            return number
    return 0


def sound_number(number: Json) -> Json:
    """Refuses what JSON can not hold."""
    if number.__class__ is int:
        return check_integer(number)
    if number.__class__ is float and not math.isfinite(number):
        raise TemplateError("A calculation in a template gives a number that is too large.")
    return number


def exact(number: int | float) -> Decimal:
    """So that 0.1 plus 0.2 is 0.3."""
    return Decimal(str(number))


def integer_of(value: Json, default: int | None = None) -> int:
    """A whole number, for counts and positions."""
    if value is None and default is not None:
        return default
    return int(number_of(value))


def items_of(budget: Budget, value: Json) -> list[Json]:
    if value is None:
        return []
    if not isinstance(value, list):
        return [value]
    budget.items(len(value))
    if not any(item.__class__ is list for item in value):
        return value
    flat: list[Json] = []
    for item in _flatten(value, _NESTED_LISTS):
        flat.append(item)
        if len(flat) > ITEMS:
            break
    budget.items(len(flat))
    return flat


def _flatten(items: list[Json], levels: int) -> Iterator[Json]:
    for item in items:
        if levels and item.__class__ is list:
            yield from _flatten(item, levels - 1)
        else:
            yield item


def property_of(item: Json, key: str) -> Json:
    """What an object of a list holds at `key`; null for all else."""
    return item.get(key) if isinstance(item, dict) else None


def truthy(value: Json) -> bool:
    """Only null and false are false, as everywhere in Liquid."""
    return value is not None and value is not False


def same(left: Json, right: Json) -> bool:
    """Equal; true is not 1."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    return bool(left == right)


def less(left: Json, right: Json) -> bool:
    """`left < right`; false where one is null. Raises TemplateError for values of two kinds."""
    if left is None or right is None:
        return False
    kinds = {_kind(left), _kind(right)}
    if kinds in ({"number"}, {"text"}):
        return bool(left < right)
    raise TemplateError(
        f"A {_kind(left)} and a {_kind(right)} can not be compared by size: "
        "turn both into numbers (| plus: 0) or both into texts (| append: '')."
    )


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "object"
