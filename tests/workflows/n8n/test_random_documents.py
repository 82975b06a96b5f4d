"""Random documents of n8n: whatever stands in them, the graph is well-formed, and no node and no
connection is lost without a word."""

from __future__ import annotations

import json
import random
import time
from types import SimpleNamespace
from typing import Any

import pytest

from tests.workflows.n8n.test_conversion import FOLDER, documents, lost
from workflows.n8n import convert
from workflows.n8n.convert import CONVERTERS
from workflows.services import read_graph

DOCUMENTS = [document for file in sorted(FOLDER.glob("*.json")) for document in documents(file)]
KINDS = [*CONVERTERS, "noOp", "splitOut", "stickyNote", "code"]
ODD: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, "", "x", "=", "={{", "={{ }}", "={{ $json.a }}", "={{ $( }}"),
    *(
        [],
        {},
        [[]],
        [{}],
        [None],
        {"a": {}},
        {"value": []},
        "{{ x",
        "={{ $json }}{{ 1 }}",
        "\ufffd",
    ),
]
PARAMETERS = sorted(
    {name for document in DOCUMENTS for node in document["nodes"] for name in node["parameters"]}
)


def test_documents_with_odd_values_are_converted() -> None:
    """Each fixture many times over, with some of its values replaced."""
    random.seed(4)
    for _ in range(300):
        document = json.loads(json.dumps(random.choice(DOCUMENTS)))
        for _ in range(random.randint(1, 6)):
            replace_something(random.choice(document["nodes"])["parameters"])
        node = random.choice(document["nodes"])
        node[random.choice(["position", "typeVersion", "notes", "maxTries", "credentials"])] = (
            random.choice(ODD)
        )
        check(document)


def replace_something(value: Any) -> None:
    """One place in it, at any depth, becomes odd."""
    while isinstance(value, (dict, list)) and value:
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = random.choice(keys)
        if not isinstance(value[key], (dict, list)) or not value[key] or random.random() < 0.3:
            value[key] = json.loads(json.dumps(random.choice(ODD)))
            return
        value = value[key]


def test_random_graphs_are_converted() -> None:
    random.seed(5)
    for _ in range(200):
        check(random_document(random.randint(1, 12)))


def random_document(size: int) -> dict[str, Any]:
    nodes = [
        {
            "name": f"Node {n}",
            "type": f"n8n-nodes-base.{random.choice(KINDS)}",
            "typeVersion": random.choice([1, 1.1, 2, 2.2, 3, 3.4, 4.2]),
            "position": [random.randint(-3, 3) * 90, random.randint(-3, 3) * 40],
            "disabled": random.random() < 0.1,
            "executeOnce": random.random() < 0.1,
            "onError": random.choice(["stopWorkflow", "continueErrorOutput", None]),
            "parameters": {
                random.choice(PARAMETERS): random.choice(ODD) for _ in range(random.randint(0, 3))
            },
        }
        for n in range(size)
    ]
    connections: dict[str, Any] = {}
    for _ in range(random.randint(0, size * 2)):
        source, target = random.choice(nodes)["name"], random.choice(nodes)["name"]
        rows = connections.setdefault(source, {"main": [[], [], []]})["main"]
        rows[random.choice([0, 0, 0, 1, 2])].append({"node": target, "type": "main", "index": 0})
    return {"nodes": nodes, "connections": connections}


def check(document: dict[str, Any]) -> None:
    made = convert(document)
    read_graph(made.graph)
    workflow = SimpleNamespace(draft=made.graph)
    assert lost(document, SimpleNamespace(workflow=workflow, notes=made.notes)) == []


# ---------------------------------------------------------------- large ones


def chain(kind: str, count: int = 500, **parameters: Any) -> dict[str, Any]:
    nodes = [
        {
            "name": f"n{n}",
            "type": f"n8n-nodes-base.{kind}",
            "typeVersion": 3,
            "parameters": parameters,
        }
        for n in range(count)
    ]
    return {"nodes": nodes, "connections": links((n, n + 1) for n in range(count - 1))}


def links(pairs: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for source, target in pairs:
        rows = found.setdefault(f"n{source}", {"main": [[]]})["main"]
        rows[0].append({"node": f"n{target}", "type": "main", "index": 0})
    return found


def ladder(kind: str) -> dict[str, Any]:
    """Each node leads to the two after it: more ways than can be counted."""
    made = chain(kind)
    made["connections"] = links((n, n + k) for n in range(498) for k in (1, 2))
    return made


def dense(kind: str) -> dict[str, Any]:
    made = chain(kind)
    made["connections"] = links((n, n + k) for n in range(480) for k in range(1, 20))
    return made


def diamonds() -> dict[str, Any]:
    """125 times two branches that meet again, each with a field of its own."""
    made = chain("set", includeOtherFields=True, **EXPRESSION)
    for each in made["nodes"][::4]:
        each |= {"type": "n8n-nodes-base.if", "parameters": {"conditions": CONDITION}}
    made["connections"] = {}
    for n in range(0, 496, 4):
        made["connections"] |= links([(n + 1, n + 3), (n + 2, n + 3), (n + 3, n + 4)])
        rows = [[{"node": f"n{n + k}"}] for k in (1, 2)]
        made["connections"][f"n{n}"] = {"main": rows}
    return made


CONDITION = {"conditions": [{"leftValue": "={{ $json.b.c }}", "operator": {"operation": "empty"}}]}
EXPRESSION = {"assignments": {"assignments": [{"name": "a", "value": "={{ $json.b.a }}"}]}}
LARGE = {
    "a chain that does nothing": chain("noOp"),
    "a chain of fields": chain("set", includeOtherFields=True, **EXPRESSION),
    "a chain of loops": chain("splitInBatches"),
    "a ladder that does nothing": ladder("noOp"),
    "a ladder of conditions": ladder("if"),
    "a ladder of merges": ladder("merge"),
    "many diamonds": diamonds(),
    "a net of fields": dense("set"),
    "a net of merges": dense("merge"),
    "a net of loops": dense("splitInBatches"),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_documents_take_no_long_time(name: str) -> None:
    begun = time.process_time()
    made = convert(LARGE[name])
    assert time.process_time() - begun < 5
    assert made.notes


LONG = ["a." * 2000 + "b", "1+" * 1500 + "1", "(" * 2000, "[" * 2000, "`${" * 500, "a" + "()" * 900]


@pytest.mark.parametrize("code", LONG, ids=lambda code: code[:8])
def test_long_expressions_are_kept(code: str) -> None:
    fields = {"assignments": {"assignments": [{"name": "a", "value": f"={{{{ {code} }}}}"}]}}
    node = {"name": "x", "type": "n8n-nodes-base.set", "typeVersion": 3.4, "parameters": fields}
    made = convert({"nodes": [node], "connections": {}})
    (mapping,) = made.graph["nodes"][0]["config"]["mappings"]
    assert code in mapping["value"]
    assert any("a was left as it is in n8n" in note.message for note in made.notes)
