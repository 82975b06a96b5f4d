from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import Run, checked, execute, problems
from workflows.node_type import Output


def test_inputs() -> None:
    config = {"inputs": [{"name": "order", "required": True}, {"name": "Note-2"}]}
    assert checked("workflow_trigger", config) == {
        "inputs": [{"name": "order", "required": True}, {"name": "Note-2", "required": False}]
    }
    assert checked("workflow_trigger", {}) == {"inputs": []}


PROBLEMS: dict[str, tuple[Any, str]] = {
    "no name": ([{"required": True}], "required"),
    "blank name": ([{"name": ""}], "blank"),
    "name that no template can use": ([{"name": "a b"}], "Use letters"),
    "name twice": ([{"name": "a"}, {"name": "a"}], "named twice"),
    "no boolean": ([{"name": "a", "required": "perhaps"}], "boolean"),
    "unknown field": ([{"name": "a", "type": "number"}], "no field 'type'"),
    "no list": ({"a": 1}, "list"),
}


@pytest.mark.parametrize(("inputs", "says"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(inputs: Any, says: str) -> None:
    assert says in str(problems("workflow_trigger", {"inputs": inputs})["inputs"])


def test_the_output_are_the_inputs() -> None:
    given = {"order": {"id": 1}, "more": True}
    assert execute("workflow_trigger", {}, run=Run(trigger=given)) == Output(given)
