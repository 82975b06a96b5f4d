"""`/hooks/<token>/`: what is taken becomes one run, what is refused says why, both leave a row."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import string
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.intake import arrivals, limiters, receiving
from runs.models import Delivery, IdempotencyKey, Job, Run
from tests.runs.hooks import make_hook, path_of, send
from workflows import services, vault
from workflows.limits import Limits
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

SECRET = "It's a Secret to Everybody"
GITHUB = {"scheme": "github", "secret": "{{ vault.hook_secret }}"}


@pytest.fixture(autouse=True)
def fresh_limiters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "_rates", limiters.TokenBucket())
    monkeypatch.setattr(receiving, "_refused_rows", limiters.RefusedRows())


def rows() -> list[tuple[str, int]]:
    return list(Delivery.objects.order_by("id").values_list("verdict", "status_code"))


# ---------------------------------------------------------------- taken


def test_a_request_becomes_a_run_with_its_job_and_its_row() -> None:
    workflow = make_hook()
    answer = send(path_of(workflow), {"action": "opened"}, x_github_event="issues")
    assert answer.status == 202
    run = Run.objects.get()
    assert answer.json == {"run_id": str(run.id), "status": "queued"}
    assert (run.workflow, run.version, run.status) == (workflow, workflow.published, "queued")
    assert run.trigger_type == "webhook_trigger"
    assert run.payload["body"] == {"action": "opened"}
    assert run.payload["headers"]["x-github-event"] == "issues"
    job = Job.objects.get()
    assert (job.run_id, job.owner, job.fence) == (run.id, "", 0)
    assert abs(job.available_at / 1000 - timezone.now().timestamp()) < 60
    delivery = Delivery.objects.get()
    assert (delivery.verdict, delivery.status_code, delivery.run) == ("accepted", 202, run)
    assert (delivery.method, delivery.remote_address) == ("POST", "127.0.0.1")
    assert (delivery.body_bytes, delivery.workflow) == (len('{"action": "opened"}'), workflow)


@pytest.mark.parametrize("slash", ["/", ""], ids=["with a slash", "without"])
def test_django_answers_the_same_without_the_edge(client: Client, slash: str) -> None:
    path = path_of(make_hook()).rstrip("/") + slash
    answer = client.post(path, {"a": 1}, content_type="application/json")
    assert answer.status_code == 202
    assert answer.json()["run_id"] == str(Run.objects.get().id)
    assert client.get(path).status_code == 405
    assert client.get("/hooks/unknown/").json()["code"] == "unknown_token"
    assert [verdict for verdict, _ in rows()] == ["accepted", "bad_method", "unknown_token"]


def test_a_form_is_not_refused_for_a_missing_csrf_token() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(path_of(make_hook()), {"a": "1"}).status_code == 202


@pytest.mark.parametrize("shape", ["edge", "django"])
def test_a_chunked_body_is_read_where_the_server_can(shape: str) -> None:
    path, body = path_of(make_hook()), b'{"a": 1}'
    more = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    if shape == "edge":
        answer = send(path, body, content_type="application/json", CONTENT_LENGTH="", **more)
        assert answer.status == 202
    else:
        extra = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": "", **more}
        answer = Client().generic("POST", path, content_type="application/json", **extra)
        assert answer.status_code == 202
    assert Run.objects.get().payload["body"] == {"a": 1}


def test_the_query_and_odd_characters_arrive() -> None:
    path = path_of(make_hook(methods=["GET"]))
    raw = "né=1&x=%00".encode().decode("latin-1")
    agent = "agent \x00 é".encode().decode("latin-1")
    assert send(path, b"", "GET", QUERY_STRING=raw, user_agent=agent).status == 202
    payload = Run.objects.get().payload
    assert payload["query"] == {"né": "1", "x": "\ufffd"}
    assert payload["headers"]["user-agent"] == "agent \ufffd é"
    assert payload["body"] is None


def test_a_signed_request_is_taken_with_the_secret_of_the_vault() -> None:
    vault.set_secret(name="hook_secret", value=SECRET)
    body = b'{"zen": "Speak like a human."}'
    digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    path = path_of(make_hook(signature=GITHUB))
    assert send(path, body, x_hub_signature_256=f"sha256={digest}").status == 202
    vault.set_secret(name="hook_secret", value="changed secret")
    assert send(path, body, x_hub_signature_256=f"sha256={digest}").status == 401


# ---------------------------------------------------------------- refused


def unsigned() -> Workflow:
    vault.set_secret(name="hook_secret", value=SECRET)
    return make_hook(signature=GITHUB)


def manual() -> Workflow:
    workflow = make_hook()
    graph = {"nodes": [{"id": "start", "type": "manual_trigger", "config": {}}], "edges": []}
    services.update_workflow(workflow=workflow, graph=graph)
    services.publish_workflow(workflow=workflow)
    return workflow


def deleted() -> Workflow:
    workflow = make_hook()
    services.delete_workflow(workflow=workflow)
    return workflow


def deactivated() -> Workflow:
    return services.deactivate_workflow(workflow=make_hook())


class BrokenChunks:
    """As gunicorn's: its errors are no OSErrors."""

    def read(self, _size: int) -> bytes:
        raise ValueError("Invalid chunk terminator")


JSON = "application/json"
REFUSED: dict[str, tuple[Any, dict[str, Any], int, str]] = {
    "body that is no JSON": (make_hook, {"body": b"{", "content_type": JSON}, 400, "bad_json"),
    "very deep JSON": (
        make_hook,
        {"body": b"[" * 90_000, "content_type": JSON},
        400,
        "bad_json",
    ),
    "length that is none": (make_hook, {"CONTENT_LENGTH": "-1"}, 400, "unusable"),
    "chunks that can not be read": (
        make_hook,
        {
            "HTTP_TRANSFER_ENCODING": "chunked",
            "CONTENT_LENGTH": "",
            "wsgi.input_terminated": True,
            "wsgi.input": BrokenChunks(),
        },
        400,
        "unusable",
    ),
    "body that ends early": (make_hook, {"CONTENT_LENGTH": "10"}, 400, "unusable"),
    "very long key": (make_hook, {"idempotency_key": "k" * 256}, 400, "unusable"),
    "signature missing": (unsigned, {}, 401, "bad_signature"),
    "signature wrong": (unsigned, {"x_hub_signature_256": "sha256=00"}, 401, "bad_signature"),
    "secret missing": (lambda: make_hook(signature=GITHUB), {}, 401, "bad_signature"),
    "never activated": (lambda: make_hook(activate=False), {}, 404, "inactive"),
    "deactivated": (deactivated, {}, 404, "inactive"),
    "another trigger": (manual, {}, 404, "inactive"),
    "deleted": (deleted, {}, 404, "unknown_token"),
    "method": (make_hook, {"method": "PUT"}, 405, "bad_method"),
    "unknown method": (make_hook, {"method": "BREW-COFFEE-NOW"}, 405, "bad_method"),
    "in chunks": (
        make_hook,
        {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""},
        411,
        "length_required",
    ),
    "too large": (make_hook, {"body": b"x" * 1025}, 413, "too_large"),
    "announced as too large": (make_hook, {"CONTENT_LENGTH": "1025"}, 413, "too_large"),
    "too large, in chunks": (
        make_hook,
        {
            "body": b"x" * 1025,
            "HTTP_TRANSFER_ENCODING": "chunked",
            "CONTENT_LENGTH": "",
            "wsgi.input_terminated": True,
        },
        413,
        "too_large",
    ),
}


@pytest.mark.parametrize(("make", "request_", "status", "verdict"), REFUSED.values(), ids=REFUSED)
def test_a_bad_request_is_refused_with_its_status_and_leaves_a_row(
    make: Any, request_: dict[str, Any], status: int, verdict: str, settings: Any
) -> None:
    if verdict == "too_large":
        settings.ALTOFLOW_LIMITS = Limits(webhook_body_bytes=1024)
    workflow = make()
    answer = send(path_of(workflow), **request_)
    assert (answer.status, answer.json["code"]) == (status, verdict)
    assert answer.json.keys() == {"code", "message", "details"}
    assert answer.json["message"].endswith(".")
    assert rows() == [(verdict, status)]
    assert not Run.objects.exists()
    assert (Delivery.objects.get().workflow is None) == (verdict == "unknown_token")


@pytest.mark.parametrize(
    "path",
    ["/hooks/", "/hooks/x/", "/hooks/" + "y" * 5000 + "/", "/hooks/a/b/", "/hooks/é\x00\n/"],
    ids=["empty", "unknown", "very long", "longer path", "odd"],
)
def test_an_unknown_address_is_not_found(path: str) -> None:
    answer = send(path, {"a": 1})
    assert (answer.status, answer.json["code"]) == (404, "unknown_token")
    assert rows() == [("unknown_token", 404)]


def test_a_wrong_method_says_which_are_right() -> None:
    answer = send(path_of(make_hook(methods=["PUT", "PATCH"])))
    assert answer.headers["Allow"] == "PUT, PATCH"


def test_the_owner_sees_more_of_the_reason_than_the_sender() -> None:
    answer = send(path_of(make_hook(signature=GITHUB)))
    assert "hook_secret" not in answer.json["message"]
    assert "'hook_secret'" in Delivery.objects.get().message


def test_switching_off_and_publishing_take_effect_at_once() -> None:
    workflow = make_hook()
    path = path_of(workflow)
    assert send(path).status == 202
    services.deactivate_workflow(workflow=workflow)
    assert send(path).status == 404
    services.activate_workflow(workflow=workflow)
    graph = workflow.draft
    graph["nodes"][0]["config"] = {"methods": ["PUT"]}
    services.update_workflow(workflow=workflow, graph=graph)
    assert send(path).status == 202
    services.publish_workflow(workflow=workflow)
    assert send(path).status == 405
    services.rotate_webhook_token(workflow=workflow)
    assert send(path).status == 404


def test_too_many_requests_are_told_when_to_come_again(settings: Any) -> None:
    settings.WEBHOOK_RATE = 0.5
    path, other = path_of(make_hook()), path_of(make_hook())
    assert send(path).status == 202
    answer = send(path)
    assert (answer.status, answer.json["code"]) == (429, "rate_limited")
    assert answer.headers["Retry-After"] == "2"
    assert send(other).status == 202
    assert [status for _, status in rows()] == [202, 429, 202]


# ---------------------------------------------------------------- keys


def test_a_repeated_key_gives_the_first_answer_and_starts_nothing() -> None:
    path = path_of(make_hook())
    first = send(path, {"a": 1}, idempotency_key="k1")
    again = send(path, {"a": 1}, idempotency_key="k1")
    assert (again.status, again.json) == (202, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = send(path, {"a": 1}, idempotency_key="k2")
    assert other.json != first.json
    assert Run.objects.count() == Job.objects.count() == 2
    assert [verdict for verdict, _ in rows()] == ["accepted", "duplicate", "accepted"]
    assert {str(d.run_id) for d in Delivery.objects.all()[1:]} == {first.json["run_id"]}


def test_a_key_with_another_body_is_a_conflict() -> None:
    path = path_of(make_hook())
    first = send(path, {"a": 1}, idempotency_key="k1")
    other = send(path, {"a": 2}, idempotency_key="k1")
    assert (other.status, other.json["code"]) == (422, "key_conflict")
    assert other.json["details"] == {"run_id": first.json["run_id"]}
    assert Run.objects.count() == 1
    assert rows()[-1] == ("key_conflict", 422)


def test_keys_of_two_workflows_have_nothing_to_do_with_each_other() -> None:
    for _ in range(2):
        assert send(path_of(make_hook()), {"a": 1}, idempotency_key="k1").status == 202
    assert Run.objects.count() == 2


def test_a_key_lives_for_24_hours() -> None:
    path = path_of(make_hook())
    first = send(path, {"a": 1}, idempotency_key="k1")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=23, minutes=59))
    assert send(path, {"a": 1}, idempotency_key="k1").json == first.json
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=24, minutes=1))
    assert send(path, {"a": 2}, idempotency_key="k1").json != first.json
    assert IdempotencyKey.objects.count() == 1


def test_old_keys_are_forgotten_as_new_ones_come() -> None:
    path = path_of(make_hook())
    for number in range(5):
        send(path, {"a": 1}, idempotency_key=f"old-{number}")
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    for number in range(3):
        send(path, {"a": 1}, idempotency_key=f"new-{number}")
    assert IdempotencyKey.objects.count() == 3
    assert Run.objects.count() == 8


def test_requests_are_deduplicated_by_their_content() -> None:
    path = path_of(make_hook(deduplicate_by="{{ trigger.body.id }}"))
    first = send(path, {"id": 7, "try": 1})
    again = send(path, {"id": 7, "try": 2})
    assert (again.status, again.json) == (202, first.json)
    other, none, none_again = (send(path, body) for body in ({"id": 8}, {"x": 1}, {"x": 1}))
    header = send(path, {"id": 7, "try": 1}, idempotency_key="7")
    assert len({a.json["run_id"] for a in (first, other, none, none_again, header)}) == 5
    assert [v for v, _ in rows()].count("duplicate") == 1


def test_one_batch_may_hold_the_same_key_twice() -> None:
    workflow = make_hook()
    assert workflow.published_id is not None
    batch = [arrival(workflow, key="k", body_hash=body) for body in ("a", "b", "a", "a")]
    outcomes = arrivals.store(batch)
    assert [outcome.verdict for outcome in outcomes] == [
        "accepted",
        "key_conflict",
        "duplicate",
        "duplicate",
    ]
    assert {outcome.run_id for outcome in outcomes} == {batch[0].run.id}
    assert Run.objects.count() == 1
    assert Delivery.objects.count() == 4


def arrival(workflow: Workflow, **run: Any) -> Any:
    fields = {"payload": "{}", "trigger_type": "webhook_trigger", "key": "", "body_hash": ""}
    fields |= {"version_id": workflow.published_id, "id": receiving.uuid7(), **run}
    return arrivals.Arrival(
        receiving.uuid7(),
        workflow.id,
        "accepted",
        "",
        "POST",
        "",
        0,
        timezone.now(),
        arrivals.NewRun(**fields),
    )


# ---------------------------------------------------------------- trouble


def test_one_that_can_not_be_stored_does_not_take_the_others_with_it() -> None:
    workflow = make_hook()
    bad = arrival(workflow, payload=None)
    outcomes = arrivals.store([arrival(workflow), bad, arrival(workflow)])
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, False]
    assert Run.objects.count() == Delivery.objects.count() == Job.objects.count() == 2


def test_a_database_that_is_away_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_: Any) -> Any:
        raise OperationalError("the server closed the connection")

    path = path_of(make_hook())
    monkeypatch.setattr(arrivals, "_write", gone)
    answer = send(path, {"a": 1})
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]
    assert send("/hooks/unknown/").status == 404


def test_a_mistake_of_ours_is_no_500(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "encode", lambda value: 1 / 0)
    answer = send(path_of(make_hook()), {"a": 1})
    assert (answer.status, answer.json["code"]) == (503, "unavailable")


def test_strangers_can_not_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiving, "ROWS_FOR_STRANGERS", 3)
    for _ in range(20):
        assert send("/hooks/guess/").status == 404
    assert Delivery.objects.count() == 3
    assert Delivery.objects.filter(message__contains="(16 more like this").count() == 1
    send("/hooks/guess/", REMOTE_ADDR="10.1.1.1")
    assert Delivery.objects.count() == 4


@pytest.mark.parametrize(
    ("public_url", "environ", "address"),
    [
        pytest.param("", {"REMOTE_ADDR": "192.0.2.1"}, "192.0.2.1", id="direct"),
        pytest.param("", {"x_forwarded_for": "192.0.2.9"}, "127.0.0.1", id="header of a stranger"),
        pytest.param(
            "https://flows.example.com",
            {"x_forwarded_for": "6.6.6.6, 192.0.2.9"},
            "192.0.2.9",
            id="header of the proxy",
        ),
        pytest.param("", {"REMOTE_ADDR": ""}, "", id="a socket without addresses"),
        pytest.param("", {"REMOTE_ADDR": "fe80::1%eth0"}, "fe80::1", id="IPv6 with a zone"),
        pytest.param(
            "https://x.example", {"x_forwarded_for": "<script>" * 50}, "", id="no address at all"
        ),
    ],
)
def test_the_address_of_the_sender(
    settings: Any, public_url: str, environ: dict[str, str], address: str
) -> None:
    settings.PUBLIC_URL = public_url
    send("/hooks/x/", **environ)
    assert Delivery.objects.get().remote_address == address


def test_a_request_costs_few_queries(django_assert_max_num_queries: Any) -> None:
    path = path_of(make_hook())
    send(path)
    notify, savepoint_of_the_test = 1, 2
    with django_assert_max_num_queries(4 + notify + savepoint_of_the_test):
        send(path, {"a": 1})


ALPHABET = st.characters(max_codepoint=255)
HEADER_NAMES = st.text(string.ascii_uppercase + string.digits + "_", min_size=1, max_size=20)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200),
    method=st.sampled_from(["POST", "GET", "PUT", "OPTIONS"]) | st.text(ALPHABET, max_size=20),
    content_type=st.sampled_from([JSON, "application/x-www-form-urlencoded", "text/plain", ""])
    | st.text(ALPHABET, max_size=50),
    encoding=st.sampled_from(["", "chunked", "gzip, chunked", "identity"]),
    length=st.none() | st.text(ALPHABET, max_size=8),
    query=st.text(ALPHABET, max_size=50),
    key=st.text(ALPHABET, max_size=300),
    headers=st.dictionaries(HEADER_NAMES, st.text(ALPHABET, max_size=50), max_size=3),
    suffix=st.sampled_from(["", "", "", "x"]) | st.text(max_size=10),
    signed=st.booleans(),
)
def test_nothing_gives_a_500(
    fuzzed: dict[bool, str],
    body: bytes,
    method: str,
    content_type: str,
    encoding: str,
    length: str | None,
    query: str,
    key: str,
    headers: dict[str, str],
    suffix: str,
    signed: bool,
) -> None:
    before = Delivery.objects.count()
    environ = {
        **{f"HTTP_{name}": value for name, value in headers.items()},
        "QUERY_STRING": query,
        "HTTP_TRANSFER_ENCODING": encoding,
        "HTTP_IDEMPOTENCY_KEY": key,
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)) if length is None else length,
    }
    answer = send(fuzzed[signed] + suffix, body, method, **environ)
    assert answer.status in {202, 400, 401, 404, 405, 411, 413, 422}
    assert Delivery.objects.count() == before + 1
    if answer.status == 202:
        assert Run.objects.filter(pk=UUID(answer.json["run_id"])).exists()


@pytest.fixture
def fuzzed(monkeypatch: pytest.MonkeyPatch) -> dict[bool, str]:
    monkeypatch.setattr(receiving, "ROWS_FOR_STRANGERS", 10_000)
    return {True: path_of(unsigned()), False: path_of(make_hook(methods=["GET", "POST"]))}


def test_the_run_is_stored_before_the_answer() -> None:
    """In one transaction with its job: neither is ever there alone."""
    path = path_of(make_hook())
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE runs_job RENAME TO runs_job_gone")
    try:
        answer = send(path, {"a": 1})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE runs_job_gone RENAME TO runs_job")
    assert answer.status == 503
    assert not Run.objects.exists()


def test_a_body_of_the_largest_size_is_taken() -> None:
    body = json.dumps("x" * (1024 * 1024 - 2)).encode()
    assert len(body) == 1024 * 1024
    assert send(path_of(make_hook()), body, content_type=JSON).status == 202
