from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import Run, checked, execute, problems
from workflows.node_type import Output
from workflows.nodes import registry

PAYLOADS = {
    "object": {"order": {"id": 1}},
    "list": [1, 2],
    "text": "go",
    "nothing": None,
    "false": False,
}


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_the_output_is_the_payload(payload: Any) -> None:
    assert execute("manual_trigger", {}, run=Run(trigger=payload)) == Output(payload)


@pytest.mark.parametrize("sample", PAYLOADS.values(), ids=PAYLOADS)
def test_the_sample_is_any_json(sample: Any) -> None:
    assert checked("manual_trigger", {"sample": sample}) == {"sample": sample}


def test_the_sample_is_not_the_payload() -> None:
    assert execute("manual_trigger", {"sample": {"a": 1}}, run=Run(trigger={})) == Output({})


def test_the_sample_is_no_template() -> None:
    config = {"sample": {"text": "{{ trigger.x }}"}}
    assert checked("manual_trigger", config) == config


def test_without_a_sample() -> None:
    assert checked("manual_trigger", {}) == {"sample": {}}


def test_nothing_else_is_configured() -> None:
    assert "payload" in problems("manual_trigger", {"payload": {}})


def test_it_can_not_fail() -> None:
    assert registry()["manual_trigger"].can_fail is False
