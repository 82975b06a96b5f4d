"""Points in time as node types need them: read from JSON, moved, compared, measured.

All moments are aware and shown in the time zone of the node. Hours and less are real time; days
and more keep the time on the clock, also over the nights on which clocks change.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, ClassVar

from rest_framework import serializers

from workflows.errors import NodeError
from workflows.node_type import Json, TemplateField, is_template
from workflows.suggestions import did_you_mean
from workflows.templating.clock import parse_date, zone_names, zone_of
from workflows.templating.modifiers import edge_of, move
from workflows.values import Exact, to_exact, wrong_type

UNITS = ("seconds", "minutes", "hours", "days", "weeks", "months", "years")
SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
_REAL_TIME = ("seconds", "minutes", "hours")
_A_DATE = "a date like 2026-03-01 or 2026-03-01T12:00:00Z"
_LARGEST_AMOUNT = 10**12


class TimeZoneField(TemplateField):
    """An IANA time zone like Europe/Berlin, checked at save unless it is a template."""

    value_schema: ClassVar[dict[str, Any]] = {"x-template": True, "x-timezone": True}

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Time zone")
        kwargs.setdefault("default", "UTC")
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not is_template(data):
            try:
                to_zone(data)
            except NodeError as error:
                raise serializers.ValidationError(error.message) from None
        return super().to_internal_value(data)


class UnitField(serializers.ChoiceField):
    """A unit of time; `day` is taken for `days`."""

    def __init__(self, units: tuple[str, ...] = UNITS, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Unit")
        super().__init__(units, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return super().to_internal_value(f"{data}s" if f"{data}s" in self.choices else data)


def to_zone(value: Json, field: str = "timezone") -> tzinfo:
    """Blank is UTC."""
    if value is None or value == "":
        return UTC
    try:
        return zone_of(value)
    except ValueError:
        hint = did_you_mean(value, zone_names()) if isinstance(value, str) else ""
        raise wrong_type(
            value, "a time zone like Europe/Berlin", field, hint and f"{hint}."
        ) from None


def to_date(value: Json, field: str, zone: tzinfo, now: datetime) -> datetime:
    """A text or a timestamp as a moment in `zone`. `now` is the present moment and `today` its
    midnight; what names no time zone is in `zone`, and a day without a time is its midnight."""
    word = value.strip().lower() if isinstance(value, str) else ""
    moment = now if word in ("now", "today") else parse_date(value, zone)
    if moment is None:
        raise wrong_type(value, _A_DATE, field)
    try:
        local = moment.astimezone(zone)
        return edge_of(local, "start", "day") if word == "today" else local
    except OverflowError:
        raise _out_of_range() from None


def to_amount(value: Json, field: str = "amount") -> Exact:
    """A number of units, not below 0."""
    amount = to_exact(value, field)
    if not 0 <= amount <= _LARGEST_AMOUNT:
        raise wrong_type(value, "a number from 0 to 1,000,000,000,000", field)
    return amount


def shifted(moment: datetime, amount: Exact, unit: str) -> datetime:
    """`amount` may be negative; a part of a day or of a week is real time. Months end on the last
    day they have: January 31st and a month is February 28th."""
    whole = int(amount)
    try:
        if unit in _REAL_TIME:
            return _in_real_time(moment, float(amount) * SECONDS[unit])
        if unit in SECONDS:
            moved = move(moment, unit.removesuffix("s"), whole)
            return _in_real_time(moved, float(amount - whole) * SECONDS[unit])
        if amount != whole:
            raise wrong_type(float(amount), f"a whole number of {unit}", "amount")
        return _in_real_time(move(moment, unit.removesuffix("s"), whole), 0)
    except (OverflowError, ValueError):
        raise _out_of_range() from None


def edge(moment: datetime, which: str, unit: str) -> datetime:
    """The `start` or the `end` of the unit around a moment. Weeks begin on Monday; the end is the
    last microsecond."""
    try:
        return _in_real_time(edge_of(moment, which, unit.removesuffix("s")), 0)
    except (OverflowError, ValueError):
        raise _out_of_range() from None


def between(start: datetime, end: datetime, unit: str) -> int | float:
    """How many units lie between two moments of one time zone, below 0 where the end comes first.
    Days, weeks, months and years are those of the calendar; the rest of a unit is its part."""
    if end.astimezone(UTC) < start.astimezone(UTC):
        return -between(end, start, unit)
    if unit in _REAL_TIME:
        count = (end.astimezone(UTC) - start.astimezone(UTC)) / timedelta(seconds=SECONDS[unit])
    elif unit in SECONDS:
        count = (_on_the_clock(end) - _on_the_clock(start)) / timedelta(seconds=SECONDS[unit])
    else:
        count = _months(start, end) / (12 if unit == "years" else 1)
    rounded = round(count, 6)
    return int(rounded) if rounded == int(rounded) else rounded


def _months(start: datetime, end: datetime) -> float:
    whole = (end.year - start.year) * 12 + end.month - start.month
    if _on_the_clock(move(start, "month", whole)) > _on_the_clock(end):
        whole -= 1
    last, following = (_on_the_clock(move(start, "month", whole + n)) for n in (0, 1))
    return whole + (_on_the_clock(end) - last) / (following - last)


def _on_the_clock(moment: datetime) -> datetime:
    return moment.replace(tzinfo=None)


def _in_real_time(moment: datetime, seconds: float) -> datetime:
    """Also moves a time that the clocks skip to one that exists."""
    return (moment.astimezone(UTC) + timedelta(seconds=seconds)).astimezone(moment.tzinfo)


def _out_of_range() -> NodeError:
    return NodeError(
        "The date is outside of the years 1 to 9999. Use a smaller amount.", code="bad_date"
    )
