"""What the side panel asks the server: who may, what comes back, what is stored."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from builder.models import PinnedSample
from builder.samples import LARGEST
from tests.runs.driver import graph, node, run
from tests.visitors import text_of
from workflows import services
from workflows.models import Workflow
from workflows.vault import set_secret

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

DRAWN = graph(
    node("say", "text_transform", template="{{ strt.a }}"),
    node("send", "http_request", url="", retry={"max_attempts": 2}),
    "start -> say",
    "say -> send",
)


@pytest.fixture
def workflow() -> Workflow:
    return services.create_workflow(name="Drawn", graph=DRAWN)


def post(client: Client, workflow: Workflow, part: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(f"/workflows/{workflow.pk}/{part}", text, content_type="application/json")


def test_a_check_names_the_fields(viewer: Client, workflow: Workflow) -> None:
    found = post(viewer, workflow, "check/", {"graph": DRAWN, "node": "say"}).json()
    assert found["errors"] == []
    assert found["warnings"] == [
        {
            "code": "unknown_variable",
            "message": "There is no 'strt' (did you mean 'start'?). It will be empty.",
            "node": "say",
            "field": "config.template",
        }
    ]
    found = post(viewer, workflow, "check/", {"graph": DRAWN, "node": "send"}).json()
    assert [(each["field"], each["code"]) for each in found["errors"]] == [
        ("config.url", "invalid_config")
    ]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "invalid"),
        ("[]", "invalid"),
        ({"graph": DRAWN, "node": "nobody"}, "unknown_node"),
        ({"graph": {"nodes": [{"id": "A"}, 5], "edges": {}}, "node": "A"}, "unknown_node"),
    ],
    ids=["no JSON", "no object", "no such node", "no type"],
)
@pytest.mark.parametrize("part", ["check/", "preview/", "variables/"])
def test_what_can_not_be_read_is_refused(
    viewer: Client, workflow: Workflow, part: str, body: Any, code: str
) -> None:
    answer = post(viewer, workflow, part, body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_node_that_is_malformed_is_told_and_holds_up_no_other(
    viewer: Client, workflow: Workflow
) -> None:
    drawn = graph(
        node("say", "text_transform", template="{{ nobody }}", retry={"max_attempts": 99}),
        node("next", "text_transform", template="{{ say.text }} {{ nobody }}"),
        "start -> say",
        "say -> next",
    )
    told = post(viewer, workflow, "check/", {"graph": drawn, "node": "say"}).json()
    assert [each["field"] for each in told["errors"]] == ["retry.max_attempts"]
    assert [each["field"] for each in told["warnings"]] == ["config.template"]
    told = post(viewer, workflow, "check/", {"graph": drawn, "node": "next"}).json()
    assert told["errors"] == [] and len(told["warnings"]) == 1


def test_previews_and_variables_store_nothing(viewer: Client, workflow: Workflow) -> None:
    sent = {"graph": DRAWN, "node": "send", "value": "{{ say.text }}"}
    made = post(viewer, workflow, "preview/", sent).json()
    assert made["kind"] == "text" and made["origins"] == ["example"]
    known = post(viewer, workflow, "variables/", sent).json()
    assert [each["root"] for each in known["sources"]] == [
        "trigger",
        "start",
        "say",
        "run",
        "workflow",
    ]
    assert {"upcase", "default"} <= {each["name"] for each in known["filters"]}
    workflow.refresh_from_db()
    assert workflow.revision == 1 and not PinnedSample.objects.exists()


def test_a_node_is_tried_by_editors(editor: Client, viewer: Client, workflow: Workflow) -> None:
    drawn = graph(node("say", "text_transform", template="Hi {{ a.b }} {{ c }}"), "start -> say")
    sent = {"graph": drawn, "node": "say", "context": {"a": {"b": 5}}}
    assert post(viewer, workflow, "try/", sent).status_code == 403
    made = post(editor, workflow, "try/", sent).json()
    assert (made["status"], made["output"], made["port"]) == (
        "completed",
        {"text": "Hi 5 "},
        "default",
    )
    assert made["warnings"] == ["c is unknown."]
    assert made["outline"]["count"] == 1 and made["duration_ms"] >= 0
    sent["graph"]["nodes"][1]["config"] = {}
    refused = post(editor, workflow, "try/", sent)
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_graph")


def test_a_sample_is_pinned_masked_moved_and_taken_away(
    editor: Client, viewer: Client, workflow: Workflow
) -> None:
    set_secret(name="token", value="very secret value")
    body = {"output": {"a": "a very secret value indeed", "n": [1, None]}}
    assert post(viewer, workflow, "nodes/say/sample/", body).status_code == 403
    assert post(editor, workflow, "nodes/say/sample/", body).json() == {"pinned": True}
    pinned = PinnedSample.objects.get()
    assert pinned.output == {"a": "a ••• indeed", "n": [1, None]}
    assert pinned.pinned_by and pinned.pinned_by.username == "editor_user"
    post(editor, workflow, "nodes/other/sample/", {"output": None})
    post(editor, workflow, "nodes/say/sample/", {"to": "other"})
    assert PinnedSample.objects.get().output == pinned.output
    post(editor, workflow, "nodes/nobody/sample/", {"to": "other"})
    assert PinnedSample.objects.get().node_id == "other"
    post(editor, workflow, "nodes/other/sample/", {})
    assert not PinnedSample.objects.exists()


@pytest.mark.parametrize(
    ("node_id", "body"),
    [
        ("say", {"output": "x" * (LARGEST + 1)}),
        ("say", {"to": "Not an id"}),
        ("No id", {"output": 1}),
    ],
    ids=["too large", "no id to move to", "no id"],
)
def test_what_can_not_be_pinned(
    editor: Client, workflow: Workflow, node_id: str, body: Any
) -> None:
    answer = post(editor, workflow, f"nodes/{node_id}/sample/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "no_sample")
    assert not PinnedSample.objects.exists()


def test_a_sample_goes_with_its_workflow(editor: Client, workflow: Workflow) -> None:
    post(editor, workflow, "nodes/say/sample/", {"output": 1})
    workflow.delete()
    assert not PinnedSample.objects.exists()


def test_the_last_data_of_a_node(viewer: Client) -> None:
    drawn = graph(
        node("each", "iterator", items=["<a>", "b", "c"]),
        node("in_it", value="{{ item }}"),
        node("bad", behave="fail"),
        "start -> each",
        "each:item -> in_it",
        "each -> bad",
    )
    ran = run(drawn)

    def data(node_id: str, query: str = "") -> str:
        return text_of(viewer.get(f"/workflows/{ran.workflow_id}/nodes/{node_id}/data/{query}"))

    assert "It was told to fail." in data("bad")
    assert "Failed" in data("bad")
    shown = data("in_it", "?at=1")
    assert "<a>" in shown and "of 3" in shown and "Item" in shown
    assert "Pin this output" not in shown
    assert "c" in data("in_it")
    assert "has not run yet" in data("nobody")
    assert "has not run in this run yet" in data("nobody", f"?run={ran.pk}")
    assert "It was told to fail." in data("bad", f"?run={ran.pk}&at=99")
    assert "has not run" in data("bad", "?run=01890000-0000-7000-8000-000000000000")
