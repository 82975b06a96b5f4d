"""Drafts that nobody draws, but that may be sent or stored: no page breaks, and none takes long."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.visitors import text_of
from workflows import services
from workflows.graph import MOST_SCOPES, Graph
from workflows.limits import limits
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def workflow() -> Workflow:
    return services.create_workflow(name="Odd")


def post(client: Client, workflow: Workflow, part: str, body: Any) -> Any:
    return client.post(
        f"/workflows/{workflow.pk}/{part}", json.dumps(body), content_type="application/json"
    )


def chain(length: int, node_type: str, ports: tuple[str, ...]) -> dict[str, Any]:
    """Each node leads to the next one by all `ports`."""
    nodes = [{"id": f"n{place}", "type": node_type} for place in range(length)]
    edges = [
        {"source": f"n{place}", "port": port, "target": f"n{place + 1}"}
        for place in range(length - 1)
        for port in ports
    ]
    return {
        "nodes": [{"id": "start", "type": "manual_trigger"}, *nodes],
        "edges": [{"source": "start", "target": "n0"}, *edges],
    }


@pytest.mark.parametrize("part", ["check/", "preview/", "variables/"])
def test_iterators_that_leave_by_both_ports_are_answered_at_once(
    viewer: Client, workflow: Workflow, part: str
) -> None:
    drawn = chain(120, "iterator", ("item", "default"))
    sent = {"graph": drawn, "node": "n119", "value": "{{ trigger.a }}"}
    assert post(viewer, workflow, part, sent).status_code == 200
    assert max(map(len, Graph.from_json(drawn).scopes.values())) == MOST_SCOPES


def test_the_page_of_such_a_draft_says_what_is_wrong(editor: Client, workflow: Workflow) -> None:
    drawn = chain(120, "iterator", ("item", "default"))
    services.update_workflow(workflow=workflow, graph=drawn)
    assert "body" in text_of(editor.get(f"/workflows/{workflow.pk}/"))
    assert post(editor, workflow, "layout/", {"graph": drawn}).status_code == 200


@pytest.mark.parametrize("part", ["check/", "preview/", "variables/", "try/", "layout/"])
def test_a_graph_beyond_the_limit_is_not_looked_at(
    editor: Client, workflow: Workflow, part: str
) -> None:
    drawn = chain(limits().graph_nodes, "json_parser", ("default",))
    answer = post(editor, workflow, part, {"graph": drawn, "node": "n1"})
    assert answer.status_code == 400
    assert answer.json()["details"]["errors"][0]["code"] == "too_many_nodes"


ODD_WEBHOOKS: dict[str, Any] = {
    "a number of methods": {"methods": 5},
    "a text of methods": {"methods": "PUT"},
    "no methods": {"methods": []},
    "methods that are none": {"methods": [{}, None]},
    "a scheme that is a list": {"signature": {"scheme": []}},
    "no signature": {"signature": 1},
}


@pytest.mark.parametrize("config", ODD_WEBHOOKS.values(), ids=ODD_WEBHOOKS)
def test_settings_that_are_not_valid_yet_do_not_break_the_page(
    editor: Client, workflow: Workflow, config: Any
) -> None:
    drawn = {"nodes": [{"id": "hook", "type": "webhook_trigger", "config": config}], "edges": []}
    services.update_workflow(workflow=workflow, graph=drawn)
    assert "curl -X" in text_of(editor.get(f"/workflows/{workflow.pk}/"))


def test_a_method_is_one_word_of_the_command(editor: Client, workflow: Workflow) -> None:
    config = {"methods": ["POST; reboot"]}
    drawn = {"nodes": [{"id": "hook", "type": "webhook_trigger", "config": config}], "edges": []}
    services.update_workflow(workflow=workflow, graph=drawn)
    assert "curl -X 'POST; reboot' http" in text_of(editor.get(f"/workflows/{workflow.pk}/"))


def test_a_name_that_no_database_takes_is_no_node(
    editor: Client, viewer: Client, workflow: Workflow
) -> None:
    assert viewer.get(f"/workflows/{workflow.pk}/nodes/a%00b/data/").status_code == 404
    for body in ({}, {"to": "other"}, {"output": 1}):
        answer = post(editor, workflow, "nodes/a%00b/sample/", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "no_sample")
