from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import NOW, Run, checked, execute, problems
from workflows.compiled import CompiledConfig
from workflows.errors import NodeError
from workflows.node_type import Output
from workflows.nodes.event_trigger import EventTrigger

TRIGGER = EventTrigger()
EVENT = {"event": "order.paid", "data": {"total": 120, "tags": ["express"]}, "emitted_at": "..."}
LARGE = {
    "kind": "number",
    "left": "{{ trigger.data.total }}",
    "operator": "greater_than",
    "right": 100,
}
EXPRESS = {
    "kind": "array",
    "left": "{{ trigger.data.tags }}",
    "operator": "contains",
    "right": "express",
}
SLOW = {**EXPRESS, "right": "slow"}


def accepts(chosen: Any, event: Any = EVENT) -> bool:
    raw = {"event": "order.paid", "filter": chosen}
    config = CompiledConfig.compile(EventTrigger.Config, raw)
    return TRIGGER.accepts(config.resolve({"trigger": event}).value, NOW)


FILTERS: dict[str, tuple[Any, bool]] = {
    "none": (None, True),
    "no rules": ([], True),
    "one holds": ([LARGE], True),
    "one does not": ([SLOW], False),
    "both hold": ([LARGE, EXPRESS], True),
    "all must hold": ([LARGE, SLOW], False),
    "a group": ({"combinator": "or", "rules": [SLOW, LARGE]}, True),
    "a group in a list": ([LARGE, {"combinator": "or", "rules": [SLOW, SLOW]}], False),
}


@pytest.mark.parametrize(("chosen", "passes"), FILTERS.values(), ids=FILTERS)
def test_filter(chosen: Any, passes: bool) -> None:
    assert accepts(chosen) is passes


def test_a_filter_that_does_not_fit_the_event_says_so() -> None:
    with pytest.raises(NodeError, match=r"rules\[0\]: The field 'left' has to be a number"):
        accepts([LARGE], {"event": "order.paid", "data": {"total": "much"}})


def nested(depth: int) -> Any:
    return LARGE if not depth else {"combinator": "and", "rules": [nested(depth - 1)]}


def test_a_checked_filter_can_be_checked_again_at_any_depth() -> None:
    config = checked("event_trigger", {"event": "a", "filter": nested(10)})
    assert checked("event_trigger", config) == config
    assert "nested" in str(problems("event_trigger", {"event": "a", "filter": nested(11)}))


@pytest.mark.parametrize("event", ["user.signed_up", "paid", "Order.Paid-2", "a:b"])
def test_names(event: str) -> None:
    assert checked("event_trigger", {"event": event}) == {"event": event, "filter": None}


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "event is missing": ({}, "event"),
    "event is blank": ({"event": ""}, "event"),
    "event with a blank": ({"event": "user signed up"}, "event"),
    "event ends with a dot": ({"event": "user."}, "event"),
    "event is a template": ({"event": "{{ trigger.x }}"}, "event"),
    "filter is a text": ({"event": "a", "filter": "total > 5"}, "filter"),
    "filter has a broken rule": ({"event": "a", "filter": [{"kind": "number"}]}, "filter"),
    "group without rules": ({"event": "a", "filter": {"combinator": "and"}}, "filter"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("event_trigger", config)


def test_the_output_is_the_payload() -> None:
    config = {"event": "order.paid", "filter": [LARGE]}
    ended = execute("event_trigger", config, {"trigger": EVENT}, Run(trigger=EVENT))
    assert ended == Output(EVENT)
