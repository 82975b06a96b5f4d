"""Runs of a draft: what they pin, what they leave alone, and what becomes of them later."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from runs.archive.archiving import archive_runs
from runs.archive.restore import restore_run
from runs.models import ArchivedRun, Run
from runs.services import plan_resume, rerun, resume_run, start_draft_run
from tests.runs.archives import archive_in
from tests.runs.driver import graph, node, run, steps, work
from tests.visitors import client_of, text_of
from tests.workflows.definitions import Api, calling
from workflows import services
from workflows.errors import ConflictError, GraphError, NotFoundError
from workflows.models import Role, Version, Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

GREETING = graph(node("a"), node("b"), "start -> a", "a -> b")
FAILING = graph(node("a"), node("b", "json_parser", input="no JSON"), "start -> a", "a -> b")


def workflow_of(drawn: Any = None, *, published: bool = False) -> Workflow:
    workflow = services.create_workflow(name="Greet", graph=drawn or GREETING)
    if published:
        services.publish_workflow(workflow=workflow)
    return workflow


def drafts(workflow: Workflow) -> int:
    return Version.objects.filter(workflow=workflow, number=Version.DRAFT).count()


def tried(workflow: Workflow, payload: Any = None) -> Run:
    return work(start_draft_run(workflow=workflow, payload=payload or {}))


# ---------------------------------------------------------------- what is pinned


def test_a_draft_runs_on_the_same_engine() -> None:
    workflow = workflow_of()
    done = tried(workflow, {"name": "Ada"})
    assert done.status == "completed"
    assert (done.version.number, done.version.label) == (0, "draft")
    assert steps(done)["start"].output == {"name": "Ada"}
    assert set(steps(done)) == {"start", "a", "b"}


def test_a_snapshot_is_used_again_while_the_draft_is_the_same() -> None:
    workflow = workflow_of()
    first, second = tried(workflow), tried(workflow)
    assert first.version_id == second.version_id
    services.update_workflow(workflow=workflow, description="Another description")
    assert tried(workflow).version_id == first.version_id
    services.update_workflow(workflow=workflow, graph=graph(node("a"), "start -> a"))
    assert tried(workflow).version_id != first.version_id
    assert drafts(workflow) == 2
    first.refresh_from_db()
    assert first.version.graph == GREETING


def test_numbers_of_versions_are_not_touched() -> None:
    workflow = workflow_of()
    tried(workflow)
    assert services.publish_workflow(workflow=workflow).number == 1
    tried(workflow)
    services.update_workflow(workflow=workflow, graph=FAILING)
    tried(workflow)
    assert services.publish_workflow(workflow=workflow).number == 2
    assert workflow.published is not None and workflow.published.number == 2
    with pytest.raises(IntegrityError), transaction.atomic():
        Version.objects.create(workflow=workflow, number=2, graph=GREETING)


@pytest.mark.parametrize(
    ("drawn", "code"),
    [
        pytest.param({"nodes": [], "edges": []}, "no_trigger", id="no trigger"),
        pytest.param(
            graph(node("a", "http_request"), "start -> a"),
            "invalid_config",
            id="a field is missing",
        ),
    ],
)
def test_a_draft_that_is_not_valid_does_not_run(editor: Client, drawn: Any, code: str) -> None:
    workflow = workflow_of(drawn)
    with pytest.raises(GraphError):
        start_draft_run(workflow=workflow, payload={})
    answer = send(editor, workflow)
    assert answer.status_code == 400
    assert answer.json()["details"]["errors"][0]["code"] == code
    assert not Run.objects.exists()
    assert drafts(workflow) == 0


def test_workflows_that_call_each_other_do_not_run() -> None:
    """Saved before the other one began to call back."""
    one, other = workflow_of(), workflow_of()
    Workflow.objects.filter(pk=one.pk).update(draft=calling(other))
    Workflow.objects.filter(pk=other.pk).update(draft=calling(one))
    one.refresh_from_db()
    with pytest.raises(GraphError, match="would start each other"):
        start_draft_run(workflow=one, payload={})


def test_what_was_changed_or_deleted_meanwhile_does_not_run() -> None:
    workflow = workflow_of()
    services.update_workflow(workflow=Workflow.objects.get(), graph=FAILING)
    with pytest.raises(ConflictError, match="Somebody else has changed"):
        start_draft_run(workflow=workflow, payload={})
    workflow.refresh_from_db()
    services.delete_workflow(workflow=Workflow.objects.get())
    with pytest.raises(NotFoundError):
        start_draft_run(workflow=workflow, payload={})


# ---------------------------------------------------------------- where it shows


def test_drafts_are_in_no_list_of_versions(editor: Client) -> None:
    workflow = workflow_of()
    done = tried(workflow)
    api = Api(Role.ADMIN)
    assert api("GET", f"workflows/{workflow.pk}/versions/").json()["results"] == []
    assert api("GET", f"workflows/{workflow.pk}/versions/0/").status_code == 404
    assert api("POST", f"workflows/{workflow.pk}/versions/0/restore/").status_code == 404
    assert api("GET", f"workflows/{workflow.pk}/").json()["published_version"] is None
    assert api("GET", f"runs/{done.pk}/").json()["version"] == 0
    assert "Nothing is published yet" in text_of(editor.get(f"/workflows/{workflow.pk}/versions/"))


def test_pages_call_it_a_draft(editor: Client) -> None:
    workflow = workflow_of(FAILING, published=True)
    failed = tried(workflow)
    assert " draft " in text_of(editor.get("/runs/"))
    shown = text_of(editor.get(f"/runs/{failed.pk}/"))
    assert "Version A draft" in shown
    plan = text_of(editor.get(f"/runs/{failed.pk}/resume/"))
    assert "The draft as it was, which it ran on" in plan
    assert "v1, which is published now" in plan


# ---------------------------------------------------------------- later


def test_resume_goes_on_with_the_draft_as_it_was() -> None:
    workflow = workflow_of(FAILING)
    failed = tried(workflow)
    assert failed.status == "failed"
    services.update_workflow(workflow=workflow, graph=GREETING)
    tried(workflow)
    assert [each.action for each in plan_resume(run=failed).steps] == [
        "reused",
        "reused",
        "repeated",
    ]
    again = work(resume_run(run=failed))
    assert (again.status, again.attempt) == ("failed", 2)
    assert again.version.graph == FAILING

    services.publish_workflow(workflow=workflow)
    failed = Run.objects.select_related("workflow", "version").get(pk=failed.pk)
    done = work(resume_run(run=failed, version="published"))
    assert (done.status, done.version.number) == ("completed", 1)


def test_a_test_run_is_run_again_as_a_test() -> None:
    workflow = workflow_of(published=True)
    services.update_workflow(workflow=workflow, graph=FAILING)
    failed = tried(workflow)
    services.update_workflow(workflow=workflow, graph=graph(node("c"), "start -> c"))
    failed = Run.objects.select_related("workflow", "version").get(pk=failed.pk)
    assert work(rerun(run=failed)).version_id == failed.version_id
    published = run(workflow)
    services.publish_workflow(workflow=workflow)
    published = Run.objects.select_related("workflow", "version").get(pk=published.pk)
    assert work(rerun(run=published)).version.number == 2


def test_it_is_archived_shown_and_restored(editor: Client, tmp_path: Path, settings: Any) -> None:
    archive_in(tmp_path, settings)
    workflow = workflow_of()
    done = tried(workflow)
    long_ago = timezone.now() - timedelta(days=200)
    Run.objects.filter(pk=done.pk).update(finished_at=long_ago)
    archive_runs(rest=0)
    assert not Run.objects.exists()
    entry = ArchivedRun.objects.get()
    assert (entry.version_number, entry.version_label) == (0, "draft")
    assert " draft " in text_of(editor.get("/archive/"))
    assert "A draft" in text_of(editor.get(f"/archive/{done.pk}/"))
    services.update_workflow(workflow=workflow, graph=FAILING)
    tried(workflow)
    restore_run(run_id=done.pk)
    assert Run.objects.get(pk=done.pk).version.graph == GREETING


def test_runs_of_a_workflow_that_was_deleted_stay_readable(editor: Client) -> None:
    workflow = workflow_of()
    done = tried(workflow)
    services.delete_workflow(workflow=workflow)
    page = editor.get(f"/runs/{done.pk}/")
    assert page.status_code == 200
    assert f"/workflows/{workflow.pk}/" not in page.content.decode(), "It leads nowhere."


# ---------------------------------------------------------------- from the builder


def send(client: Client, workflow: Workflow, **body: Any) -> Any:
    body = {"payload": '{"name": "Ada"}', "what": "draft", "revision": 1, **body}
    path = f"/workflows/{workflow.pk}/run/"
    return client.post(path, json.dumps(body), content_type="application/json")


def track(client: Client, workflow: Workflow, run: Run) -> Any:
    return client.get(f"/workflows/{workflow.pk}/runs/{run.pk}/track/")


def test_a_run_is_started_and_tracked(editor: Client) -> None:
    workflow = workflow_of(FAILING)
    answer = send(editor, workflow)
    assert answer.status_code == 201
    started = Run.objects.get()
    assert started.payload == {"name": "Ada"}
    told = answer.json()
    assert (told["status"], told["version"], told["is_finished"]) == ("queued", "draft", False)
    assert (told["nodes"], told["taken"], told["started_at"]) == ({}, [], None)

    work(started)
    told = track(client_of(Role.VIEWER), workflow, started).json()
    assert (told["status"], told["is_finished"], told["failed_at"]) == ("failed", True, "b")
    assert {name: each["status"] for name, each in told["nodes"].items()} == {
        "start": "completed",
        "a": "completed",
        "b": "failed",
    }
    assert told["taken"] == ["a default", "start default"]
    assert told["error"]["message"]
    assert told["address"] == f"/runs/{started.pk}/"


def test_tracking_is_a_constant_number_of_queries(
    editor: Client, django_assert_max_num_queries: Any
) -> None:
    workflow = workflow_of(graph(*(node(f"n{n}") for n in range(60)), "start -> n0"))
    done = tried(workflow)
    with django_assert_max_num_queries(6):
        track(editor, workflow, done)


def test_only_runs_of_this_workflow_are_tracked(editor: Client) -> None:
    one, other = workflow_of(), workflow_of()
    done = tried(one)
    assert track(editor, one, done).status_code == 200
    assert track(editor, other, done).status_code == 404


def test_what_is_published_can_be_run_too(editor: Client) -> None:
    workflow = workflow_of(published=True)
    services.update_workflow(workflow=workflow, graph=FAILING)
    assert send(editor, workflow, what="published").status_code == 201
    assert Run.objects.get().version.number == 1


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"payload": "{"}, 400, "in line 1, column 2"),
        ({"revision": 7}, 409, "Somebody else has changed this workflow"),
        ({"revision": None}, 400, "on which revision"),
        ({"what": "published"}, 409, "has no published version"),
    ],
)
def test_runs_that_are_refused(
    editor: Client, body: dict[str, Any], status: int, sentence: str
) -> None:
    answer = send(editor, workflow_of(), **body)
    assert answer.status_code == status
    assert sentence in answer.json()["message"]
    assert not Run.objects.exists()
