"""When a schedule is due. Pure functions of a moment: no clock, no database.

How the nights on which clocks change are treated (`zone` is the time zone of the schedule):

- A fixed local time (daily, weekly, monthly, and cron with chosen hours) runs once on the night the
  clocks go back: at its first occurrence. On the night they go forward a time that is skipped runs
  at the next minute that exists; several skipped ones run once together.
- Cron with every hour (`*/15 * * * *`) follows the time that passes: it goes on through the
  repeated hour, and what would fall into the skipped one is left out.
- An interval counts seconds from its anchor, whatever the clocks show.

A monthly schedule for a day that a month does not have runs on the last day of that month.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from itertools import count

from cronsim import CronSim, CronSimError

from workflows.errors import WorkflowError
from workflows.suggestions import did_you_mean
from workflows.templating.clock import zone_names, zone_of

KINDS = ("interval", "cron", "daily", "weekly", "monthly")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_VALUE = 200
LONGEST_INTERVAL = timedelta(days=366)
_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_INTERVAL = re.compile(r"([0-9]{1,8})\s*([a-z]+)")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_EVERY_HOUR = set(range(24))
_MINUTE = timedelta(minutes=1)


class ScheduleError(WorkflowError):
    """A schedule that can not be understood; `field` is "kind", "value" or "timezone"."""

    code = "invalid_schedule"

    def __init__(self, message: str, field: str = "value") -> None:
        super().__init__(message, details={"field": field})
        self.field = field


class DueTimes(ABC):
    """The due times of a schedule, all in UTC."""

    @abstractmethod
    def next_after(self, moment: datetime) -> datetime:
        """The first due time later than `moment`, which is aware."""

    def next_times(self, moment: datetime, number: int = 10) -> list[datetime]:
        times: list[datetime] = []
        for _ in range(number):
            moment = self.next_after(moment)
            times.append(moment)
        return times


@dataclass(frozen=True, slots=True)
class Interval(DueTimes):
    step: timedelta
    anchor: datetime = EPOCH

    def next_after(self, moment: datetime) -> datetime:
        """The anchor is the first due time."""
        if moment < self.anchor:
            return self.anchor.astimezone(UTC)
        steps = (moment - self.anchor) // self.step + 1
        return (self.anchor + steps * self.step).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class ByTheClock(DueTimes):
    """Due when the clocks of `zone` show one of the times that `times_after` gives: all local times
    after a local one, without a zone, in order. `in_real_time`: see the top of this file."""

    times_after: Callable[[datetime], Iterator[datetime]] = field(repr=False)
    zone: tzinfo
    in_real_time: bool = False

    def next_after(self, moment: datetime) -> datetime:
        """The times come in the order of their first occurrences, so the search ends as soon as
        one begins after the best that was found."""
        best: datetime | None = None
        for local in self.times_after(self._start(moment)):
            due = self._occurrences(local)
            if best is not None and due and due[0] >= best:
                return best
            later = [each for each in due if each > moment]
            if later and (best is None or later[0] < best):
                best = later[0]
            if best is not None and not self.in_real_time:
                return best
        raise AssertionError("a checked schedule has always a next time")

    def _start(self, moment: datetime) -> datetime:
        """Within an hour that will come again, its beginning: its times are still to come."""
        local = moment.astimezone(self.zone)
        again = local.replace(fold=1)
        start = local.replace(tzinfo=None, fold=0)
        repeated = _offset(local.replace(fold=0)) - _offset(again)
        return start - max(repeated, timedelta())

    def _occurrences(self, local: datetime) -> list[datetime]:
        first = local.replace(tzinfo=self.zone, fold=0).astimezone(UTC)
        if self._shows(first, local):
            if not self.in_real_time:
                return [first]
            second = local.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
            return [first] if second == first else [first, second]
        if self.in_real_time:
            return []
        while not self._shows(local.replace(tzinfo=self.zone).astimezone(UTC), local):
            local += _MINUTE
        return [local.replace(tzinfo=self.zone).astimezone(UTC)]

    def _shows(self, moment: datetime, local: datetime) -> bool:
        return moment.astimezone(self.zone).replace(tzinfo=None, fold=0) == local


@lru_cache(maxsize=1024)
def parse_schedule(kind: str, value: str, timezone: str, anchor: datetime = EPOCH) -> DueTimes:
    """Raises ScheduleError. An interval counts from `anchor`, which is its first due time."""
    zone = _zone(timezone)
    if len(value) > LONGEST_VALUE:
        raise ScheduleError(f"A schedule has at most {LONGEST_VALUE} characters.")
    text = " ".join(value.lower().split())
    if kind == "interval":
        return Interval(_interval(text), anchor)
    if kind == "cron":
        sim = _cron(text)
        return ByTheClock(_cron_times(text), zone, sim.hours == _EVERY_HOUR)
    if kind == "daily":
        hour, minute = _time(text, "daily", "09:00")
        return ByTheClock(_cron_times(f"{minute} {hour} * * *"), zone)
    if kind == "weekly":
        day, hour, minute = _weekly(text)
        return ByTheClock(_cron_times(f"{minute} {hour} * * {day}"), zone)
    if kind == "monthly":
        return ByTheClock(_monthly_times(*_monthly(text)), zone)
    raise ScheduleError(f"There is no schedule {kind!r}. Use {', '.join(KINDS)}.", "kind")


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or timedelta()


def _zone(name: str) -> tzinfo:
    try:
        return zone_of(name)
    except ValueError:
        hint = did_you_mean(name, zone_names())
        raise ScheduleError(
            f"There is no time zone {name!r}{hint}. Use a name like Europe/Berlin or UTC.",
            "timezone",
        ) from None


def _interval(text: str) -> timedelta:
    found = _INTERVAL.fullmatch(text)
    seconds = _UNITS.get(found[2].removesuffix("s")) if found else None
    if not found or seconds is None:
        raise ScheduleError(
            "An interval is a whole number and a unit, like 5 minutes. The units are "
            f"{', '.join(f'{unit}s' for unit in _UNITS)}. This is {text!r}."
        )
    step = timedelta(seconds=int(found[1]) * seconds)
    if not timedelta() < step <= LONGEST_INTERVAL:
        raise ScheduleError("An interval is at least 1 second and at most 366 days.")
    return step


def _cron(text: str) -> CronSim:
    if len(text.split()) != 5:
        raise ScheduleError(
            "A cron schedule has five parts: minute, hour, day of the month, month and day of the "
            f"week, like 0 9 * * 1 for Mondays at 09:00. This has {len(text.split())}: {text!r}."
        )
    try:
        sim = CronSim(text, EPOCH)
        next(sim)
    except CronSimError as error:
        part = str(error).removeprefix("Bad ").replace("-", " ")
        raise ScheduleError(
            f"The {part} of the cron schedule {text!r} can not be used. "
            "Write it like 0 9 * * 1 for Mondays at 09:00."
        ) from None
    except StopIteration:
        raise ScheduleError(f"The cron schedule {text!r} is never due. Check its day.") from None
    return sim


def _cron_times(text: str) -> Callable[[datetime], Iterator[datetime]]:
    """Without a zone, because the library loses hours where clocks change by half an hour."""
    return lambda start: iter(CronSim(text, start))


def _time(text: str, kind: str, example: str) -> tuple[int, int]:
    found = _TIME.fullmatch(text)
    hour, minute = (int(found[1]), int(found[2])) if found else (24, 0)
    if hour > 23 or minute > 59:
        raise ScheduleError(
            f"A {kind} schedule is written like {example}, from 00:00 to 23:59. This is {text!r}."
        )
    return hour, minute


def _weekly(text: str) -> tuple[int, int, int]:
    name, _, time = text.partition(" ")
    hour, minute = _time(time, "weekly", "mon 09:00")
    for number, day in enumerate(_DAYS):
        if name in (day, day[:3]):
            return number, hour, minute
    raise ScheduleError(
        f"{name!r} is no day of the week. Write it like mon 09:00, with mon, tue, wed, thu, fri, "
        "sat or sun."
    )


def _monthly(text: str) -> tuple[int, int, int]:
    day, _, time = text.partition(" ")
    hour, minute = _time(time, "monthly", "1 09:00")
    if not (day.isascii() and day.isdigit() and 1 <= int(day) <= 31):
        raise ScheduleError(
            f"{day!r} is no day of the month. Write it like 1 09:00, with a day from 1 to 31; "
            "shorter months have it on their last day."
        )
    return int(day), hour, minute


def _monthly_times(day: int, hour: int, minute: int) -> Callable[[datetime], Iterator[datetime]]:
    def times_after(start: datetime) -> Iterator[datetime]:
        for month in count(start.year * 12 + start.month - 1):
            year, number = divmod(month, 12)
            last = monthrange(year, number + 1)[1]
            local = datetime(year, number + 1, min(day, last), hour, minute)  # noqa: DTZ001 - local
            if local > start:
                yield local

    return times_after
