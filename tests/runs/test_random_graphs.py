"""Random graphs: the engine against a naive interpreter, killed at every commit, and resumed.

Where nothing ends a run early, every step has to be the same: node, iteration, status, output,
port, number of tries; and the run's output. Where a step ends it, its other branches are caught
wherever they happen to be, so only this has to be equal: what ended it is something that could,
with its error; everything that leads to it is as computed; each other step that was completed is
too, and the rest is cancelled or was never begun. The same holds inside of an iterator whose item
failed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from runs.models import Job, Run, Step
from runs.services import plan_resume, resume_run, start_run
from runs.store import checkpoints
from runs.worker.work_loop import WorkLoop
from tests.runs.driver import drain, publish, run, work
from tests.runs.naive import Done, Key, Naive
from tests.runs.random_graphs import Drawn, Effects, child, drawings, with_child
from workflows.graph import Graph
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db]


def doses(many: int, very_many: int) -> list[Any]:
    return [pytest.param(many), pytest.param(very_many, marks=pytest.mark.long)]


def dose(many: int, *, shrink: bool = True) -> Any:
    """The same graphs each time; hypothesis prints the smallest one that goes wrong, or the first
    where looking for a smaller one takes minutes."""
    return settings(
        max_examples=many,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, *([Phase.shrink] if shrink else [])],
        suppress_health_check=list(HealthCheck),
    )


def last_rows(of: Run) -> dict[Key, Step]:
    """The steps that count, the last try of each."""
    rows = of.steps.filter(superseded_by=None).order_by("attempt", "try_number")
    return {(row.node_id, row.iteration): row for row in rows}


class Comparison:
    """`crashed`: a try that was cut off was made again, so fewer are counted."""

    def __init__(self, drawn: Drawn, of: Run, *, crashed: bool = False) -> None:
        self.run = of
        self.crashed = crashed
        self.rows = last_rows(of)
        self.naive = Naive(drawn.graph, drawn.payload, drawn.failing_tries, self.rows.get)

    def check(self) -> None:
        naive, rows = self.naive, self.rows
        assert not Job.objects.exists()
        assert not self.run.children.exclude(status__in=Run.FINISHED).exists()
        assert not {row.status for row in rows.values()} & {"running", "waiting"}
        assert set(rows) <= set(naive.steps), "a step that nothing leads to"
        ending = self.ending()
        loose = set(naive.steps) if ending else naive.racy
        for key, done in naive.steps.items():
            if key not in loose:
                self.same(key, done)
            elif key in rows:
                self.same_or_given_up(key, done)
        for key in [ending] if ending else naive.because:
            if key == ending or (key in rows and rows[key].status == "failed"):
                self.causes_are_there(key)
        if not ending:
            assert (self.run.status, self.run.error) == ("completed", None)
            assert self.run.output == naive.output

    def ending(self) -> Key | None:
        """The step that ended the run early."""
        naive, error = self.naive, self.run.error
        endings = naive.endings | set(filter(self.was_quicker, naive.racing_endings))
        if not endings:
            return None
        if self.run.status == "completed":
            ended = [key for key in endings if key in self.rows
                     and naive.nodes[key[0]]["type"] == "terminate"]  # fmt: skip
            assert self.run.output in [naive.steps[key].output for key in ended]
            return ended[0]
        assert self.run.status == "failed"
        (ended_by,) = [key for key in endings if key in self.rows
                       and key[0] == error["details"]["node"]
                       and self.rows[key].status != "cancelled"]  # fmt: skip
        assert error["code"] == (naive.steps[ended_by].code or "terminated")
        return ended_by

    def was_quicker(self, ending: Key) -> bool:
        """Than the failure beside it."""
        return ending in self.rows and self.rows[ending].status == "completed"

    def same(self, key: Key, done: Done) -> None:
        assert key in self.rows, f"{key} was not executed"
        row = self.rows[key]
        shown = (row.status, row.port, (row.error or {}).get("code", ""))
        assert shown == (done.status, done.port or "", done.code), key
        assert row.output == done.output or done.is_fatal, key
        assert row.try_number == done.tries or (self.crashed and row.try_number < done.tries), key

    def same_or_given_up(self, key: Key, done: Done) -> None:
        row = self.rows[key]
        between_tries = row.status == "failed" and row.try_number < done.tries
        if row.status != "cancelled" and not between_tries:
            self.same(key, done)

    def causes_are_there(self, key: Key) -> None:
        """Everything that led to a failure."""
        name, path = key
        done = self.naive.steps[key]
        self.same(key, done)
        for before in self.before(name):
            if (before, path) in self.naive.steps:
                self.same((before, path), self.naive.steps[before, path])
        if key in self.naive.because:
            self.causes_are_there(self.naive.because[key])

    def before(self, name: str) -> list[str]:
        found = [name]
        for one in found:
            found += [
                edge["source"]
                for edge in self.naive.graph["edges"]
                if edge["target"] == one and edge["port"] != "item" and edge["source"] not in found
            ]
        return found[1:]


@pytest.fixture
def workflow() -> Workflow:
    return child()


@pytest.mark.parametrize("many", doses(500, 10_000))
def test_the_engine_does_what_the_graph_means(workflow: Workflow, many: int) -> None:
    @dose(many)
    @given(drawn=drawings())
    def each(drawn: Drawn) -> None:
        compare(workflow, drawn)

    each()


def compare(workflow: Workflow, drawn: Drawn) -> None:
    Job.objects.all().delete()
    with Effects(drawn):
        ended = run(publish(with_child(drawn.graph, workflow)), drawn.payload)
    Comparison(drawn, ended).check()


# ---------------------------------------------------------------- killed at every commit


class Killed(BaseException):
    """Nothing more is done by this process."""


@contextmanager
def death(commit: int, when: str) -> Iterator[None]:
    """Whoever commits for the n-th time in here dies: `before` the transaction ends, or `after`,
    knowing nothing of it."""
    counted = 0
    save, mark_saved = checkpoints.save, checkpoints.mark_saved

    def die_before(states: Any, moment: float) -> None:
        nonlocal counted
        save(states, moment)
        counted += 1
        if when == "before" and counted == commit:
            raise Killed

    def die_after(states: Any) -> None:
        if when == "after" and counted == commit:
            raise Killed
        mark_saved(states)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checkpoints, "save", die_before)
        patch.setattr(checkpoints, "mark_saved", die_after)
        yield


def is_killed(commit: int, when: str) -> bool:
    """Work until nothing is left to do, or that commit is reached."""
    loop = WorkLoop(0)
    try:
        with death(commit, when):
            drain(loop)
    except Killed:
        # Nothing is released: its leases run out.
        Job.objects.update(available_at=0)
        return True
    finally:
        loop.close()
    return False


@pytest.mark.parametrize("many", doses(12, 600))
def test_a_run_that_was_killed_at_any_commit_ends_as_any_other(
    workflow: Workflow, many: int
) -> None:
    @dose(many, shrink=False)
    @given(drawn=drawings())
    def each(drawn: Drawn) -> None:
        kill_at_every_commit(workflow, drawn)

    each()


def kill_at_every_commit(workflow: Workflow, drawn: Drawn) -> None:
    published = publish(with_child(drawn.graph, workflow))
    for when in ("before", "after"):
        for commit in count(1):
            Job.objects.all().delete()
            run = start_run(
                workflow=published, payload=drawn.payload, trigger_type="manual_trigger"
            )
            with Effects(drawn) as effects:
                crashed = is_killed(commit, when)
                work(run)
            compare_after_a_crash(drawn, run, effects)
            if not crashed:
                break


def compare_after_a_crash(drawn: Drawn, run: Run, effects: Effects) -> None:
    comparison = Comparison(drawn, run, crashed=True)
    comparison.check()
    times = Counter((name, iteration) for name, iteration, _ in effects.of(run))
    keys = {(name, iteration, key) for name, iteration, key in effects.of(run)}
    assert len(keys) == len(times), "an effect was repeated with another key"
    for key, many in times.items():
        assert many <= comparison.naive.steps[key].tries + 1
    rows = run.steps.filter(node_type="trigger_workflow")
    called = [row.output.get("run_id") or row.error["details"]["run_id"] for row in rows
              if row.output]  # fmt: skip
    children = Run.objects.filter(parent_run=run).values_list("pk", flat=True)
    assert sorted(called) == sorted(map(str, children)), "a child was started twice"


# ---------------------------------------------------------------- resumed


@pytest.mark.parametrize("many", doses(20, 2_000))
def test_a_resume_does_what_its_plan_says(workflow: Workflow, many: int) -> None:
    @dose(many)
    @given(drawn=drawings(sound=True), pick=st.integers(0, 20))
    def each(drawn: Drawn, pick: int) -> None:
        resume_from_everywhere(workflow, drawn, pick)

    each()


def resume_from_everywhere(workflow: Workflow, drawn: Drawn, pick: int) -> None:
    """`pick`: which of the effects breaks, and which of the completed steps is a point too."""
    Job.objects.all().delete()
    effects = [name for name, (times, _) in drawn.fails.items() if not times]
    assume(effects)
    broken = effects[pick % len(effects)]
    let_fail(drawn, broken)
    naive = Naive(drawn.graph, drawn.payload, drawn.failing_tries, {}.get)
    assume(not naive.endings | naive.racing_endings)
    assume(broken in {name for name, _ in set(naive.steps) - naive.racy})
    published = publish(with_child(drawn.graph, workflow))
    for point in ("failed", "start", None):
        with Effects(drawn, broken=broken):
            failed = run(published, drawn.payload)
        assert failed.status == "failed"
        resume_as_planned(drawn, failed, point or completed_step(failed, pick))


def completed_step(of: Run, pick: int) -> str:
    names = sorted({row.node_id for row in of.steps.filter(status="completed")})
    return names[pick % len(names)]


def let_fail(drawn: Drawn, broken: str) -> None:
    """Nobody catches the failure of this node; all others are caught."""
    graph = Graph.from_json(drawn.graph)
    (iterators,) = graph.scopes[broken]
    for one in drawn.graph["nodes"]:
        if one["id"] in (broken, *iterators):
            one["continue_on_error"] = False


def resume_as_planned(drawn: Drawn, failed: Run, point: str) -> None:
    had = {(row.node_id, row.iteration) for row in failed.steps.all()}
    planned = plan_resume(run=failed, start=point).steps
    reused, repeated = (
        {(step.node_id, step.iteration) for step in planned if step.action == action}
        for action in ("reused", "repeated")
    )
    with Effects(drawn) as effects:
        resumed = work(resume_run(run=failed, start=point))
    executed = {(row.node_id, row.iteration) for row in resumed.steps.filter(attempt=2)}
    assert executed & had == repeated
    assert reused | repeated == had
    new = {step.node_id for step in planned if step.action == "new"}
    assert {name for name, _ in executed - had} <= new
    assert {(name, iteration) for name, iteration, _ in effects.of(resumed)} <= executed
    Comparison(drawn, resumed).check()
