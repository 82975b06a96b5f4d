"""`POST nodes/test/`: one node is executed, nothing is stored."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any
from uuid import uuid4

import altoflow_probe
import pytest
from pytest_django import Settings

from runs.models import Job, Run, Step
from runs.try_node import MOST_AT_ONCE
from tests.runs.calling import callable_one
from tests.runs.driver import node
from tests.workflows.definitions import Api
from workflows.models import Role
from workflows.vault import set_secret

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_probe")]


def tried(drawn: Any, context: Any = None, status: int = 200) -> dict[str, Any]:
    body = {"node": drawn} if context is None else {"node": drawn, "context": context}
    answer = Api(Role.EDITOR)("POST", "nodes/test/", body)
    assert answer.status_code == status, answer.content
    shown: dict[str, Any] = answer.json()
    return shown


NEXT = {"completed": "default", "waiting": "", "failed": ""}
RESULTS: dict[str, tuple[dict[str, Any], Any, dict[str, Any]]] = {
    "a pure node": (
        node("a", value="Hello {{ trigger.name }}"),
        {"trigger": {"name": "Ada"}},
        {"output": "Hello Ada"},
    ),
    "the output of another node": (
        node("a", value="{{ node_1.list }}"),
        {"node_1": {"list": [1]}},
        {"output": [1]},
    ),
    "an item": (node("a", value="{{ item }}{{ index }}"), {"item": "x", "index": 3},
                {"output": "x3"}),
    "a condition": (
        node("a", "boolean_condition", value=True, operator="is_false"),
        None,
        {"port": "false", "output": {"result": False, "left": True, "right": False}},
    ),
    "a wait is told": (
        node("a", "delay", duration=2, unit="minutes"),
        None,
        {"status": "waiting", "port": "", "output": {"seconds": 120.0}},
    ),
    "a loop is told": (
        node("a", "iterator", items="{{ trigger }}"),
        {"trigger": [1, 2, 3]},
        {"output": {"count": 3}},
    ),
    "an answer is told": (
        node("a", "respond", status=201, body={"n": "{{ trigger }}"}),
        {"trigger": 7},
        {"output": {"status": 201, "headers": {}, "body": {"n": 7}}},
    ),
    "an end is told": (
        node("a", "terminate", status="failed", message="No {{ trigger }}"),
        {"trigger": "more"},
        {"port": "", "output": {"status": "failed", "message": "No more"}},
    ),
    "a trigger gives its payload": (
        node("a", "manual_trigger"),
        {"trigger": {"n": 1}},
        {"output": {"n": 1}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("drawn", "context", "expected"), RESULTS.values(), ids=RESULTS)
def test_one_node(drawn: dict[str, Any], context: Any, expected: dict[str, Any]) -> None:
    shown = {"status": "completed", "port": "default", "warnings": [], **expected}
    assert tried(drawn, context) == shown


def test_nothing_is_stored() -> None:
    child = callable_one()
    drawn = node("a", "trigger_workflow", workflow=str(child.pk), inputs={"n": 1}, wait=True)
    output = tried(drawn)["output"]
    assert output == {"workflow": str(child.pk), "inputs": {"n": 1}, "wait": True}
    tried(node("b", "probe_effect"))
    for model in (Run, Step, Job):
        assert not model.objects.exists()


def test_a_call_that_could_not_be_made_fails() -> None:
    shown = tried(node("a", "trigger_workflow", workflow=str(uuid4())))
    assert (shown["status"], shown["error"]["code"]) == ("failed", "unknown_workflow")


def test_the_id_may_be_missing() -> None:
    assert tried({"type": "text_transform", "config": {"template": "x"}})["output"] == {"text": "x"}


def test_an_effect_is_really_made() -> None:
    assert tried(node("a", "probe_effect", value="sent"))["output"] == "sent"
    assert len(altoflow_probe.made) == 1


def test_an_unknown_variable_warns() -> None:
    shown = tried(node("a", value="{{ trigger.usr }}"), {"trigger": {"user": 1}})
    assert (shown["status"], shown["output"]) == ("completed", None)
    assert "trigger.user" in shown["warnings"][0]


@pytest.mark.parametrize(("goes_on", "port"), [(False, ""), (True, "error")])
def test_a_node_that_fails_says_why(goes_on: bool, port: str) -> None:
    shown = tried(node("a", behave="fail", continue_on_error=goes_on))
    assert (shown["status"], shown["output"], shown["port"]) == ("failed", None, port)
    assert shown["error"]["code"] == "told_to"
    assert shown["error"]["message"] == "It was told to fail."


def test_a_fault_of_a_node_type_is_an_error_of_the_node() -> None:
    assert tried(node("a", behave="crash"))["error"]["code"] == "node_crashed"


def test_an_output_that_is_too_large_fails() -> None:
    assert tried(node("a", behave="huge"))["error"]["code"] == "output_too_large"


def test_secrets_are_used_and_never_shown() -> None:
    set_secret(name="api_token", value="swordfish-1234")
    altoflow_probe.on_value["a"] = lambda value: f"{value} {value == 'swordfish-1234'}"
    try:
        shown = tried(node("a", "probe_effect", value="{{ vault.api_token }}"))
    finally:
        altoflow_probe.on_value.clear()
    assert shown["output"] == "••• True"
    assert tried(node("a", value="{{ vault.api_token | upcase }}"))["output"] == "•••"


def test_a_context_can_not_pose_as_the_vault() -> None:
    shown = tried(node("a", value="{{ vault.api_token }}"), {"vault": {"api_token": "mine"}})
    assert shown["status"] == "failed"


def test_a_node_that_hangs_is_given_up_at_the_limit(settings: Settings) -> None:
    settings.ALTOFLOW_LIMITS = replace(settings.ALTOFLOW_LIMITS, node_seconds=0.3)
    altoflow_probe.gates["a"] = threading.Event()
    began = time.monotonic()
    shown = tried(node("a", "probe_effect"))
    assert time.monotonic() - began < 1.5
    assert (shown["status"], shown["error"]["code"]) == ("failed", "node_timeout")


def test_nodes_that_hang_do_not_take_all_threads(settings: Settings) -> None:
    settings.ALTOFLOW_LIMITS = replace(settings.ALTOFLOW_LIMITS, node_seconds=0.05)
    altoflow_probe.gates["a"] = threading.Event()
    for _ in range(MOST_AT_ONCE):
        tried(node("a", "probe_effect"))
    assert tried(node("a", "probe_effect"), status=503)["code"] == "too_many_trials"
    altoflow_probe.gates.pop("a").set()
    time.sleep(0.1)
    tried(node("a", "probe_effect"))


REFUSED: dict[str, tuple[Any, str]] = {
    "no type": ({"id": "a", "config": {}}, "type"),
    "an unknown type": (node("a", "nothing_like_it"), "type"),
    "an unknown field": (node("a", valeu=1), "config.valeu"),
    "a template that is none": (node("a", value={"x": "{{ | }}"}), "config.value.x"),
    "a reserved id": (node("vault"), "id"),
    "no object": ("a", ""),
}


@pytest.mark.parametrize(("drawn", "field"), REFUSED.values(), ids=REFUSED)
def test_a_node_that_can_not_be_used_is_refused(drawn: Any, field: str) -> None:
    error = tried(drawn, status=400)
    assert error["code"] == "invalid_graph"
    assert error["details"]["errors"][0]["field"] == field


def test_a_context_is_an_object() -> None:
    assert tried(node("a"), [1], status=400)["code"] == "invalid"
