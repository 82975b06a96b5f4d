"""Iterators: order, atomic failure, nesting, recovery and resume within them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import altoflow_probe
import pytest

from runs.models import Job, Run
from runs.services import plan_resume, resume_run, start_run
from runs.worker.work_loop import WorkLoop
from tests.runs.calling import call, callable_one
from tests.runs.driver import graph, node, publish, run, steps, work
from workflows.errors import NodeError

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

broken: set[Any] = set()
seen: list[Any] = []


@pytest.fixture(autouse=True)
def _effects() -> Iterator[None]:
    broken.clear()
    seen.clear()
    altoflow_probe.made.clear()
    altoflow_probe.on_value["send"] = send
    yield
    altoflow_probe.on_value.clear()


def send(value: Any) -> Any:
    seen.append(value)
    if value in broken:
        raise NodeError(f"{value} is refused.", code="refused")
    return f"sent {value}"


def each(*body: Any, items: Any = "{{ trigger }}", **config: Any) -> dict[str, Any]:
    """start -> each -> after, with a body between the ports."""
    return graph(
        node("each", "iterator", items=items, **config),
        node("after", value="{{ each.items }}"),
        *body,
        "start -> each",
        "each -> after",
    )


PURE = (node("a", value="{{ item }}!"), node("b", value="{{ a }}{{ index }}"), "each:item -> a")
EFFECT = (node("send", "probe_effect", value="{{ item }}"), "each:item -> send")


def rows(of: Run, name: str) -> list[tuple[str, str]]:
    found = of.steps.filter(node_id=name, superseded_by=None)
    return sorted(found.values_list("iteration", "status"), key=lambda row: int(row[0] or -1))


MODES = {
    "sequential": {"mode": "sequential"},
    "parallel": {"mode": "parallel", "concurrency": 10},
    "more than there are": {"mode": "parallel", "concurrency": 100},
}


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_results_come_in_the_order_of_the_items(mode: dict[str, Any]) -> None:
    items = [f"i{n}" for n in range(25)]
    ended = run(each(*PURE, "a -> b", **mode), items)
    assert ended.status == "completed", ended.error
    assert ended.output == [f"i{n}!{n}" for n in range(25)]
    assert steps(ended)["each"].output == {"items": ended.output, "count": 25}
    assert rows(ended, "b") == [(str(n), "completed") for n in range(25)]


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_effects_in_a_body(mode: dict[str, Any]) -> None:
    ended = run(each(*EFFECT, **mode), list(range(12)))
    assert ended.output == [f"sent {n}" for n in range(12)]
    assert len({key for _, key in altoflow_probe.made}) == 12
    assert mode["mode"] != "sequential" or seen == list(range(12))


EDGES = {
    "no items": ([], [], 0),
    "one item": (["x"], ["x!0"], 1),
    "items that are lists": ([[1], []], ["[1]!0", "[]!1"], 2),
}


@pytest.mark.parametrize(("items", "output", "count"), EDGES.values(), ids=EDGES)
def test_edges(items: Any, output: Any, count: int) -> None:
    ended = run(each(*PURE, "a -> b"), items)
    assert (ended.output, steps(ended)["each"].output["count"]) == (output, count)


def test_an_iterator_without_a_body() -> None:
    assert run(each(), [1, 2]).output == [None, None]


def test_what_a_body_sees() -> None:
    shown = "{{ index }}/{{ loop.number }}/{{ loop.length }}/{{ loop.first }}/{{ loop.last }}"
    ended = run(each(node("a", value=shown), "each:item -> a"), ["x", "y"])
    assert ended.output == ["0/1/2/true/false", "1/2/2/false/true"]


BAD_ITEMS = {
    "a text": ("nine", "wrong_type"),
    "nothing": (None, "wrong_type"),
    "1,001 items": (list(range(1001)), "too_many_items"),
}


@pytest.mark.parametrize(("items", "code"), BAD_ITEMS.values(), ids=BAD_ITEMS)
def test_items_that_are_refused(items: Any, code: str) -> None:
    ended = run(each(*PURE, "a -> b"), items)
    assert (ended.status, ended.error["code"]) == ("failed", code)


def test_a_thousand_items() -> None:
    ended = run(each(*PURE, "a -> b"), list(range(1000)))
    assert (ended.status, len(ended.output)) == ("completed", 1000)
    assert ended.steps.count() == 2003


def test_branches_and_joins_within_a_body() -> None:
    ended = run(
        each(
            node("if", "number_condition", left="{{ item }}", operator="greater_than", right=2),
            node("big", value="big {{ item }}"),
            node("small", value="small {{ item }}"),
            node("join", value="{{ big }}{{ small }}."),
            *("each:item -> if", "if:true -> big", "if:false -> small"),
            *("big -> join", "small -> join"),
        ),
        [1, 2, 3],
    )
    assert ended.output == ["small 1.", "small 2.", "big 3."]


def nested(depth: int) -> dict[str, Any]:
    """Iterators within each other, with one node in the innermost body."""
    parts: list[Any] = [node("it0", "iterator", items="{{ trigger }}"), "start -> it0"]
    for level in range(1, depth):
        parts += [
            node(f"it{level}", "iterator", items="{{ trigger }}"),
            f"it{level - 1}:item -> it{level}",
        ]
    parts += [node("leaf", value="{{ loop.parent.index }}"), f"it{depth - 1}:item -> leaf"]
    return graph(*parts)


def test_five_levels_of_four_items() -> None:
    ended = run(nested(5), [0, 1, 2, 3])
    assert ended.status == "completed"
    assert ended.steps.filter(node_id="leaf").count() == 4**5
    assert ended.steps.filter(node_id="it4").count() == 4**4
    assert ended.steps.filter(node_id="leaf", iteration="3.2.1.0.3").get().output == 0


def test_six_levels_fail_at_the_sixth() -> None:
    """Drawn past the check at save."""
    ended = run(nested(6), [0])
    assert (ended.status, ended.error["code"]) == ("failed", "too_deep")
    assert steps(ended)["it5"].error["code"] == "too_deep"
    assert steps(ended)["it5"].iteration == "0.0.0.0.0"
    assert "leaf" not in steps(ended)


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize("mode", MODES.values(), ids=MODES)
def test_one_failing_item_fails_the_iterator_and_the_run(mode: dict[str, Any]) -> None:
    broken.add(3)
    ended = run(each(*EFFECT, **mode), list(range(200)))
    assert (ended.status, ended.error["code"]) == ("failed", "refused")
    assert ended.error["details"]["node"] == "each"
    assert ended.error["details"]["index"] == 3
    assert "Item 4 of 200" in ended.error["message"]
    assert steps(ended)["each"].status == "failed"
    assert "after" not in steps(ended)
    assert len(seen) <= 110
    assert not ended.steps.filter(status="running").exists()
    assert not Job.objects.exists()


def test_an_iterator_that_continues_on_error() -> None:
    broken.add(1)
    drawn = each(*EFFECT, node("rescue", value="{{ each.message }}"), "each:error -> rescue")
    drawn["nodes"][1]["continue_on_error"] = True
    ended = run(drawn, [0, 1, 2])
    assert ended.status == "completed"
    assert "Item 2 of 3" in ended.output
    assert "after" not in steps(ended)


def test_a_caught_failure_leaves_no_other_item_waiting() -> None:
    """The items wait for other runs; the run is played again when the first of these fails."""
    child = callable_one(node("bad", behave="fail"), "start -> bad")
    drawn = each(
        call("call", child),
        node("rescue", value="{{ each.code }}"),
        *("each:item -> call", "each:error -> rescue"),
    )
    drawn["nodes"][1]["continue_on_error"] = True
    ended = run(drawn, [0, 1, 2])
    assert (ended.status, ended.output) == ("completed", "child_failed")
    assert {status for _, status in rows(ended, "call")} == {"failed", "cancelled"}
    assert not Run.objects.exclude(status__in=["completed", "failed", "cancelled"]).exists()


def test_several_ends_come_in_the_order_of_the_graph() -> None:
    altoflow_probe.on_value["late"] = lambda value: time.sleep(0.05)
    drawn = graph(node("late", "probe_effect"), node("early"), "start -> late", "start -> early")
    assert list(run(drawn).output) == ["late", "early"]


def test_an_item_that_continues_on_error() -> None:
    broken.add(1)
    drawn = each(
        node("send", "probe_effect", value="{{ item }}", continue_on_error=True),
        node("sorry", value="sorry, {{ send.code }}"),
        *("each:item -> send", "send:error -> sorry"),
    )
    ended = run(drawn, [0, 1])
    assert ended.output == ["sent 0", "sorry, refused"]


def test_a_failure_in_an_inner_iterator_names_both_items() -> None:
    broken.add("y")
    drawn = graph(
        node("outer", "iterator", items="{{ trigger }}"),
        node("inner", "iterator", items="{{ item }}"),
        node("send", "probe_effect", value="{{ item }}"),
        *("start -> outer", "outer:item -> inner", "inner:item -> send"),
    )
    ended = run(drawn, [["a"], ["x", "y"]])
    assert ended.status == "failed"
    assert "Item 2 of 2 failed at 'inner': Item 2 of 2 failed at 'send'" in ended.error["message"]
    assert {row.status for row in ended.steps.filter(node_id__in=["outer"])} == {"failed"}


def test_terminate_within_a_body_ends_the_run() -> None:
    drawn = each(
        node("stop", "terminate", status="completed", message="found {{ item }}"),
        "each:item -> stop",
        mode="sequential",
    )
    ended = run(drawn, [7, 8])
    assert (ended.status, ended.output["message"]) == ("completed", "found 7")
    assert rows(ended, "stop") == [("0", "completed")]
    assert steps(ended)["each"].status == "cancelled"


# ---------------------------------------------------------------- recovery and resume


def test_resume_repeats_only_unfinished_items() -> None:
    broken.add(3)
    failed = run(each(*EFFECT, mode="sequential"), list(range(6)))
    assert seen == [0, 1, 2, 3]
    broken.clear()
    seen.clear()
    resumed = work(resume_run(run=failed))
    assert (resumed.status, seen) == ("completed", [3, 4, 5])
    assert resumed.output == [f"sent {n}" for n in range(6)]


def test_the_plan_and_the_history_of_a_loop() -> None:
    broken.add(3)
    failed = run(each(*EFFECT, mode="sequential"), list(range(6)))
    planned = [(p.node_id, p.iteration, p.action) for p in plan_resume(run=failed).steps]
    assert planned == [
        ("start", "", "reused"),
        ("each", "", "repeated"),
        *(("send", str(n), "reused") for n in range(3)),
        ("send", "3", "repeated"),
        ("send", "", "new"),
        ("after", "", "new"),
    ]
    broken.clear()
    resumed = work(resume_run(run=failed))
    first = resumed.steps.get(node_id="send", iteration="3", attempt=1)
    assert (first.status, first.superseded_by) == ("failed", 2)
    again = resumed.steps.filter(attempt=2, node_id="send").values_list("iteration", flat=True)
    assert sorted(again) == ["3", "4", "5"]


@pytest.mark.parametrize("items", [[], 5], ids=["no items", "no list, its error caught"])
def test_the_plan_leaves_the_body_of_a_reused_iterator_out(items: Any) -> None:
    failed = failed_behind_a_loop(items, continue_on_error=True)
    planned = {(p.node_id, p.action) for p in plan_resume(run=failed).steps}
    assert ("each", "reused") in planned
    assert not {"inner", "send"} & {name for name, _ in planned}


def test_a_plan_over_what_is_no_list() -> None:
    failed = run(each(*EFFECT), 5)
    planned = [(p.node_id, p.action) for p in plan_resume(run=failed).steps]
    assert planned[1:] == [("each", "repeated"), ("send", "new"), ("after", "new")]


def failed_behind_a_loop(items: Any, **more: Any) -> Run:
    """An iterator that has ended, and a step behind it that failed."""
    broken.add("last")
    ends = ("each -> last", "each:error -> last")
    outer = node("each", "iterator", items="{{ trigger }}", **more)
    inner = node("inner", "iterator", items="{{ item }}")
    body = ("each:item -> inner", "inner:item -> send", EFFECT[0])
    last = node("last", "probe_effect", value="last")
    altoflow_probe.on_value["last"] = send
    return run(graph(outer, inner, last, *body, "start -> each", *ends), items)


def test_resume_from_the_iterator_repeats_all_items() -> None:
    broken.add(2)
    failed = run(each(*EFFECT, mode="sequential"), [0, 1, 2])
    broken.clear()
    seen.clear()
    assert work(resume_run(run=failed, start="each")).status == "completed"
    assert seen == [0, 1, 2]


def test_resume_from_a_step_within_a_body() -> None:
    drawn = each(*EFFECT, node("last", "probe_effect", value="last"), mode="sequential")
    drawn["edges"].append({"source": "after", "port": "default", "target": "last"})
    altoflow_probe.answers["last"] = _refuse
    failed = run(drawn, [0, 1])
    del altoflow_probe.answers["last"]
    seen.clear()
    resumed = work(resume_run(run=failed, start="send"))
    assert (resumed.status, seen) == ("completed", [0, 1])
    assert resumed.steps.filter(node_id="each", attempt=2).count() == 1


def _refuse() -> Any:
    raise NodeError("No.", code="refused")


def test_a_crash_in_the_middle_of_a_loop() -> None:
    altoflow_probe.gates["send"] = gate = altoflow_probe.threading.Event()
    started = start_run(
        workflow=publish(each(*EFFECT, mode="parallel", concurrency=3)),
        payload=list(range(9)),
        trigger_type="manual_trigger",
    )
    dead = WorkLoop(0)
    deadline = time.monotonic() + 5
    while len(altoflow_probe.made) < 3 and time.monotonic() < deadline:
        dead.turn()
    Job.objects.update(available_at=0)
    gate.set()
    del altoflow_probe.gates["send"]
    dead.close()
    ended = work(started)
    assert ended.output == [f"sent {n}" for n in range(9)]
    assert len({key for _, key in altoflow_probe.made}) == 9
    assert rows(ended, "send") == [(str(n), "completed") for n in range(9)]


def test_retries_within_a_loop() -> None:
    tries: dict[Any, int] = {}

    def flaky(value: Any) -> Any:
        tries[value] = tries.get(value, 0) + 1
        if tries[value] < 3:
            raise NodeError("Busy.", code="busy", retryable=True)
        return value

    altoflow_probe.on_value["send"] = flaky
    policy = {"max_attempts": 3, "wait_seconds": 0}
    drawn = each(
        node("send", "probe_effect", value="{{ item }}", retry=policy), "each:item -> send"
    )
    ended = run(drawn, [1, 2, 3])
    assert (ended.status, ended.output) == ("completed", [1, 2, 3])
    assert ended.steps.filter(node_id="send").count() == 9


# ---------------------------------------------------------------- waits


def test_a_delay_parks_the_run_and_goes_on() -> None:
    drawn = graph(
        node("pause", "delay", duration=0.3, unit="seconds"),
        node("after", value="{{ pause.waited_seconds }}"),
        *("start -> pause", "pause -> after"),
    )
    waiting = run(drawn)
    assert (waiting.status, Job.objects.get().owner) == ("waiting", "")
    assert steps(waiting)["pause"].status == "waiting"
    time.sleep(0.35)
    ended = work(waiting)
    assert ended.status == "completed"
    assert 0.3 <= ended.output < 1


def test_delays_within_a_loop_wait_together() -> None:
    drawn = each(
        node("pause", "delay", duration=0.3, unit="seconds"), "each:item -> pause", concurrency=10
    )
    waiting = run(drawn, list(range(10)))
    assert waiting.status == "waiting"
    time.sleep(0.35)
    assert work(waiting).status == "completed"


def test_the_other_branch_goes_on_while_one_waits() -> None:
    drawn = graph(
        node("pause", "delay", duration=0.3, unit="seconds"),
        node("busy"),
        node("join"),
        *("start -> pause", "start -> busy", "pause -> join", "busy -> join"),
    )
    waiting = run(drawn)
    assert steps(waiting)["busy"].status == "completed"
    time.sleep(0.35)
    assert work(waiting).status == "completed"
