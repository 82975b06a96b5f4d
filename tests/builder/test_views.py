"""The pages for authors: workflows, their versions, secrets, the first use."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from runs.models import Run
from tests.runs.driver import run
from tests.runs.records import run_of, workflow_called
from tests.runs.test_views import client_of, text_of
from tests.workflows.definitions import graph
from workflows import services
from workflows.models import Role, Secret, Workflow
from workflows.vault import set_secret, snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

HOOK: dict[str, Any] = {
    "nodes": [{"id": "hook", "type": "webhook_trigger", "config": {"methods": ["PUT"]}}],
    "edges": [],
}


@pytest.fixture
def viewer() -> Client:
    return client_of(Role.VIEWER)


@pytest.fixture
def editor() -> Client:
    return client_of(Role.EDITOR)


def workflow_of(drawn: Any = None, *, published: bool = False, name: str = "Greet") -> Workflow:
    workflow = services.create_workflow(name=name, graph=drawn or graph())
    if published:
        services.publish_workflow(workflow=workflow)
    return workflow


def page(workflow: Workflow, part: str = "") -> str:
    return f"/workflows/{workflow.pk}/{part}"


# ---------------------------------------------------------------- dashboard and list


def test_first_use_offers_the_demo(editor: Client) -> None:
    for address in ("/", "/workflows/"):
        answer = editor.get(address)
        assert "Add the demo workflow" in text_of(answer)
        assert 'action="/workflows/demo/"' in answer.content.decode()
    answer = editor.post("/workflows/demo/", follow=True)
    assert "New GitHub issue" in text_of(answer)
    assert Workflow.objects.get().name == "New GitHub issue"


def test_viewers_are_not_offered_what_they_may_not_do(viewer: Client) -> None:
    shown = viewer.get("/workflows/")
    assert "An editor or an admin can add workflows" in text_of(shown)
    assert '<button class="button primary"' not in shown.content.decode()


def test_the_dashboard_counts(viewer: Client) -> None:
    run(workflow_called("Orders"))
    shown = text_of(viewer.get("/"))
    for part in ("Runs 1", "Failed 0", "Success 100 %", "In progress now 0"):
        assert part in shown


def test_the_list_of_workflows(viewer: Client) -> None:
    active = workflow_of(published=True, name="Active one")
    services.activate_workflow(workflow=active)
    run_of(active, "failed")
    workflow_of({"nodes": [], "edges": []}, name="Empty one")
    shown = text_of(viewer.get("/workflows/")).partition("Runs in 24 h")[2]
    assert "Active one Active Manual start v1 Failed" in shown
    assert "Empty one Inactive None yet Draft Never run 0" in shown
    assert "Empty" not in text_of(viewer.get("/workflows/?q=active")).partition("24 h")[2]
    assert "No workflow is called “zzz”" in text_of(viewer.get("/workflows/?q=zzz"))


def test_the_list_is_a_constant_number_of_queries(viewer: Client) -> None:
    viewer.get("/workflows/")
    counts = []
    for number in (2, 12):
        for place in range(number):
            run_of(workflow_called(f"W {number} {place}"))
        with CaptureQueriesContext(connection) as queries:
            viewer.get("/workflows/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 9


# ---------------------------------------------------------------- new


def test_a_new_workflow_is_empty(editor: Client) -> None:
    answer = editor.post("/workflows/new/", {"name": " Fresh ", "description": "For tests"})
    workflow = Workflow.objects.get()
    assert answer.headers["Location"] == page(workflow)
    assert (workflow.name, workflow.description) == ("Fresh", "For tests")
    assert workflow.draft == {"nodes": [], "edges": []}


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        pytest.param({}, "Field name", id="no name"),
        pytest.param({"name": "x" * 201, "description": "kept"}, "Field name", id="long name"),
    ],
)
def test_a_new_workflow_that_is_refused_keeps_what_was_typed(
    editor: Client, sent: dict[str, str], sentence: str
) -> None:
    answer = editor.post("/workflows/new/", sent)
    assert answer.status_code == 400
    assert sentence in text_of(answer)
    assert f'value="{sent.get("description", "")}"' in answer.content.decode()
    assert not Workflow.objects.exists()


# ---------------------------------------------------------------- one workflow


def test_the_graph_is_drawn_and_told(viewer: Client) -> None:
    workflow = workflow_of(published=True)
    answer = viewer.get(page(workflow))
    assert answer.content.decode().count("<foreignObject") == 2
    assert "start: then say" in text_of(answer)
    assert "Same as v1" in text_of(answer)
    assert "style=" not in answer.content.decode()


def test_what_keeps_a_draft_from_being_published_is_shown(editor: Client) -> None:
    bad = {"id": "call", "type": "http_request", "config": {"method": "SHOUT"}}
    workflow = workflow_of({"nodes": [bad], "edges": []})
    shown = text_of(editor.get(page(workflow)))
    assert "Node call · Field config.method" in shown
    assert "The graph has no trigger." in shown
    answer = editor.post(page(workflow, "publish/"))
    assert answer.status_code == 400
    assert "The graph has no trigger." in text_of(answer)
    assert not workflow.versions.exists()


def test_save_publish_activate_run(editor: Client) -> None:
    workflow = workflow_of()
    assert "Publish a version first" in text_of(editor.get(page(workflow)))

    sent = {"graph": json.dumps(graph("Bye {{ trigger.name }}")), "revision": "1"}
    assert "The draft was saved." in text_of(
        editor.post(page(workflow, "draft/"), sent, follow=True)
    )
    answer = editor.post(page(workflow, "publish/"), {"note": "Says bye"}, follow=True)
    assert "Version 1 is published." in text_of(answer)
    assert "Says bye" in text_of(answer)
    assert "Active:" in text_of(editor.post(page(workflow, "activate/"), follow=True))
    answer = editor.post(page(workflow, "run/"), {"payload": '{"name": "Ada"}'})
    started = Run.objects.get()
    assert answer.headers["Location"] == f"/runs/{started.pk}/"
    assert started.payload == {"name": "Ada"}
    assert "Inactive:" in text_of(editor.post(page(workflow, "deactivate/"), follow=True))


def test_a_stale_draft_is_refused_and_kept_in_the_form(editor: Client) -> None:
    workflow = workflow_of()
    services.update_workflow(workflow=workflow, description="changed meanwhile")
    sent = {"graph": json.dumps(graph("my precious change")), "revision": "1"}
    answer = editor.post(page(workflow, "draft/"), sent)
    assert answer.status_code == 400
    assert "Somebody else has changed this workflow" in text_of(answer)
    assert "my precious change" in text_of(answer)
    workflow.refresh_from_db()
    assert workflow.draft == graph()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"nodes": [}', "This is no JSON: Expecting value, in line 1, column 12."),
        ('{"nodes": [{"id": "A b", "type": "x"}], "edges": []}', "Node A b · Field id"),
        ('{"nodes": [], "edges": [], "more": 1}', "A graph has no 'more'."),
    ],
)
def test_drafts_that_are_refused(editor: Client, text: str, sentence: str) -> None:
    answer = editor.post(page(workflow_of(), "draft/"), {"graph": text, "revision": "1"})
    assert answer.status_code == 400
    assert sentence in text_of(answer)


@pytest.mark.parametrize(
    ("payload", "published", "sentence"),
    [
        ("{", True, "This is no JSON"),
        ("{}", False, "has no published version"),
    ],
)
def test_runs_that_are_refused(
    editor: Client, payload: str, published: bool, sentence: str
) -> None:
    workflow = workflow_of(published=published)
    answer = editor.post(page(workflow, "run/"), {"payload": payload}, follow=True)
    assert sentence in text_of(answer)
    assert not Run.objects.exists()


def test_versions_are_shown_and_restored(editor: Client) -> None:
    workflow = workflow_of(published=True)
    services.update_workflow(workflow=workflow, graph=graph("Second"))
    services.publish_workflow(workflow=workflow)
    assert "Second" in editor.get(page(workflow)).content.decode()
    old = editor.get(page(workflow, "?version=1"))
    assert "This is version 1" in text_of(old)
    assert "Second" not in old.content.decode()
    answer = editor.post(page(workflow, "versions/1/restore/"), follow=True)
    assert "Version 1 is the draft now." in text_of(answer)
    assert "Differs from v2" in text_of(answer)
    assert editor.get(page(workflow, "?version=9")).status_code == 404


def test_the_webhook_address_is_for_editors(editor: Client) -> None:
    workflow = workflow_of(HOOK)
    shown = editor.get(page(workflow)).content.decode()
    assert "http://testserver/hooks/" in shown
    assert "curl -X PUT" in shown
    assert "/hooks/" not in client_of(Role.VIEWER).get(page(workflow)).content.decode()
    assert "/hooks/" not in editor.get(page(workflow_of())).content.decode()


def test_name_and_description(editor: Client) -> None:
    workflow = workflow_of()
    editor.post(page(workflow, "details/"), {"name": "Renamed", "description": "Why"})
    workflow.refresh_from_db()
    assert (workflow.name, workflow.description) == ("Renamed", "Why")
    answer = editor.post(page(workflow, "details/"), {"name": " "}, follow=True)
    assert "A workflow needs a name." in text_of(answer)


def test_export_and_delete() -> None:
    admin = client_of(Role.ADMIN)
    workflow = workflow_of(name="Grüße / alle")
    answer = admin.get(page(workflow, "export/"))
    assert answer["Content-Disposition"] == 'attachment; filename="grue-alle.json"'
    assert json.loads(answer.content)["graph"] == graph()
    assert "was deleted" in text_of(admin.post(page(workflow, "delete/"), follow=True))
    assert admin.get(page(workflow)).status_code == 404


def test_unknown_workflows_have_no_page(editor: Client) -> None:
    assert editor.get(f"/workflows/{uuid4()}/").status_code == 404
    assert editor.post(f"/workflows/{uuid4()}/publish/").status_code == 404


# ---------------------------------------------------------------- secrets


def test_secrets_are_set_and_never_shown(editor: Client) -> None:
    sent = {"name": "api_token", "value": " s3cret \r\nline", "description": "Of the bank"}
    answer = editor.post("/secrets/", sent, follow=True)
    assert "api_token was saved." in text_of(answer)
    assert "Of the bank" in text_of(answer)
    assert "s3cret" not in answer.content.decode()
    assert snapshot().values["api_token"] == " s3cret \nline"


def test_a_secret_is_replaced_on_purpose_only(editor: Client) -> None:
    set_secret(name="api_token", value="first value")
    answer = editor.post("/secrets/", {"name": "api_token", "value": "second value"})
    assert answer.status_code == 400
    assert "There is a secret 'api_token' already." in text_of(answer)
    assert "second value" not in answer.content.decode()
    assert snapshot().values["api_token"] == "first value"
    editor.post("/secrets/", {"replaces": "api_token", "value": "second value"})
    assert snapshot().values["api_token"] == "second value"


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"name": "X", "value": "v"}, "can not name a secret"),
        ({"name": "good_name", "value": ""}, "The value has 0 characters."),
        ({"name": "good_name", "value": "v", "expires_at": "soon"}, "is no time"),
        (
            {"name": "good_name", "value": "v", "expires_at": "9999-12-31T23:59-12:00"},
            "is no time",
        ),
        ({"name": "good_name", "value": "v", "expires_at": "2020-01-01T00:00"}, "has passed"),
    ],
)
def test_secrets_that_are_refused(editor: Client, sent: dict[str, str], sentence: str) -> None:
    answer = editor.post("/secrets/", sent)
    assert answer.status_code == 400
    assert sentence in text_of(answer)
    assert not Secret.objects.exists()


def test_admins_delete_secrets(editor: Client) -> None:
    set_secret(name="api_token", value="first value")
    assert editor.post("/secrets/api_token/delete/").status_code == 403
    answer = client_of(Role.ADMIN).post("/secrets/api_token/delete/", follow=True)
    assert "api_token was deleted." in text_of(answer)
    assert not Secret.objects.exists()
