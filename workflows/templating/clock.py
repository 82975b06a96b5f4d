"""Reading, writing and moving points in time. Everything here is aware; what names no time zone
is UTC."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from dateutil import parser

from workflows.node_type import Json

LONGEST_DATE = 64
_MILLISECONDS_FROM = 1e11
"""Timestamps this large are taken for milliseconds: in seconds they would be in the year 5138."""
_NUMBER = re.compile(r"-?[0-9]{1,16}(?:\.[0-9]{1,9})?")
_DAY = re.compile(r"(?:19|20)[0-9]{6}")
_ZONES = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_DIRECTIVE = re.compile(r"%([-_0^#:]*)([0-9]{0,2})([A-Za-z%+])")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def zone_of(name: Json) -> tzinfo:
    """The time zone of an IANA name like Europe/Berlin. Raises ValueError."""
    if not isinstance(name, str) or not name or len(name) > LONGEST_DATE:
        raise ValueError(name)
    try:
        return UTC if name.upper() == "UTC" else ZoneInfo(name)
    except (OSError, LookupError):
        raise ValueError(name) from None


@cache
def zone_names() -> frozenset[str]:
    """All that zone_of() takes, for hints."""
    return frozenset(available_timezones())


def parse_date(value: Json, zone: tzinfo = UTC) -> datetime | None:
    """A point in time, or None where the value is none. `zone` is that of texts which name none.

    Takes `now` and `today`, ISO 8601, the usual ways of writing dates in English, and timestamps
    in seconds or milliseconds (numbers, or texts of digits except for YYYYMMDD)."""
    try:
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return _from_timestamp(value)
        if not isinstance(value, str) or not 0 < len(text := value.strip()) <= LONGEST_DATE:
            return None
        if text.lower() in ("now", "today"):
            return datetime.now(UTC)
        if _NUMBER.fullmatch(text) and not _DAY.fullmatch(text):
            return _from_timestamp(float(text))
        return _aware(_from_text(text), zone)
    except (ValueError, OverflowError, ArithmeticError, TypeError):
        return None


def _from_timestamp(seconds: float) -> datetime:
    if abs(seconds) >= _MILLISECONDS_FROM:
        seconds /= 1000
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def _from_text(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
        moment: datetime = parser.parse(text, default=midnight, tzinfos=_offset_zone)
        return moment


def _offset_zone(name: str | None, offset: int | None) -> tzinfo | None:
    if offset is None:
        hours = _ZONES.get((name or "").lower())
        offset = None if hours is None else hours * 3600
    return None if offset is None else timezone(timedelta(seconds=offset))


def _aware(moment: datetime, zone: tzinfo) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def format_date(moment: datetime, pattern: str) -> str:
    """strftime as Ruby and Liquid have it, in English and the same on every platform: all its
    directives, the flags `-` (no padding), `_` (blanks), `0`, `^` (upper case), `#` (swap case),
    `:` (in %z) and a width. An unknown directive stays as it is."""

    def written(found: re.Match[str]) -> str:
        flags, width, letter = found.groups()
        if letter == "%":
            return "%"
        if letter == "z":
            return _offset(moment, ":" in flags)
        if letter in _COMPOSED:
            text, pad, least = format_date(moment, _COMPOSED[letter]), " ", 0
        elif letter in _DIRECTIVES:
            read, pad, least = _DIRECTIVES[letter]
            text = str(read(moment))
        else:
            return found.group()
        return _padded(text, flags, width, pad, least)

    return _DIRECTIVE.sub(written, pattern)


def _padded(text: str, flags: str, width: str, pad: str, least: int) -> str:
    least = int(width) if width else least
    if "^" in flags:
        text = text.upper()
    elif "#" in flags:
        text = text.swapcase()
    if "-" in flags:
        return text
    pad = "0" if "0" in flags else " " if "_" in flags else pad
    return text.rjust(least, pad)


def _offset(moment: datetime, colon: bool) -> str:
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    sign, minutes = "-" if minutes < 0 else "+", abs(minutes)
    return f"{sign}{minutes // 60:02}{':' if colon else ''}{minutes % 60:02}"


def _week(moment: datetime, first_day: int) -> int:
    """The week of the year, counted from the first `first_day` (0 is Monday)."""
    days_since = (moment.weekday() - first_day) % 7
    return (moment.timetuple().tm_yday - 1 - days_since + 7) // 7


_Directive = tuple[Callable[[datetime], object], str, int]
_DIRECTIVES: dict[str, _Directive] = {
    "Y": (lambda d: d.year, "0", 4),
    "C": (lambda d: d.year // 100, "0", 2),
    "y": (lambda d: d.year % 100, "0", 2),
    "m": (lambda d: d.month, "0", 2),
    "B": (lambda d: _MONTHS[d.month - 1], " ", 0),
    "b": (lambda d: _MONTHS[d.month - 1][:3], " ", 0),
    "h": (lambda d: _MONTHS[d.month - 1][:3], " ", 0),
    "d": (lambda d: d.day, "0", 2),
    "e": (lambda d: d.day, " ", 2),
    "j": (lambda d: d.timetuple().tm_yday, "0", 3),
    "H": (lambda d: d.hour, "0", 2),
    "k": (lambda d: d.hour, " ", 2),
    "I": (lambda d: (d.hour - 1) % 12 + 1, "0", 2),
    "l": (lambda d: (d.hour - 1) % 12 + 1, " ", 2),
    "P": (lambda d: "am" if d.hour < 12 else "pm", " ", 0),
    "p": (lambda d: "AM" if d.hour < 12 else "PM", " ", 0),
    "M": (lambda d: d.minute, "0", 2),
    "S": (lambda d: d.second, "0", 2),
    "L": (lambda d: d.microsecond // 1000, "0", 3),
    "f": (lambda d: d.microsecond, "0", 6),
    "N": (lambda d: d.microsecond * 1000, "0", 9),
    "Z": (lambda d: d.tzname() or "UTC", " ", 0),
    "A": (lambda d: _DAYS[d.weekday()], " ", 0),
    "a": (lambda d: _DAYS[d.weekday()][:3], " ", 0),
    "u": (lambda d: d.isoweekday(), "0", 1),
    "w": (lambda d: d.isoweekday() % 7, "0", 1),
    "G": (lambda d: d.isocalendar().year, "0", 4),
    "g": (lambda d: d.isocalendar().year % 100, "0", 2),
    "V": (lambda d: d.isocalendar().week, "0", 2),
    "U": (lambda d: _week(d, 6), "0", 2),
    "W": (lambda d: _week(d, 0), "0", 2),
    "s": (lambda d: math.floor(d.timestamp()), "0", 0),
    "n": (lambda d: "\n", " ", 0),
    "t": (lambda d: "\t", " ", 0),
}
_COMPOSED = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "x": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "R": "%H:%M",
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "r": "%I:%M:%S %p",
    "v": "%e-%^b-%Y",
    "+": "%a %b %e %H:%M:%S %Z %Y",
}
