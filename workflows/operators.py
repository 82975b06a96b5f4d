"""What the operators of conditions mean. Each comparison gives the output of a condition: the
result and both sides as they were compared."""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypedDict

from rest_framework.serializers import ValidationError

from workflows.errors import NodeError
from workflows.node_type import Json, Output, is_template
from workflows.patterns import compile_pattern, is_found
from workflows.plain_json import decode
from workflows.values import Exact, shown_number, to_boolean, to_exact, to_text, wrong_type


class Comparison(TypedDict):
    result: bool
    left: Json
    right: Json


TEXT_PAIRS: dict[str, Callable[[str, str], bool]] = {
    "equals": python.eq,
    "not_equals": python.ne,
    "contains": python.contains,
    "not_contains": lambda left, right: right not in left,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}
TEXT_OPERATORS = (*TEXT_PAIRS, "matches", "in", "is_empty", "is_not_empty")

NUMBER_PAIRS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": python.eq,
    "not_equals": python.ne,
    "greater_than": python.gt,
    "greater_or_equal": python.ge,
    "less_than": python.lt,
    "less_or_equal": python.le,
}
NUMBER_OPERATORS = (*NUMBER_PAIRS, "between")

BOOLEAN_OPERATORS = ("is_true", "is_false")

ALONE = frozenset({"is_empty", "is_not_empty", *BOOLEAN_OPERATORS})
"""Operators that need no right side."""


def compare_text(
    operator: str, left: Json, right: Json = None, *, case_sensitive: bool = True
) -> Comparison:
    """Nothing counts as an empty text. `matches` finds a pattern anywhere; `in` takes a list, or a
    text with commas; emptiness is told of lists and objects too."""
    if operator in ALONE:
        is_empty = left is None or left == "" or left == [] or left == {}
        return {"result": is_empty == (operator == "is_empty"), "left": left, "right": None}
    text = to_text(left, "left")
    if operator == "in":
        choices = to_choices(right, "right")
        result = _folded(text, case_sensitive) in [_folded(c, case_sensitive) for c in choices]
        return {"result": result, "left": text, "right": choices}
    other = to_text(right, "right")
    if operator == "matches":
        result = is_found(other, text, case_sensitive)
    elif case_sensitive:
        result = TEXT_PAIRS[operator](text, other)
    else:
        result = TEXT_PAIRS[operator](text.casefold(), other.casefold())
    return {"result": result, "left": text, "right": other}


def compare_number(operator: str, left: Json, right: Json, right2: Json = None) -> Comparison:
    """Exact: "0.10" equals 0.1, and no digit of a long number is dropped. The output of `between`,
    which includes its ends, has both of them in `right`."""
    exact, other = to_exact(left, "left"), to_exact(right, "right")
    shown = shown_number(right, other)
    if operator == "between":
        last = to_exact(right2, "right2")
        result = other <= exact <= last
        shown = [shown, shown_number(right2, last)]
    else:
        result = NUMBER_PAIRS[operator](exact, other)
    return {"result": result, "left": shown_number(left, exact), "right": shown}


def compare_boolean(operator: str, value: Json) -> Comparison:
    found, wanted = to_boolean(value, "value"), operator == "is_true"
    return {"result": found == wanted, "left": found, "right": wanted}


def compare_any(operator: str, left: Json, right: Json = None) -> Comparison:
    """The operators of texts and of numbers together. `equals` and `not_equals` compare as numbers
    when one side is a number and the other can be read as one: 5.0 equals "5"."""
    if operator not in TEXT_OPERATORS:
        return compare_number(operator, left, right)
    if operator in ("equals", "not_equals") and (_is_number(left) or _is_number(right)):
        exact, other = _exact_or_none(left), _exact_or_none(right)
        if exact is not None and other is not None:
            return compare_number(operator, left, right)
    return compare_text(operator, left, right)


def to_choices(value: Json, field: str) -> list[str]:
    """The texts of a list, of a JSON list in a text, or of a text with commas ("new, open")."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        with suppress(ValueError):
            value = decode(value)
    if isinstance(value, dict):
        raise wrong_type(value, "a list, or a text with commas", field)
    if isinstance(value, list):
        return [to_text(item, f"{field}[{place}]") for place, item in enumerate(value)]
    text = to_text(value, field)
    return [part.strip() for part in text.split(",")] if text.strip() else []


def check_right(rule: Mapping[str, Json]) -> None:
    """What a checked config can be told at save about `operator` and `right`. Raises
    ValidationError."""
    operator, right = rule["operator"], rule.get("right")
    if operator not in ALONE and "right" not in rule:
        raise ValidationError({"right": f"{operator} needs something to compare with."})
    if operator == "matches" and isinstance(right, str) and not is_template(right):
        try:
            compile_pattern(right)
        except NodeError as error:
            raise ValidationError({"right": error.message}) from None


def branch(comparison: Comparison) -> Output:
    """What a condition returns."""
    return Output(comparison, port="true" if comparison["result"] else "false")


def _folded(text: str, case_sensitive: bool) -> str:
    return text if case_sensitive else text.casefold()


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _exact_or_none(value: Json) -> Exact | None:
    """Only of numbers and texts that are a number."""
    if not _is_number(value) and not isinstance(value, str):
        return None
    try:
        return to_exact(value)
    except NodeError:
        return None
