"""`POST workflows/<id>/call/`: the caller gets what the workflow says, in the same request."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import altoflow_probe
import pytest
from django.db import connection
from django.http import HttpResponse
from pytest_django import Settings

from runs.api.calls import http_answer
from runs.http_error import HttpError
from runs.intake.calls import Answer
from runs.models import Run
from runs.services import cancel_run
from tests.runs.calling import started_by
from tests.runs.driver import graph, node, publish
from tests.runs.workers import working
from tests.workflows.definitions import Api
from workflows.models import Role, Workflow
from workflows.workflow_settings import DEFAULTS

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.both_databases,
    pytest.mark.usefixtures("quiet_probe"),
]


@pytest.fixture
def api() -> Api:
    return Api(Role.EDITOR)


@pytest.fixture
def worker() -> Iterator[None]:
    with working():
        yield


def answering(*parts: Any, **trigger: Any) -> Workflow:
    """Active, started by an api_trigger."""
    return publish(started_by("api_trigger", *parts, **trigger), **DEFAULTS)


def says(body: Any, **more: Any) -> Workflow:
    headers = [{"name": n, "value": v} for n, v in more.pop("headers", {}).items()]
    return answering(node("say", "respond", body=body, headers=headers, **more), "start -> say")


def post(api: Api, workflow: Workflow, body: Any = None, **more: Any) -> HttpResponse:
    query = more.pop("query", "")
    return api("POST", f"workflows/{workflow.pk}/call/{query}", body, **more)


# ---------------------------------------------------------------- answers

BODIES: dict[str, tuple[Any, bytes, str]] = {
    "object": ({"sum": "{{ trigger.body.n }}"}, b'{"sum":7}', "application/json"),
    "list": ([1, None, "x"], b'[1,null,"x"]', "application/json"),
    "number": ("{{ trigger.body.n }}", b"7", "application/json"),
    "false": (False, b"false", "application/json"),
    "text": ("n is {{ trigger.body.n }} €", "n is 7 €".encode(), "text/plain; charset=utf-8"),
    "nothing": (None, b"", "application/json"),
}


@pytest.mark.parametrize(("body", "content", "kind"), BODIES.values(), ids=BODIES)
def test_the_caller_gets_the_body(
    body: Any, content: bytes, kind: str, api: Api, worker: None
) -> None:
    answer = post(api, says(body), {"n": 7})
    assert (answer.status_code, answer.content) == (200, content)
    assert answer["Content-Type"] == kind


def test_the_caller_gets_status_and_headers(api: Api, worker: None) -> None:
    workflow = says(
        "<p>{{ trigger.body }}</p>",
        status=418,
        headers={"Content-Type": "text/html", "X-Name": "Zoë {{ trigger.body }}"},
    )
    answer = post(api, workflow, "x")
    assert (answer.status_code, answer.content) == (418, b"<p>x</p>")
    assert answer["Content-Type"] == "text/html"
    assert answer["X-Name"].encode("latin-1").decode() == "Zoë x"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert "Allow" not in answer


def test_the_run_gets_body_headers_and_query(api: Api, worker: None) -> None:
    answer = post(
        api,
        says("{{ trigger }}"),
        {"a": [1]},
        query="?x=1&y=%C3%A9&x=2",
        headers={**api.headers, "X-Shop": "Wien", "Cookie": "a=b"},
    )
    payload = answer.json()
    assert (payload["body"], payload["query"]) == ({"a": [1]}, {"x": ["1", "2"], "y": "é"})
    assert payload["headers"]["x-shop"] == "Wien"
    assert payload["headers"]["content-type"] == "application/json"
    assert not {"authorization", "cookie"} & set(payload["headers"])
    run = Run.objects.get()
    assert (run.trigger_type, run.payload, run.status) == ("api_trigger", payload, "completed")


def test_no_body_is_null(api: Api, worker: None) -> None:
    assert post(api, says({"got": "{{ trigger.body }}"})).json() == {"got": None}


def test_the_run_goes_on_behind_its_answer(api: Api, worker: None) -> None:
    altoflow_probe.gates["later"] = threading.Event()
    workflow = answering(
        node("say", "respond", body="early"),
        node("later", "probe_effect"),
        "start -> say",
        "say -> later",
    )
    assert post(api, workflow).content == b"early"
    assert Run.objects.get().status == "running"
    altoflow_probe.gates.pop("later").set()
    eventually(lambda: Run.objects.get().status == "completed")


def test_the_first_of_two_answers_counts(api: Api, worker: None) -> None:
    workflow = answering(
        node("one", "respond", body="1"),
        node("two", "respond", body="2"),
        "start -> one",
        "one -> two",
    )
    assert post(api, workflow).content == b"1"


def test_a_run_that_fails_after_its_answer_has_answered(api: Api, worker: None) -> None:
    workflow = answering(
        node("say", "respond", body="ok"),
        node("bad", behave="fail"),
        "start -> say",
        "say -> bad",
    )
    assert post(api, workflow).content == b"ok"


def test_a_run_that_completes_without_an_answer_gives_its_output(api: Api, worker: None) -> None:
    workflow = answering(node("last", value={"n": "{{ trigger.body.n }}"}), "start -> last")
    answer = post(api, workflow, {"n": 7})
    assert (answer.status_code, answer.json()) == (200, {"n": 7})


def test_a_run_that_fails_before_answers_502(
    api: Api, worker: None, caplog: pytest.LogCaptureFixture
) -> None:
    answer = post(api, answering(node("bad", behave="fail"), "start -> bad"))
    assert answer.status_code == 502
    error, run = answer.json(), Run.objects.get()
    assert (error["code"], error["details"]["run_id"]) == ("run_failed", str(run.pk))
    assert "It was told to fail." in error["message"]
    assert "Bad Gateway" not in caplog.text


def test_a_run_that_is_cancelled_answers_502(api: Api, worker: None) -> None:
    altoflow_probe.gates["busy"] = threading.Event()
    workflow = answering(node("busy", "probe_effect"), "start -> busy")
    canceller = threading.Thread(target=cancel_when_running)
    canceller.start()
    answer = post(api, workflow)
    canceller.join()
    assert (answer.status_code, answer.json()["code"]) == (502, "run_cancelled")


def cancel_when_running() -> None:
    eventually(lambda: bool(altoflow_probe.made))
    cancel_run(run=Run.objects.get())
    connection.close()


def eventually(is_so: Any, seconds: float = 5) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it never became so"
        time.sleep(0.01)


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize("limit", ["of the trigger", "of the product"])
def test_a_caller_does_not_wait_for_ever(
    limit: str, api: Api, worker: None, settings: Settings
) -> None:
    altoflow_probe.gates["busy"] = threading.Event()
    if limit == "of the product":
        settings.ALTOFLOW_LIMITS = replace(settings.ALTOFLOW_LIMITS, call_seconds=1)
    config = {"timeout_seconds": 1} if limit == "of the trigger" else {}
    workflow = answering(
        node("busy", "probe_effect", value="late"),
        node("say", "respond", body="{{ busy }}"),
        "start -> busy",
        "busy -> say",
        **config,
    )
    began = time.monotonic()
    answer = post(api, workflow, headers={**api.headers, "Idempotency-Key": "one"})
    assert 1 <= time.monotonic() - began < 1.5
    assert (answer.status_code, answer.json()["code"]) == (504, "call_timeout")
    run = Run.objects.get(pk=answer.json()["details"]["run_id"])
    altoflow_probe.gates.pop("busy").set()
    eventually(lambda: Run.objects.get(pk=run.pk).status == "completed")
    again = post(api, workflow, headers={**api.headers, "Idempotency-Key": "one"})
    assert (again.status_code, again.content) == (200, b"late")


def test_too_many_callers_are_sent_away_at_once(api: Api, worker: None, settings: Settings) -> None:
    settings.WAITING_CALLS = 2
    altoflow_probe.gates["busy"] = threading.Event()
    workflow = answering(
        node("busy", "probe_effect"),
        node("say", "respond", body="ok"),
        "start -> busy",
        "busy -> say",
    )
    answers: list[HttpResponse] = []
    callers = [
        threading.Thread(target=call_in_thread, args=(api, workflow, answers)) for _ in range(2)
    ]
    for caller in callers:
        caller.start()
    eventually(lambda: len(altoflow_probe.made) == 2)
    refused = post(api, workflow)
    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_calls")
    assert int(refused["Retry-After"]) >= 1
    assert Run.objects.count() == 2
    altoflow_probe.gates.pop("busy").set()
    for caller in callers:
        caller.join(10)
    assert [answer.status_code for answer in answers] == [200, 200]
    assert post(api, workflow).status_code == 200


def call_in_thread(api: Api, workflow: Workflow, answers: list[HttpResponse]) -> None:
    answers.append(post(api, workflow))
    connection.close()


# ---------------------------------------------------------------- refusals


def switched_off() -> Workflow:
    workflow = says("x")
    Workflow.objects.filter(pk=workflow.pk).update(is_active=False)
    return workflow


REFUSED: dict[str, tuple[Any, str]] = {
    "switched off": (switched_off, "workflow_inactive"),
    "started by hand": (lambda: publish(graph(), **DEFAULTS), "not_callable"),
    "started by a webhook": (
        lambda: publish(started_by("webhook_trigger"), **DEFAULTS),
        "not_callable",
    ),
}


@pytest.mark.parametrize(("make", "code"), REFUSED.values(), ids=REFUSED)
def test_only_an_active_api_trigger_can_be_called(make: Any, code: str, api: Api) -> None:
    answer = post(api, make())
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert not Run.objects.exists()


def test_a_body_that_the_schema_does_not_take_is_refused_with_its_places(api: Api) -> None:
    line = {"type": "object", "properties": {"count": {"type": "integer"}}}
    schema = {
        "type": "object",
        "properties": {"lines": {"type": "array", "items": line}},
        "required": ["id"],
    }
    answer = post(api, answering(input_schema=schema), {"lines": [{"count": 1}, {"count": "2"}]})
    assert answer.status_code == 400
    paths = {error["path"] for error in answer.json()["details"]["errors"]}
    assert paths == {"", "lines[1].count"}
    assert not Run.objects.exists()


def test_a_body_that_is_no_json_is_refused(api: Api) -> None:
    assert post(api, says("x"), raw=b"{").status_code == 400
    assert post(api, says("x"), raw=b"x", content_type="text/plain").status_code == 415


UNUSABLE: dict[str, dict[str, Any]] = {
    "a line break in a value": {"headers": {"X-A": "a\r\nSet-Cookie: b=c"}},
    "a line break in a name": {"headers": {"X-A\r\nB": "c"}},
    "a cookie": {"headers": {"Set-Cookie": "a=b"}},
    "a hop-by-hop header": {"headers": {"Transfer-Encoding": "chunked"}},
    "a length of its own": {"headers": {"content-length": "3"}},
    "a policy of its own": {"headers": {"Content-Security-Policy": "x"}},
    "a value that is no text": {"headers": {"X-A": 1}},
    "a status of its own": {"status": 99},
    "an interim status": {"status": 101},
}


@pytest.mark.parametrize("said", UNUSABLE.values(), ids=UNUSABLE)
def test_what_no_http_answer_can_say_is_not_sent(said: dict[str, Any]) -> None:
    run = Run()
    with pytest.raises(HttpError) as caught:
        http_answer(Answer(run.pk, **said))
    assert (caught.value.status, caught.value.code) == (502, "unusable_answer")
    assert caught.value.details["run_id"] == str(run.pk)


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_content_has_none(status: int) -> None:
    assert http_answer(Answer(Run().pk, status=status, body={"a": 1})).content == b""


# ---------------------------------------------------------------- keys


def test_a_repeated_key_gives_the_first_answer_again(api: Api, worker: None) -> None:
    workflow = says("{{ run.id }}")
    first, second = (
        post(api, workflow, {"n": 1}, headers={**api.headers, "Idempotency-Key": "k", "X-N": n})
        for n in ("1", "2")
    )
    assert first.content == second.content
    assert Run.objects.count() == 1


def test_a_key_with_another_body_is_a_conflict(api: Api, worker: None) -> None:
    workflow, headers = says("x"), {**api.headers, "Idempotency-Key": "k"}
    assert post(api, workflow, {"n": 1}, headers=headers).status_code == 200
    answer = post(api, workflow, {"n": 2}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")


def test_a_key_that_is_too_long_is_refused(api: Api) -> None:
    headers = {**api.headers, "Idempotency-Key": "k" * 256}
    assert post(api, says("x"), headers=headers).status_code == 400


# ---------------------------------------------------------------- how fast


def test_a_caller_hears_of_the_answer_when_it_is_there(api: Api, worker: None) -> None:
    """The limit is for a busy machine; without the wake-up call it would be 250 ms."""
    workflow = says("{{ trigger.body }}")
    post(api, workflow)
    took = []
    for number in range(15):
        began = time.monotonic()
        assert post(api, workflow, number).content == str(number).encode()
        took.append(time.monotonic() - began)
    assert statistics.median(took) < 0.1
