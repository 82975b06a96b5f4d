from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import error, execute, problems
from workflows.node_type import Respond

DATA = {"n": {"id": 7, "name": "Ada", "quote": 'a "b"', "break": "a\r\nSet-Cookie: x=1"}}
ANSWERS: dict[str, tuple[dict[str, Any], Respond]] = {
    "nothing": ({}, Respond(200, {}, None)),
    "status": ({"status": 404}, Respond(404, {}, None)),
    "object": (
        {"body": {"id": "{{ n.id }}", "text": "It is {{ n.quote }}"}},
        Respond(200, {}, {"id": 7, "text": 'It is a "b"'}),
    ),
    "a value": ({"body": "{{ n }}"}, Respond(200, {}, DATA["n"])),
    "text": ({"body": "Hello {{ n.name }}"}, Respond(200, {}, "Hello Ada")),
    "list": ({"body": [1, "{{ n.id }}"]}, Respond(200, {}, [1, 7])),
    "false": ({"body": False}, Respond(200, {}, False)),
    "headers": (
        {"headers": [{"name": "X-Id", "value": "{{ n.id }}"}, {"name": "X-Empty"}]},
        Respond(200, {"X-Id": "7", "X-Empty": ""}, None),
    ),
}


@pytest.mark.parametrize(("config", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_answer(config: dict[str, Any], expected: Respond) -> None:
    assert execute("respond", config, DATA) == expected


def test_a_header_can_not_carry_another() -> None:
    config = {"headers": [{"name": "X-A", "value": "{{ n.break }}"}]}
    assert error("respond", config, DATA).code == "bad_header"


def test_a_header_is_no_object() -> None:
    caught = error("respond", {"headers": [{"name": "X-A", "value": "{{ n }}"}]}, DATA)
    assert caught.code == "wrong_type"
    assert "headers[0].value" in caught.message


def headers(*names: str) -> dict[str, Any]:
    return {"headers": [{"name": name, "value": "1"} for name in names]}


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "status 99": ({"status": 99}, "status"),
    "status 600": ({"status": 600}, "status"),
    "status is a text": ({"status": "ok"}, "status"),
    "header with a blank": (headers("X A"), "headers"),
    "header twice": (headers("X-A", "x-a"), "headers"),
    "a cookie of this site": (headers("Set-Cookie"), "headers"),
    "the length": (headers("content-length"), "headers"),
    "the policy of this site": (headers("Content-Security-Policy"), "headers"),
    "broken JSON": ({"body": '{"a": }'}, "body"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("respond", config)


@pytest.mark.parametrize("status", [200, 599])
def test_the_statuses_at_the_ends(status: int) -> None:
    assert not problems("respond", {"status": status})
