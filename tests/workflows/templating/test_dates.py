"""Filters for dates. Real moments are compared with a frozen clock."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from tests.workflows.templating.render import render

NOW = datetime(2026, 3, 4, 15, 6, 7, tzinfo=UTC)  # a Wednesday


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-03-04T15:06:07+00:00"),
        ("today", "2026-03-04T15:06:07+00:00"),
        ("2026-03-01", "2026-03-01T00:00:00+00:00"),
        ("2026-03-01T10:20:30Z", "2026-03-01T10:20:30+00:00"),
        ("2026-03-01T10:20:30.5+02:00", "2026-03-01T10:20:30.500000+02:00"),
        ("2026-03-01 10:20", "2026-03-01T10:20:00+00:00"),
        ("March 14, 2016", "2016-03-14T00:00:00+00:00"),
        ("14 Mar 2016 5pm", "2016-03-14T17:00:00+00:00"),
        ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37+00:00"),
        ("Sun, 06 Nov 1994 08:49:37 EST", "1994-11-06T08:49:37-05:00"),
        ("10:30", "2026-03-04T10:30:00+00:00"),
        ("20260301", "2026-03-01T00:00:00+00:00"),
        ("1700000000", "2023-11-14T22:13:20+00:00"),
        (1700000000, "2023-11-14T22:13:20+00:00"),
        (1700000000123, "2023-11-14T22:13:20.123000+00:00"),
        (0, "1970-01-01T00:00:00+00:00"),
        (-1.5, "1969-12-31T23:59:58.500000+00:00"),
        ("no date", "no date"),
        ("", ""),
        (None, None),
        (True, True),
        ([], []),
        (10**40, 10**40),
    ],
)
def test_what_is_a_date(text: Any, expected: Any) -> None:
    assert render("{{ d | date }}", {"d": text}) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("%Y-%m-%d %H:%M:%S", "2026-03-04 15:06:07"),
        ("%-d.%-m.%y %-H %-I", "4.3.26 15 3"),
        ("%e|%k|%l", " 4|15| 3"),
        ("%A %a %B %b %h", "Wednesday Wed March Mar Mar"),
        ("%^a %^B %#p", "WED MARCH pm"),
        ("%I:%M %p %P", "03:06 PM pm"),
        ("%j %U %W %V %G %g %u %w %C", "063 09 09 10 2026 26 3 3 20"),
        ("%s", "1772636767"),
        ("%L %N %f", "000 000000000 000000"),
        ("%z %:z %Z", "+0000 +00:00 UTC"),
        ("%D %F %T %R %x %X", "03/04/26 2026-03-04 15:06:07 15:06 03/04/26 15:06:07"),
        ("%c", "Wed Mar  4 15:06:07 2026"),
        ("%r %v", "03:06:07 PM  4-MAR-2026"),
        ("100%% %n%t", "100% \n\t"),
        ("%Q %", "%Q %"),
        ("%5d %05d %_3m", "00004 00004   3"),
    ],
)
def test_patterns(pattern: str, expected: str) -> None:
    assert render("{{ 'now' | date: p }}", {"p": pattern}) == expected


def test_patterns_agree_with_python_for_every_day_of_many_years() -> None:
    letters = "%a %A %b %B %d %H %I %j %m %M %p %S %U %w %W %y %G %V %u"
    for year in (2019, 2020, 2023, 2024, 2026):
        for day in range(1, 366, 3):
            moment = datetime.fromordinal(datetime(year, 1, 1, tzinfo=UTC).toordinal() + day)
            context = {"d": moment.isoformat(), "p": letters}
            assert render("{{ d | date: p }}", context) == moment.strftime(letters)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ 'now' | date: '%H:%M %Z', 'Europe/Berlin' }}", "16:06 CET"),
        ("{{ '2026-07-01' | date: '%H:%M %:z', 'Europe/Berlin' }}", "02:00 +02:00"),
        ("{{ 'now' | date: '%H:%M', 'utc' }}", "15:06"),
        ("{{ 'now' | date: '', 'Asia/Tokyo' }}", "2026-03-05T00:06:07+09:00"),
        ("{{ now | date: '%Y' }} {{ now }}", "2026 2026-03-04T15:06:07+00:00"),
        ("{{ today }}", "2026-03-04"),
    ],
)
def test_time_zones(source: str, expected: str) -> None:
    assert render(source) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("now", "2026-03-04T15:06:07"),
        ("+3 days", "2026-03-07T15:06:07"),
        ("add 3 days", "2026-03-07T15:06:07"),
        ("Add 1 Day", "2026-03-05T15:06:07"),
        ("-1 week", "2026-02-25T15:06:07"),
        ("sub 2 hours", "2026-03-04T13:06:07"),
        ("3 days ago", "2026-03-01T15:06:07"),
        ("a month", "2026-04-04T15:06:07"),
        ("+90 min", "2026-03-04T16:36:07"),
        ("+1 year, +1 month", "2027-04-04T15:06:07"),
        ("+1 year +1 month -1 day", "2027-04-03T15:06:07"),
        ("tomorrow", "2026-03-05T00:00:00"),
        ("tomorrow noon", "2026-03-05T12:00:00"),
        ("yesterday", "2026-03-03T00:00:00"),
        ("midnight", "2026-03-04T00:00:00"),
        ("next monday", "2026-03-09T00:00:00"),
        ("next wednesday", "2026-03-11T00:00:00"),
        ("last friday", "2026-02-27T00:00:00"),
        ("previous wednesday", "2026-02-25T00:00:00"),
        ("next month", "2026-04-04T15:06:07"),
        ("last year", "2025-03-04T15:06:07"),
        ("start of day", "2026-03-04T00:00:00"),
        ("start of week", "2026-03-02T00:00:00"),
        ("start of the month", "2026-03-01T00:00:00"),
        ("start of quarter", "2026-01-01T00:00:00"),
        ("start of year", "2026-01-01T00:00:00"),
        ("start of hour", "2026-03-04T15:00:00"),
        ("end of day", "2026-03-04T23:59:59.999999"),
        ("end of month", "2026-03-31T23:59:59.999999"),
        ("end of quarter", "2026-03-31T23:59:59.999999"),
        ("first day of next month", "2026-04-01T15:06:07"),
        ("last day of month", "2026-03-31T15:06:07"),
        ("last day of last month", "2026-02-28T15:06:07"),
        ("first day of year", "2026-01-01T15:06:07"),
        ("next month then start of month", "2026-04-01T00:00:00"),
        ("5 weekdays", "2026-03-11T15:06:07"),
        ("+3 weekdays", "2026-03-09T15:06:07"),
        ("-3 weekdays", "2026-02-27T15:06:07"),
    ],
)
def test_carbon_date(words: str, expected: str) -> None:
    assert render("{{ 'now' | carbon_date: w }}", {"w": words}) == f"{expected}+00:00"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ '2026-01-31' | carbon_date: '+1 month' }}", "2026-02-28T00:00:00+00:00"),
        ("{{ '2024-02-29' | carbon_date: '+1 year' }}", "2025-02-28T00:00:00+00:00"),
        (
            "{{ '2026-03-28T12:00:00+01:00' | carbon_date: '+1 day', 'Europe/Berlin' }}",
            "2026-03-29T12:00:00+02:00",
        ),
        (
            "{{ '2026-03-28T12:00:00+01:00' | carbon_date: '+24 hours', 'Europe/Berlin' }}",
            "2026-03-29T13:00:00+02:00",
        ),
        ("{{ 'now' | carbon_date: 'start of day', 'Asia/Tokyo' }}", "2026-03-05T00:00:00+09:00"),
        ("{{ 'now' | carbon_date: 'tomorrow' | date: '%A' }}", "Thursday"),
    ],
)
def test_carbon_date_cases(source: str, expected: str) -> None:
    assert render(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ '2026-03-04T15:00:00' | carbon_condition: 'is_past' }}", True),
        ("{{ '2026-03-04T15:00:00' | carbon_condition: 'isFuture' }}", False),
        ("{{ '2026-03-04' | carbon_condition: 'is today' }}", True),
        ("{{ '2026-03-05T23:00:00' | carbon_condition: 'is_tomorrow' }}", True),
        ("{{ '2026-03-03' | carbon_condition: 'is_yesterday' }}", True),
        ("{{ 'now' | carbon_condition: 'is_weekday' }}", True),
        ("{{ 'now' | carbon_condition: 'is_weekend' }}", False),
        ("{{ 'now' | carbon_condition: 'is_wednesday' }}", True),
        ("{{ 'now' | carbon_condition: 'is_sunday' }}", False),
        ("{{ '2026-03-01' | carbon_condition: 'before', 'now' }}", True),
        ("{{ '2026-03-01' | carbon_condition: 'after', 'now' }}", False),
        ("{{ '2026-03-01T01:00+01:00' | carbon_condition: 'equals', '2026-03-01' }}", True),
        ("{{ '2026-03-04' | carbon_condition: 'on', 'now' }}", True),
        ("{{ '2026-03-31' | carbon_condition: 'same_month', 'now' }}", True),
        ("{{ '2025-03-31' | carbon_condition: 'same_year', 'now' }}", False),
        ("{{ 'now' | carbon_condition: 'between', '2026-03-01', '2026-04-01' }}", True),
        ("{{ 'now' | carbon_condition: 'between', '2026-04-01', '2026-03-01' }}", True),
        ("{{ 'now' | carbon_condition: 'between', '2026-04-01', '2026-05-01' }}", False),
        (
            "{{ '2026-03-04T20:00Z' | carbon_condition: 'is_tomorrow', timezone: 'Asia/Tokyo' }}",
            False,
        ),
    ],
)
def test_carbon_condition(source: str, expected: bool) -> None:
    assert render(source) is expected
