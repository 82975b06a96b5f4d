"""What the builder's script asks for and saves, and what the buttons of its page do."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.runs.records import run_of
from tests.visitors import client_of, text_of
from tests.workflows.definitions import calling, graph
from workflows import services
from workflows.models import Role, Workflow
from workflows.selectors import webhook_url

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

HOOK: dict[str, Any] = {
    "nodes": [{"id": "hook", "type": "webhook_trigger", "config": {"methods": ["PUT"]}}],
    "edges": [],
}
NIGHTLY: dict[str, Any] = {
    "nodes": [
        {
            "id": "nightly",
            "type": "schedule_trigger",
            "config": {"kind": "daily", "value": "02:30", "timezone": "Europe/Berlin"},
        }
    ],
    "edges": [],
}


def workflow_of(drawn: Any = None, *, published: bool = False, name: str = "Greet") -> Workflow:
    workflow = services.create_workflow(name=name, graph=drawn or graph())
    if published:
        services.publish_workflow(workflow=workflow)
    return workflow


def page(workflow: Workflow, part: str = "") -> str:
    return f"/workflows/{workflow.pk}/{part}"


def state_of(answer: HttpResponse) -> dict[str, Any]:
    """The JSON with which the script starts."""
    before, _, after = answer.content.decode().partition('id="builder-state"')
    assert before
    return dict(json.loads(after.partition(">")[2].partition("</script>")[0]))


def send(client: Client, method: str, path: str, body: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.generic(method, path, text, content_type="application/json")


def save(client: Client, workflow: Workflow, drawn: Any, revision: int = 1) -> Any:
    return send(client, "PUT", page(workflow, "draft/"), {"graph": drawn, "revision": revision})


# ---------------------------------------------------------------- the page


def test_the_script_starts_with_the_whole_draft(editor: Client) -> None:
    workflow = workflow_of()
    answer = editor.get(page(workflow))
    state = state_of(answer)
    assert state["address"] == page(workflow)
    assert (state["revision"], state["name"], state["differs"]) == (1, "Greet", True)
    assert state["can_edit"] and state["may_save"]
    say = state["graph"]["nodes"][1]
    assert set(say) == {
        *("id", "type", "name", "position", "config"),
        *("continue_on_error", "retry", "on_interrupt", "notes"),
    }
    assert "style=" not in answer.content.decode()


def test_viewers_look_and_are_offered_nothing(viewer: Client) -> None:
    workflow = workflow_of(HOOK, published=True)
    answer = viewer.get(page(workflow))
    assert not state_of(answer)["can_edit"]
    shown = answer.content.decode()
    for part in (
        "/hooks/",
        "run-button",
        "publish-button",
        "webhook/rotate",
        "activate/",
        "delete/",
    ):
        assert part not in shown, part
    assert "View only" in shown
    assert "Inactive" in text_of(answer)


def test_only_admins_are_offered_to_delete(editor: Client) -> None:
    workflow = workflow_of()
    assert "delete/" not in editor.get(page(workflow)).content.decode()
    assert "delete/" in client_of(Role.ADMIN).get(page(workflow)).content.decode()


def test_a_draft_that_is_no_longer_read_is_kept_until_it_is_replaced(editor: Client) -> None:
    workflow = workflow_of(published=True)
    old = {"nodes": [{"id": "a", "kind": "of another time"}], "edges": []}
    Workflow.objects.filter(pk=workflow.pk).update(draft=old)
    answer = editor.get(page(workflow))
    state = state_of(answer)
    assert (state["can_edit"], state["may_save"], state["is_readable"]) == (False, True, False)
    assert "no longer read" in state["errors"][0]["message"]
    assert json.loads(editor.get(page(workflow, "export/")).content)["graph"] == old
    assert save(editor, workflow, graph("new")).status_code == 200
    assert state_of(editor.get(page(workflow)))["can_edit"]


def test_the_page_is_a_constant_number_of_queries(editor: Client) -> None:
    def queries(nodes: int, runs: int) -> int:
        drawn = graph()
        drawn["nodes"] += [
            {"id": f"n{number}", "type": "text_transform", "config": {"template": "x"}}
            for number in range(nodes)
        ]
        workflow = workflow_of(drawn, published=True, name=f"{nodes}")
        for _ in range(runs):
            run_of(workflow)
        editor.get(page(workflow))
        with CaptureQueriesContext(connection) as found:
            editor.get(page(workflow))
        return len(found)

    assert queries(1, 1) == queries(100, 6) <= 10


@pytest.mark.parametrize(
    ("drawn", "published", "sentence"),
    [
        pytest.param(graph(), False, "Publish it first.", id="never published"),
        pytest.param(
            {"nodes": [], "edges": []},
            False,
            "Add a trigger and publish it first.",
            id="no trigger",
        ),
        pytest.param(graph(), True, "", id="ready"),
    ],
)
def test_the_switch_says_why_it_can_not_be_used(
    editor: Client, drawn: Any, published: bool, sentence: str
) -> None:
    answer = editor.get(page(workflow_of(drawn, published=published)))
    assert sentence in text_of(answer)
    assert ('aria-describedby="why-not-active"' in answer.content.decode()) == bool(sentence)


# ---------------------------------------------------------------- the side panel


def test_the_webhook_address_is_for_editors_and_can_be_made_anew(editor: Client) -> None:
    workflow = workflow_of(HOOK)
    shown = editor.get(page(workflow, "side/")).content.decode()
    old = webhook_url(workflow, "http://testserver")
    assert old is not None and old in shown
    assert "curl -X PUT" in shown
    assert "/hooks/" not in client_of(Role.VIEWER).get(page(workflow, "side/")).content.decode()
    assert "/hooks/" not in editor.get(page(workflow_of(), "side/")).content.decode()

    answer = editor.post(page(workflow, "webhook/rotate/"), follow=True)
    assert "The webhook has a new address." in text_of(answer)
    workflow.refresh_from_db()
    new = webhook_url(workflow, "http://testserver")
    assert new != old
    assert str(new) in editor.get(page(workflow, "side/")).content.decode()


def test_next_times_of_a_schedule(editor: Client) -> None:
    workflow = workflow_of(NIGHTLY)
    shown = text_of(editor.get(page(workflow, "side/")))
    assert "Next times daily 02:30" in shown
    assert "02:30 CE" in shown
    assert "Once it is published and active." in shown
    services.publish_workflow(workflow=workflow)
    services.update_workflow(workflow=workflow, graph=graph())
    shown = text_of(editor.get(page(workflow, "side/")))
    assert "Next times daily 02:30" in shown
    assert "Once it is active." in shown


def test_a_schedule_that_is_half_written_has_no_times(editor: Client) -> None:
    broken = json.loads(json.dumps(NIGHTLY))
    broken["nodes"][0]["config"]["value"] = "half past"
    assert "Next times" not in text_of(editor.get(page(workflow_of(broken), "side/")))


def test_recent_runs_and_versions_are_listed(viewer: Client) -> None:
    workflow = workflow_of(published=True)
    services.publish_workflow(workflow=workflow, note="Says it louder")
    run_of(workflow, "failed")
    shown = text_of(viewer.get(page(workflow, "side/")))
    assert "Recent runs" in shown and "Failed" in shown
    assert "v2 Says it louder Published" in shown
    assert "v1 No note" in shown


# ---------------------------------------------------------------- saving


def test_a_save_answers_with_its_findings(editor: Client) -> None:
    workflow = workflow_of(published=True)
    bad = {"id": "call", "type": "http_request", "config": {"method": "SHOUT"}}
    answer = save(editor, workflow, {"nodes": [bad], "edges": []}).json()
    assert (answer["revision"], answer["differs"]) == (2, True)
    found = {(each["node"], each["field"]) for each in answer["errors"]}
    assert found >= {("", ""), ("call", "config.method")}
    workflow.refresh_from_db()
    assert workflow.draft["nodes"] == [bad]
    assert workflow.changed_by is not None

    answer = save(editor, workflow, graph(), 2).json()
    assert (answer["revision"], answer["differs"], answer["errors"]) == (3, False, [])


def test_a_stale_save_changes_nothing_and_says_what_is_stored(editor: Client) -> None:
    workflow = workflow_of()
    assert save(editor, workflow, graph("theirs")).status_code == 200
    answer = save(client_of(Role.ADMIN), workflow, graph("mine"))
    assert answer.status_code == 409
    assert answer.json()["code"] == "stale_revision"
    stored = editor.get(page(workflow, "draft/")).json()
    assert stored["saved_by"] == "editor_user"
    assert stored["revision"] == 2
    assert stored["graph"]["nodes"][1]["config"] == {"template": "theirs"}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ('{"graph": [}', "This is no JSON: Expecting value, in line 1, column 12."),
        ("[]", "Send a JSON object."),
        ({"revision": 1}, "graph: Send the graph."),
        ({"graph": graph()}, "revision: Say on which revision the change is based."),
        ({"graph": graph(), "revision": True}, "revision: Say on which revision"),
        (
            {"graph": {"nodes": [{"id": "A b", "type": "x"}], "edges": []}, "revision": 1},
            "Use lower",
        ),
        ({"graph": {"nodes": [], "edges": [], "more": 1}, "revision": 1}, "A graph has no 'more'."),
        ('{"graph": {"nodes": ["\\u0000"]}, "revision": 1}', "a NUL character"),
        ("\xff", "This is no JSON"),
    ],
)
def test_saves_that_are_refused(editor: Client, body: Any, sentence: str) -> None:
    workflow = workflow_of()
    answer = send(editor, "PUT", page(workflow, "draft/"), body)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]
    workflow.refresh_from_db()
    assert (workflow.draft, workflow.revision) == (graph(), 1)


def test_a_circle_of_workflows_is_not_saved(editor: Client) -> None:
    workflow, other = workflow_of(), workflow_of(name="Other")
    services.update_workflow(workflow=other, graph=calling(workflow))
    answer = save(editor, workflow, calling(other))
    assert answer.status_code == 400
    assert "Greet -> Other -> Greet" in answer.json()["message"]


def test_a_node_alone_stays_where_it_was_put(editor: Client) -> None:
    alone = {"nodes": [{**graph()["nodes"][0], "position": {"x": 120, "y": 80}}], "edges": []}
    workflow = workflow_of(alone)
    placed = editor.get(page(workflow, "draft/")).json()["graph"]["nodes"][0]["position"]
    assert placed == {"x": 120, "y": 80}


def test_edges_to_nowhere_are_told_and_not_drawn(editor: Client) -> None:
    drawn = graph()
    drawn["edges"] += [
        {"source": "gone", "port": "default", "target": "say"},
        {"source": "say", "port": "default", "target": "lost"},
    ]
    workflow = workflow_of(published=True)
    errors = save(editor, workflow, drawn).json()["errors"]
    assert len(errors) == 2
    state = state_of(editor.get(page(workflow)))
    assert [edge["target"] for edge in state["graph"]["edges"]] == ["say"]
    assert editor.get(page(workflow, "versions/compare/")).status_code == 200


def test_a_text_is_read_as_a_graph_without_being_stored(editor: Client) -> None:
    workflow = workflow_of()
    document = {"altoflow": 1, "name": "Other", "graph": graph("imported")}
    for text in (json.dumps(document), json.dumps(graph("imported"))):
        answer = send(editor, "POST", page(workflow, "draft/read/"), {"text": text}).json()
        assert answer["graph"]["nodes"][1]["config"] == {"template": "imported"}
        assert answer["graph"]["nodes"][1]["position"]["x"] > 0
    workflow.refresh_from_db()
    assert workflow.draft == graph()


def test_a_workflow_of_n8n_is_read_into_the_draft(editor: Client) -> None:
    nodes = [
        {"name": "Start", "type": "n8n-nodes-base.manualTrigger", "parameters": {}},
        {"name": "Ask", "type": "n8n-nodes-base.openAi", "parameters": {"model": "x"}},
    ]
    links = {"Start": {"main": [[{"node": "Ask", "type": "main", "index": 0}]]}}
    text = json.dumps({"name": "Theirs", "nodes": nodes, "connections": links})
    answer = send(editor, "POST", page(workflow_of(), "draft/read/"), {"text": text}).json()
    assert [node["type"] for node in answer["graph"]["nodes"]] == ["manual_trigger", "n8n.openAi"]
    assert answer["notes"] > 0
    assert answer["graph"]["nodes"][1]["notes"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "in line 1, column 2"),
        ('{"nodes": 1, "edges": []}', "A graph is"),
        ('{"some": "thing"}', "This is no workflow."),
        (json.dumps([graph(), graph()]), "It holds 2 workflows."),
    ],
)
def test_texts_that_are_no_draft(editor: Client, text: str, sentence: str) -> None:
    answer = send(editor, "POST", page(workflow_of(), "draft/read/"), {"text": text})
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]


def test_mine_becomes_a_copy(editor: Client) -> None:
    workflow = services.create_workflow(
        name="x" * 199, description="Why", graph=graph(), settings={"strict_variables": True}
    )
    answer = send(editor, "POST", page(workflow, "draft/copy/"), {"graph": graph("mine")})
    assert answer.status_code == 201
    copy = Workflow.objects.exclude(pk=workflow.pk).get()
    assert answer.json()["address"] == page(copy)
    assert copy.name == "x" * 190 + " (my copy)"
    assert (copy.description, copy.settings["strict_variables"]) == ("Why", True)
    assert copy.draft == graph("mine")


# ---------------------------------------------------------------- name, description, settings


def change(client: Client, workflow: Workflow, **body: Any) -> Any:
    return send(client, "POST", page(workflow, "details/"), {"revision": 1, **body})


def test_details_are_changed_against_the_revision(editor: Client) -> None:
    workflow = workflow_of()
    answer = change(editor, workflow, name=" Renamed ", description="Why")
    assert answer.json() == {"revision": 2, "name": "Renamed"}
    assert change(editor, workflow, name="Stale").status_code == 409
    settings = {
        "strict_variables": True,
        "max_parallel_runs": 3,
        "notify_on_failure": "a@b.example",
    }
    assert change(editor, workflow, settings=settings, revision=2).status_code == 200
    workflow.refresh_from_db()
    assert (workflow.name, workflow.description, workflow.settings) == ("Renamed", "Why", settings)
    form = editor.get(page(workflow, "details/")).content.decode()
    for part in ('value="Renamed"', ">Why<", 'value="3"', 'value="a@b.example"', "checked"):
        assert part in form, part


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"name": " "}, "A workflow needs a name"),
        ({"name": "x" * 201}, "at most 200"),
        ({"description": "x" * 10_001}, "at most 10000"),
        ({"settings": {"max_parallel_runs": 0}}, "greater than or equal to 1"),
        ({"settings": {"notify_on_failure": "nobody"}}, "valid email"),
        ({"settings": {"strict": True}}, "settings.strict"),
        ({"settings": 1}, "settings"),
    ],
)
def test_details_that_are_refused(editor: Client, body: Any, sentence: str) -> None:
    workflow = workflow_of()
    answer = change(editor, workflow, **body)
    assert answer.status_code == 400
    assert sentence in answer.json()["message"]
    workflow.refresh_from_db()
    assert (workflow.name, workflow.revision) == ("Greet", 1)


# ---------------------------------------------------------------- publish and switch


def test_the_publish_dialog_says_what_it_would_do(editor: Client) -> None:
    workflow = workflow_of()
    assert "This is its first version." in text_of(editor.get(page(workflow, "publish/")))
    services.publish_workflow(workflow=workflow)
    assert "Nothing changed since v1." in text_of(editor.get(page(workflow, "publish/")))
    services.update_workflow(workflow=workflow, graph=graph("louder"))
    shown = editor.get(page(workflow, "publish/"))
    assert "Since v1: 1 changed" in text_of(shown)
    assert f"{page(workflow, 'versions/compare/')}?from=1&amp;to=draft" in shown.content.decode()
    services.update_workflow(workflow=workflow, graph={"nodes": [], "edges": []})
    shown = editor.get(page(workflow, "publish/"))
    assert "1 problem must be solved first. The graph has no trigger." in text_of(shown)


def test_publish_activate_deactivate(editor: Client) -> None:
    workflow = workflow_of()
    assert "has no published version" in text_of(
        editor.post(page(workflow, "activate/"), follow=True)
    )
    answer = editor.post(page(workflow, "publish/"), {"note": "Says bye"}, follow=True)
    assert "Published. New runs use it." in text_of(answer)
    assert "v1 Says bye Published" in text_of(answer)
    assert "Active:" in text_of(editor.post(page(workflow, "activate/"), follow=True))
    assert "Inactive:" in text_of(editor.post(page(workflow, "deactivate/"), follow=True))


def test_a_draft_that_is_not_valid_is_not_published(editor: Client) -> None:
    workflow = workflow_of({"nodes": [], "edges": []})
    assert "The graph has no trigger." in text_of(
        editor.post(page(workflow, "publish/"), follow=True)
    )
    answer = editor.post(page(workflow, "publish/"), headers={"HX-Request": "true"})
    assert "The graph has no trigger." in text_of(answer)
    assert not workflow.versions.exists()


def test_what_is_published_is_what_was_seen(editor: Client) -> None:
    workflow = workflow_of()
    services.update_workflow(workflow=workflow, graph=graph("theirs"))
    sent = {"revision": "1", "note": "Mine"}
    answer = editor.post(page(workflow, "publish/"), sent, headers={"HX-Request": "true"})
    assert "Somebody else has changed this workflow" in text_of(answer)
    assert "Mine" in text_of(answer)
    assert not workflow.versions.exists()


def test_htmx_is_told_what_happened(editor: Client) -> None:
    workflow = workflow_of()
    for part, sentence, kind in (
        ("activate/", "has no published version", "bad"),
        ("publish/", "Version 1 is published.", "good"),
        ("activate/", "Active:", "good"),
    ):
        answer = editor.post(page(workflow, part), headers={"HX-Request": "true"})
        assert answer.status_code == 204
        told = json.loads(answer["HX-Trigger"])
        assert sentence in told["notice"]["message"]
        assert told["notice"]["kind"] == kind
        assert "workflow-changed" in told


def test_export_and_delete() -> None:
    admin = client_of(Role.ADMIN)
    workflow = workflow_of(name="Grüße / alle")
    answer = admin.get(page(workflow, "export/"))
    assert answer["Content-Disposition"] == 'attachment; filename="grue-alle.json"'
    assert json.loads(answer.content)["graph"] == graph()
    assert "was deleted" in text_of(admin.post(page(workflow, "delete/"), follow=True))
    assert admin.get(page(workflow)).status_code == 404


def test_unknown_workflows_have_no_page(editor: Client) -> None:
    for part in ("", "side/", "versions/", "details/", "publish/", "versions/compare/"):
        assert editor.get(f"/workflows/{uuid4()}/{part}").status_code == 404, part
    for part in ("publish/", "activate/", "webhook/rotate/", "run/", "draft/copy/", "draft/read/"):
        assert editor.post(f"/workflows/{uuid4()}/{part}").status_code == 404, part
    assert editor.get(f"/workflows/{uuid4()}/draft/").status_code == 404
