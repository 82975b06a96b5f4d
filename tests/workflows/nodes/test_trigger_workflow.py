from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import checked, error, execute, problems
from workflows.node_type import Call
from workflows.nodes import registry

ID = "0198c9a4-7d2e-7c41-9f0b-3a5d6e7f8091"
DATA = {"node_1": {"order": {"id": 7}, "all": {"a": 1}, "json": '{"b": 2}'}}
CALLS: dict[str, tuple[dict[str, Any], Call]] = {
    "without inputs": ({}, Call(ID, {}, wait=False)),
    "values keep their types": (
        {"inputs": {"order": "{{ node_1.order }}", "n": 5, "text": "No {{ node_1.order.id }}"}},
        Call(ID, {"order": {"id": 7}, "n": 5, "text": "No 7"}),
    ),
    "an object as a whole": ({"inputs": "{{ node_1.all }}"}, Call(ID, {"a": 1})),
    "a text that is an object": ({"inputs": "{{ node_1.json }}"}, Call(ID, {"b": 2})),
    "JSON in a text": ({"inputs": '{"a": "{{ node_1.order.id }}"}'}, Call(ID, {"a": 7})),
    "waiting": ({"wait": True}, Call(ID, {}, wait=True)),
}


@pytest.mark.parametrize(("config", "expected"), CALLS.values(), ids=CALLS)
def test_call(config: dict[str, Any], expected: Call) -> None:
    assert execute("trigger_workflow", {"workflow": ID, **config}, DATA) == expected


def test_an_id_is_kept_in_its_usual_form() -> None:
    config = {"workflow": ID.upper().replace("-", "")}
    assert checked("trigger_workflow", config)["workflow"] == ID


@pytest.mark.parametrize("value", [None, [1], "text", 5], ids=str)
def test_inputs_that_are_no_object(value: Any) -> None:
    config = {"workflow": ID, "inputs": "{{ node_1 }}"}
    caught = error("trigger_workflow", config, {"node_1": value})
    assert caught.code == "wrong_type"
    assert "'inputs' has to be an object" in caught.message


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "workflow is missing": ({}, "workflow"),
    "workflow is no id": ({"workflow": "Invoices"}, "workflow"),
    "workflow is a template": ({"workflow": "{{ trigger.id }}"}, "workflow"),
    "inputs are a list": ({"workflow": ID, "inputs": [1]}, "inputs"),
    "inputs are a text": ({"workflow": ID, "inputs": "order"}, "inputs"),
    "inputs are broken JSON": ({"workflow": ID, "inputs": '{"a": }'}, "inputs"),
    "wait is no boolean": ({"workflow": ID, "wait": "perhaps"}, "wait"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("trigger_workflow", config)


def test_the_engine_makes_the_child_run() -> None:
    node = registry()["trigger_workflow"]
    assert (node.effect, node.waits) == ("none", True)
