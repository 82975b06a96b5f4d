"""`tests/fixtures/n8n/*.json`: workflows as n8n exports them. Beside each, in `expected/`, what n8n
gives for a payload (`runs`: the items of some nodes, what a server was sent) or, for those with
nodes that have no match, the placeholders and parts of the notes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from runs.models import Run
from tests.runs.test_golden import run_to_its_end
from workflows.importing import Made, import_document
from workflows.models import Workflow
from workflows.nodes import registry
from workflows.services import activate_workflow, publish_workflow, read_graph
from workflows.validation import check_graph

FOLDER = Path(__file__).parents[2] / "fixtures/n8n"
FILES = sorted(FOLDER.glob("*.json"))
SERVER = "https://api.example.com"


def expected(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "expected" / file.name).read_text())
    return found


RUNNING = [file for file in FILES if "runs" in expected(file)]
PLACEHOLDERS = [file for file in FILES if "runs" not in expected(file)]


def documents(file: Path) -> list[dict[str, Any]]:
    document = json.loads(file.read_text())
    return document if isinstance(document, list) else [document]


def test_there_are_twenty_and_most_of_them_run() -> None:
    assert len(FILES) == 20
    assert len(RUNNING) >= 12


# ---------------------------------------------------------------- nothing is lost


@pytest.mark.django_db
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_node_and_connection_is_in_the_graph_or_told(file: Path) -> None:
    for document, made in zip(
        documents(file), import_document(json.loads(file.read_text())), strict=True
    ):
        assert lost(document, made) == []


def lost(document: Mapping[str, Any], made: Made) -> list[str]:
    graph = read_graph(made.workflow.draft)
    told = " ".join(note.message for note in made.notes)
    ids = {node.name: node.id for node in graph.nodes.values()}
    missing = [
        node["name"]
        for node in document["nodes"]
        if node["name"][:200] not in ids and repr(node["name"]) not in told
    ]
    edges = {(edge.source, edge.target) for edge in graph.edges}
    for source, kinds in document["connections"].items():
        targets = [t["node"] for rows in kinds.values() for row in rows for t in row]
        for target in targets:
            passed = [name for name in (source, target) if repr(name) in told]
            if (ids.get(source), ids.get(target)) not in edges and not passed:
                missing.append(f"{source} -> {target}")
    return missing


@pytest.mark.django_db
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_notes_stay_with_the_nodes(file: Path) -> None:
    for made in import_document(json.loads(file.read_text())):
        kept = {node["id"]: node["notes"] for node in made.workflow.draft["nodes"]}
        for note in made.notes:
            assert note.message in (kept[note.node] if note.node else "".join(kept.values()))


@pytest.mark.django_db
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_no_card_lies_on_another(file: Path) -> None:
    for made in import_document(json.loads(file.read_text())):
        places = [
            (node["position"]["x"], node["position"]["y"]) for node in made.workflow.draft["nodes"]
        ]
        for number, (x, y) in enumerate(places):
            for other_x, other_y in places[:number]:
                assert abs(x - other_x) >= 216 or abs(y - other_y) >= 56


@pytest.mark.django_db
@pytest.mark.parametrize("file", PLACEHOLDERS, ids=lambda file: file.stem)
def test_what_has_no_match_is_a_placeholder_with_its_settings(file: Path) -> None:
    document, case = json.loads(file.read_text()), expected(file)
    (made,) = import_document(document)
    graph = read_graph(made.workflow.draft)
    originals = {node["name"]: node for node in document["nodes"]}
    placeholders = {n.name: n for n in graph.nodes.values() if n.type not in registry()}
    assert list(placeholders) == case["placeholders"]
    for name, node in placeholders.items():
        assert node.config == {"original": originals[name]}
        assert node.type.startswith("n8n.")
    told = "\n".join(note.message for note in made.notes)
    assert [part for part in case["notes"] if part not in told] == []
    refused = {p.node for p in check_graph(graph).errors if p.code == "unknown_type"}
    assert refused == {node.id for node in placeholders.values()}


# ---------------------------------------------------------------- the same result


@pytest.mark.django_db
@pytest.mark.parametrize("file", RUNNING, ids=lambda file: file.stem)
def test_it_gives_what_n8n_gives(file: Path, settings: Settings, httpserver: HTTPServer) -> None:
    settings.HTTP_ALLOW_NETS = (ip_network("127.0.0.0/8"),)
    case = expected(file)
    sent = serve(httpserver, case.get("server", {}))
    text = file.read_text().replace(SERVER, httpserver.url_for("").rstrip("/"))
    made = [each.workflow for each in import_document(json.loads(text))]
    for workflow in reversed(made):
        publish_workflow(workflow=workflow)
        activate_workflow(workflow=workflow)
    for run in case["runs"]:
        del sent[:]
        ended = run_to_its_end(made[0], run["payload"])
        assert (ended.status, ended.error and ended.error["message"]) == (
            run["status"],
            run.get("error"),
        )
        for name, items in run.get("items", {}).items():
            assert items_of(made[0], ended, name) == items
        assert warnings_of(ended) == []
        for request, wanted in zip(sent, run.get("sent", []), strict=True):
            assert {part: request[part] for part in wanted} == wanted
        if "answer" in run:
            (step,) = ended.steps.filter(node_type="respond")
            assert {key: step.output[key] for key in run["answer"]} == run["answer"]


def serve(httpserver: HTTPServer, answers: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What was sent, in its order; the headers are those that start with X-."""
    sent: list[dict[str, Any]] = []

    def answer(request: Request) -> Response:
        wanted = answers[f"{request.method} {request.path}"]
        seen: dict[str, Any] = {"path": request.path, "query": request.args.to_dict()}
        seen["form"] = request.form.to_dict()
        seen["json"] = request.get_json(silent=True)
        seen["headers"] = {k: v for k, v in request.headers if k.startswith("X-")}
        sent.append(seen)
        if "text" in wanted:
            return Response(wanted["text"])
        body = json.dumps(wanted["json"])
        return Response(body, wanted.get("status", 200), content_type="application/json")

    httpserver.expect_request(re.compile(".*")).respond_with_handler(answer)
    return sent


def items_of(workflow: Workflow, run: Run, name: str) -> list[Any]:
    """The output of a step in n8n's words: a list of items."""
    (node,) = [n for n in workflow.published.graph["nodes"] if n["name"] == name]
    step = run.steps.get(superseded_by=None, node_id=node["id"])
    if step.node_type == "http_request":
        return [step.output["body"]]
    if step.node_type == "iterator":
        is_answer = all("elapsed_ms" in item for item in step.output["items"])
        return [item["body"] if is_answer else item for item in step.output["items"]]
    return [step.output]


def warnings_of(run: Run) -> list[str]:
    return [warning for step in run.steps.all() for warning in step.warnings]
