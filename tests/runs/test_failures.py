"""Failed runs by cause."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.models import Run
from runs.presentation import failures
from tests.runs.driver import graph, node, publish, run
from tests.runs.records import run_of, workflow_called
from tests.visitors import client_of, text_of
from workflows.errors import NotFoundError
from workflows.models import Role, Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

EVIL = "<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The status 503 came.", "The status 404 came."),
        (
            "No item 2141e20c-94f7-40f8-a218-bfda4e30ba51.",
            "No item 6d1b0a8d-25c1-4de0-b0b8-5bacf7656647.",
        ),
        ("No item 0a1b2c3d4e.", "No item ffee00112233."),
        ('"5" is no date.', '"x y" is no date.'),
        ("'5' is no date.", "'x' is no date."),
        ("https://a.example/1?x=2 was down.", "http://b.example:80/zz was down."),
        ("It took 1,203.5 s.", "It took 7 s."),
        ("Two  blanks\n", "Two blanks"),
    ],
)
def test_messages_of_one_cause(one: str, other: str) -> None:
    assert failures.normalised(one) == failures.normalised(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The server answered.", "The server was silent."),
        ('"5" is no date.', '"5" is no number.'),
        ("a decade of effaced", "a decade of facade"),
    ],
)
def test_messages_of_two_causes(one: str, other: str) -> None:
    assert failures.normalised(one) != failures.normalised(other)


def test_a_long_message_stays_short() -> None:
    assert len(failures.normalised("x" * 100_000)) == failures.LONGEST_MESSAGE


def failed(workflow: Workflow, message: str, node: str = "a", **fields: Any) -> Run:
    error = {"code": "told_to", "message": message, "details": {"node": node}}
    return run_of(workflow, "failed", **{"at": timezone.now(), "error": error} | fields)


@pytest.fixture
def orders() -> Workflow:
    return workflow_called("Orders")


def day() -> Any:
    return timezone.now() - timedelta(days=1)


def test_runs_are_grouped(orders: Workflow) -> None:
    now = timezone.now()
    old = failed(orders, "Status 1", at=now - timedelta(hours=3))
    new = failed(orders, "Status 2", at=now - timedelta(hours=1))
    other_node = failed(orders, "Status 3", node="b")
    failed(workflow_called("Mails"), "Status 4")
    failed(orders, "Status 5", at=now - timedelta(days=3))
    run_of(orders, at=now)
    found = failures.find_failures(since=day())
    cause = found.causes[0]
    assert (cause.workflow_name, cause.node, cause.code) == ("Orders", "a", "told_to")
    assert (cause.message, cause.runs) == ("Status ‹n›", [new.pk, old.pk])
    assert abs(cause.first - old.created_at) < timedelta(milliseconds=2)
    assert abs(cause.last - new.created_at) < timedelta(milliseconds=2)
    assert (found.total, len(found.causes), found.looked_at) == (4, 3, 0)
    only = failures.find_failures(since=day(), workflow=orders.pk)
    assert {run_id for each in only.causes for run_id in each.runs} == {
        old.pk,
        new.pk,
        other_node.pk,
    }


@pytest.mark.parametrize("error", [None, {}, {"message": None}, {"details": None, "code": 5}])
def test_errors_of_any_form(orders: Workflow, error: Any) -> None:
    run_of(orders, "failed", timezone.now(), error=error)
    assert failures.find_failures(since=day()).total == 1


def test_copies_from_the_archive_are_not_resumed(orders: Workflow) -> None:
    failed(orders, "x")
    failed(orders, "x", restored_at=timezone.now())
    (cause,) = failures.find_failures(since=day()).causes
    assert (cause.count, len(cause.resumable)) == (2, 1)


def test_a_cause_that_is_gone() -> None:
    with pytest.raises(NotFoundError):
        failures.find_failures(since=day()).cause("x")


def test_very_many_are_looked_at_in_part(orders: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "LOOKED_AT", 3)
    for _ in range(5):
        failed(orders, "x")
    found = failures.find_failures(since=day())
    assert (found.total, found.looked_at) == (3, 3)


# ---------------------------------------------------------------- pages


def test_the_page_shows_causes(orders: Workflow) -> None:
    failed(orders, f"It broke at 12. {EVIL}")
    viewer = client_of(Role.VIEWER)
    answer = viewer.get("/runs/failures/")
    assert "It broke at 12." in text_of(answer), "as long as all say the same"
    failed(orders, f"It broke at 13. {EVIL}")
    answer = viewer.get("/runs/failures/")
    assert "It broke at ‹n›." in text_of(answer)
    assert EVIL not in answer.content.decode()
    assert "/resume/" not in answer.content.decode()
    assert "No run failed" in text_of(
        client_of(Role.EDITOR).get("/runs/failures/?workflow=" + "0" * 32)
    )


def test_the_page_is_a_constant_number_of_queries(orders: Workflow) -> None:
    viewer, counts = client_of(Role.VIEWER), []
    viewer.get("/runs/failures/")
    for number in (1, 30):
        for place in range(number):
            failed(orders, "x" * place)
            failed(workflow_called(f"W{place}"), "x")
        with CaptureQueriesContext(connection) as queries:
            viewer.get("/runs/failures/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 6


def test_all_runs_of_a_cause_are_resumed() -> None:
    workflow = publish(graph(node("a", behave="fail"), "start -> a"))
    for _ in range(3):
        run(workflow)
    editor = client_of(Role.EDITOR)
    page = editor.get("/runs/failures/").content.decode()
    assert "Resume all 3" in page
    (key,) = set(re.findall(r'name="cause" value="(\w+)"', page))
    shown = text_of(editor.get(f"/runs/failures/runs/?cause={key}&hours=24"))
    assert "3 runs of one cause" in shown
    answer = editor.post("/runs/failures/resume/", {"cause": key, "hours": "24"}, follow=True)
    assert "3 runs were resumed." in text_of(answer)
    assert Run.objects.filter(status="queued", attempt=2).count() == 3
    assert editor.post("/runs/failures/resume/", {"cause": key}).status_code == 404


def test_what_can_not_be_resumed_is_told(orders: Workflow) -> None:
    broken = failed(orders, "x")
    orders.versions.update(graph={"nodes": [{"id": "A"}], "edges": []})
    editor = client_of(Role.EDITOR)
    (cause,) = failures.find_failures(since=day()).causes
    answer = editor.post("/runs/failures/resume/", {"cause": cause.key}, follow=True)
    assert "0 runs were resumed. 1 run was not:" in text_of(answer)
    assert str(broken.pk)[-8:] in text_of(answer)
