"""Schedules in the nights in which the clocks change. (Once: this is about clocks, not about
databases.)"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from runs.models import Occurrence
from runs.schedules.scheduler import Scheduler
from tests.runs import timekeeping as clock
from tests.runs.timekeeping import look, look_from, occurrences, scheduled

pytestmark = pytest.mark.django_db

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Africa/Casablanca",
    "Australia/Lord_Howe",
)
YEARS = range(2026, 2030)


def changes(zone: ZoneInfo) -> Iterator[date]:
    """The days of these years on which the clocks change."""
    day = datetime(YEARS[0], 1, 1, 12, tzinfo=UTC)
    while day.year in YEARS:
        if (
            day.astimezone(zone).utcoffset()
            != (day - timedelta(days=1)).astimezone(zone).utcoffset()
        ):
            yield day.astimezone(zone).date()
        day += timedelta(days=1)


def first_moment(day: date, wanted: time, zone: ZoneInfo) -> datetime:
    """The first minute of this local day at which its clocks show this time or a later one."""
    moment = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    while (local := moment.astimezone(zone)).date() < day or (
        local.date() == day and local.time() < wanted
    ):
        moment += timedelta(minutes=1)
    return moment


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("wanted", ["00:00", "00:30", "01:45", "02:15"])
def test_a_local_time_starts_one_run_on_each_day(name: str, wanted: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(zone):
        days = [change + timedelta(days=n) for n in (-1, 0, 1)]
        expected = [first_moment(day, time.fromisoformat(wanted), zone) for day in days]
        since = f"{expected[0] - timedelta(hours=1):%Y-%m-%d %H:%M}"
        workflow = scheduled(wanted, "daily", timezone=name, since=since)
        scheduler, now = Scheduler(), expected[0] - timedelta(minutes=1)
        look(now, scheduler)
        for _ in days:
            look(clock.next_due(workflow), scheduler)
        due = Occurrence.objects.filter(workflow=workflow).order_by("due_at")
        assert [o.due_at for o in due] == expected, change
        clock.switch_off(workflow)


def test_the_repeated_hour_runs_what_is_due_every_quarter() -> None:
    workflow = scheduled("*/15 * * * *", timezone="Europe/Berlin", since="2026-10-24 23:50")
    look_from("2026-10-24 23:55", "2026-10-25 02:10", timedelta(minutes=5))
    assert len(occurrences(workflow)) == 9
