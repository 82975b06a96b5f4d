"""The steps of a run on one axis of time: where each lies in percent, and in words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from runs.models import Run, Step
from runs.presentation.shown_steps import ORDER
from runs.presentation.step_marks import Mark, Marks

ATTEMPTS_SHOWN = 5
GAP = 1.5
"""Percent between two attempts, however long nothing happened."""
LEAST_SHARE = 0.3
"""Of the width, divided evenly among the attempts; the rest by their length."""
THINNEST = 0.4
SINGLE_BARS = 24
"""Of one row; more are drawn as columns."""
COLUMNS = 240
TICKS = 8
TICK_MS = [base * power for power in (1, 10, 100) for base in (1, 2, 5)]
TICK_MS += [s * 1000 for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200)]


@dataclass(frozen=True, slots=True)
class Bar:
    """`kind`: running, waiting, or retry (waiting for the next try)."""

    x: float
    width: float
    kind: str
    status: str
    title: str = ""


@dataclass(slots=True)
class Row:
    """One node; `node_id` is empty for the time before a worker took the run."""

    node_id: str
    name: str
    node_type: str
    depth: int
    status: str
    bars: list[Bar]
    words: str
    count: int = 0
    """Iterations; 0 outside of iterators."""
    duration_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """An attempt."""

    number: int
    start: datetime
    end: datetime
    x: float
    width: float

    def place(self, moment: datetime) -> float:
        share = (moment - self.start) / (self.end - self.start)
        return self.x + self.width * min(max(share, 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    rows: Sequence[Row]
    bands: Sequence[Band]
    ticks: Sequence[Tick]


def build_timeline(
    run: Run, marks: Marks, attempt: int, now: datetime, *, parked: Iterable[str] = ()
) -> Timeline | None:
    """None where nothing has started. `parked`: nodes that wait for another run."""
    shown = [mark for mark in marks.all if mark.attempt > attempt - ATTEMPTS_SHOWN]
    bands = _bands(run, shown, now if attempt == run.attempt and not run.is_finished else None)
    if not bands:
        return None
    drawer = _Drawer(bands, now, frozenset(parked))
    by_node: dict[str, list[Mark]] = defaultdict(list)
    for mark in shown:
        by_node[mark.node_id].append(mark)
    rows = [_row(found, marks, attempt, drawer) for found in by_node.values()]
    if queued := _queued(run, bands):
        rows.insert(0, queued)
    return Timeline(rows, list(bands.values()), list(_ticks(bands.values())))


def _bands(run: Run, marks: Sequence[Mark], now: datetime | None) -> dict[int, Band]:
    """`now`: the last attempt still goes on."""
    spans: dict[int, tuple[datetime, datetime]] = {}
    for mark in marks:
        if mark.started_at:
            moments = (mark.started_at, mark.finished_at or now or mark.started_at)
            first, last = spans.get(mark.attempt, moments)
            spans[mark.attempt] = (min(first, *moments), max(last, *moments))
    if 1 in spans and run.created_at < spans[1][0]:
        spans[1] = (run.created_at, spans[1][1])
    if not spans:
        return {}
    least = timedelta(milliseconds=1)
    lengths = {number: max(end - start, least) for number, (start, end) in spans.items()}
    whole = sum(lengths.values(), timedelta())
    room = 100 - GAP * (len(spans) - 1)
    bands, x = {}, 0.0
    for number, (start, _) in sorted(spans.items()):
        share = LEAST_SHARE / len(spans) + (1 - LEAST_SHARE) * (lengths[number] / whole)
        bands[number] = Band(number, start, start + lengths[number], x, room * share)
        x += room * share + GAP
    return bands


def _ticks(bands: Iterable[Band]) -> Iterator[Tick]:
    for band in bands:
        length = (band.end - band.start).total_seconds() * 1000
        most = max(round(TICKS * band.width / 100), 1)
        step = next((ms for ms in TICK_MS if length / ms <= most), None) or length
        for number in range(int(length / step) + 1):
            x = band.x + band.width * (number * step / length)
            if number == 0 or x < band.x + band.width * (1 - 0.5 / most):
                yield Tick(round(x, 2), _tick_label(number * step))


def _tick_label(milliseconds: float) -> str:
    if milliseconds < 1000:
        return f"{milliseconds:g} ms" if milliseconds else "0"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:g} s"
    if milliseconds < 3_600_000:
        return f"{milliseconds / 60_000:g} min"
    return f"{milliseconds / 3_600_000:.3g} h"


@dataclass(frozen=True, slots=True)
class _Drawer:
    bands: Mapping[int, Band]
    now: datetime
    parked: frozenset[str]

    def bars_of(self, mark: Mark) -> Iterator[Bar]:
        band = self.bands.get(mark.attempt)
        if band is None or mark.started_at is None:
            return
        start, end = mark.started_at, mark.finished_at or min(self.now, band.end)
        waits_for_retry = mark.status == Step.Status.FAILED and mark.wake_at is not None
        pause = _pause_end(mark, start, end, mark.node_id in self.parked)
        if pause and pause > start:
            yield self._bar(band, mark, start, pause, "waiting")
            start = pause
        if end > start or not pause:
            yield self._bar(band, mark, start, end, "running")
        if waits_for_retry and mark.wake_at and mark.wake_at > end:
            yield self._bar(band, mark, end, min(mark.wake_at, band.end), "retry")

    def _bar(self, band: Band, mark: Mark, start: datetime, end: datetime, kind: str) -> Bar:
        x = band.place(start)
        width = max(band.place(end) - x, 0.2 if kind == "retry" else THINNEST)
        x = min(x, band.x + band.width - width)
        title = f"{_label(mark)}: {_verb(mark, kind)} {_lasting(end - start)}"
        return Bar(round(max(x, band.x), 3), round(width, 3), kind, mark.status, title)


def _pause_end(mark: Mark, start: datetime, end: datetime, is_parked: bool) -> datetime | None:
    """Until when the step only waited; None: it never did."""
    if is_parked or mark.status == Step.Status.WAITING:
        return end
    if mark.wake_at and mark.status != Step.Status.FAILED:
        return min(mark.wake_at, end)
    return None


def _label(mark: Mark) -> str:
    text = f"{mark.node_id} [{mark.iteration}]" if mark.iteration else mark.node_id
    return f"{text}, try {mark.try_number}" if mark.try_number > 1 else text


def _verb(mark: Mark, kind: str) -> str:
    if kind == "retry":
        return "waited for the next try"
    if kind == "waiting":
        return "waited"
    return f"{mark.status}, took"


def _lasting(length: timedelta) -> str:
    milliseconds = length.total_seconds() * 1000
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60):02} s"


def _row(found: Sequence[Mark], marks: Marks, attempt: int, drawer: _Drawer) -> Row:
    """`found`: the steps of one node, of all attempts."""
    standing = [m for m in found if m.superseded_by is None or m.superseded_by > attempt] or found
    last = {mark.iteration: mark for mark in standing}.values()
    status = next(s for s in ORDER if any(mark.status == s for mark in last))
    scope = marks.scope_of(found[0])
    bars = [bar for mark in found for bar in drawer.bars_of(mark)]
    first = found[0]
    lengths = [mark.duration_ms for mark in standing if mark.duration_ms is not None]
    return Row(
        node_id=first.node_id,
        name=first.name or first.node_id,
        node_type=first.node_type,
        depth=len(scope),
        status=status,
        bars=bars if len(bars) <= SINGLE_BARS else _columns(bars),
        words=_words(last, standing, drawer.bands),
        count=len(last) if scope else 0,
        duration_ms=sum(lengths) if lengths else None,
    )


def _words(last: Iterable[Mark], standing: Sequence[Mark], bands: Mapping[int, Band]) -> str:
    """The row as a sentence, for those who do not see it."""
    counted = Counter(mark.status for mark in last)
    said = ", ".join(f"{counted[s]:,} {s}" for s in ORDER if counted[s])
    if sum(counted.values()) == 1:
        said = next(iter(counted))
    first = standing[0]
    words = said.capitalize()
    if first.started_at and (band := bands.get(first.attempt)):
        after = _lasting(max(first.started_at - band.start, timedelta()))
        words += f", started {after} into attempt {first.attempt}"
    tries = max(mark.try_number for mark in standing)
    return words + (f", {tries} tries." if tries > 1 else ".")


def _columns(bars: Sequence[Bar]) -> list[Bar]:
    """Many bars as columns of the worst that is there; equal neighbours are one bar."""
    worst: dict[int, tuple[int, str, str]] = {}
    for bar in bars:
        place = (ORDER.index(bar.status), bar.kind, bar.status)
        first, last = (int(edge * COLUMNS / 100) for edge in (bar.x, bar.x + bar.width))
        for column in range(first, min(max(last, first + 1), COLUMNS)):
            worst[column] = min(worst.get(column, place), place)
    width = 100 / COLUMNS
    merged: list[Bar] = []
    for column, (_, kind, status) in sorted(worst.items()):
        x = column * width
        before = merged[-1] if merged else None
        touches = before is not None and abs(before.x + before.width - x) < width / 2
        if before and touches and (before.kind, before.status) == (kind, status):
            merged[-1] = Bar(before.x, round(x + width - before.x, 3), kind, status)
        else:
            merged.append(Bar(round(x, 3), round(width, 3), kind, status))
    return merged


def _queued(run: Run, bands: Mapping[int, Band]) -> Row | None:
    """The time before a worker took the run, where it can be seen."""
    band = bands.get(1)
    if band is None or run.started_at is None or run.started_at <= band.start:
        return None
    width = band.place(run.started_at) - band.x
    if width < 1:
        return None
    words = f"Waited for a worker: {_lasting(run.started_at - band.start)}"
    bar = Bar(band.x, round(width, 3), "waiting", "queued", words)
    took = (run.started_at - band.start).total_seconds() * 1000
    return Row("", "Queued", "", 0, "queued", [bar], words + ".", duration_ms=took)
