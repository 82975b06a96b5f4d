"""Events: emitted in Python, sent to the API, or Django's own."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.test.utils import CaptureQueriesContext

from runs.intake.events import emit
from runs.models import Delivery, Job, Run
from tests.runs.calling import started_by
from tests.runs.driver import graph, node, publish, publish_next, work
from tests.workflows.definitions import Api
from workflows.errors import WorkflowError
from workflows.models import Role, Workflow
from workflows.workflow_settings import DEFAULTS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both_databases]

PAID = "order.paid"


def listener(event: str = PAID, **config: Any) -> Workflow:
    show = node("show", value="{{ trigger.data }}")
    return publish(started_by("event_trigger", show, "start -> show", event=event, **config))


def rule(path: str, operator: str, right: Any, kind: str = "number") -> dict[str, Any]:
    return {"kind": kind, "left": f"{{{{ {path} }}}}", "operator": operator, "right": right}


LARGE = rule("trigger.data.total", "greater_than", 100)
VIP = rule("trigger.data.name", "equals", "Ada", "string")


# ---------------------------------------------------------------- emit


def test_every_active_workflow_that_listens_starts() -> None:
    wanted = [listener(), listener()]
    listener("order.placed")
    publish(graph())
    off = listener()
    Workflow.objects.filter(pk=off.pk).update(is_active=False)
    runs = emit(PAID, {"id": 42})
    assert {run.workflow_id for run in runs} == {workflow.pk for workflow in wanted}
    assert Run.objects.count() == Job.objects.count() == 2


def test_the_run_gets_the_event() -> None:
    listener()
    before = datetime.now(UTC)
    run = work(emit(PAID, {"id": 42, "at": datetime(2026, 1, 31, tzinfo=UTC)})[0])
    assert (run.status, run.trigger_type) == ("completed", "event_trigger")
    assert run.payload["event"] == PAID
    assert run.payload["data"] == {"id": 42, "at": "2026-01-31 00:00:00+00:00"}
    assert before <= datetime.fromisoformat(run.payload["emitted_at"]) <= datetime.now(UTC)
    assert run.output == run.payload["data"]


def test_within_a_transaction_runs_start_when_it_commits() -> None:
    listener()
    data = {"id": 1}
    with transaction.atomic():
        assert emit(PAID, data) == []
        data["id"] = 2
        assert not Run.objects.exists()
    assert [run.payload["data"] for run in Run.objects.all()] == [{"id": 1}]


def test_a_transaction_that_is_rolled_back_emits_nothing() -> None:
    listener()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        emit(PAID)
        raise ZeroDivisionError
    assert not Run.objects.exists()


def test_only_the_published_version_listens() -> None:
    workflow = listener()
    publish_next(workflow, started_by("event_trigger", event="order.placed"))
    assert emit(PAID) == []
    assert len(emit("order.placed")) == 1


BAD_NAMES = ["", "two words", ".paid", "order.", "é", "x" * 101, None, 7]


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_no_event_can_have_is_refused(name: Any) -> None:
    with pytest.raises(WorkflowError, match="can not name an event"):
        emit(name)


def test_finding_the_listeners_costs_one_query_however_many_there_are(
    django_assert_num_queries: Any,
) -> None:
    for _ in range(5):
        listener("order.placed")
    emit(PAID)
    with django_assert_num_queries(1):
        emit(PAID)


def test_all_runs_of_an_event_are_stored_in_one_transaction() -> None:
    for _ in range(3):
        listener()
    emit(PAID)
    with CaptureQueriesContext(transaction.get_connection()) as queries:
        assert len(emit(PAID)) == 3
    statements = [query["sql"].split()[0] for query in queries]
    assert statements.count("BEGIN") == 1
    assert sum(sql == "INSERT" for sql in statements) <= 4


# ---------------------------------------------------------------- filters

FILTERS: dict[str, tuple[Any, bool]] = {
    "none": (None, True),
    "no rules": ([], True),
    "a rule that holds": ([LARGE], True),
    "a rule that does not": ([rule("trigger.data.total", "less_than", 100)], False),
    "all have to hold": ([LARGE, rule("trigger.data.name", "equals", "Bo", "string")], False),
    "a group of which one is enough": (
        {"combinator": "or", "rules": [rule("trigger.data.total", "equals", 1), VIP]},
        True,
    ),
    "the node's own id": ([rule("start.data.total", "equals", 120)], True),
    "the event itself": ([rule("trigger.event", "equals", PAID, "string")], True),
}


@pytest.mark.parametrize(("filter_", "matches"), FILTERS.values(), ids=FILTERS)
def test_a_filter_lets_events_through(filter_: Any, matches: bool) -> None:
    listener(filter=filter_)
    assert bool(emit(PAID, {"total": 120, "name": "Ada"})) is matches


def test_a_filter_that_fails_skips_its_workflow_and_shows_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, sound = listener(filter=[LARGE]), listener()
    caplog.set_level(logging.WARNING, "altoflow")
    runs = emit(PAID, {"total": "much"})
    assert [run.workflow_id for run in runs] == [sound.pk]
    assert str(broken.pk) in caplog.text
    shown = Delivery.objects.get()
    assert (shown.workflow_id, shown.verdict, shown.run_id) == (broken.pk, "unusable", None)
    assert PAID in shown.message
    assert "much" in shown.message


# ---------------------------------------------------------------- user.signed_up


def test_a_new_user_is_an_event() -> None:
    listener("user.signed_up")
    user = User.objects.create_user("ada", "ada@example.com", "correct horse battery")
    run = Run.objects.get()
    assert run.payload["data"] == {"id": user.pk, "username": "ada", "email": "ada@example.com"}
    user.first_name = "Ada"
    user.save()
    assert Run.objects.count() == 1


def test_a_user_is_made_even_if_the_event_can_not_be_emitted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Any) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr("runs.intake.events.start_listeners", fail)
    User.objects.create_user("ada")
    with transaction.atomic():
        User.objects.create_user("bo")
    assert User.objects.count() == 2
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == [
        "the database is away"
    ] * 2


# ---------------------------------------------------------------- the REST call


def test_the_call_answers_with_the_runs() -> None:
    workflow = publish(started_by("event_trigger", event=PAID), **DEFAULTS)
    answer = Api(Role.EDITOR)("POST", "events/", {"event": PAID, "data": {"id": 42}})
    assert answer.status_code == 202
    (shown,) = answer.json()["runs"]
    assert (shown["workflow"], shown["status"]) == (str(workflow.pk), "queued")
    assert shown["payload"]["data"] == {"id": 42}
    assert shown["version"] == 1


def test_the_call_costs_the_same_for_many_listeners(django_assert_max_num_queries: Any) -> None:
    api = Api(Role.EDITOR)
    for _ in range(10):
        listener()
    api("POST", "events/", {"event": PAID})
    with django_assert_max_num_queries(12):
        assert len(api("POST", "events/", {"event": PAID}).json()["runs"]) == 10


def test_an_event_that_nobody_listens_for_is_fine() -> None:
    answer = Api(Role.EDITOR)("POST", "events/", {"event": "nobody.listens"})
    assert (answer.status_code, answer.json()) == (202, {"runs": []})


WRONG: dict[str, Any] = {
    "no event": {"data": 1},
    "a bad name": {"event": "two words"},
    "an unknown field": {"event": PAID, "payload": 1},
    "no object": [PAID],
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_what_is_no_event_is_refused(body: Any) -> None:
    answer = Api(Role.EDITOR)("POST", "events/", body)
    assert answer.status_code == 400
    assert answer.json()["message"]
