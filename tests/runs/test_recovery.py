"""What is left when a worker dies, hangs or wakes up too late."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import altoflow_probe
import pytest
from pytest_django import Settings

from runs.models import Job, Run, Step
from runs.services import start_run
from runs.store import checkpoints, leases
from runs.worker.watchdog import TimeLimit
from runs.worker.work_loop import MOST_DEATHS, WorkLoop
from tests.runs.driver import drain, executed, graph, node, publish, run, steps, work

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.usefixtures("quiet_probe"),
]


def started(*parts: Any) -> Run:
    return start_run(workflow=publish(graph(*parts)), payload=1, trigger_type="manual_trigger")


def held_in_effect(name: str, *parts: Any) -> tuple[Run, WorkLoop]:
    """A run whose worker is in the middle of the effect of `name`."""
    altoflow_probe.gates[name] = altoflow_probe.threading.Event()
    begun, loop = started(*parts), WorkLoop(0)
    deadline = time.monotonic() + 5
    while name not in [made for made, _ in altoflow_probe.made]:
        loop.turn()
        assert time.monotonic() < deadline, "the effect was never started"
    return begun, loop


def kill(loop: WorkLoop) -> None:
    """As kill -9 leaves it: nothing is released, its leases run out."""
    Job.objects.update(available_at=0)
    for gate in altoflow_probe.gates.values():
        gate.set()
    altoflow_probe.gates.clear()
    loop.close()


CHAIN = ("start -> a", "a -> b", "b -> c")


def test_an_interrupted_effect_is_made_again_with_its_key() -> None:
    begun, dead = held_in_effect(
        "b", node("a", "probe_effect"), node("b", "probe_effect"), node("c"), *CHAIN
    )
    kill(dead)
    ended = work(begun)
    assert ended.status == "completed"
    assert [name for name, _ in altoflow_probe.made] == ["a", "b", "b"]
    assert len({key for name, key in altoflow_probe.made if name == "b"}) == 1
    assert steps(ended)["b"].warnings
    assert executed(ended) == ["a", "b", "c"]


UNSAFE = {
    "no key": ("probe_unsafe", None, "failed"),
    "no key, but marked safe": ("probe_unsafe", "retry", "completed"),
    "a key, but marked unsafe": ("probe_effect", "fail", "failed"),
}


@pytest.mark.parametrize(("kind", "on_interrupt", "status"), UNSAFE.values(), ids=UNSAFE)
def test_on_interrupt(kind: str, on_interrupt: str | None, status: str) -> None:
    begun, dead = held_in_effect(
        "a", node("a", kind, on_interrupt=on_interrupt), node("b"), node("c"), *CHAIN
    )
    kill(dead)
    ended = work(begun)
    assert ended.status == status
    assert status == "completed" or ended.error["code"] == "interrupted"


def late_writer() -> tuple[Run, WorkLoop]:
    """A worker that froze in an effect while another one took its run and finished it."""
    begun, frozen = held_in_effect(
        "a", node("a", "probe_effect"), node("b"), "start -> a", "a -> b"
    )
    gate = altoflow_probe.gates.pop("a")
    Job.objects.update(available_at=0)
    altoflow_probe.answers["a"] = lambda: "the second"
    assert work(begun).output is None
    gate.set()
    altoflow_probe.answers["a"] = lambda: "the first, too late"
    deadline = time.monotonic() + 1
    while frozen.held and time.monotonic() < deadline:
        frozen.turn()
    frozen.close()
    begun.refresh_from_db()
    return begun, frozen


def test_a_late_worker_changes_nothing() -> None:
    ended, _ = late_writer()
    assert ended.status == "completed"
    assert steps(ended)["a"].output == "the second"
    assert ended.steps.count() == 3


def test_without_the_fence_a_late_worker_would(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "still_held", lambda _, states: {s.run_id for s in states})
    ended, _ = late_writer()
    assert steps(ended)["a"].output == "the first, too late"


def test_a_finished_run_stays_as_it_ended() -> None:
    begun, frozen = held_in_effect("a", node("a", "probe_effect"), "start -> a")
    Run.objects.filter(pk=begun.pk).update(status="cancelled")
    kill_gate = altoflow_probe.gates.pop("a")
    kill_gate.set()
    drain(frozen)
    frozen.close()
    begun.refresh_from_db()
    assert begun.status == "cancelled"


def test_a_dead_slot_gives_its_runs_to_the_next_at_once() -> None:
    begun, dead = held_in_effect("a", node("a", "probe_effect"), "start -> a")
    assert Job.objects.get().available_at / 1000 > dead.now() + 5
    assert leases.take_back(dead.owner.rpartition(":")[0]) == 1
    assert Job.objects.get().available_at / 1000 <= dead.now() + 0.1
    for gate in altoflow_probe.gates.values():
        gate.set()
    dead.close()
    assert work(begun).status == "completed"


def test_a_run_that_kills_its_workers_is_failed_and_its_neighbour_is_not() -> None:
    poison, neighbour = started(node("a"), "start -> a"), started(node("a"), "start -> a")
    for _ in range(MOST_DEATHS):
        leases.claim("dies", 1 if _ else 2, suspects=_ >= leases.SUSPECT_DEATHS)
        Job.objects.filter(run=neighbour).update(owner="", available_at=2**40)
        Job.objects.filter(run=poison).update(available_at=0)
    Job.objects.filter(run=neighbour).update(available_at=0)
    loop = WorkLoop(0)
    drain(loop)
    loop.close()
    poison.refresh_from_db()
    neighbour.refresh_from_db()
    assert (poison.status, poison.error["code"]) == ("failed", "worker_lost")
    assert neighbour.status == "completed"


def test_progress_forgives_deaths() -> None:
    begun = started(node("a", "probe_effect"), node("b", "probe_effect"), "start -> a", "a -> b")
    Job.objects.update(deaths=1)
    altoflow_probe.gates["b"] = altoflow_probe.threading.Event()
    loop = WorkLoop(0)
    while len(altoflow_probe.made) < 2:
        loop.turn()
    assert Job.objects.get(run=begun).deaths == 0
    kill(loop)


# ---------------------------------------------------------------- time limits


@pytest.fixture
def short(settings: Settings) -> None:
    settings.ALTOFLOW_LIMITS = replace(settings.ALTOFLOW_LIMITS, node_seconds=0.4)


@pytest.fixture
def short_run(settings: Settings) -> None:
    settings.ALTOFLOW_LIMITS = replace(settings.ALTOFLOW_LIMITS, run_seconds=0.4)


ENDLESS = {
    "spins": node("a", behave="spin"),
    "sleeps in C": node("a", behave="sleep_in_c"),
    "hangs on a socket": node("a", "probe_effect", behave="hang_on_socket"),
}


@pytest.fixture
def timer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TimeLimit, "_installed", False)
    TimeLimit.install()


@pytest.mark.parametrize("endless", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("limit", ["short", "short_run"])
def test_an_endless_step_is_stopped_and_other_runs_go_on(
    endless: dict[str, Any], limit: str, timer: None, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue(limit)
    begun, neighbour = started(endless, "start -> a"), started(node("a"), "start -> a")
    clock = time.monotonic()
    loop = WorkLoop(0)
    drain(loop)
    loop.close()
    took = time.monotonic() - clock
    begun.refresh_from_db()
    neighbour.refresh_from_db()
    code = "node_timeout" if limit == "short" else "run_timeout"
    assert (begun.status, begun.error["code"]) == ("failed", code)
    assert steps(begun)["a"].status in ("failed", "cancelled")
    assert took < 2.4
    assert limit == "short_run" or neighbour.status == "completed"


def test_a_timeout_takes_the_error_port(short: None, timer: None) -> None:
    ended = run(
        graph(node("a", behave="spin", continue_on_error=True), node("b", value="{{ a.code }}"),
              "start -> a", "a:error -> b")
    )  # fmt: skip
    assert (ended.status, ended.output) == ("completed", "node_timeout")


def test_a_parked_run_ends_at_its_deadline(short_run: None) -> None:
    policy = {"max_attempts": 3, "wait_seconds": 600}
    altoflow_probe.answers["a"] = _busy
    waiting = run(graph(node("a", "probe_effect", retry=policy), "start -> a"))
    assert waiting.status == "waiting"
    time.sleep(0.5)
    ended = work(waiting)
    assert (ended.status, ended.error["code"]) == ("failed", "run_timeout")
    assert Step.objects.filter(run=ended, status="running").count() == 0


def _busy() -> Any:
    raise altoflow_probe.NodeError("Busy.", code="busy", retryable=True)


def test_a_worker_that_claims_its_own_run_again_forgets_what_it_had_of_it() -> None:
    """Its lease had ended, or it had given the run back."""
    answers = iter(["the late answer", "the answer"])
    altoflow_probe.answers["a"] = lambda: next(answers)
    begun, loop = held_in_effect(
        "a", node("a", "probe_effect"), node("b", "probe_effect", value="{{ a }}"), "start -> a",
        "a -> b",
    )  # fmt: skip
    Job.objects.update(available_at=0, owner="")
    while Job.objects.get().fence < 2:
        loop.turn()
    gate = altoflow_probe.gates.pop("a")
    gate.set()
    ended = work(begun, loop)
    made = [name for name, _ in altoflow_probe.made]
    assert made == ["a", "a", "b"]
    assert (ended.status, ended.output) == ("completed", steps(ended)["a"].output)
