"""When schedules are due: their grammar, and every clock change of 2026 to 2029 in five zones."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.schedule import ScheduleError, parse_schedule

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"
LORD_HOWE, SAO_PAULO, KOLKATA = "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kolkata"

CHANGES = {
    BERLIN: [
        *("2026-03-29T01:00Z", "2026-10-25T01:00Z", "2027-03-28T01:00Z", "2027-10-31T01:00Z"),
        *("2028-03-26T01:00Z", "2028-10-29T01:00Z", "2029-03-25T01:00Z", "2029-10-28T01:00Z"),
    ],
    NEW_YORK: [
        *("2026-03-08T07:00Z", "2026-11-01T06:00Z", "2027-03-14T07:00Z", "2027-11-07T06:00Z"),
        *("2028-03-12T07:00Z", "2028-11-05T06:00Z", "2029-03-11T07:00Z", "2029-11-04T06:00Z"),
    ],
    LORD_HOWE: [
        *("2026-04-04T15:00Z", "2026-10-03T15:30Z", "2027-04-03T15:00Z", "2027-10-02T15:30Z"),
        *("2028-04-01T15:00Z", "2028-09-30T15:30Z", "2029-03-31T15:00Z", "2029-10-06T15:30Z"),
    ],
    SAO_PAULO: [],
    KOLKATA: [],
}
"""The moments at which the clocks of a zone change."""
NIGHTS = [(zone, change) for zone, changes in CHANGES.items() for change in changes]


def at(text: str, zone: str = "UTC") -> datetime:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def local(moment: datetime, zone: str) -> str:
    return moment.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M%z")


def due(kind: str, value: str, zone: str, start: datetime, end: datetime) -> list[datetime]:
    """Each found from the one before, as a scheduler does it."""
    schedule, times = parse_schedule(kind, value, zone), []
    moment = start
    while (moment := schedule.next_after(moment)) <= end:
        times.append(moment)
    return times


def test_the_table_has_all_changes() -> None:
    for zone, changes in CHANGES.items():
        clock, found = ZoneInfo(zone), []
        moment = at("2026-01-01T00:00Z")
        while moment < at("2030-01-01T00:00Z"):
            following = moment + timedelta(minutes=30)
            if moment.astimezone(clock).utcoffset() != following.astimezone(clock).utcoffset():
                found.append(following)
            moment = following
        assert found == [at(change) for change in changes]


# ---------------------------------------------------------------- one night each

# value, the first time asked from (local), what follows
BERLIN_NIGHTS = {
    "forward: a skipped time runs when the clock shows a valid one": (
        ("cron", "30 2 * * *", "2026-03-28T12:00"),
        ["03-29 03:00+0200", "03-30 02:30+0200"],
    ),
    "forward: daily too": (
        ("daily", "02:59", "2026-03-28T12:00"),
        ["03-29 03:00+0200", "03-30 02:59+0200"],
    ),
    "forward: weekly too": (
        ("weekly", "sun 02:00", "2026-03-28T12:00"),
        ["03-29 03:00+0200", "04-05 02:00+0200"],
    ),
    "forward: monthly too": (
        ("monthly", "29 02:15", "2026-03-28T12:00"),
        ["03-29 03:00+0200", "04-29 02:15+0200"],
    ),
    "forward: several skipped times run once": (
        ("cron", "*/15 2 * * *", "2026-03-28T12:00"),
        ["03-29 03:00+0200", "03-30 02:00+0200"],
    ),
    "forward: one of them is valid itself": (
        ("cron", "0 2,3 * * *", "2026-03-28T12:00"),
        ["03-29 03:00+0200", "03-30 02:00+0200"],
    ),
    "forward: each hour goes on": (
        ("cron", "5 * * * *", "2026-03-29T00:30"),
        ["03-29 01:05+0100", "03-29 03:05+0200", "03-29 04:05+0200"],
    ),
    "back: a repeated time runs once, the first time": (
        ("cron", "30 2 * * *", "2026-10-24T12:00"),
        ["10-25 02:30+0200", "10-26 02:30+0100"],
    ),
    "back: daily too": (
        ("daily", "02:00", "2026-10-24T12:00"),
        ["10-25 02:00+0200", "10-26 02:00+0100"],
    ),
    "back: the hour after is the only one": (
        ("daily", "03:00", "2026-10-24T12:00"),
        ["10-25 03:00+0100", "10-26 03:00+0100"],
    ),
    "back: asked in the second hour": (
        ("daily", "02:30", "2026-10-25T01:10+00:00"),
        ["10-26 02:30+0100", "10-27 02:30+0100"],
    ),
    "back: several times of the hour": (
        ("cron", "*/30 2 * * *", "2026-10-24T12:00"),
        ["10-25 02:00+0200", "10-25 02:30+0200", "10-26 02:00+0100"],
    ),
    "back: each hour goes on in both": (
        ("cron", "0 * * * *", "2026-10-25T01:30"),
        ["10-25 02:00+0200", "10-25 02:00+0100", "10-25 03:00+0100"],
    ),
    "back: each quarter in both, asked in between": (
        ("cron", "*/15 * * * *", "2026-10-25T02:40+02:00"),
        ["10-25 02:45+0200", "10-25 02:00+0100", "10-25 02:15+0100"],
    ),
    "an interval counts seconds": (
        ("interval", "90 minutes", "2026-10-25T00:00+02:00"),
        ["10-25 00:30+0200", "10-25 02:00+0200", "10-25 02:30+0100"],
    ),
}


@pytest.mark.parametrize(("asked", "expected"), BERLIN_NIGHTS.values(), ids=BERLIN_NIGHTS)
def test_a_night_in_berlin(asked: tuple[str, str, str], expected: list[str]) -> None:
    kind, value, start = asked
    times = parse_schedule(kind, value, BERLIN).next_times(at(start, BERLIN), len(expected))
    assert [local(moment, BERLIN) for moment in times] == expected


LORD_HOWE_NIGHTS = {
    "forward by half an hour": (
        ("daily", "02:15", "2026-10-03T12:00"),
        ["10-04 02:30+1100", "10-05 02:15+1100"],
    ),
    "back by half an hour": (
        ("daily", "01:45", "2026-04-04T12:00"),
        ["04-05 01:45+1100", "04-06 01:45+1030"],
    ),
    "every second hour misses none": (
        ("cron", "0 */2 * * *", "2026-04-04T23:00"),
        ["04-05 00:00+1100", "04-05 02:00+1030", "04-05 04:00+1030"],
    ),
    "every quarter in both": (
        ("cron", "*/15 * * * *", "2026-04-05T01:40+11:00"),
        ["04-05 01:45+1100", "04-05 01:30+1030", "04-05 01:45+1030", "04-05 02:00+1030"],
    ),
}


@pytest.mark.parametrize(("asked", "expected"), LORD_HOWE_NIGHTS.values(), ids=LORD_HOWE_NIGHTS)
def test_a_night_on_lord_howe(asked: tuple[str, str, str], expected: list[str]) -> None:
    kind, value, start = asked
    times = parse_schedule(kind, value, LORD_HOWE).next_times(at(start, LORD_HOWE), len(expected))
    assert [local(moment, LORD_HOWE) for moment in times] == expected


# ---------------------------------------------------------------- every night

ALL = frozenset(range(60))
SPECS = {
    "30 2 * * *": ({30}, {2}),
    "0 0 * * *": ({0}, {0}),
    "15 1,2,3 * * *": ({15}, {1, 2, 3}),
    "*/10 2 * * *": (set(range(0, 60, 10)), {2}),
    "0 */2 * * *": ({0}, set(range(0, 24, 2))),
    "45 1-3 * * *": ({45}, {1, 2, 3}),
    "0 * * * *": ({0}, None),
    "*/15 * * * *": ({0, 15, 30, 45}, None),
    "* * * * *": (ALL, None),
    "5-55/25 * * * *": ({5, 30, 55}, None),
}
"""Cron -> minutes and hours; None: every hour."""


def by_watching_the_clock(
    minutes: set[int], hours: set[int] | None, zone: str, start: datetime, end: datetime
) -> Iterator[datetime]:
    """The same rule, found by looking at the clock every minute."""

    def matches(shown: datetime) -> bool:
        return shown.minute in minutes and (hours is None or shown.hour in hours)

    clock, seen = ZoneInfo(zone), set()
    before = start.astimezone(clock).replace(tzinfo=None)
    moment = start
    while (moment := moment + MINUTE) <= end:
        shown = moment.astimezone(clock).replace(tzinfo=None, fold=0)
        skipped = []
        while hours is not None and (before := before + MINUTE) < shown:
            skipped.append(before)
        if (matches(shown) and (hours is None or shown not in seen)) or any(map(matches, skipped)):
            yield moment
        seen.add(shown)
        before = shown


@pytest.mark.parametrize("spec", SPECS)
def test_every_change_of_four_years(spec: str) -> None:
    for zone, change in NIGHTS:
        start, end = at(change) - DAY / 4, at(change) + DAY / 2
        expected = [*by_watching_the_clock(*SPECS[spec], zone, start, end)]
        assert due("cron", spec, zone, start, end) == expected, (zone, change)


@pytest.mark.parametrize("zone", CHANGES)
def test_a_daily_time_runs_once_a_day_for_four_years(zone: str) -> None:
    for time in ("00:00", "01:15", "01:45", "02:00", "02:30", "02:59", "03:00", "12:00"):
        times = due("daily", time, zone, at("2026-01-01", zone) - MINUTE, at("2029-12-31", zone))
        days = [moment.astimezone(ZoneInfo(zone)).date() for moment in times]
        assert all(following - day == DAY for day, following in pairwise(days))
        assert len(days) in (1460, 1461)


@pytest.mark.parametrize("zone", CHANGES)
def test_a_quarter_of_an_hour_is_one_at_every_change(zone: str) -> None:
    for change in CHANGES[zone]:
        times = due("cron", "*/15 * * * *", zone, at(change) - DAY, at(change) + DAY)
        assert len(times) == 192
        assert {following - time for time, following in pairwise(times)} == {15 * MINUTE}


@given(
    st.integers(0, 4 * 366 * 24 * 3600),
    st.sampled_from(["* * * * *", "0 */2 * * *", "30 2 * * *", "*/20 1-3 * * SUN", "0 0 29 2 *"]),
    st.sampled_from(
        [*CHANGES, "Africa/Cairo", "America/Havana", "America/Santiago", "Asia/Beirut"]
    ),
)
def test_the_next_time_is_always_later_and_nothing_lies_between(
    seconds: int, spec: str, zone: str
) -> None:
    schedule = parse_schedule("cron", spec, zone)
    moment = at("2026-01-01") + timedelta(seconds=seconds)
    following = schedule.next_after(moment)
    assert following > moment
    between = moment + (following - moment) / 2
    assert schedule.next_after(between) == following
    assert schedule.next_after(following) > following


# ---------------------------------------------------------------- kinds

START = "2026-01-30T12:00"
TIMES = {
    "interval, seconds": (("interval", "90 seconds"), ["01-30 12:01+0000", "01-30 12:03+0000"]),
    "interval, one": (("interval", "1 minute"), ["01-30 12:01+0000"]),
    "interval, hours": (("interval", "6 hours"), ["01-30 18:00+0000", "01-31 00:00+0000"]),
    "interval, days": (("interval", "1 day"), ["01-31 00:00+0000", "02-01 00:00+0000"]),
    "interval, weeks": (("interval", "2 weeks"), ["02-12 00:00+0000", "02-26 00:00+0000"]),
    "cron": (("cron", "0 9 * * 1"), ["02-02 09:00+0000", "02-09 09:00+0000"]),
    "cron, names": (("cron", "0 9 * FEB mon"), ["02-02 09:00+0000"]),
    "cron, blanks": (("cron", "  0   9 * * 1 "), ["02-02 09:00+0000"]),
    "cron, last day": (("cron", "0 9 L * *"), ["01-31 09:00+0000", "02-28 09:00+0000"]),
    "cron, Sunday is 0 and 7": (("cron", "0 9 * * 7"), ["02-01 09:00+0000"]),
    "daily": (("daily", "09:00"), ["01-31 09:00+0000", "02-01 09:00+0000"]),
    "daily, still today": (("daily", "23:59"), ["01-30 23:59+0000"]),
    "daily, short": (("daily", "9:05"), ["01-31 09:05+0000"]),
    "weekly": (("weekly", "mon 09:00"), ["02-02 09:00+0000", "02-09 09:00+0000"]),
    "weekly, capitals": (("weekly", "SUNDAY 09:00"), ["02-01 09:00+0000"]),
    "weekly, today is over": (("weekly", "fri 09:00"), ["02-06 09:00+0000"]),
    "monthly": (("monthly", "1 09:00"), ["02-01 09:00+0000", "03-01 09:00+0000"]),
    "monthly, 31 is the last day": (
        ("monthly", "31 09:00"),
        ["01-31 09:00+0000", "02-28 09:00+0000", "03-31 09:00+0000", "04-30 09:00+0000"],
    ),
    "monthly, 30 in February": (
        ("monthly", "30 09:00"),
        ["02-28 09:00+0000", "03-30 09:00+0000", "04-30 09:00+0000"],
    ),
}


@pytest.mark.parametrize(("asked", "expected"), TIMES.values(), ids=TIMES)
def test_kinds(asked: tuple[str, str], expected: list[str]) -> None:
    times = parse_schedule(*asked, "UTC").next_times(at(START), len(expected))
    assert [local(moment, "UTC") for moment in times] == expected


def test_a_leap_year_has_a_29th_of_february() -> None:
    schedule = parse_schedule("monthly", "31 09:00", "UTC")
    assert schedule.next_after(at("2028-02-01")) == at("2028-02-29T09:00")
    assert parse_schedule("cron", "0 0 29 2 *", "UTC").next_after(at(START)) == at("2028-02-29")


def test_the_next_ten_times() -> None:
    times = parse_schedule("interval", "5 minutes", "UTC").next_times(at(START))
    assert times == [at(START) + 5 * MINUTE * n for n in range(1, 11)]


def test_a_time_that_is_now_is_not_the_next_one() -> None:
    schedule = parse_schedule("daily", "12:00", "UTC")
    assert schedule.next_after(at(START)) == at("2026-01-31T12:00")
    assert schedule.next_after(at(START) - timedelta(microseconds=1)) == at(START)
    assert schedule.next_after(at(START) + timedelta(microseconds=1)) == at("2026-01-31T12:00")


def test_an_interval_counts_from_its_anchor() -> None:
    anchor = at("2026-01-30T12:07:30")
    schedule = parse_schedule("interval", "1 hour", "UTC", anchor)
    assert schedule.next_after(at(START)) == anchor
    assert schedule.next_after(anchor) == anchor + 60 * MINUTE
    assert schedule.next_after(anchor + 500 * DAY) == anchor + 500 * DAY + 60 * MINUTE


def test_results_are_in_utc() -> None:
    for kind, value in (("daily", "09:00"), ("interval", "1 hour"), ("monthly", "1 09:00")):
        assert parse_schedule(kind, value, BERLIN).next_after(at(START)).tzinfo is UTC


BROKEN = {
    "interval without a unit": ("interval", "5", "5 minutes"),
    "interval of nothing": ("interval", "0 minutes", "at least 1 second"),
    "interval with a fraction": ("interval", "1.5 hours", "whole number"),
    "interval that is negative": ("interval", "-5 minutes", "whole number"),
    "interval of months": ("interval", "2 months", "seconds, minutes, hours, days, weeks"),
    "interval too long": ("interval", "367 days", "at most 366 days"),
    "interval far too long": ("interval", "99999999 weeks", "at most 366 days"),
    "cron of four parts": ("cron", "0 9 * *", "five parts"),
    "cron of six parts": ("cron", "0 0 9 * * 1", "five parts"),
    "cron, minute": ("cron", "60 9 * * 1", "The minute of"),
    "cron, hour": ("cron", "0 24 * * 1", "The hour of"),
    "cron, day": ("cron", "0 9 32 * *", "The day of month of"),
    "cron, month": ("cron", "0 9 * 13 *", "The month of"),
    "cron, weekday": ("cron", "0 9 * * 8", "The day of week of"),
    "cron that is never due": ("cron", "0 9 30 2 *", "can not be used"),
    "cron, no numbers": ("cron", "a b c d e", "The minute of"),
    "daily without minutes": ("daily", "9", "09:00"),
    "daily, hour": ("daily", "24:00", "from 00:00 to 23:59"),
    "daily, minute": ("daily", "09:60", "from 00:00 to 23:59"),
    "daily with a day": ("daily", "mon 09:00", "written like 09:00"),
    "weekly without a day": ("weekly", "09:00", "written like mon 09:00"),
    "weekly, unknown day": ("weekly", "mo 09:00", "no day of the week"),
    "monthly without a day": ("monthly", "09:00", "written like 1 09:00"),
    "monthly, day": ("monthly", "32 09:00", "no day of the month"),
    "monthly, day 0": ("monthly", "0 09:00", "no day of the month"),
    "blank": ("daily", "", "written like 09:00"),
    "far too long": ("cron", "0," * 200 + "0 9 * * *", "at most 200"),
}


@pytest.mark.parametrize(("kind", "value", "says"), BROKEN.values(), ids=BROKEN)
def test_what_can_not_be_understood(kind: str, value: str, says: str) -> None:
    with pytest.raises(ScheduleError, match=says) as caught:
        parse_schedule(kind, value, "UTC")
    assert caught.value.field == "value"


def test_unknown_zones_and_kinds_are_named() -> None:
    with pytest.raises(ScheduleError, match="did you mean 'Europe/Berlin'") as caught:
        parse_schedule("daily", "09:00", "Europe/Berln")
    assert caught.value.field == "timezone"
    with pytest.raises(ScheduleError, match="Use interval, cron") as caught:
        parse_schedule("yearly", "09:00", "UTC")
    assert caught.value.field == "kind"


@given(st.sampled_from(["interval", "cron", "daily", "weekly", "monthly"]), st.text(max_size=30))
def test_any_text_is_a_schedule_or_a_schedule_error(kind: str, value: str) -> None:
    try:
        schedule = parse_schedule(kind, value, "UTC")
    except ScheduleError:
        return
    assert schedule.next_after(at(START)) > at(START)
