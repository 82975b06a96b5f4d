"""The versions of a workflow: who, when, what changed; two side by side; back to the draft."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.visitors import text_of
from tests.workflows.definitions import graph
from workflows import services
from workflows.models import Version, Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def workflow() -> Workflow:
    """v1 says Hello; v2 says Bye and has a node more; the draft has lost it again."""
    ada = User.objects.create(username="ada")
    made = services.create_workflow(name="Greet", graph=graph())
    services.publish_workflow(workflow=made, note="First", by=ada)
    services.update_workflow(workflow=made, graph=longer("Bye"))
    services.publish_workflow(workflow=made, note="Says bye", by=ada)
    services.update_workflow(workflow=made, graph=graph("Bye"), by=ada)
    return made


def longer(text: str) -> dict[str, Any]:
    drawn = graph(text)
    drawn["nodes"].append({"id": "more", "type": "generate", "name": "One more", "config": {}})
    drawn["edges"].append({"source": "say", "port": "default", "target": "more"})
    return drawn


def page(workflow: Workflow, part: str = "") -> str:
    return f"/workflows/{workflow.pk}/versions/{part}"


def test_the_list_says_who_when_and_how_much(viewer: Client, workflow: Workflow) -> None:
    answer = viewer.get(page(workflow))
    shown = text_of(answer).partition("Actions")[2]
    assert "Draft Not published yet 1 removed −1 1 edge ada just now" in shown
    assert "v2 Published Says bye 1 added +1 1 changed ~1 1 edge ada just now" in shown
    assert "v1 First the first ada just now" in shown
    assert "restore/" not in answer.content.decode()


def test_a_workflow_without_versions(viewer: Client) -> None:
    made = services.create_workflow(name="New", graph=graph())
    assert "Nothing is published yet" in text_of(viewer.get(page(made)))
    compared = viewer.get(page(made, "compare/"))
    assert "Nothing changed" in text_of(compared)


def test_many_versions_have_pages_of_a_constant_number_of_queries(
    viewer: Client, workflow: Workflow
) -> None:
    def queries(query: str = "") -> int:
        viewer.get(page(workflow))
        with CaptureQueriesContext(connection) as found:
            viewer.get(page(workflow, query))
        return len(found)

    few = queries()
    for number in range(3, 24):
        Version.objects.create(workflow=workflow, number=number, graph=graph(f"text {number}"))
    assert queries() == few <= 7
    assert queries("?page=2") <= few
    first, second = (text_of(viewer.get(page(workflow, f"?page={n}"))) for n in (1, 2))
    assert "v23" in first and "v4 No note 1 changed" in first and "v3 No note" not in first
    assert "v3 No note 1 removed −1 1 changed ~1" in second
    assert "Draft" not in second.partition("Actions")[2]


def test_one_version(viewer: Client, workflow: Workflow) -> None:
    answer = viewer.get(page(workflow, "2/"))
    assert "Version 2 Published Says bye" in text_of(answer)
    assert answer.content.decode().count("<foreignObject") == 3
    assert "One more" in text_of(answer)
    assert viewer.get(page(workflow, "9/")).status_code == 404
    assert viewer.get(page(workflow, "0/")).status_code == 404


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        pytest.param(
            "?from=1&to=2",
            [
                *("1 added +1 1 changed ~1 1 edge", "Changed Text say config.template"),
                *("Hello {{ trigger.name }} → became Bye", "Added One more more"),
                "Added say → to more",
            ],
            id="two versions",
        ),
        pytest.param("?from=2&to=1", ["1 removed −1", "Removed say → to more"], id="backwards"),
        pytest.param("", ["Removed One more more"], id="what publishing would change"),
        pytest.param("?from=2&to=2", ["Nothing changed"], id="with itself"),
    ],
)
def test_two_are_compared(viewer: Client, workflow: Workflow, query: str, parts: list[str]) -> None:
    answer = viewer.get(page(workflow, f"compare/{query}"))
    for part in parts:
        assert part in text_of(answer), part
    assert "style=" not in answer.content.decode()


@pytest.mark.parametrize("query", ["?from=9", "?to=x", "?from=0", "?from=-1", "?from=9999999999"])
def test_what_is_no_version_is_not_compared(viewer: Client, workflow: Workflow, query: str) -> None:
    assert viewer.get(page(workflow, f"compare/{query}")).status_code == 404


def test_graphs_of_a_form_that_is_no_longer_read_are_still_compared(
    viewer: Client, workflow: Workflow
) -> None:
    old = {"nodes": [{"id": "a", "kind": "of another time"}], "edges": []}
    Version.objects.filter(workflow=workflow, number=1).update(graph=old)
    shown = text_of(viewer.get(page(workflow, "compare/?from=1&to=2")))
    assert "can not be drawn together" in shown
    assert "Removed" in shown
    shown = text_of(viewer.get(page(workflow, "1/")))
    assert "no longer read" in shown
    assert json.dumps(old["nodes"][0]["kind"]) in shown.replace("&quot;", '"')


def test_a_version_is_restored_into_the_draft(editor: Client, workflow: Workflow) -> None:
    assert "restore/" in editor.get(page(workflow)).content.decode()
    answer = editor.post(page(workflow, "1/restore/"), follow=True)
    assert "Version 1 is the draft now." in text_of(answer)
    assert "Differs from v2" in text_of(answer)
    workflow.refresh_from_db()
    assert workflow.draft == graph()
    assert workflow.changed_by == User.objects.get(username="editor_user")
    assert editor.post(page(workflow, "9/restore/")).status_code == 404
