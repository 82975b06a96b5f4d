"""The steps of a run on one axis of time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from runs.models import Run, Step
from runs.presentation import timeline
from runs.presentation.run_page import read_page
from runs.presentation.timeline import Row, Timeline, build_timeline
from tests.runs.driver import graph, node, publish
from tests.runs.records import NOON, run_of
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def workflow() -> Workflow:
    loop = node("each", "iterator", items="{{ trigger }}")
    return publish(
        graph(
            node("a"),
            node("b"),
            loop,
            node("inner"),
            node("call", "trigger_workflow", wait=True),
            "start -> a",
            "a -> b",
            "b -> each",
            "each:item -> inner",
            "each -> call",
        )
    )


def at(seconds: float) -> Any:
    return NOON + timedelta(seconds=seconds)


def step(run: Run, node_id: str, start: float, end: float | None, **fields: Any) -> Step:
    fields = {"status": "completed", "node_type": "probe_pure", "port": "default", **fields}
    finished = None if end is None else at(end)
    return Step.objects.create(
        run=run,
        node_id=node_id,
        sequence=run.steps.count(),
        started_at=at(start),
        finished_at=finished,
        **fields,
    )


def drawn(run: Run, attempt: int = 0, now: float = 100) -> Timeline:
    page = read_page(run, attempt or run.attempt)
    found = build_timeline(run, page.marks, page.attempt, at(now), parked=["call"])
    assert found is not None
    return found


def rows_of(found: Timeline) -> Mapping[str, Row]:
    return {row.node_id: row for row in found.rows}


def places(row: Row) -> list[tuple[float, float, str, str]]:
    return [(round(b.x, 1), round(b.width, 1), b.kind, b.status) for b in row.bars]


def test_a_run_without_steps_has_none(workflow: Workflow) -> None:
    run = run_of(workflow, "queued")
    assert read_page(run, 1).timeline is None


def test_bars_lie_where_the_steps_were(workflow: Workflow) -> None:
    run = run_of(workflow)
    step(run, "a", 0, 2)
    step(run, "b", 5, 10)
    rows = rows_of(drawn(run))
    assert places(rows["a"]) == [(0, 20, "running", "completed")]
    assert places(rows["b"]) == [(50, 50, "running", "completed")]
    assert rows["b"].words == "Completed, started 5.0 s into attempt 1."
    assert rows["b"].bars[0].title == "b: completed, took 5.0 s"
    assert [row.node_id for row in drawn(run).rows] == ["a", "b"]


def test_the_time_in_the_queue_is_a_row(workflow: Workflow) -> None:
    run = run_of(workflow, started_at=at(4))
    step(run, "a", 4, 10)
    rows = drawn(run).rows
    assert (rows[0].name, places(rows[0])) == ("Queued", [(0, 40, "waiting", "queued")])
    assert places(rows[1]) == [(40, 60, "running", "completed")]


def test_tries_are_bars_of_one_row_with_their_waits(workflow: Workflow) -> None:
    run = run_of(workflow)
    step(run, "a", 0, 1, status="failed", port="", wake_at=at(5))
    step(run, "a", 5, 6, status="failed", port="", wake_at=at(9), try_number=2)
    step(run, "a", 9, 10, try_number=3)
    row = rows_of(drawn(run))["a"]
    assert places(row) == [
        (0, 10, "running", "failed"),
        (10, 40, "retry", "failed"),
        (50, 10, "running", "failed"),
        (60, 30, "retry", "failed"),
        (90, 10, "running", "completed"),
    ]
    assert (row.status, row.words) == (
        "completed",
        "Completed, started 0 ms into attempt 1, 3 tries.",
    )


def test_waiting_looks_unlike_working(workflow: Workflow) -> None:
    run = run_of(workflow)
    step(run, "a", 0, 6, wake_at=at(5))
    step(run, "call", 6, 10)
    rows = rows_of(drawn(run))
    assert places(rows["a"]) == [
        (0, 50, "waiting", "completed"),
        (50, 10, "running", "completed"),
    ]
    assert places(rows["call"]) == [(60, 40, "waiting", "completed")]


def test_a_live_run_goes_on_until_now(workflow: Workflow) -> None:
    run = run_of(workflow, "running")
    step(run, "a", 0, 10)
    step(run, "b", 10, None, status="running", port="")
    assert places(rows_of(drawn(run, now=40))["b"]) == [(25, 75, "running", "running")]
    step(run, "call", 10, None, status="waiting", port="")
    assert places(rows_of(drawn(run, now=40))["call"]) == [(25, 75, "waiting", "waiting")]


def test_attempts_are_bands_without_the_time_between_them(workflow: Workflow) -> None:
    run = run_of(workflow, attempt=2)
    step(run, "a", 0, 10)
    step(run, "b", 10, 20, status="failed", port="", superseded_by=2)
    step(run, "b", 7200, 7220, attempt=2)
    found = drawn(run)
    first, second = found.bands
    assert (first.number, second.number) == (1, 2)
    assert first.width == pytest.approx(second.width)
    assert second.x == pytest.approx(first.width + timeline.GAP)
    bars = rows_of(found)["b"].bars
    assert [bar.status for bar in bars] == ["failed", "completed"]
    assert bars[1].x >= second.x - 0.01
    assert rows_of(found)["b"].status == "completed"
    assert rows_of(drawn(run, attempt=1))["b"].status == "failed"


def test_iterations_are_one_row_below_their_iterator(workflow: Workflow) -> None:
    run = run_of(workflow)
    step(run, "each", 0, 100, node_type="iterator")
    for number in range(100):
        bad = {"status": "failed", "port": ""} if number == 60 else {}
        step(run, "inner", number, number + 1, iteration=str(number), **bad)
    row = rows_of(drawn(run))["inner"]
    assert (row.depth, row.count, row.status) == (1, 100, "failed")
    assert row.words.startswith("1 failed, 99 completed")
    assert [bar.status for bar in row.bars] == ["completed", "failed", "completed"]
    assert sum(bar.width for bar in row.bars) == pytest.approx(100, abs=1)


def test_a_moment_is_still_seen_and_inside(workflow: Workflow) -> None:
    run = run_of(workflow)
    step(run, "a", 0, 0)
    step(run, "b", 1000, 1000)
    for row in drawn(run).rows:
        (bar,) = row.bars
        assert bar.width == timeline.THINNEST
        assert 0 <= bar.x <= 100 - bar.width


@pytest.mark.parametrize(
    ("seconds", "labels"),
    [
        (0.001, ["0"]),
        (0.5, ["0", "100 ms", "200 ms", "300 ms", "400 ms"]),
        (8, ["0", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s", "7 s"]),
        (100, ["0", "15 s", "30 s", "45 s", "60 s", "75 s", "90 s"]),
        (3600, ["0", "10 min", "20 min", "30 min", "40 min", "50 min"]),
        (86400 * 3, ["0"]),
    ],
)
def test_ticks_are_round(workflow: Workflow, seconds: float, labels: list[str]) -> None:
    run = run_of(workflow)
    step(run, "a", 0, seconds)
    found = [tick.label for tick in drawn(run, now=86400 * 4).ticks]
    if labels == ["0"]:
        assert 1 <= len(found) <= 10
    else:
        assert [label.replace("1 min", "60 s") for label in found[:1]] == ["0"]
        assert len(found) == len(labels)
        assert found[1] == labels[1]


def test_only_the_newest_attempts_are_drawn(workflow: Workflow) -> None:
    run = run_of(workflow, attempt=9)
    for attempt in range(1, 10):
        step(run, "a", attempt * 100, attempt * 100 + 5, attempt=attempt)
    assert [band.number for band in drawn(run).bands] == [5, 6, 7, 8, 9]
