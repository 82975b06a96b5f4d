"""Moving a point in time by words, and asking questions about it, as PHP's Carbon does."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from dateutil.relativedelta import relativedelta

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EXACT = {"second": 1, "minute": 60, "hour": 3600}
_CALENDAR = {
    "day": relativedelta(days=1),
    "week": relativedelta(weeks=1),
    "fortnight": relativedelta(weeks=2),
    "month": relativedelta(months=1),
    "quarter": relativedelta(months=3),
    "year": relativedelta(years=1),
}
_UNIT = "(?:second|sec|minute|min|hour|day|weekday|week|fortnight|month|quarter|year)"
_ABBREVIATIONS = {"sec": "second", "min": "minute"}
_STEP = re.compile(
    rf"""\s*(?:,|and\b|then\b)?\s*(?:
      (?P<word>now|today|midnight|noon|tomorrow|yesterday)
    | (?P<edge>start|end)[ ]of[ ](?:the[ ])?(?P<edge_unit>day|week|month|quarter|year|hour|minute)
    | (?P<end_day>first|last)[ ]day[ ]of[ ](?:(?P<which>next|last|previous|this)[ ])?
      (?P<period>month|year)
    | (?P<direction>next|last|previous)[ ](?:(?P<day>{"|".join(_DAYS)})|(?P<by>{_UNIT}))
    | (?P<verb>add|plus|sub|subtract|minus)?\s*(?P<sign>[+-]?)\s*(?P<amount>[0-9]{{1,6}}|an?)\s*
      (?P<unit>{_UNIT})s?(?P<ago>[ ]ago)?
    )\b\s*""",
    re.VERBOSE | re.IGNORECASE,
)
LONGEST = 200


def modify(moment: datetime, words: str) -> datetime | None:
    """The moment moved by words like `+3 days`, `add 2 weeks`, `start of month`,
    `next monday`, `last day of next month`, `tomorrow noon`; several one after the other. None
    where the words are not understood. Raises OverflowError."""
    text, position = " ".join(words[: LONGEST + 1].lower().split()), 0
    if not text or len(words) > LONGEST:
        return None
    while position < len(text):
        found = _STEP.match(text, position)
        if not found:
            return None
        position = found.end()
        moment = _apply(moment, found)
    return moment


def _apply(moment: datetime, found: re.Match[str]) -> datetime:
    part = found.groupdict()
    if part["word"]:
        return _WORDS[part["word"]](moment)
    if part["edge"]:
        return edge_of(moment, part["edge"], part["edge_unit"])
    if part["end_day"]:
        return _end_day(moment, part["end_day"], part["which"], part["period"])
    if part["day"]:
        return _weekday(moment, _DAYS.index(part["day"]), part["direction"] == "next")
    if part["direction"]:
        return move(moment, part["by"], 1 if part["direction"] == "next" else -1)
    amount = 1 if part["amount"].startswith("a") else int(part["amount"])
    back = part["sign"] == "-", part["verb"] in ("sub", "subtract", "minus"), bool(part["ago"])
    return move(moment, part["unit"], -amount if sum(back) % 2 else amount)


def move(moment: datetime, unit: str, amount: int) -> datetime:
    """Hours and less are real time; days and more keep the time on the clock."""
    unit = _ABBREVIATIONS.get(unit, unit)
    if unit in _EXACT:
        later = moment.astimezone(UTC) + timedelta(seconds=_EXACT[unit] * amount)
        return later.astimezone(moment.tzinfo)
    if unit == "weekday":
        return _move_weekdays(moment, amount)
    moved: datetime = moment + _CALENDAR[unit] * amount
    return moved


def _move_weekdays(moment: datetime, amount: int) -> datetime:
    weeks, days = divmod(abs(amount), 5)
    forward = 1 if amount >= 0 else -1
    moment += timedelta(weeks=weeks * forward)
    while days or (amount and moment.weekday() > 4):
        moment += timedelta(days=forward)
        days -= 1 if days and moment.weekday() < 5 else 0
    return moment


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _start(moment: datetime, unit: str) -> datetime:
    if unit == "second":
        return moment.replace(microsecond=0)
    if unit == "minute":
        return moment.replace(second=0, microsecond=0)
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    moment = _midnight(moment)
    if unit == "week":
        return moment - timedelta(days=moment.weekday())
    if unit == "month":
        return moment.replace(day=1)
    if unit == "quarter":
        return moment.replace(day=1, month=(moment.month - 1) // 3 * 3 + 1)
    return moment.replace(day=1, month=1) if unit == "year" else moment


def edge_of(moment: datetime, edge: str, unit: str) -> datetime:
    """The `start` or `end` of the unit around a moment; weeks begin on Monday."""
    start = _start(moment, unit)
    if edge == "start":
        return start
    end = move(start, unit, 1).astimezone(UTC) - timedelta(microseconds=1)
    return end.astimezone(moment.tzinfo)


def _end_day(moment: datetime, end: str, which: str | None, period: str) -> datetime:
    first = moment.replace(day=1, month=1 if period == "year" else moment.month)
    if which and which != "this":
        first = move(first, period, 1 if which == "next" else -1)
    return first if end == "first" else move(first, period, 1) - timedelta(days=1)


def _weekday(moment: datetime, day: int, forward: bool) -> datetime:
    distance = (day - moment.weekday()) % 7 or 7
    return _midnight(moment) + timedelta(days=distance if forward else distance - 7 or -7)


_WORDS: dict[str, Callable[[datetime], datetime]] = {
    "now": lambda moment: moment,
    "today": _midnight,
    "midnight": _midnight,
    "noon": lambda moment: _midnight(moment).replace(hour=12),
    "tomorrow": lambda moment: _midnight(moment) + timedelta(days=1),
    "yesterday": lambda moment: _midnight(moment) - timedelta(days=1),
}

_QUESTIONS: dict[str, Callable[[datetime, datetime], bool]] = {
    "is_past": lambda moment, now: moment < now,
    "is_future": lambda moment, now: moment > now,
    "is_today": lambda moment, now: moment.date() == now.date(),
    "is_tomorrow": lambda moment, now: moment.date() == now.date() + timedelta(days=1),
    "is_yesterday": lambda moment, now: moment.date() == now.date() - timedelta(days=1),
    "is_weekend": lambda moment, now: moment.weekday() > 4,
    "is_weekday": lambda moment, now: moment.weekday() < 5,
    **{
        f"is_{name}": (lambda moment, now, day=day: moment.weekday() == day)  # type: ignore[misc]
        for day, name in enumerate(_DAYS)
    },
}
_COMPARISONS: dict[str, Callable[[datetime, datetime], bool]] = {
    "before": lambda moment, other: moment < other,
    "after": lambda moment, other: moment > other,
    "equals": lambda moment, other: moment == other,
    "on": lambda moment, other: moment.date() == other.date(),
    "same_month": lambda moment, other: (moment.year, moment.month) == (other.year, other.month),
    "same_year": lambda moment, other: moment.year == other.year,
}
QUESTIONS = (*_QUESTIONS, *_COMPARISONS, "between")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def question_name(words: str) -> str:
    """`isPast`, `is past` and `is_past` are the same question."""
    return _CAMEL.sub("_", words.strip()).lower().replace(" ", "_").replace("-", "_")


def others_needed(question: str) -> int:
    """How many further dates a question takes; raises KeyError for an unknown one."""
    if question in _QUESTIONS:
        return 0
    return {**dict.fromkeys(_COMPARISONS, 1), "between": 2}[question]


def answer(question: str, moment: datetime, others: list[datetime]) -> bool:
    """`between` includes both ends. Days are those of the moment's time zone."""
    others = [other.astimezone(moment.tzinfo) for other in others]
    if question in _QUESTIONS:
        return _QUESTIONS[question](moment, datetime.now(moment.tzinfo))
    if question == "between":
        return min(others) <= moment <= max(others)
    return _COMPARISONS[question](moment, others[0])
