"""Documents of many workflows and of n8n through the REST API, and what finds what in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.workflows.definitions import START, Api, graph
from workflows.errors import WorkflowError
from workflows.importing import export_workflows, import_document
from workflows.models import Role, Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

FIXTURES = Path(__file__).parent.parent / "fixtures/n8n"


@pytest.fixture
def api() -> Api:
    return Api(Role.EDITOR)


def fixture(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text())


def calls(*targets: str) -> dict[str, Any]:
    nodes = [
        {"id": f"call_{n}", "type": "trigger_workflow", "config": {"workflow": target}}
        for n, target in enumerate(targets)
    ]
    return {"nodes": [START, *nodes], "edges": []}


def many(*workflows: dict[str, Any]) -> dict[str, Any]:
    return {"altoflow": 1, "workflows": [{"graph": graph(), **each} for each in workflows]}


def targets(name: str) -> list[str]:
    workflow = Workflow.objects.get(name=name)
    called = [n for n in workflow.draft["nodes"] if n["type"] == "trigger_workflow"]
    return [node["config"]["workflow"] for node in called]


def id_of(name: str) -> str:
    return str(Workflow.objects.get(name=name).pk)


def test_one_document_is_answered_with_one_workflow(api: Api) -> None:
    answer = api("POST", "workflows/import/", {"altoflow": 1, "name": "One", "graph": graph()})
    assert answer.status_code == 201
    assert (answer.json()["name"], answer.json()["notes"]) == ("One", [])


def test_a_workflow_of_n8n_comes_with_notes(api: Api) -> None:
    answer = api("POST", "workflows/import/", fixture("19_unknown_nodes"))
    assert answer.status_code == 201
    made = answer.json()
    assert {"id", "graph", "status", "webhook_url"} <= set(made)
    about = {note["node"]: note["message"] for note in made["notes"]}
    assert "'Slack' (n8n-nodes-base.slack) has no match here" in about["slack"]
    published = api("POST", f"workflows/{made['id']}/publish/", {})
    assert published.status_code == 400
    codes = {error["code"] for error in published.json()["details"]["errors"]}
    assert "unknown_type" in codes


@pytest.mark.parametrize(
    ("document", "names"),
    [
        pytest.param(many({"name": "A"}), ["A"], id="a document of many with one"),
        pytest.param(many({"name": "A"}, {"name": "B"}), ["A", "B"], id="many"),
        pytest.param(
            fixture("11_workflow_and_sub_workflow"),
            ["Main workflow", "Greeting (sub-workflow)"],
            id="a list of n8n",
        ),
    ],
)
def test_many_are_answered_with_a_list(api: Api, document: Any, names: list[str]) -> None:
    answer = api("POST", "workflows/import/", document)
    assert answer.status_code == 201
    assert [workflow["name"] for workflow in answer.json()] == names


def test_of_many_all_are_made_or_none(api: Api) -> None:
    document = many({"name": "A"}, {"name": "B", "graph": graph(id="NO")})
    answer = api("POST", "workflows/import/", document)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("'B' can not be imported: ")
    (error,) = answer.json()["details"]["errors"]
    assert (error["node"], error["field"]) == ("NO", "workflows[1].id")
    assert not Workflow.objects.exists()


def test_calls_lead_to_the_new_workflows() -> None:
    import_document(
        many(
            {"id": "old-b", "name": "B", "graph": calls("old-c")},
            {"id": "old-a", "name": "A", "graph": calls("old-b", "old-c", "elsewhere")},
            {"id": "old-c", "name": "C"},
        )
    )
    assert targets("A") == [id_of("B"), id_of("C"), "elsewhere"]
    assert targets("B") == [id_of("C")]


def test_calls_in_a_circle_are_left_open() -> None:
    """Such a document was written by hand, for no workflow can be saved so."""
    import_document(
        many(
            {"id": "old-a", "name": "A", "graph": calls("old-b", "old-a")},
            {"id": "old-b", "name": "B", "graph": calls("old-c")},
            {"id": "old-c", "name": "C", "graph": calls("old-a")},
        )
    )
    assert targets("A") == [id_of("B"), "old-a"]
    assert targets("B") == [id_of("C")]
    assert targets("C") == ["old-a"]


def test_a_call_of_n8n_that_was_found_needs_no_choice() -> None:
    main, child = import_document(fixture("11_workflow_and_sub_workflow"))
    assert targets("Main workflow") == [str(child.workflow.pk)]
    assert main.notes == ()
    (alone,) = import_document(fixture("11_workflow_and_sub_workflow")[0])
    call = alone.workflow.draft["nodes"][1]
    assert call["config"]["workflow"].startswith("n8n:")
    assert "Choose the workflow to start" in call["notes"]


def test_an_export_of_many_imports_the_same_again() -> None:
    made = [each.workflow for each in import_document(fixture("11_workflow_and_sub_workflow"))]
    document = json.loads(json.dumps(export_workflows(made)))
    copies = [each.workflow for each in import_document(document)]
    text = json.dumps(export_workflows(copies))
    for before, after in zip(made, copies, strict=True):
        assert str(before.pk) not in text
        text = text.replace(str(after.pk), str(before.pk))
    assert json.loads(text) == document


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(many({"name": ""}), id="no name"),
        pytest.param(many({"name": "A", "secret": "x"}), id="unknown field"),
        pytest.param(many({"name": "A", "id": 5}), id="an id that is no text"),
        pytest.param(many({"name": "A", "id": "x" * 65}), id="long id"),
        pytest.param({**many({"name": "A"}), "altoflow": 2}, id="from the future"),
        pytest.param({**many({"name": "A"}), "more": 1}, id="unknown field of the head"),
    ],
)
def test_odd_documents_of_many_are_refused(document: Any) -> None:
    with pytest.raises(WorkflowError):
        import_document(document)
    assert not Workflow.objects.exists()
