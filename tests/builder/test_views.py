"""The pages for authors: workflows, their versions, secrets, the first use."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.runs.driver import run
from tests.runs.records import run_of, workflow_called
from tests.visitors import client_of, text_of
from tests.workflows.definitions import graph
from workflows import services
from workflows.models import Role, Secret, Workflow
from workflows.vault import set_secret, snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

HOOK: dict[str, Any] = {
    "nodes": [{"id": "hook", "type": "webhook_trigger", "config": {"methods": ["PUT"]}}],
    "edges": [],
}


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
    run_of(active, "failed", timezone.now())
    workflow_of({"nodes": [], "edges": []}, name="Empty one")
    shown = text_of(viewer.get("/workflows/")).partition("Runs in 24 h")[2]
    assert "Active one Active Manual start v1 Failed" in shown
    assert "Empty one Inactive None yet Draft Never run 0" in shown
    assert "1 run in 24 h" in shown and "0 runs in 24 h" in shown
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
