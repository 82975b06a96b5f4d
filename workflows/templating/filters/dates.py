"""Filters for dates and times. `"now"` is the present moment; what names no zone is UTC."""

from __future__ import annotations

from datetime import datetime

from workflows.node_type import Json
from workflows.templating.budget import Budget
from workflows.templating.clock import format_date, parse_date, zone_of
from workflows.templating.filters.registry import FilterError, value_filter
from workflows.templating.modifiers import (
    LONGEST,
    QUESTIONS,
    answer,
    modify,
    others_needed,
    question_name,
)
from workflows.templating.text import text_of

_DATE_WORK = 2_000


@value_filter(
    """{{ "2026-03-01T12:00:00Z" | date: "%-d %B %Y, %H:%M", "Europe/Berlin" }}""",
    "1 March 2026, 13:00",
)
def date(budget: Budget, value: Json, pattern: Json = None, timezone: Json = None) -> Json:
    """Writes a date by a pattern with the directives of strftime (%Y year, %m month, %d day, %H
    hour, %M minute, %S second, %B name of the month, %A day of the week, %s timestamp, %z offset;
    %-d without a leading zero), without one as ISO 8601. The second argument is the time zone to
    write it in. A value that is no date is kept."""
    budget.spend(_DATE_WORK)
    moment = parse_date(value)
    if moment is None:
        return value
    moment = _in_zone(moment, timezone)
    layout = text_of(pattern)
    if len(layout) > LONGEST:
        raise FilterError(f"the pattern is longer than {LONGEST} characters")
    return format_date(moment, layout) if layout else moment.isoformat()


@value_filter(
    """{{ "2026-01-31" | carbon_date: "+1 month" }}""",
    "2026-02-28T00:00:00+00:00",
)
def carbon_date(budget: Budget, value: Json, words: Json, timezone: Json = None) -> str:
    """Moves a date by words and gives ISO 8601: `+3 days`, `add 2 weeks`, `sub 1 hour`,
    `3 days ago`, `tomorrow`, `noon`, `next monday`, `last month`, `start of week`,
    `end of quarter`, `first day of next month`, `5 weekdays`; several after each other, with commas
    between them. The second argument is the time zone to think in."""
    moment = _moment(budget, value, timezone)
    asked = text_of(words)
    try:
        moved = modify(moment, asked)
    except (OverflowError, ValueError):
        raise FilterError("the date would be outside of the years 1 to 9999") from None
    if moved is None:
        raise FilterError(
            "the change is not understood; write it like '+3 days' or 'start of month'", asked
        )
    return moved.isoformat()


@value_filter(
    """{{ "2026-03-01" | carbon_condition: "before", "2026-03-02" }}""",
    "true",
)
def carbon_condition(
    budget: Budget,
    value: Json,
    question: Json,
    other: Json = None,
    last: Json = None,
    *,
    timezone: Json = None,
) -> bool:
    """Asks about a date: is_past, is_future, is_today, is_tomorrow, is_yesterday, is_weekend,
    is_weekday, is_monday to is_sunday; with another date before, after, equals, on (the same day),
    same_month, same_year; with two between (both ends included). `timezone:` names the zone whose
    days count."""
    name = question_name(text_of(question)[:LONGEST])
    try:
        needed = others_needed(name)
    except KeyError:
        raise FilterError(f"the questions are {', '.join(QUESTIONS)}", question) from None
    moment = _moment(budget, value, timezone)
    given = [other, last][:needed]
    return answer(name, moment, [_moment(budget, item, None) for item in given])


def _moment(budget: Budget, value: Json, timezone: Json) -> datetime:
    budget.spend(_DATE_WORK)
    moment = parse_date(value)
    if moment is None:
        raise FilterError("a date is needed, like 2026-03-01 or 2026-03-01T12:00:00Z", value)
    return _in_zone(moment, timezone)


def _in_zone(moment: datetime, name: Json) -> datetime:
    if name is None or name == "":
        return moment
    try:
        return moment.astimezone(zone_of(name))
    except ValueError:
        raise FilterError("the time zone is not known; use one like Europe/Berlin", name) from None
    except OverflowError:
        raise FilterError("the date is outside of the years 1 to 9999") from None
