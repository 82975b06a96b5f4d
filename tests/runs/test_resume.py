"""Resume, re-run and cancel: what is reused, what is repeated, and what stays readable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import altoflow_probe
import pytest

from runs.models import Job, Run
from runs.services import cancel_run, plan_resume, rerun, resume_run, start_run
from runs.worker.work_loop import WorkLoop
from tests.runs.driver import graph, node, publish, publish_next, run, steps, work
from workflows.errors import ConflictError, NodeError

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

broken: set[str] = set()


@pytest.fixture(autouse=True)
def _effects() -> Iterator[None]:
    """Effects a to e: each answers with its id, unless it is broken."""
    altoflow_probe.made.clear()
    broken.clear()
    altoflow_probe.answers.update({name: answering(name) for name in "abcde"})
    yield
    altoflow_probe.answers.clear()


def answering(name: str) -> Any:
    def answer() -> str:
        if name in broken:
            raise NodeError("It is down.", code="down")
        return name

    return answer


def made() -> str:
    return "".join(name for name, _ in altoflow_probe.made)


def chain() -> dict[str, Any]:
    return graph(
        *(node(name, "probe_effect") for name in "abcd"),
        *("start -> a", "a -> b", "b -> c", "c -> d"),
    )


def failed_at(name: str, drawn: dict[str, Any] | None = None) -> Run:
    broken.add(name)
    ended = run(drawn or chain())
    assert ended.status == "failed"
    broken.clear()
    altoflow_probe.made.clear()
    return ended


RESUMES = {
    "from the failed step": ("failed", "cd"),
    "from the failed step by its name": ("c", "cd"),
    "from a completed step": ("b", "bcd"),
    "from the first step": ("a", "abcd"),
    "from the start": ("start", "abcd"),
}


@pytest.mark.parametrize(("point", "repeated"), RESUMES.values(), ids=RESUMES)
def test_resume_repeats_only_what_follows_the_point(point: str, repeated: str) -> None:
    failed = failed_at("c")
    resumed = work(resume_run(run=failed, start=point))
    assert (resumed.status, resumed.attempt, resumed.error) == ("completed", 2, None)
    assert made() == repeated
    assert set(steps(resumed)) == {"start", *"abcd"}


def test_both_attempts_stay_readable() -> None:
    resumed = work(resume_run(run=failed_at("c")))
    first = {row.node_id: row.status for row in resumed.steps.filter(attempt=1)}
    second = {row.node_id: row.status for row in resumed.steps.filter(attempt=2)}
    assert first == {"start": "completed", "a": "completed", "b": "completed", "c": "failed"}
    assert second == {"c": "completed", "d": "completed"}


def test_the_key_of_an_effect_is_the_same_in_each_attempt() -> None:
    broken.add("c")
    failed = run(chain())
    broken.clear()
    work(resume_run(run=failed, start="a"))
    keys: dict[str, set[str]] = {}
    for name, key in altoflow_probe.made:
        keys.setdefault(name, set()).add(key)
    assert all(len(found) == 1 for found in keys.values())
    assert len(set.union(*keys.values())) == 4


def test_resume_again_and_again() -> None:
    failed = failed_at("b")
    broken.add("c")
    again = work(resume_run(run=failed))
    assert (again.status, again.attempt) == ("failed", 2)
    broken.clear()
    altoflow_probe.made.clear()
    third = work(resume_run(run=again, start="b"))
    assert (third.status, third.attempt, made()) == ("completed", 3, "bcd")


def test_resume_on_the_newest_version() -> None:
    failed = failed_at("c")
    changed = chain()
    changed["nodes"].append(node("e", "probe_effect"))
    changed["edges"].append({"source": "d", "port": "default", "target": "e"})
    publish_next(failed.workflow, changed)
    resumed = work(resume_run(run=failed, version="published"))
    assert (resumed.status, made(), resumed.version.number) == ("completed", "cde", 2)


def test_resume_on_the_original_version_after_a_publish() -> None:
    failed = failed_at("c")
    publish_next(failed.workflow, graph())
    resumed = work(resume_run(run=failed))
    assert (resumed.status, made(), resumed.version.number) == ("completed", "cd", 1)


def test_a_join_is_played_again_with_its_recorded_branches() -> None:
    drawn = graph(
        *(node(name, "probe_effect") for name in "abcd"),
        *("start -> a", "start -> b", "a -> c", "b -> c", "c -> d"),
    )
    resumed = work(resume_run(run=failed_at("c", drawn)))
    assert (resumed.status, made()) == ("completed", "cd")


def test_the_plan_is_what_the_resume_does() -> None:
    failed = failed_at("c")
    planned = plan_resume(run=failed, start="b")
    actions = {step.node_id: step.action for step in planned.steps}
    assert actions == {
        "start": "reused",
        "a": "reused",
        "b": "repeated",
        "c": "repeated",
        "d": "new",
    }
    work(resume_run(run=failed, start="b"))
    wanted = [s.node_id for s in planned.steps if s.action != "reused" and s.has_effect]
    assert made() == "".join(wanted)


REFUSED = {
    "a node that did not run": ("d", "step_did_not_run"),
    "a node that does not exist": ("zebra", "unknown_node"),
}


@pytest.mark.parametrize(("point", "code"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_point_is_refused(point: str, code: str) -> None:
    with pytest.raises(ConflictError) as caught:
        resume_run(run=failed_at("c"), start=point)
    assert caught.value.code == code


def test_a_completed_run_is_not_resumed_but_run_again() -> None:
    done = run(chain(), {"n": 1})
    with pytest.raises(ConflictError):
        resume_run(run=done)
    again = work(rerun(run=done))
    assert (again.status, again.payload, again.attempt) == ("completed", {"n": 1}, 1)
    assert again.pk != done.pk


def test_only_one_of_two_resumes_lands() -> None:
    failed = failed_at("c")
    stale = Run.objects.get(pk=failed.pk)
    resume_run(run=failed)
    with pytest.raises(ConflictError):
        resume_run(run=stale)
    assert Run.objects.get(pk=failed.pk).attempt == 2


# ---------------------------------------------------------------- cancel


def test_cancel_a_queued_run() -> None:
    queued = start_run(workflow=publish(chain()), payload=None, trigger_type="manual_trigger")
    assert cancel_run(run=queued).status == "cancelled"
    assert work(queued).status == "cancelled"
    assert (made(), Job.objects.count()) == ("", 0)


def test_cancel_while_an_effect_is_under_way_and_resume() -> None:
    altoflow_probe.gates["b"] = gate = altoflow_probe.threading.Event()
    started = start_run(workflow=publish(chain()), payload=None, trigger_type="manual_trigger")
    loop = WorkLoop(0)
    while "b" not in made():
        loop.turn()
    cancelled = cancel_run(run=started)
    gate.set()
    del altoflow_probe.gates["b"]
    work(cancelled, loop)
    assert cancelled.status == "cancelled"
    assert steps(cancelled)["b"].status == "cancelled"
    assert made() == "ab"
    resumed = work(resume_run(run=cancelled))
    assert (resumed.status, made()) == ("completed", "abbcd")


def test_a_finished_run_is_not_cancelled() -> None:
    done = run(chain())
    with pytest.raises(ConflictError):
        cancel_run(run=done)
    done.refresh_from_db()
    assert done.status == "completed"
