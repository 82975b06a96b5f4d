"""What a run does, on both databases, with the real work loop."""

from __future__ import annotations

from typing import Any

import altoflow_probe
import pytest

from runs.models import Job, Run, Step
from tests.runs.driver import executed, graph, node, publish, run, steps, work
from workflows.errors import NodeError
from workflows.vault import set_secret

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.both_databases,
    pytest.mark.usefixtures("quiet_probe"),
]


def condition(name: str, result: bool) -> dict[str, Any]:
    return node(name, "boolean_condition", value=result, operator="is_true")


DIAMOND = ("start -> if", "if:true -> yes", "if:false -> no", "yes -> end", "no -> end")

SHAPES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "trigger alone": (graph(), []),
    "chain": (graph(*map(node, "abc"), "start -> a", "a -> b", "b -> c"), ["a", "b", "c"]),
    "fan out and join once": (
        graph(
            *map(node, "abcd"),
            *("start -> a", "start -> b", "start -> c"),
            *("a -> d", "b -> d", "c -> d"),
        ),
        ["a", "b", "c", "d"],
    ),
    "true branch, join after a dead path": (
        graph(condition("if", True), *map(node, ("yes", "no", "end")), *DIAMOND),
        ["if", "yes", "end"],
    ),
    "false branch, join after a dead path": (
        graph(condition("if", False), *map(node, ("yes", "no", "end")), *DIAMOND),
        ["if", "no", "end"],
    ),
    "dead path of several nodes": (
        graph(
            condition("if", True),
            *map(node, ("a", "b", "c", "end")),
            "start -> if",
            "if:false -> a",
            "a -> b",
            "b -> c",
            "c -> end",
            "if:true -> end",
        ),
        ["if", "end"],
    ),
    "nothing on the taken port": (
        graph(condition("if", True), node("no"), "start -> if", "if:false -> no"),
        ["if"],
    ),
    "nodes that nothing leads to": (
        graph(node("a"), node("island"), node("bridge"), "start -> a", "island -> a"),
        ["a"],
    ),
}


@pytest.mark.parametrize(("drawn", "expected"), SHAPES.values(), ids=SHAPES)
def test_each_node_runs_once_when_its_edges_are_settled(
    drawn: dict[str, Any], expected: list[str]
) -> None:
    ended = run(drawn, {"n": 1})
    assert ended.status == "completed", ended.error
    assert executed(ended) == expected
    assert not Job.objects.exists()


def test_steps_show_input_output_and_times() -> None:
    ended = run(graph(node("a", value={"to": "{{ trigger.user.name }}"}), "start -> a"), PAYLOAD)
    step = steps(ended)["a"]
    assert step.input == {"value": {"to": "Ada"}, "behave": ""}
    assert step.output == {"to": "Ada"}
    assert step.started_at <= step.finished_at
    assert steps(ended)["start"].output == PAYLOAD
    assert ended.output == {"to": "Ada"}


PAYLOAD = {"user": {"name": "Ada", "tags": ["x", 2, None, 1.5, {"z": 1, "a": True}]}}


def test_a_value_is_passed_on_raw_and_in_its_order() -> None:
    ended = run(
        graph(node("a", value="{{ trigger.user }}"), node("b", value="{{ a.tags }}"), *CHAIN),
        PAYLOAD,
    )
    assert list(steps(ended)["a"].output) == ["name", "tags"]
    assert steps(ended)["b"].output == PAYLOAD["user"]["tags"]


CHAIN = ("start -> a", "a -> b")


def test_an_unknown_variable_warns() -> None:
    ended = run(graph(node("a", value="{{ trigger.usr }}"), "start -> a"), {"user": 1})
    assert ended.status == "completed"
    assert "trigger.user" in steps(ended)["a"].warnings[0]


def test_an_unknown_variable_fails_a_strict_workflow() -> None:
    drawn = graph(node("a", value="{{ trigger.usr }}"), "start -> a")
    ended = run(drawn, {"user": 1}, strict_variables=True)
    assert (ended.status, ended.error["code"]) == ("failed", "unknown_variable")


FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "a node that fails": ({"behave": "fail"}, "told_to"),
    "a node with a fault": ({"behave": "crash"}, "node_crashed"),
    "an output that is too large": ({"behave": "huge"}, "output_too_large"),
    "a template over its limit": (
        {"value": "{% for i in (1..9000) %}{% for j in (1..9000) %}{% endfor %}{% endfor %}"},
        "template_limit",
    ),
}


@pytest.mark.parametrize(("config", "code"), FAILURES.values(), ids=FAILURES)
def test_a_failing_step_fails_the_run(config: dict[str, Any], code: str) -> None:
    ended = run(graph(node("a", **config), node("b"), *CHAIN))
    assert (ended.status, ended.error["code"]) == ("failed", code)
    assert ended.error["details"]["node"] == "a"
    assert steps(ended)["a"].status == "failed"
    assert steps(ended)["a"].error["code"] == code
    assert "b" not in steps(ended)
    assert not Job.objects.exists()


@pytest.mark.parametrize("with_edge", [True, False], ids=["with an edge", "without an edge"])
def test_continue_on_error_takes_the_error_port_only(with_edge: bool) -> None:
    edges = [*CHAIN, "a:error -> rescue"] if with_edge else CHAIN
    drawn = graph(
        node("a", behave="fail", continue_on_error=True),
        node("b"),
        node("rescue", value="{{ a }}"),
        *edges,
    )
    ended = run(drawn)
    shown = {"error": True, "message": "It was told to fail.", "code": "told_to"}
    assert ended.status == "completed"
    assert executed(ended) == (["a", "rescue"] if with_edge else ["a"])
    assert steps(ended)["a"].output == shown
    assert not with_edge or steps(ended)["rescue"].output == shown


def test_terminate_ends_everything_at_once() -> None:
    drawn = graph(
        node("slow", "probe_effect"),
        node("stop", "terminate", status="failed", message="Enough of {{ trigger.what }}"),
        node("later"),
        "start -> slow",
        "slow -> later",
        "start -> stop",
    )
    ended = run(drawn, {"what": "it"})
    assert (ended.status, ended.error["message"]) == ("failed", "Enough of it")
    assert steps(ended).get("slow") is None or steps(ended)["slow"].status == "cancelled"
    assert "later" not in steps(ended)


def test_a_failing_branch_stops_the_others() -> None:
    drawn = graph(
        node("slow", "probe_effect"),
        node("later"),
        node("first", "probe_effect"),
        "start -> slow",
        "slow -> later",
        "start -> first",
    )

    def refuse() -> None:
        raise NodeError("No.", code="refused")

    altoflow_probe.answers["first"] = refuse
    altoflow_probe.gates["slow"] = gate = altoflow_probe.threading.Event()
    try:
        ended = run(drawn)
    finally:
        gate.set()
        del altoflow_probe.gates["slow"]
    assert (ended.status, ended.error["code"]) == ("failed", "refused")
    assert steps(ended)["slow"].status == "cancelled"
    assert "later" not in steps(ended)


# ---------------------------------------------------------------- retries


def flaky(times: int, *, retryable: bool = True, retry_after: float | None = None) -> Any:
    calls = []

    def answer() -> Any:
        calls.append(1)
        if len(calls) <= times:
            raise NodeError("Not yet.", code="busy", retryable=retryable, retry_after=retry_after)
        return {"after": len(calls)}

    return answer


def retrying(attempts: int) -> dict[str, Any]:
    policy = {"max_attempts": attempts, "wait_seconds": 0}
    return graph(node("a", "probe_effect", retry=policy), node("b", value="{{ a.after }}"), *CHAIN)


def test_a_retry_makes_a_row_for_each_try_with_the_same_key() -> None:
    altoflow_probe.answers["a"] = flaky(2)
    ended = run(retrying(3))
    rows = list(ended.steps.filter(node_id="a").values_list("try_number", "status"))
    assert ended.status == "completed"
    assert rows == [(1, "failed"), (2, "failed"), (3, "completed")]
    assert len({key for _, key in altoflow_probe.made}) == 1
    assert steps(ended)["b"].output == 3


@pytest.mark.parametrize(
    ("attempts", "retryable", "made"),
    [(2, True, 2), (5, False, 1)],
    ids=["attempts used up", "permanent error"],
)
def test_a_retry_ends(attempts: int, retryable: bool, made: int) -> None:
    altoflow_probe.answers["a"] = flaky(9, retryable=retryable)
    ended = run(retrying(attempts))
    assert (ended.status, ended.error["code"]) == ("failed", "busy")
    assert len(altoflow_probe.made) == made


def test_waiting_for_a_retry_holds_no_worker() -> None:
    altoflow_probe.answers["a"] = flaky(1, retry_after=60)
    waiting = run(retrying(3))
    job = Job.objects.get(run=waiting)
    assert waiting.status == "waiting"
    assert job.owner == ""
    assert steps(waiting)["a"].wake_at is not None
    Job.objects.update(available_at=0)
    Step.objects.update(wake_at="2020-01-01T00:00:00Z")
    assert work(waiting).status == "completed"


# ---------------------------------------------------------------- secrets


def test_a_secret_is_used_and_never_stored() -> None:
    set_secret(name="api_key", value="tOps3cret-value")
    altoflow_probe.answers["a"] = lambda: {"echo": "you sent tOps3cret-value", "n": 1}
    ended = run(
        graph(
            node("a", "probe_effect", value="Bearer {{ vault.api_key }}"),
            node("b", value="{{ vault.api_key | upcase }}"),
            node("c", "string_condition", left="{{ vault.api_key }}", operator="equals",
                 right="tOps3cret-value"),
            *CHAIN,
            "b -> c",
        )
    )  # fmt: skip
    shown = steps(ended)
    assert ended.status == "completed"
    assert shown["a"].input["value"] == "Bearer •••"
    assert shown["a"].output == {"echo": "you sent •••", "n": 1}
    assert (shown["b"].input["value"], shown["b"].output) == ("•••", "•••")
    assert shown["c"].port == "true"
    everything = str(list(ended.steps.values())) + str(Run.objects.values().get())
    assert "s3cret" not in everything.lower()


CHANGED: dict[str, tuple[dict[str, Any], Any]] = {
    "upper case": (
        node("a", "string_transform", input="{{ vault.api_key }}", operations=[{"op": "upper"}]),
        {"text": "•••"},
    ),
    "in pieces": (
        node(
            "a",
            "string_transform",
            input="{{ vault.api_key }}",
            operations=[{"op": "split", "separator": "-"}],
        ),
        {"items": ["•••", "•••"]},
    ),
    "backwards": (
        node(
            "a",
            "json_parser",
            input='{"k": "{{ vault.api_key }}", "n": 1}',
            extract=[{"name": "k", "path": "reverse(k)"}, {"name": "n", "path": "n"}],
        ),
        {"k": "•••", "n": 1},
    ),
    "fields of a JSON": (
        node("a", "json_parser", input="{{ vault.account }}"),
        {"user": "•••", "pin": "•••", "on": True},
    ),
    "beside other texts": (
        node("a", "data_mapper", template={"a": "{{ vault.api_key }}", "b": "{{ start.b }}"}),
        {"a": "•••", "b": "open"},
    ),
}


@pytest.mark.parametrize(("drawn", "output"), CHANGED.values(), ids=CHANGED)
def test_what_a_node_makes_of_a_secret_is_masked(drawn: dict[str, Any], output: Any) -> None:
    set_secret(name="api_key", value="tOps3cret-value")
    set_secret(name="account", value='{"user": "ada", "pin": 4711, "on": true}')
    ended = run(graph(drawn, "start -> a"), {"b": "open"})
    assert steps(ended)["a"].output == output


def test_what_a_trigger_received_can_be_compared_with_a_secret_and_is_shown_masked() -> None:
    set_secret(name="shared", value="tOps3cret-value")
    ended = run(
        graph(
            node(
                "a",
                "string_condition",
                left="{{ start.key }}",
                operator="equals",
                right="{{ vault.shared }}",
            ),
            "start -> a",
        ),
        {"key": "tOps3cret-value"},
    )
    assert steps(ended)["a"].port == "true"
    assert steps(ended)["start"].output == {"key": "•••"}


def test_a_large_payload_is_no_large_output() -> None:
    assert run(graph(), {"text": "x" * 1_100_000}).status == "completed"


def test_an_unknown_secret_fails_the_step() -> None:
    ended = run(graph(node("a", value="{{ vault.nothing }}"), "start -> a"))
    assert (ended.status, ended.error["code"]) == ("failed", "unknown_secret")


# ---------------------------------------------------------------- parallel runs


def test_max_parallel_runs_holds_the_others_back() -> None:
    altoflow_probe.answers["a"] = flaky(1, retry_after=60)
    workflow = publish(retrying(3), max_parallel_runs=1)
    first = run(workflow)
    second = run(workflow)
    assert (first.status, second.status) == ("waiting", "queued")
