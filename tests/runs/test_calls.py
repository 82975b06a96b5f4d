"""Workflows that start each other: what is given, what comes back, and who ends whom."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import altoflow_probe
import pytest
from django.utils import timezone

from runs.models import Job, Run, Step
from runs.services import cancel_run, resume_run, start_run
from runs.worker.work_loop import WorkLoop
from tests.runs.calling import call, callable_one, redraw
from tests.runs.driver import drain, graph, node, publish, run, steps, work
from tests.workflows.definitions import Api, calling
from workflows.errors import ConflictError, NodeError
from workflows.limits import limits
from workflows.models import Role, Workflow
from workflows.services import create_workflow
from workflows.vault import set_secret

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.usefixtures("quiet_probe"),
]

GREETING = "Hello {{ trigger.name }}"


def greeter(**more: Any) -> Workflow:
    return callable_one(node("say", value=GREETING), "start -> say", **more)


def calling_run(child: Workflow, payload: Any = None, **more: Any) -> Run:
    """A run of start -> call -> after."""
    drawn = graph(
        call("call", child, **more),
        node("after", value="{{ call }}"),
        node("rescue", value="{{ call }}"),
        *("start -> call", "call -> after"),
        *(("call:error -> rescue",) if more.get("continue_on_error") else ()),
    )
    return run(drawn, payload)


# ---------------------------------------------------------------- what is given and comes back


def test_without_wait_the_run_goes_on_at_once() -> None:
    ended = calling_run(greeter(), wait=False, inputs={"name": "Ada"})
    child = Run.objects.get(parent_run=ended)
    assert steps(ended)["call"].output == {"run_id": str(child.pk)}
    assert (ended.status, child.status) == ("completed", "completed")
    assert (child.trigger_type, child.output) == ("workflow_trigger", "Hello Ada")


@pytest.mark.parametrize("wait", [False, True], ids=["without wait", "with wait"])
def test_a_call_may_be_the_last_step(wait: bool) -> None:
    ended = run(graph(call("call", greeter(), wait=wait), "start -> call"))
    assert ended.status == "completed"
    assert ended.output["run_id"] == str(Run.objects.get(parent_run=ended).pk)


def test_with_wait_it_has_the_output_of_the_other_run() -> None:
    ended = calling_run(greeter(), {"who": "Ada"}, inputs={"name": "{{ trigger.who }}"})
    child = Run.objects.get(parent_run=ended)
    expected = {"run_id": str(child.pk), "status": "completed", "output": "Hello Ada"}
    assert steps(ended)["call"].output == steps(ended)["after"].output == expected
    assert steps(ended)["call"].input["inputs"] == {"name": "Ada"}
    assert child.payload == {"name": "Ada"}
    assert not Job.objects.exists()


def test_inputs_keep_their_types() -> None:
    child = callable_one(node("give", value="{{ trigger }}"), "start -> give")
    payload = {"list": [1, None, {"a": True}], "number": 1.5}
    ended = calling_run(
        child, payload, inputs={"all": "{{ trigger }}", "n": "{{ trigger.number }}"}
    )
    assert steps(ended)["call"].output["output"] == {"all": payload, "n": 1.5}


def test_a_secret_does_not_become_the_payload_of_another_run() -> None:
    set_secret(name="api_key", value="tOps3cret-value")
    ended = calling_run(greeter(), inputs={"name": "{{ vault.api_key | upcase }}"})
    assert Run.objects.get(parent_run=ended).payload == {"name": "•••"}
    assert "holds a secret" in steps(ended)["call"].warnings[0]


REQUIRED = [{"name": "name", "required": True}, {"name": "title", "required": False}]
INPUTS: dict[str, tuple[dict[str, Any], str]] = {
    "all that is required": ({"name": "Ada"}, "completed"),
    "false and zero are values": ({"name": 0}, "completed"),
    "required one missing": ({"title": "Dr"}, "failed"),
    "required one is null": ({"name": "{{ trigger.nobody }}"}, "failed"),
}


@pytest.mark.parametrize(("inputs", "status"), INPUTS.values(), ids=INPUTS)
def test_required_inputs(inputs: dict[str, Any], status: str) -> None:
    ended = calling_run(greeter(inputs=REQUIRED), {"n": 1}, inputs=inputs)
    assert ended.status == status
    if status == "failed":
        assert ended.error["code"] == "missing_inputs"
        assert "name" in ended.error["message"]
        assert not Run.objects.filter(parent_run=ended).exists()


def switched_off() -> Workflow:
    child = greeter()
    Workflow.objects.filter(pk=child.pk).update(is_active=False)
    return child


def deleted() -> Workflow:
    child = greeter()
    Workflow.objects.filter(pk=child.pk).update(is_active=False, archived_at=timezone.now())
    return child


TARGETS: dict[str, tuple[Callable[[], Workflow], str]] = {
    "switched off": (switched_off, "workflow_inactive"),
    "deleted": (deleted, "unknown_workflow"),
    "unknown": (lambda: Workflow(pk=uuid4()), "unknown_workflow"),
    "not made to be called": (lambda: publish(graph()), "not_callable"),
}


@pytest.mark.parametrize(("make", "code"), TARGETS.values(), ids=TARGETS)
@pytest.mark.parametrize("wait", [True, False], ids=["wait", "no wait"])
def test_a_target_that_can_not_be_called_fails_the_step(
    make: Callable[[], Workflow], code: str, wait: bool
) -> None:
    ended = calling_run(make(), wait=wait)
    assert (ended.status, ended.error["code"]) == ("failed", code)
    assert steps(ended)["call"].status == "failed"
    assert Run.objects.count() == 1


def test_each_item_of_an_iterator_can_call() -> None:
    drawn = graph(
        node("each", "iterator", items="{{ trigger }}"),
        call("call", greeter(), inputs={"name": "{{ item }}"}),
        "start -> each",
        "each:item -> call",
    )
    ended = run(drawn, ["Ada", "Bo", "Cy"])
    outputs = [item["output"] for item in ended.output["items"]]
    assert outputs == ["Hello Ada", "Hello Bo", "Hello Cy"]


def test_children_of_children_answer_up_to_the_first() -> None:
    inner = greeter()
    middle = callable_one(
        call("call", inner, inputs={"name": "{{ trigger.name }}"}),
        node("answer", value="{{ call.output }}!"),
        "start -> call",
        "call -> answer",
    )
    ended = calling_run(middle, inputs={"name": "Ada"})
    assert steps(ended)["call"].output["output"] == "Hello Ada!"
    grandchild = Run.objects.get(workflow=inner)
    assert grandchild.call_stack == [str(ended.workflow_id), str(middle.pk)]


# ---------------------------------------------------------------- circles


def circle(*names: str) -> list[Workflow]:
    """Workflows that start each other in a ring: no draft is checked here."""
    ring = [callable_one(name=name) for name in names]
    for one, following in zip(ring, [*ring[1:], ring[0]], strict=True):
        redraw(one, call("call", following), node("after"), "start -> call", "call -> after")
    return ring


@pytest.mark.parametrize("names", ["A", "AB", "ABC"])
def test_a_workflow_on_the_call_stack_is_not_started_again(names: str) -> None:
    first = circle(*names)[0]
    ended = work(start_run(workflow=first, payload={}, trigger_type="workflow_trigger"))
    assert ended.status == "completed"
    assert Run.objects.count() == len(names)
    last = Run.objects.latest("created_at")
    ignored = steps(last)["call"]
    assert (ignored.status, ignored.output) == ("ignored", {"ignored": True})
    assert "'A'" in ignored.warnings[0]
    assert steps(last)["after"].status == "completed"


def test_a_circle_is_refused_when_it_is_saved() -> None:
    api = Api(Role.EDITOR)
    a, b, c = (create_workflow(name=name) for name in "ABC")
    for one, other in ((a, b), (b, c)):
        saved = api("PATCH", f"workflows/{one.pk}/", {"graph": calling(other)})
        assert saved.status_code == 200, saved.content
    refused = api("PATCH", f"workflows/{c.pk}/", {"graph": calling(a)})
    assert refused.status_code == 400
    assert refused.json()["code"] == "circular_workflow"
    assert "C -> A -> B -> C" in refused.json()["message"]
    finding = refused.json()["details"]["errors"][0]
    assert (finding["node"], finding["field"]) == ("call_0", "config.workflow")
    c.refresh_from_db()
    assert c.draft["nodes"] == []


def test_a_called_workflow_can_not_be_deleted() -> None:
    api, child = Api(Role.ADMIN), create_workflow(name="Child")
    parent = create_workflow(name="Parent", graph=calling(child))
    refused = api("DELETE", f"workflows/{child.pk}/")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert "'Parent'" in refused.json()["message"]
    assert api("DELETE", f"workflows/{parent.pk}/").status_code == 204
    assert api("DELETE", f"workflows/{child.pk}/").status_code == 204


# ---------------------------------------------------------------- failures


def failing() -> Workflow:
    return callable_one(node("bad", behave="fail"), "start -> bad")


def test_a_child_that_fails_fails_the_step() -> None:
    ended = calling_run(failing())
    child = Run.objects.get(parent_run=ended)
    assert (ended.status, ended.error["code"]) == ("failed", "child_failed")
    assert ended.error["details"]["run_id"] == str(child.pk)
    assert ended.error["details"]["error"]["code"] == "told_to"
    assert "It was told to fail." in ended.error["message"]
    assert "after" not in steps(ended)


def test_a_child_that_fails_unwaited_for_fails_nobody() -> None:
    ended = calling_run(failing(), wait=False)
    assert ended.status == "completed"
    assert Run.objects.get(parent_run=ended).status == "failed"


def test_continue_on_error_takes_the_port_error() -> None:
    ended = calling_run(failing(), continue_on_error=True)
    assert ended.status == "completed"
    assert steps(ended)["rescue"].output["code"] == "child_failed"
    assert "after" not in steps(ended)


def test_a_retry_starts_the_child_anew() -> None:
    answers = iter([refuse, lambda: "fine"])
    altoflow_probe.answers["shaky"] = lambda: next(answers)()
    child = callable_one(node("shaky", "probe_effect"), "start -> shaky")
    parent = calling_run(child, retry={"max_attempts": 2, "wait_seconds": 0.05})
    time.sleep(0.1)
    ended = work(parent)
    assert ended.status == "completed", ended.error
    tries = ended.steps.filter(node_id="call").order_by("try_number")
    assert [(one.try_number, one.status) for one in tries] == [(1, "failed"), (2, "completed")]
    assert tries[1].output["output"] == "fine"


def test_a_resumed_run_starts_a_failed_child_anew() -> None:
    child = failing()
    ended = calling_run(child)
    redraw(child, node("good", value="fine"), "start -> good")
    again = work(resume_run(run=ended))
    assert again.status == "completed", again.error
    assert steps(again)["call"].output["output"] == "fine"
    statuses = Run.objects.filter(parent_run=again).order_by("created_at")
    assert [one.status for one in statuses] == ["failed", "completed"]


def test_a_resumed_run_keeps_the_child_that_completed() -> None:
    altoflow_probe.answers["shaky"] = refuse
    drawn = graph(
        call("call", greeter(), inputs={"name": "Ada"}),
        node("shaky", "probe_effect"),
        "start -> call",
        "call -> shaky",
    )
    ended = run(drawn)
    assert ended.status == "failed"
    altoflow_probe.answers.clear()
    assert work(resume_run(run=ended)).status == "completed"
    assert Run.objects.filter(parent_run=ended).count() == 1


def refuse() -> Any:
    raise NodeError("Not now.", code="not_now")


# ---------------------------------------------------------------- who ends whom


def waiting_family() -> tuple[Run, Run, Run]:
    """A run that waits for its child, which waits for its own, which waits long."""
    slow = slow_one()
    middle = callable_one(call("call", slow), "start -> call")
    parent = run(graph(call("call", middle), "start -> call"))
    child = Run.objects.get(workflow=middle)
    return parent, child, Run.objects.get(workflow=slow)


def test_cancelling_a_parent_cancels_its_children_and_their_waits() -> None:
    family = waiting_family()
    assert [one.status for one in family] == ["waiting"] * 3
    began = time.monotonic()
    cancel_run(run=family[0])
    assert time.monotonic() - began < 3
    for one in family:
        one.refresh_from_db()
        assert one.status == "cancelled"
        assert {s.status for s in one.steps.exclude(node_id="start")} == {"cancelled"}
    assert not Job.objects.exists()


def test_cancelling_a_child_fails_the_step_that_waits_for_it() -> None:
    parent, child, grandchild = waiting_family()
    cancel_run(run=child)
    work(parent)
    grandchild.refresh_from_db()
    assert grandchild.status == "cancelled"
    assert (parent.status, parent.error["code"]) == ("failed", "child_failed")
    assert parent.error["details"]["status"] == "cancelled"


def test_a_finished_child_is_left_alone_when_its_parent_is_cancelled() -> None:
    drawn = graph(
        call("quick", greeter(), wait=False),
        call("slow", slow_one()),
        "start -> quick",
        "quick -> slow",
    )
    parent = run(drawn)
    cancel_run(run=parent)
    statuses = Run.objects.filter(parent_run=parent).order_by("created_at")
    assert [one.status for one in statuses] == ["completed", "cancelled"]
    with pytest.raises(ConflictError, match="cancelled"):
        cancel_run(run=parent)


def slow_one() -> Workflow:
    return callable_one(node("nap", "delay", duration=900), "start -> nap")


FORSAKEN: dict[str, dict[str, Any]] = {
    "another branch fails": node("bad", behave="fail"),
    "another branch ends the run": node("bad", "terminate", status="completed"),
}


@pytest.mark.parametrize("other", FORSAKEN.values(), ids=FORSAKEN)
@pytest.mark.parametrize("wait", [True, False], ids=["waited for", "not waited for"])
def test_a_run_that_ends_takes_along_the_runs_it_waits_for(
    other: dict[str, Any], wait: bool
) -> None:
    drawn = graph(
        call("call", slow_one(), wait=wait),
        node("nap", "delay", duration=0.2),
        other,
        *("start -> call", "start -> nap", "nap -> bad"),
    )
    parent = run(drawn)
    time.sleep(0.2)
    ended = work(parent)
    assert ended.is_finished
    child = Run.objects.get(parent_run=ended)
    assert child.status == ("cancelled" if wait else "waiting")
    assert steps(ended)["call"].status == ("cancelled" if wait else "completed")


def test_an_item_that_fails_takes_along_the_runs_of_the_others() -> None:
    drawn = graph(
        node("each", "iterator", items=[1, 2]),
        node("which", "number_condition", left="{{ item }}", operator="equals", right=1),
        call("call", slow_one()),
        node("bad", behave="fail"),
        node("nap", "delay", duration=0.1),
        *("start -> each", "each:item -> which"),
        *("which:true -> call", "which:false -> nap", "nap -> bad"),
    )
    parent = run(drawn)
    time.sleep(0.1)
    ended = work(parent)
    assert ended.status == "failed"
    assert Run.objects.get(parent_run=ended).status == "cancelled"


def test_a_run_over_its_time_leaves_nothing_waiting() -> None:
    parent = run(graph(call("call", slow_one()), "start -> call"))
    Run.objects.filter(pk=parent.pk).update(
        attempt_started_at=timezone.now() - timedelta(seconds=limits().run_seconds + 1)
    )
    Job.objects.filter(run=parent).update(available_at=0)
    ended = work(parent)
    assert (ended.status, ended.error["code"]) == ("failed", "run_timeout")
    assert steps(ended)["call"].status == "cancelled"
    assert Run.objects.get(parent_run=ended).status == "cancelled"
    assert not Job.objects.exists()


# ---------------------------------------------------------------- crashes and busy parents


def kill(loop: WorkLoop) -> None:
    """As kill -9 leaves it: nothing is released, its leases run out."""
    Job.objects.filter(owner=loop.owner).update(available_at=0)
    loop.close()


def test_a_parent_whose_worker_dies_while_it_waits_gets_its_child_once() -> None:
    drawn = graph(
        call("call", greeter(), inputs={"name": "Ada"}),
        node("busy", "probe_effect"),
        node("after", value="{{ call.output }}"),
        *("start -> call", "start -> busy", "call -> after"),
    )
    altoflow_probe.gates["busy"] = threading.Event()
    begun = start_run(workflow=publish(drawn), payload=None, trigger_type="manual_trigger")
    dead = WorkLoop(0)
    turn_until(dead, lambda: Run.objects.filter(parent_run=begun).exists())
    kill(dead)
    altoflow_probe.gates.pop("busy").set()
    ended = work(begun)
    assert ended.status == "completed"
    assert steps(ended)["after"].output == "Hello Ada"
    assert Run.objects.filter(parent_run=ended).count() == 1


def test_a_parent_that_is_busy_in_another_branch_hears_of_its_child_within_a_second() -> None:
    drawn = graph(
        node("busy", "probe_effect"),
        call("call", greeter(), inputs={"name": "Ada"}),
        node("after", value="{{ call.output }}"),
        *("start -> busy", "start -> call", "call -> after"),
    )
    altoflow_probe.gates["busy"] = threading.Event()
    begun = start_run(workflow=publish(drawn), payload=None, trigger_type="manual_trigger")
    loop = WorkLoop(0)
    child = Run.objects.filter(parent_run=begun, status="completed")
    turn_until(loop, child.exists)
    ended = time.monotonic()
    after = Step.objects.filter(run=begun, node_id="after", status="completed")
    turn_until(loop, after.exists)
    assert time.monotonic() - ended < 1.3
    assert Job.objects.get(run=begun).owner == loop.owner
    altoflow_probe.gates.pop("busy").set()
    drain(loop)
    loop.close()
    begun.refresh_from_db()
    assert begun.status == "completed"


def test_a_busy_parent_whose_child_fails_is_failed_within_a_second() -> None:
    drawn = graph(
        node("busy", "probe_effect"), call("call", failing()), "start -> busy", "start -> call"
    )
    altoflow_probe.gates["busy"] = threading.Event()
    begun = start_run(workflow=publish(drawn), payload=None, trigger_type="manual_trigger")
    loop = WorkLoop(0)
    turn_until(loop, Run.objects.filter(pk=begun.pk, status="failed").exists)
    altoflow_probe.gates.pop("busy").set()
    drain(loop)
    loop.close()
    assert steps(begun)["busy"].status == "cancelled"


def turn_until(loop: WorkLoop, is_reached: Callable[[], bool], seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not is_reached():
        assert time.monotonic() < end, "it never came to that"
        loop.turn()
        time.sleep(0.005)
