"""One action on many runs: what could be done is done, what could not is told."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from runs import bulk
from runs.models import Run
from tests.runs.driver import graph, node, publish, run
from tests.runs.records import run_of, workflow_called
from tests.visitors import text_of
from tests.workflows.definitions import user_with
from workflows.models import Role

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def failed_runs(number: int) -> list[Run]:
    workflow = publish(graph(node("a", behave="fail"), "start -> a"))
    return [run(workflow) for _ in range(number)]


def test_failed_runs_are_resumed_and_others_refused() -> None:
    first, second = failed_runs(2)
    done = run_of(first.workflow)
    result = bulk.act_on("resume", [second.pk, done.pk, first.pk, first.pk])
    assert result.done == 2
    ((reason, refused),) = result.refused.items()
    assert "Only a failed or cancelled run can be resumed; this one is completed." in reason
    assert refused == [done.pk]
    assert not result.is_whole
    assert set(Run.objects.filter(attempt=2).values_list("status", flat=True)) == {"queued"}


def test_running_runs_are_cancelled() -> None:
    workflow = workflow_called("Orders")
    going = [run_of(workflow, status) for status in ("queued", "running", "waiting")]
    result = bulk.act_on("cancel", [each.pk for each in going])
    assert (result.done, result.is_whole) == (3, True)
    assert result.sentence() == "3 runs were cancelled."
    assert set(Run.objects.values_list("status", flat=True)) == {"cancelled"}


def test_runs_are_started_again() -> None:
    (failed,) = failed_runs(1)
    result = bulk.act_on("rerun", [failed.pk])
    assert result.sentence() == "1 run was started again, as new runs."
    assert Run.objects.filter(status="queued", workflow=failed.workflow).count() == 1


def test_a_run_that_is_gone_is_told() -> None:
    gone = uuid4()
    result = bulk.act_on("cancel", [gone])
    assert result.sentence() == (
        f"0 runs were cancelled. 1 run was not: There is no such run any more. ({str(gone)[-8:]})"
    )


def test_no_more_than_a_pageful_is_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "MOST_AT_ONCE", 2)
    going = [run_of(workflow_called("Orders"), "waiting") for _ in range(3)]
    assert bulk.act_on("cancel", [each.pk for each in going]).done == 2


def test_the_reasons_name_some_runs_only() -> None:
    workflow = workflow_called("Orders")
    done = [run_of(workflow) for _ in range(7)]
    sentence = bulk.act_on("cancel", [each.pk for each in done]).sentence()
    assert "7 runs were not: The run has ended already; it is completed." in sentence
    assert "and 2 more)" in sentence


def test_the_page_says_what_happened(editor: Client) -> None:
    (failed,) = failed_runs(1)
    done = run_of(failed.workflow)
    sent = {"action": "resume", "run": [failed.pk, done.pk], "back": "/runs/?status=failed"}
    answer = editor.post("/runs/bulk/", sent)
    assert answer["Location"] == "/runs/?status=failed"
    assert "1 run was resumed. 1 run was not: Only a failed" in text_of(editor.get("/runs/"))


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"action": "resume"}, "Nothing was done. Choose runs in the list"),
        ({"action": "delete", "run": [str(uuid4())]}, "Nothing was done."),
        ({"action": "cancel", "run": ["x"]}, "Nothing was done."),
    ],
)
def test_nothing_to_do(editor: Client, sent: dict[str, Any], said: str) -> None:
    assert editor.post("/runs/bulk/", sent)["Location"] == "/runs/"
    assert said in text_of(editor.get("/runs/"))


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", "runs", ""])
def test_one_goes_back_to_a_page_of_this_site_only(editor: Client, back: str) -> None:
    assert editor.post("/runs/bulk/", {"back": back})["Location"] == "/runs/"


def test_viewers_can_not_choose(editor: Client) -> None:
    run_of(workflow_called("Orders"))
    viewer = Client()
    viewer.force_login(user_with(Role.VIEWER))
    assert 'type="checkbox"' not in viewer.get("/runs/").content.decode()
    assert 'name="run"' in editor.get("/runs/").content.decode()
