from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import execute, problems
from workflows.node_type import End
from workflows.nodes import registry

DATA = {"node_1": {"user": "Ada", "list": [1, {"a": "é"}]}}
ENDS = {
    "completed by default": ({}, End("completed", "")),
    "completed": ({"status": "completed", "message": "Done."}, End("completed", "Done.")),
    "failed": (
        {"status": "failed", "message": "No {{ node_1.user }}."},
        End("failed", "No Ada."),
    ),
    "message of one list": (
        {"message": "{{ node_1.list }}"},
        End("completed", '[1, {"a": "é"}]'),
    ),
    "message that is a number": ({"message": 5}, End("completed", "5")),
    "message that is unknown": ({"message": "{{ node_1.nobody }}"}, End("completed", "")),
    "no message": ({"message": None}, End("completed", "")),
}


@pytest.mark.parametrize(("config", "expected"), ENDS.values(), ids=ENDS)
def test_ends_the_run(config: dict[str, Any], expected: End) -> None:
    assert execute("terminate", config, DATA) == expected


def test_only_two_ways_to_end() -> None:
    assert "status" in problems("terminate", {"status": "cancelled"})


def test_nothing_follows() -> None:
    assert registry()["terminate"].ports_for({}) == ()
