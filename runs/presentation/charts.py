"""Charts as shapes with coordinates, for SVG that a template writes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Case, Count, IntegerField, Value, When

from runs.figures import first_id_at
from runs.models import Run

HOURS = 24
STACK = ("completed", "cancelled", "in progress", "failed")
"""From the bottom up."""
HEIGHT = 160.0
BAR_SHARE = 0.72
"""Of the room that an hour has."""
LEAST_HEIGHT = 2.0
"""So that one failed run of thousands is seen."""


@dataclass(frozen=True, slots=True)
class Piece:
    """`y` and `height` in pixels from the top of the chart."""

    result: str
    number: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Hour:
    """`x` and `width` in percent."""

    start: datetime
    x: float
    width: float
    pieces: Sequence[Piece]
    counts: Mapping[str, int]

    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=1)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def words(self) -> str:
        said = [f"{number:,} {result}" for result, number in self.counts.items() if number]
        return f"{self.start:%H:%M} to {self.end:%H:%M} UTC: {', '.join(said) or 'no runs'}"


@dataclass(frozen=True, slots=True)
class HourlyChart:
    hours: Sequence[Hour]
    lines: Sequence[tuple[float, int]]
    """(y, number) of the lines behind the bars."""
    by_status: Mapping[str, int]
    """All runs of the chart, by what they are now."""
    results: Sequence[str] = STACK
    height: float = HEIGHT

    @property
    def total(self) -> int:
        return sum(self.by_status.values())


def runs_per_hour(now: datetime, workflow: uuid.UUID | None = None) -> HourlyChart:
    """Of the last HOURS whole hours and the present one. One query, on the index of statuses."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    starts = [this_hour - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    runs = Run.objects.filter(id__gte=first_id_at(starts[0]))
    if workflow:
        runs = runs.filter(workflow=workflow)
    # The newest first: most databases stop at the first that holds.
    cases = [When(id__gte=first_id_at(start), then=Value(n)) for n, start in enumerate(starts)]
    hour = Case(*cases[::-1], default=Value(0), output_field=IntegerField())
    rows = runs.order_by().annotate(hour=hour).values_list("hour", "status")
    counted = list(rows.annotate(number=Count("id")))
    by_status = dict.fromkeys(Run.Status.values, 0)
    per_hour = [dict.fromkeys(STACK, 0) for _ in starts]
    for place, status, number in counted:
        by_status[status] += number
        per_hour[place][_result_of(status)] += number
    top = _round_up(max((sum(counts.values()) for counts in per_hour), default=0))
    room = 100 / HOURS
    hours = [
        Hour(
            start,
            round(room * (n + (1 - BAR_SHARE) / 2), 3),
            round(room * BAR_SHARE, 3),
            _pieces(counts, top),
            counts,
        )
        for n, (start, counts) in enumerate(zip(starts, per_hour, strict=True))
    ]
    lines = [(0.0, top), (HEIGHT / 2, top // 2)] if top > 1 else [(0.0, top)]
    return HourlyChart(hours, lines, by_status)


def _result_of(status: str) -> str:
    return "in progress" if status in Run.UNFINISHED else status


def _pieces(counts: Mapping[str, int], top: int) -> list[Piece]:
    pieces, y = [], HEIGHT
    for result in STACK:
        if number := counts[result]:
            height = max(HEIGHT * number / top, LEAST_HEIGHT)
            y = max(y - height, 0.0)
            pieces.append(Piece(result, number, round(y, 2), round(height, 2)))
    return pieces


def _round_up(number: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100 ..., so that its half is whole too."""
    power = 1
    while True:
        for base in (2, 4, 10):
            if number <= base * power:
                return base * power
        power *= 10
