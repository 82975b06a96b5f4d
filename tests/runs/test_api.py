"""The REST calls about runs, with the real engine behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import altoflow_probe
import pytest
from django.db import DatabaseError, connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from runs.models import Job, Run, Step, Worker
from runs.queue import database_now_sql
from runs.services import start_run
from tests.runs.driver import graph, node, publish, run, work
from tests.runs.records import NOON, resumed_run, run_of, workflow_called
from tests.workflows.definitions import Api
from workflows.models import Role, Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

RUN = [
    "id",
    "workflow",
    "version",
    "status",
    "attempt",
    "trigger_type",
    "payload",
    "error",
    "created_at",
    "started_at",
    "finished_at",
    "duration_ms",
    "parent_run",
    "output",
]
STEP = [
    "id",
    "node_id",
    "node_type",
    "name",
    "status",
    "attempt",
    "try",
    "iteration",
    "input",
    "output",
    "error",
    "warnings",
    "port",
    "started_at",
    "finished_at",
    "duration_ms",
]


@pytest.fixture
def api() -> Api:
    return Api(Role.EDITOR)


@pytest.fixture(autouse=True)
def _effects() -> Iterator[None]:
    yield
    altoflow_probe.answers.clear()


def failing_workflow() -> Workflow:
    """`effect` fails as long as nobody repairs it."""

    def fail() -> Any:
        raise ConnectionError("nobody there")

    altoflow_probe.answers["effect"] = fail
    nodes = (node("a"), node("effect", "probe_effect"), node("last"))
    return publish(graph(*nodes, "start -> a", "a -> effect", "effect -> last"))


def errors_of(answer: HttpResponse) -> list[str]:
    return [problem["field"] for problem in answer.json()["details"]["errors"]]


def test_a_run_has_the_fields_of_the_contract(api: Api) -> None:
    done = run(graph(node("a", value="{{ trigger.name }}"), "start -> a"), {"name": "Ada"})
    body = api("GET", f"runs/{done.pk}/").json()
    assert list(body) == [*RUN, "steps"]
    assert (body["status"], body["version"], body["payload"]) == ("completed", 1, {"name": "Ada"})
    assert body["workflow"] == str(done.workflow_id)
    assert [list(step) for step in body["steps"]] == [STEP, STEP]
    step = body["steps"][1]
    assert (step["node_id"], step["try"], step["output"], step["port"]) == (
        "a",
        1,
        "Ada",
        "default",
    )


def test_the_list_holds_runs_without_steps(api: Api) -> None:
    done = run(graph(node("a"), "start -> a"), {"name": "Ada"})
    body = api("GET", "runs/").json()
    assert [list(each) for each in body["results"]] == [RUN]
    assert body["results"][0]["id"] == str(done.pk)
    assert (body["next"], body["previous"]) == (None, None)


def test_pages_of_the_list_keep_the_filters(api: Api) -> None:
    workflow = workflow_called("Orders")
    runs = [run_of(workflow, "failed", NOON + timedelta(seconds=n)) for n in range(5)]
    run_of(workflow, "completed", NOON + timedelta(seconds=9))
    seen: list[str] = []
    address = "/api/v1/runs/?status=failed&limit=2"
    while address:
        body = api("GET", address.partition("/api/v1/")[2]).json()
        seen += [each["id"] for each in body["results"]]
        address = body["next"]
    assert seen == [str(each.pk) for each in reversed(runs)]


def test_a_list_is_a_constant_number_of_queries(api: Api) -> None:
    workflow = workflow_called("Orders")
    counts = []
    for _ in range(3):
        run_of(workflow)
        with CaptureQueriesContext(connection) as queries:
            api("GET", "runs/")
        counts.append(sum("runs_" in query["sql"] for query in queries))
    assert counts == [1, 1, 1]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=done", "status"),
        ("workflow=7", "workflow"),
        ("from=soon", "from"),
        ("to=2026-13-01", "to"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("limit=201", "limit"),
        ("before=x", "before"),
        ("after=%00", "after"),
    ],
)
def test_wrong_parameters_are_named(api: Api, query: str, field: str) -> None:
    answer = api("GET", f"runs/?{query}")
    assert answer.status_code == 400
    assert errors_of(answer) == [field]


def test_earlier_attempts_stay_readable(api: Api) -> None:
    resumed = resumed_run(workflow_called("Orders"))

    def statuses(query: str) -> list[str]:
        steps = api("GET", f"runs/{resumed.pk}/{query}").json()["steps"]
        return [step["status"] for step in steps]

    assert statuses("") == ["completed", "completed", "completed"]
    assert statuses("?attempt=1") == ["completed", "completed", "failed"]
    assert errors_of(api("GET", f"runs/{resumed.pk}/?attempt=3")) == ["attempt"]


@pytest.mark.parametrize("call", ["", "resume-plan/"])
def test_unknown_runs(api: Api, call: str) -> None:
    answer = api("GET", f"runs/{uuid4()}/{call}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_failed_run_is_planned_resumed_and_completed(api: Api) -> None:
    failed = run(failing_workflow())
    assert failed.status == "failed"

    plan = api("GET", f"runs/{failed.pk}/resume-plan/").json()
    assert [(step["node_id"], step["action"], step["has_effect"]) for step in plan["steps"]] == [
        ("start", "reused", False),
        ("a", "reused", False),
        ("effect", "repeated", True),
        ("last", "new", False),
    ]
    assert (plan["from"], plan["version"]) == ("failed", "original")

    altoflow_probe.answers["effect"] = lambda: "at last"
    answer = api("POST", f"runs/{failed.pk}/resume/", {"from": "failed", "version": "original"})
    assert answer.status_code == 202
    assert (answer.json()["status"], answer.json()["attempt"]) == ("queued", 2)
    assert work(failed).status == "completed"


def test_a_resume_from_a_node(api: Api) -> None:
    failed = run(failing_workflow())
    plan = api("GET", f"runs/{failed.pk}/resume-plan/?from=a&version=published").json()
    assert [step["action"] for step in plan["steps"]] == ["reused", "repeated", "repeated", "new"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"from": "nowhere"}, 409, "unknown_node", id="unknown node"),
        pytest.param({"from": "last"}, 409, "step_did_not_run", id="node that did not run"),
        pytest.param({"version": "newest"}, 400, "invalid", id="unknown version"),
        pytest.param({"form": "failed"}, 400, "invalid", id="misspelt field"),
    ],
)
def test_resumes_that_are_refused(api: Api, body: Any, status: int, code: str) -> None:
    answer = api("POST", f"runs/{run(failing_workflow()).pk}/resume/", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_completed_run_is_not_resumed_but_run_again(api: Api) -> None:
    done = run(graph(node("a"), "start -> a"), {"name": "Ada"})
    assert api("POST", f"runs/{done.pk}/resume/", {}).json()["code"] == "not_resumable"
    again = api("POST", f"runs/{done.pk}/rerun/")
    assert again.status_code == 202
    assert again.json()["id"] != str(done.pk)
    assert again.json()["payload"] == {"name": "Ada"}


def test_cancel_once(api: Api) -> None:
    started = start_run(
        workflow=workflow_called("Orders"), payload={}, trigger_type="manual_trigger"
    )
    answer = api("POST", f"runs/{started.pk}/cancel/")
    assert (answer.status_code, answer.json()["status"]) == (202, "cancelled")
    assert not Job.objects.exists()
    assert api("POST", f"runs/{started.pk}/cancel/").json()["code"] == "run_finished"


def test_execute_starts_a_run_with_the_payload(api: Api) -> None:
    workflow = workflow_called("Orders")
    answer = api("POST", f"workflows/{workflow.pk}/execute/", {"payload": {"n": 1}})
    assert answer.status_code == 202
    started = Run.objects.get(pk=answer.json()["id"])
    assert (started.payload, started.trigger_type) == ({"n": 1}, "manual_trigger")
    assert work(started).status == "completed"


def test_execute_with_a_repeated_key_gives_the_first_run(api: Api) -> None:
    path = f"workflows/{workflow_called('Orders').pk}/execute/"
    key = {"Idempotency-Key": "one"}
    first = api("POST", path, {"payload": 1}, headers=key)
    second = api("POST", path, {"payload": 1}, headers=key)
    assert first.json()["id"] == second.json()["id"]
    other = api("POST", path, {"payload": 2}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({}, 202, id="no payload"),
        pytest.param({"payload": None}, 202, id="null"),
        pytest.param({"payload": "text"}, 202, id="text"),
        pytest.param({"pay": 1}, 400, id="misspelt"),
        pytest.param([], 400, id="list"),
    ],
)
def test_bodies_of_execute(api: Api, body: Any, status: int) -> None:
    path = f"workflows/{workflow_called('Orders').pk}/execute/"
    assert api("POST", path, body).status_code == status


def test_stats(api: Api) -> None:
    run(graph(node("a"), "start -> a"))
    body = api("GET", "stats/").json()
    assert (body["total"], body["by_status"]["completed"], body["success_rate"]) == (1, 1, 1.0)
    assert body["duration_ms"]["p50"] > 0
    assert errors_of(api("GET", "stats/?hours=0")) == ["hours"]


# ---------------------------------------------------------------- readyz


def beat(age_ms: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {database_now_sql()}")
        (now,) = cursor.fetchone()
    Worker.objects.create(owner="w", slot=0, host="here", pid=1, beat_at=now - age_ms)


@pytest.mark.parametrize(
    ("age_ms", "status", "part"),
    [
        pytest.param(1_000, 200, "A worker reported", id="alive"),
        pytest.param(11_000, 503, "is 11 s old", id="too old"),
        pytest.param(None, 503, "No worker has reported", id="never"),
    ],
)
def test_ready_with_a_living_worker_only(
    client: Any, age_ms: int | None, status: int, part: str
) -> None:
    if age_ms is not None:
        beat(age_ms)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["ready"]) == (status, status == 200)
    assert part in answer.json()["parts"]["worker"]["message"]
    assert not Job.objects.exists()


def test_not_ready_says_which_part(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    beat(0)

    def refuse(**_: Any) -> None:
        raise DatabaseError("attempt to write a readonly database")

    monkeypatch.setattr(Job.objects, "create", refuse)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    parts = {name: part["ok"] for name, part in answer.json()["parts"].items()}
    assert parts == {"database": True, "queue": False, "worker": True}
    assert "readonly" in answer.json()["parts"]["queue"]["message"]


def test_no_step_is_listed_twice_after_a_retry(api: Api) -> None:
    done = run_of(workflow_called("Orders"))
    for number in (1, 2):
        Step.objects.create(
            run=done, node_id="a", node_type="probe_pure", status="failed", try_number=number
        )
    steps = api("GET", f"runs/{done.pk}/").json()["steps"]
    assert [step["try"] for step in steps] == [1, 2]
