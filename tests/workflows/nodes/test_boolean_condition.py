from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import execute, output, problems
from workflows.errors import NodeError

VALUES: dict[str, tuple[Any, bool]] = {
    "true": (True, True),
    "false": (False, False),
    "text true": ("true", True),
    "text FALSE": ("FALSE", False),
    "text yes": ("yes", True),
    "text no": ("no", False),
    "text on": ("on", True),
    "text off": ("off", False),
    "one": (1, True),
    "zero": (0, False),
    "text 1": ("1", True),
    "text 0": ("0", False),
}


@pytest.mark.parametrize(("value", "found"), VALUES.values(), ids=VALUES)
def test_answer(value: Any, found: bool) -> None:
    for operator, wanted in (("is_true", True), ("is_false", False)):
        config = {"value": "{{ node_1 }}", "operator": operator}
        answer = execute("boolean_condition", config, {"node_1": value})
        assert answer.value == {"result": found is wanted, "left": found, "right": wanted}
        assert answer.port == ("true" if found is wanted else "false")


WRONG = {
    "text": ("maybe", '"maybe"'),
    "other number": (2, "a number: 2"),
    "list": ([True], "a list: [true]"),
    "object": ({}, "an object: {}"),
    "nothing": (None, "nothing is there"),
    "blank": ("", "nothing is there"),
}


@pytest.mark.parametrize("operator", ["is_true", "is_false"])
@pytest.mark.parametrize(("value", "shown"), WRONG.values(), ids=WRONG)
def test_wrong_type(operator: str, value: Any, shown: str) -> None:
    config = {"value": "{{ node_1 }}", "operator": operator}
    with pytest.raises(NodeError, match="'value' has to be true or false") as caught:
        execute("boolean_condition", config, {"node_1": value})
    assert caught.value.code == "wrong_type"
    assert shown in caught.value.message


def test_is_true_by_default() -> None:
    assert output("boolean_condition", {"value": True})["result"] is True


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "value is missing": ({"operator": "is_true"}, "value"),
    "unknown operator": ({"value": True, "operator": "equals"}, "operator"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("boolean_condition", config)
