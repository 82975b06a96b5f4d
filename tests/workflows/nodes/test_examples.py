"""The example of each node type, made for real: it gives what the documentation shows."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core import mail
from pytest_django import Settings
from pytest_httpserver import HTTPServer

from tests.runs.calling import callable_one
from tests.runs.driver import graph, node, publish, run, steps
from tests.workflows.nodes.support import Run, checked
from workflows.compiled import CompiledConfig
from workflows.node_type import (
    IncomingRequest,
    Json,
    NodeType,
    Output,
    RequestTrigger,
    Result,
    TriggerType,
)
from workflows.nodes import registry
from workflows.nodes.api_trigger import ApiTrigger
from workflows.nodes.event_trigger import EventTrigger
from workflows.nodes.manual_trigger import ManualTrigger
from workflows.nodes.webhook_trigger import WebhookTrigger

TYPES = [each for each in registry().values() if not isinstance(each, TriggerType)]
TRIGGERS = {each.type: each for each in registry().values() if isinstance(each, TriggerType)}
ELSEWHERE = "https://api.example.com"
SAMPLE = WebhookTrigger.sample


@pytest.fixture
def outside(httpserver: HTTPServer, loopback: None, settings: Settings) -> HTTPServer:
    """A server that takes what the examples send, and only that; mails stay in memory."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    promised = registry()["http_request"].example_result
    assert isinstance(promised, Output)
    httpserver.expect_request(
        "/orders/42/notes",
        method="POST",
        query_string={"notify": "true"},
        headers={"Authorization": "Bearer a secret of the vault"},
        json={"text": "Paid"},
    ).respond_with_json(promised.value["body"], status=promised.value["status"])
    return httpserver


def made_for_real(node_type: NodeType, server: HTTPServer) -> Result:
    config = CompiledConfig.compile(node_type.Config, node_type.example)
    resolved = config.resolve(node_type.example_data, strict=True).value
    if isinstance(url := resolved.get("url"), str):
        resolved["url"] = url.replace(ELSEWHERE, server.url_for("").rstrip("/"))
    return node_type.execute(resolved, Run())


def shape(value: Json) -> Json:
    """What stays the same of a value that does not."""
    return type(value).__name__ if isinstance(value, (str, list, dict)) else "number"


def comparable(result: Result, varies: tuple[str, ...]) -> Result:
    if not varies:
        return result
    assert isinstance(result, Output)
    kept = {k: shape(v) if k in varies else v for k, v in result.value.items()}
    assert set(varies) <= set(kept)
    return replace(result, value=kept)


@pytest.mark.parametrize("node_type", TYPES, ids=[each.type for each in TYPES])
def test_it_gives_what_is_shown(node_type: NodeType, outside: HTTPServer) -> None:
    promised = node_type.example_result
    assert promised is not None, "set example_result: what execute() gives for the example"
    result = made_for_real(node_type, outside)
    varies = node_type.example_varies
    assert comparable(result, varies) == comparable(promised, varies)
    if isinstance(promised, Output):
        assert promised.port in node_type.ports_for(node_type.example)
        assert not promised.warnings, "an example should need no warning"


def test_the_mail_of_the_example_arrives(outside: HTTPServer) -> None:
    made_for_real(registry()["send_email"], outside)
    (sent,) = mail.outbox
    assert sent.subject == "Your order 42"
    assert sent.body == "Thank you! It costs € 119.90."
    assert sent.alternatives[0].content == "<p>Thank you! It costs <b>€ 119.90</b>.</p>"


def test_what_varies_looks_as_shown(outside: HTTPServer) -> None:
    shown = registry()["generate"].example_result
    made = made_for_real(registry()["generate"], outside)
    assert isinstance(shown, Output) and isinstance(made, Output)
    alphabet = registry()["generate"].example["alphabet"]
    for result in (shown, made):
        assert re.fullmatch(rf"[{alphabet}]{{12}}", result.value["value"])
    answer = made_for_real(registry()["http_request"], outside)
    assert isinstance(answer, Output)
    assert answer.value["headers"]["content-type"] == "application/json"
    sent = made_for_real(registry()["send_email"], outside)
    assert isinstance(sent, Output)
    assert re.fullmatch(r"<[0-9a-f]+@[a-z.]+>", sent.value["message_id"])


# ---------------------------------------------------------------- what the engine makes of it


@pytest.mark.django_db
def test_outputs_that_the_engine_makes() -> None:
    """The keys that the documentation shows for a wait, a loop and a call."""
    child = callable_one(node("say", value=1), "start -> say")
    loop = node("each", "iterator", items=[1, 2])
    called = node("call", "trigger_workflow", workflow=str(child.pk), wait=True)
    drawn = graph(
        node("rest", "delay", duration=0),
        *(loop, node("body", value="{{ item }}"), called),
        *("start -> rest", "rest -> each", "each:item -> body", "each -> call"),
    )
    made = steps(run(publish(drawn)))
    assert set(made["rest"].output) == {"waited_seconds", "resumed_at"}
    assert made["each"].output == {"items": [1, 2], "count": 2}
    assert set(made["call"].output) == {"run_id", "status", "output"}


# ---------------------------------------------------------------- triggers


def test_the_sample_of_a_webhook_is_what_a_request_gives() -> None:
    trigger = WebhookTrigger()
    request = IncomingRequest(
        SAMPLE["method"],
        {**SAMPLE["headers"], "cookie": "is not kept"},
        "",
        b'{"action": "opened"}',
        datetime(2026, 1, 31, 12, 0, tzinfo=UTC),
    )
    assert trigger.accept(checked("webhook_trigger", {}), request) == SAMPLE


def test_the_sample_of_an_api_call_is_what_a_call_gives() -> None:
    trigger = ApiTrigger()
    config = checked("api_trigger", trigger.example)
    assert trigger.payload(config, **ApiTrigger.sample) == ApiTrigger.sample


def test_the_sample_of_an_event_passes_its_filter() -> None:
    trigger = EventTrigger()
    compiled = CompiledConfig.compile(trigger.Config, trigger.example)
    config = compiled.resolve({"trigger": trigger.sample}, strict=True).value
    assert trigger.accepts(config, Run().now)
    assert config["event"] == trigger.sample["event"]


def test_the_sample_of_a_called_workflow_has_its_inputs() -> None:
    trigger = TRIGGERS["workflow_trigger"]
    assert [each["name"] for each in trigger.example["inputs"]] == list(trigger.sample)


def test_the_payload_of_a_manual_start_is_its_sample() -> None:
    assert ManualTrigger.example_result == Output(ManualTrigger.example["sample"])


def test_the_sample_of_a_schedule_has_its_times() -> None:
    sample = TRIGGERS["schedule_trigger"].sample
    due, fired = (datetime.fromisoformat(sample[k]) for k in ("scheduled_for", "fired_at"))
    assert 0 <= (fired - due).total_seconds() < 1


@pytest.mark.parametrize("trigger", TRIGGERS.values(), ids=TRIGGERS)
def test_a_trigger_hands_on_its_payload(trigger: TriggerType) -> None:
    promised = trigger.example_result or Output(trigger.sample)
    assert isinstance(promised, Output)
    config = CompiledConfig.compile(trigger.Config, trigger.example)
    names = {"trigger": promised.value, "vault": {"github_webhook_secret": "a secret"}}
    if not isinstance(trigger, RequestTrigger):
        config.resolve(names, strict=True)
    assert trigger.execute({}, Run(trigger=promised.value)) == promised
