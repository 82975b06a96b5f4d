"""What the operators of conditions mean. Each comparison gives the output of a condition: the
result and both sides as they were compared."""

from __future__ import annotations

import operator as python
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from typing import Any, TypedDict

from rest_framework.serializers import ValidationError

from workflows.dates import shifted, to_amount, to_date
from workflows.errors import NodeError
from workflows.node_type import Json, Output, is_template
from workflows.patterns import compile_pattern, is_found
from workflows.plain_json import decode
from workflows.values import (
    Exact,
    as_text,
    shown_number,
    to_boolean,
    to_exact,
    to_list,
    to_text,
    wrong_type,
)


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

WITHIN = ("within_last", "within_next")
NOW_OPERATORS = ("is_today", "is_past", "is_future")
DATE_OPERATORS = ("before", "after", "on", "between", *NOW_OPERATORS, *WITHIN)

LENGTH_PAIRS: dict[str, Callable[[Any, Any], bool]] = {
    "length_equals": python.eq,
    "length_greater_than": python.gt,
    "length_less_than": python.lt,
}
LIST_OPERATORS = ("contains", "not_contains", "is_empty", "is_not_empty", *LENGTH_PAIRS)

ALONE = frozenset({"is_empty", "is_not_empty", *BOOLEAN_OPERATORS, *NOW_OPERATORS, *WITHIN})
"""Operators that need no right side."""


LABELS = {
    "equals": "equals",
    "not_equals": "does not equal",
    "contains": "contains",
    "not_contains": "does not contain",
    "starts_with": "starts with",
    "ends_with": "ends with",
    "matches": "matches a pattern",
    "in": "is one of",
    "is_empty": "is empty",
    "is_not_empty": "is not empty",
    "greater_than": "is greater than",
    "greater_or_equal": "is at least",
    "less_than": "is less than",
    "less_or_equal": "is at most",
    "between": "is between",
    "is_true": "is true",
    "is_false": "is false",
    "before": "is before",
    "after": "is after",
    "on": "is on the day of",
    "is_today": "is today",
    "is_past": "is past",
    "is_future": "is in the future",
    "within_last": "is within the last",
    "within_next": "is within the next",
    "length_equals": "has a length of",
    "length_greater_than": "is longer than",
    "length_less_than": "is shorter than",
}


def labelled(operators: Iterable[str]) -> list[tuple[str, str]]:
    """As the choices of a field."""
    return [(operator, LABELS[operator]) for operator in operators]


def with_right(operators: Iterable[str]) -> tuple[str, ...]:
    """Those that compare with something."""
    return tuple(operator for operator in operators if operator not in ALONE)


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


def compare_boolean(operator: str, value: Json, field: str = "value") -> Comparison:
    found, wanted = to_boolean(value, field), operator == "is_true"
    return {"result": found == wanted, "left": found, "right": wanted}


def compare_date(
    operator: str,
    left: Json,
    right: Json = None,
    right2: Json = None,
    *,
    amount: Json = None,
    unit: str = "days",
    zone: tzinfo = UTC,
    now: datetime,
) -> Comparison:
    """Moments compare as such, whatever their zones; `on` and `is_today` compare the days they have
    in `zone`. `between` and `within_...` include both ends, which the output has in `right`."""
    now = now.astimezone(zone)
    moment = to_date(left, "left", zone, now)
    if operator in NOW_OPERATORS:
        ends = [now]
    elif operator in WITHIN:
        size = to_amount(amount)
        ends = [shifted(now, -size, unit), now] if operator == "within_last" else [now]
        ends += [shifted(now, size, unit)] if operator == "within_next" else []
    else:
        ends = [to_date(right, "right", zone, now)]
        ends += [to_date(right2, "right2", zone, now)] if operator == "between" else []
    shown = [end.isoformat() for end in ends]
    return {
        "result": _holds(operator, moment, ends),
        "left": moment.isoformat(),
        "right": shown if len(shown) > 1 else shown[0],
    }


def _holds(operator: str, moment: datetime, ends: list[datetime]) -> bool:
    if operator in ("on", "is_today"):
        return moment.date() == ends[0].date()
    # Two times of one zone would compare by the clock, which shows an hour twice a year twice.
    instant, first, last = (each.astimezone(UTC) for each in (moment, ends[0], ends[-1]))
    if operator in ("before", "is_past"):
        return instant < first
    if operator in ("after", "is_future"):
        return instant > first
    return first <= instant <= last


def compare_list(operator: str, left: Json, right: Json = None) -> Comparison:
    """A list that is not there counts as an empty one. `contains` finds an item that is the same
    JSON value; a number and its text are the same."""
    items = [] if left is None or left == "" else to_list(left, "left")
    if operator in ALONE:
        result = (not items) == (operator == "is_empty")
        return {"result": result, "left": items, "right": None}
    if operator in LENGTH_PAIRS:
        wanted = to_exact(right, "right")
        result = LENGTH_PAIRS[operator](len(items), wanted)
        return {"result": result, "left": items, "right": shown_number(right, wanted)}
    found = any(is_same(item, right) for item in items)
    return {"result": found == (operator == "contains"), "left": items, "right": right}


def is_same(left: Json, right: Json) -> bool:
    """Whether two JSON values are equal: 5 is 5.0 and "5", true is "true" and not 1."""
    if isinstance(left, list) and isinstance(right, list):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(is_same(*pair) for pair in pairs)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_same(left[key], right[key]) for key in left)
    if isinstance(left, (list, dict, type(None))) or isinstance(right, (list, dict, type(None))):
        return left is None and right is None
    if _is_number(left) or _is_number(right):
        exact, other = _exact_or_none(left), _exact_or_none(right)
        return exact is not None and exact == other
    return as_text(left) == as_text(right)


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
