"""The import page and the export of several workflows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from builder import import_files
from builder.json_input import LONGEST
from tests.visitors import text_of
from tests.workflows.definitions import START, calling, graph, user_with
from workflows import vault
from workflows.models import Role, Workflow
from workflows.services import create_workflow, publish_workflow

pytestmark = pytest.mark.django_db

NOBODY = "01900000-0000-7000-8000-000000000000"
N8N: dict[str, Any] = {
    "name": "From n8n",
    "nodes": [
        {
            "id": "1",
            "name": "Hook",
            "type": "n8n-nodes-base.webhook",
            "typeVersion": 2,
            "position": [0, 0],
            "parameters": {"httpMethod": "POST", "path": "x"},
        },
        {
            "id": "2",
            "name": "Tell",
            "type": "n8n-nodes-base.slack",
            "typeVersion": 2,
            "position": [200, 0],
            "parameters": {"text": "<b>Hi</b>"},
        },
    ],
    "connections": {"Hook": {"main": [[{"node": "Tell", "type": "main", "index": 0}]]}},
}
OURS = {"altoflow": 1, "name": "Ours", "graph": graph()}


@pytest.fixture
def editor(client: Client) -> Client:
    client.force_login(user_with(Role.EDITOR))
    return client


def file_of(name: str, content: Any) -> SimpleUploadedFile:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return SimpleUploadedFile(name, data, "application/json")


def sent(client: Client, *files: SimpleUploadedFile, text: str = "") -> HttpResponse:
    return client.post("/workflows/import/", {"files": files, "text": text})


# ---------------------------------------------------------------- what is taken


@pytest.mark.parametrize(
    ("document", "names"),
    [
        pytest.param(OURS, ["Ours"], id="ours"),
        pytest.param(graph(), ["Imported workflow"], id="a graph"),
        pytest.param(N8N, ["From n8n"], id="n8n"),
        pytest.param(
            {"nodes": N8N["nodes"], "connections": {}}, ["Workflow of n8n"], id="n8n's clipboard"
        ),
        pytest.param([N8N, N8N | {"name": "B"}], ["B", "From n8n"], id="a list"),
        pytest.param([N8N, OURS], ["From n8n", "Ours"], id="a mixed list"),
        pytest.param(
            {"altoflow": 1, "workflows": [{"name": "A", "graph": graph()}, N8N]},
            ["A", "From n8n"],
            id="many",
        ),
    ],
)
@pytest.mark.parametrize("way", ["file", "text"])
def test_each_form_is_recognised(editor: Client, document: Any, names: list[str], way: str) -> None:
    as_file = [file_of("some.json", document)] if way == "file" else []
    answer = sent(editor, *as_file, text="" if as_file else json.dumps(document))
    assert answer.status_code == 200
    stored = Workflow.objects.order_by("name")
    assert [workflow.name for workflow in stored] == names
    assert not any(workflow.is_active for workflow in stored)
    assert all(workflow.changed_by is not None for workflow in stored)
    for workflow in stored:
        assert f'href="/workflows/{workflow.pk}/"' in answer.content.decode()


def test_notes_and_refusals_are_told_per_file(editor: Client) -> None:
    answer = sent(
        editor,
        file_of("chat.json", N8N),
        file_of("broken.json", b"{"),
        file_of("mixed.json", [OURS, {"altoflow": 1, "name": "Bad", "graph": graph(id="NO")}]),
        text="[1]",
    )
    shown = text_of(answer)
    assert answer.status_code == 200
    assert "2 workflows imported" in shown
    assert "From n8n from chat.json" in shown
    assert "'Tell' (n8n-nodes-base.slack) has no match" in shown
    assert "broken.json This is no JSON:" in shown and "in line 1, column 2." in shown
    assert "Bad in mixed.json" in shown and "Use lower-case letters" in shown
    assert "The text This is no workflow." in shown
    assert sorted(Workflow.objects.values_list("name", flat=True)) == ["From n8n", "Ours"]


def test_workflows_in_several_files_find_each_other(editor: Client) -> None:
    child = {"altoflow": 1, "id": "child", "name": "Child", "graph": graph()}
    call = {"id": "call", "type": "trigger_workflow", "config": {"workflow": "child"}}
    parent = {"altoflow": 1, "name": "Parent", "graph": {"nodes": [START, call], "edges": []}}
    sent(editor, file_of("parent.json", parent), file_of("child.json", child))
    stored = {workflow.name: workflow for workflow in Workflow.objects.all()}
    called = stored["Parent"].draft["nodes"][1]["config"]["workflow"]
    assert called == str(stored["Child"].pk)


def test_what_is_shown_is_text(editor: Client) -> None:
    answer = sent(
        editor, file_of("<i>.json", N8N | {"name": "<script>x</script>"}), file_of("<u>.json", b"")
    )
    page = answer.content.decode()
    assert "<script>x" not in page and "<i>.json" not in page and "<u>.json" not in page


# ---------------------------------------------------------------- what is refused

DEEP = b'{"altoflow": 1, "name": "x", "graph": ' + b"[" * 99 + b"]" * 99 + b"}"
TOO_MANY = N8N | {
    "nodes": [N8N["nodes"][0] | {"name": f"Node {n}", "id": str(n)} for n in range(501)],
    "connections": {},
}


def deep_n8n(levels: int) -> bytes:
    inner = b'{"a":' * levels + b"1" + b"}" * levels
    return b'{"nodes":[{"name":"x","type":"y.z","parameters":' + inner + b'}],"connections":{}}'


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "This is no JSON", id="empty"),
        pytest.param(b"hello", "This is no JSON", id="no JSON"),
        pytest.param(b"\xff\xfe{", "no text in UTF-8", id="no text"),
        pytest.param(b"\x89PNG\r\n\x1a\n", "no text in UTF-8", id="a picture"),
        pytest.param(b'"x"', "This is no workflow.", id="a text"),
        pytest.param(b"null", "This is no workflow.", id="null"),
        pytest.param(b"[]", "There is no workflow in it.", id="an empty list"),
        pytest.param(b"{}", "This is no workflow.", id="an empty object"),
        pytest.param(b'{"altoflow": 1, "workflows": []}', "There is no workflow in it.", id="none"),
        pytest.param(b'{"altoflow": 1, "workflows": 5}', "no field 'workflows'", id="no list"),
        pytest.param(b'{"workflows": [1]}', "This field is required", id="many without a head"),
        pytest.param(b'{"altoflow": 2, "workflows": [1]}', "less than or equal to 1", id="future"),
        pytest.param(b'{"altoflow": 1, "workflows": [1]}', "This is no workflow.", id="a number"),
        pytest.param(b"[" * 100_000, "levels deep", id="deep brackets"),
        pytest.param(DEEP, "A graph is", id="a deep graph"),
        pytest.param(b'{"a": "\\u0000"}', "NUL character", id="NUL"),
        pytest.param(b"[" + b"{}," * 501 + b"{}]", "500 is the limit", id="too many workflows"),
        pytest.param(b'{"nodes": [], "connections": []}', "This is no workflow.", id="half n8n"),
        pytest.param(
            b'{"nodes": [5], "connections": {}}', "Node 1 is no object.", id="n8n: no node"
        ),
        pytest.param(
            b'{"nodes": [{"type": "x"}], "connections": {}}', "Node 1 has no name.", id="no name"
        ),
        pytest.param(
            b'{"nodes": [{"name": "x"}], "connections": {}}', "has no type.", id="no type"
        ),
        pytest.param(
            b'{"nodes": [{"name": "x", "type": "y"}, {"name": "x", "type": "y"}], '
            b'"connections": {}}',
            "Two nodes are called",
            id="a name twice",
        ),
        pytest.param(
            b'{"nodes": [{"name": "x", "type": "y"}], "connections": {"x": {"main": 5}}}',
            "can not be read",
            id="odd connections",
        ),
        pytest.param(json.dumps(TOO_MANY).encode(), "501 nodes, 500 is the limit", id="501 nodes"),
        pytest.param(deep_n8n(96), "nested more than 100 levels", id="n8n: too deep to keep"),
    ],
)
def test_what_can_not_be_used_gets_a_sentence(
    editor: Client, content: bytes, sentence: str
) -> None:
    answer = sent(editor, file_of("odd.json", content))
    assert answer.status_code == 400
    assert sentence in text_of(answer)
    assert "Nothing was imported" in text_of(answer)
    assert not Workflow.objects.exists()


def test_an_n8n_node_that_is_just_not_too_deep_is_kept(editor: Client) -> None:
    assert sent(editor, file_of("deep.json", deep_n8n(90))).status_code == 200
    (workflow,) = Workflow.objects.all()
    assert '{"a": 1}' in json.dumps(workflow.draft)


def test_files_that_are_too_large_are_not_read(
    editor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = sent(editor, file_of("large.json", b" " * (LONGEST + 1)), file_of("ours.json", OURS))
    assert answer.status_code == 200
    assert "large.json It has more than 5 MiB." in text_of(answer)
    monkeypatch.setattr(import_files, "MOST_BYTES", 10)
    assert "too much at once" in text_of(sent(editor, file_of("ours.json", OURS)))


def test_the_text_stays_when_it_was_refused(editor: Client) -> None:
    answer = sent(editor, text='{"nodes": 5}')
    assert "{&quot;nodes&quot;: 5}</textarea>" in answer.content.decode()
    assert "There was no file and no text." in text_of(sent(editor))


def test_too_many_files_are_no_error_of_the_server(editor: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    files = [file_of(f"{n}.json", OURS) for n in range(3)]
    assert sent(editor, *files).status_code == 400


# ---------------------------------------------------------------- export


def exported(client: Client, *workflows: Workflow) -> Any:
    answer = client.get("/workflows/export/", {"id": [str(each.pk) for each in workflows]})
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith('attachment; filename="workflows-2')
    return json.loads(answer.content)


def test_what_is_exported_imports_the_same(editor: Client) -> None:
    vault.set_secret(name="api_token", value="do-not-show-me")
    child = create_workflow(name="B child", graph=graph("{{ vault.api_token }}"))
    parent = create_workflow(
        name="A parent",
        description="Calls",
        graph=calling(child),
        settings={"strict_variables": True},
    )
    publish_workflow(workflow=child)
    create_workflow(name="C other", graph=graph())
    document = exported(editor, parent, child)
    assert [each["name"] for each in document["workflows"]] == ["A parent", "B child"]
    assert len(exported(editor)["workflows"]) == 3
    assert "do-not-show-me" not in json.dumps(document)

    assert sent(editor, file_of("all.json", document)).status_code == 200
    copies = Workflow.objects.exclude(pk__in=[parent.pk, child.pk]).exclude(name="C other")
    copy_of_parent, copy_of_child = copies.order_by("name")
    assert copy_of_child.draft == child.draft
    assert copy_of_parent.draft == calling(copy_of_child)
    assert copy_of_parent.description == "Calls"
    assert copy_of_parent.settings["strict_variables"] is True
    again = exported(editor, copy_of_parent, copy_of_child)
    text = json.dumps(again).replace(str(copy_of_child.pk), str(child.pk))
    assert text.replace(str(copy_of_parent.pk), str(parent.pk)) == json.dumps(document)


@pytest.mark.parametrize("query", ["id=nothing", f"id={NOBODY}", f"id={NOBODY}&id="])
def test_there_is_no_export_of_what_is_not_there(editor: Client, query: str) -> None:
    assert editor.get(f"/workflows/export/?{query}").status_code == 404


def test_an_export_takes_the_same_queries_for_one_and_for_many(editor: Client) -> None:
    counts = []
    editor.get("/workflows/export/")
    for number in range(2):
        for place in range(5):
            create_workflow(name=f"W {number} {place}", graph=graph())
        with CaptureQueriesContext(connection) as queries:
            exported(editor)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


def test_the_list_offers_it_to_those_who_may(client: Client) -> None:
    create_workflow(name="One", graph=graph())
    client.force_login(user_with(Role.VIEWER))
    shown = client.get("/workflows/").content.decode()
    assert "Export chosen" in shown
    assert "/workflows/import/" not in shown
    client.force_login(user_with(Role.EDITOR))
    assert "/workflows/import/" in client.get("/workflows/").content.decode()
