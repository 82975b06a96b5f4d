"""The limits and edge cases of the product, one test each, with their real figures. Its five
promises are in tests/acceptance/test_promises.py."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import altoflow_probe
import pytest
from django.utils import timezone
from pytest_django import Settings

from runs.archive.archiving import archive_runs
from runs.archive.restore import restore_run
from runs.models import ArchivedRun, Job, Run
from runs.services import resume_run, start_run
from runs.worker.watchdog import TimeLimit
from tests.runs.archives import old_run
from tests.runs.calling import call, callable_one, redraw
from tests.runs.driver import graph, node, run, steps, work
from tests.runs.records import workflow_called
from tests.workflows.definitions import calling
from workflows.errors import CircularWorkflowError, GraphError, NodeError
from workflows.limits import Limits, limits
from workflows.services import create_workflow, publish_workflow, update_workflow

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.usefixtures("quiet_probe"),
]


def published(drawn: dict[str, Any]) -> None:
    """As an author does it, with all checks. Raises GraphError."""
    publish_workflow(workflow=create_workflow(name="Mine", graph=drawn))


def test_these_are_the_usual_limits() -> None:
    assert limits() == Limits(
        run_seconds=3600,
        node_seconds=300,
        iterator_items=1000,
        iterator_depth=5,
        delay_seconds=900,
        call_seconds=30,
        webhook_body_bytes=2**20,
        http_response_bytes=5 * 2**20,
        step_output_bytes=2**20,
        graph_nodes=500,
        retention_days=90,
        vault_value_length=2000,
    )


def test_a_run_takes_an_hour_at_most_and_a_resume_another_hour() -> None:
    pause = node("pause", "delay", duration=900)
    waiting = run(graph(pause, node("after"), "start -> pause", "pause -> after"))
    began = timezone.now() - timedelta(seconds=limits().run_seconds)
    Run.objects.update(started_at=began, attempt_started_at=began)
    Job.objects.update(available_at=0)
    ended = work(waiting)
    assert (ended.status, ended.error["code"]) == ("failed", "run_timeout")
    assert steps(ended)["pause"].status == "cancelled"
    resumed = work(resume_run(run=ended))
    assert (resumed.status, steps(resumed)["pause"].status) == ("waiting", "waiting")


def test_a_node_takes_five_minutes_at_most(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here 0.3 seconds; a node that spins is stopped within 2 more."""
    settings.ALTOFLOW_LIMITS = replace(settings.ALTOFLOW_LIMITS, node_seconds=0.3)
    monkeypatch.setattr(TimeLimit, "_installed", False)
    TimeLimit.install()
    began = time.monotonic()
    ended = run(graph(node("a", behave="spin"), "start -> a"))
    assert (ended.status, ended.error["code"]) == ("failed", "node_timeout")
    assert 0.3 <= time.monotonic() - began < 2.3


def test_an_iterator_takes_1000_items_and_not_1001() -> None:
    drawn = graph(
        node("each", "iterator", items="{{ trigger }}"),
        node("a", value="{{ item }}"),
        "start -> each",
        "each:item -> a",
    )
    ended = run(drawn, list(range(1000)))
    assert (ended.status, ended.output["count"]) == ("completed", 1000)
    assert ended.output["items"] == list(range(1000))
    refused = run(drawn, list(range(1001)))
    assert (refused.status, refused.error["code"]) == ("failed", "too_many_items")
    assert not refused.steps.filter(node_id="a").exists()


def nested(depth: int) -> dict[str, Any]:
    """Iterators in each other, over two items each, and a node in the innermost."""
    names = [f"level_{number}" for number in range(1, depth + 1)]
    edges = [f"{a}:item -> {b}" for a, b in zip(names, [*names[1:], "leaf"], strict=True)]
    loops = [node(name, "iterator", items="{{ trigger }}") for name in names]
    return graph(*loops, node("leaf"), "start -> level_1", *edges)


def test_iterators_nest_5_deep_and_not_6() -> None:
    published(nested(5))
    ended = run(nested(5), [1, 2])
    assert (ended.status, ended.steps.filter(node_id="leaf").count()) == ("completed", 2**5)
    with pytest.raises(GraphError) as caught:
        published(nested(6))
    assert [problem.code for problem in caught.value.problems] == ["too_deep"]
    past_the_check = run(nested(6), [1, 2])
    assert (past_the_check.status, past_the_check.error["code"]) == ("failed", "too_deep")


def test_a_delay_takes_900_seconds_and_not_901() -> None:
    def waiting(duration: Any) -> dict[str, Any]:
        return graph(node("pause", "delay", duration=duration), "start -> pause")

    published(waiting(900))
    with pytest.raises(GraphError, match="900"):
        published(waiting(901))
    parked = run(waiting("{{ trigger }}"), 900)
    assert parked.status == "waiting"
    left = steps(parked)["pause"].wake_at - timezone.now()
    assert 880 < left.total_seconds() <= 900
    failed = run(waiting("{{ trigger }}"), 901)
    assert (failed.status, failed.error["code"]) == ("failed", "delay_too_long")


def test_runs_move_to_the_archive_after_90_days(settings: Settings, tmp_path: Path) -> None:
    local = {"BACKEND": "runs.archive.files.LocalArchive", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "archive": local}
    workflow = workflow_called("Nightly")
    old, young = (old_run(workflow, days=days) for days in (91.5, 88.5))
    archive_runs(rest=0)
    assert [*Run.objects.all()] == [young]
    assert [entry.pk for entry in ArchivedRun.objects.all()] == [old.pk]
    restore_run(run_id=old.pk)
    assert Run.objects.get(pk=old.pk).steps.count() == 2


def test_raw_replacement_and_embedded_replacement() -> None:
    payload = {"list": [1, {"a": None}], "flag": True, "nothing": None}
    values = {"raw": "{{ trigger.list }}", "embedded": "is {{ trigger.list }}!",
              "flag": " {{ trigger.flag }} ", "flags": "{{ trigger.flag }}/{{ trigger.flag }}",
              "nothing": "{{ trigger.nothing }}", "none": "<{{ trigger.nothing }}>"}  # fmt: skip
    assert run(graph(node("a", value=values), "start -> a"), payload).output == {
        "raw": [1, {"a": None}],
        "embedded": 'is [1, {"a": null}]!',
        "flag": True,
        "flags": "true/true",
        "nothing": None,
        "none": "<>",
    }


@pytest.mark.parametrize("with_edge", [True, False], ids=["with an edge", "without an edge"])
def test_the_error_path(with_edge: bool) -> None:
    drawn = graph(
        node("a", behave="fail", continue_on_error=True),
        node("after"),
        node("rescue", value="{{ a.code }}"),
        "start -> a",
        "a -> after",
        *(["a:error -> rescue"] if with_edge else []),
    )
    ended = run(drawn)
    assert ended.status == "completed"
    assert set(steps(ended)) == {"start", "a", *(["rescue"] if with_edge else [])}
    caught = {"error": True, "message": "It was told to fail.", "code": "told_to"}
    assert steps(ended)["a"].output == caught
    assert ended.output == ("told_to" if with_edge else caught)


def test_an_iterator_is_atomic() -> None:
    """One bad item fails it and the run within a second; the rest is not started."""

    def refuse_the_third(value: Any) -> Any:
        if value == 2:
            raise NodeError("No.", code="refused")
        return value

    altoflow_probe.on_value["send"] = refuse_the_third
    drawn = graph(
        node("each", "iterator", items="{{ trigger }}", concurrency=2),
        node("send", "probe_effect", value="{{ item }}"),
        node("after"),
        *("start -> each", "each:item -> send", "each -> after"),
    )
    ended = run(drawn, list(range(100)))
    assert (ended.status, ended.error["code"]) == ("failed", "refused")
    assert "Item 3 of 100" in ended.error["message"]
    assert "after" not in steps(ended)
    assert len(altoflow_probe.made) <= 6
    failed = ended.steps.get(node_id="send", status="failed")
    assert ended.finished_at - failed.finished_at < timedelta(seconds=1)
    assert not ended.steps.filter(status__in=["running", "waiting"]).exists()


def test_circular_calls_are_refused_when_they_are_saved() -> None:
    a, b, c = (create_workflow(name=name) for name in "ABC")
    update_workflow(workflow=a, graph=calling(b))
    update_workflow(workflow=b, graph=calling(c))
    with pytest.raises(CircularWorkflowError, match="C -> A -> B -> C"):
        update_workflow(workflow=c, graph=calling(a))


def test_circular_calls_are_not_followed_when_they_run() -> None:
    """Drawn past the check."""
    a, b = callable_one(name="A"), callable_one(name="B")
    for one, other in ((a, b), (b, a)):
        redraw(one, call("call", other), node("after"), "start -> call", "call -> after")
    ended = work(start_run(workflow=a, payload={}, trigger_type="workflow_trigger"))
    child = Run.objects.get(parent_run=ended)
    assert (ended.status, child.status, Run.objects.count()) == ("completed", "completed", 2)
    assert steps(child)["call"].status == "ignored"
    assert steps(child)["call"].output == {"ignored": True}
    assert "'A'" in steps(child)["call"].warnings[0]
    assert steps(child)["after"].status == "completed"
