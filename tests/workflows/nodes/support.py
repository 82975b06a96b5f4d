"""A node type as a run uses it: config checked, templates resolved, then executed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from workflows.compiled import CompiledConfig
from workflows.errors import NodeError
from workflows.node_type import Output, Result
from workflows.nodes import registry

NOW = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@dataclass
class Run:
    """A Context."""

    run_id: str = "run-1"
    node_id: str = "node_1"
    now: datetime = NOW
    idempotency_key: str = "key-of-the-step"
    seconds_left: float = 20.0
    trigger: Any = field(default_factory=dict)


def checked(node_type: str, config: dict[str, Any]) -> dict[str, Any]:
    """The config as it is kept. Raises serializers.ValidationError."""
    form = registry()[node_type].Config(data=config)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def problems(node_type: str, config: dict[str, Any]) -> dict[str, Any]:
    """What is wrong with a config, by field."""
    form = registry()[node_type].Config(data=config)
    form.is_valid()
    return dict(form.errors)


def execute(
    node_type: str,
    config: dict[str, Any],
    data: dict[str, Any] | None = None,
    run: Run | None = None,
) -> Result:
    """`data` is what the templates see."""
    compiled = CompiledConfig.compile(registry()[node_type].Config, config)
    resolved = compiled.resolve(data or {}).value
    return registry()[node_type].execute(resolved, run or Run())


def output(node_type: str, config: dict[str, Any], data: dict[str, Any] | None = None) -> Any:
    result = execute(node_type, config, data)
    assert isinstance(result, Output)
    return result.value


def error(node_type: str, config: dict[str, Any], data: dict[str, Any] | None = None) -> NodeError:
    with pytest.raises(NodeError) as caught:
        execute(node_type, config, data)
    return caught.value


def call(server: HTTPServer, path: str = "/", data: Any = None, **config: Any) -> Any:
    return output("http_request", {"url": server.url_for(path), **config}, data)


def failure(
    server: HTTPServer, path: str = "/", run: Run | None = None, **config: Any
) -> NodeError:
    with pytest.raises(NodeError) as caught:
        execute("http_request", {"url": server.url_for(path), **config}, run=run)
    return caught.value
