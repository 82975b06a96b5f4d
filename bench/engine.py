"""The engine alone: a run of forty pure steps in memory, without database and processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import django

from bench.child import ChildError, serve

django.setup()

from bench.graphs import TRIGGER_OUTPUT, forty_steps  # noqa: E402 - after Django is set up
from runs import engine  # noqa: E402
from runs.models import Run  # noqa: E402
from runs.state import RunState  # noqa: E402
from workflows.compiled import CompiledGraph, compile_graph  # noqa: E402
from workflows.graph import Graph  # noqa: E402
from workflows.node_type import Result  # noqa: E402
from workflows.vault import VaultSnapshot  # noqa: E402


class Around:
    """The surroundings of the engine, without a worker's watchdog."""

    vault = VaultSnapshot({})

    def now(self) -> float:
        return time.time()

    def limited(
        self, _state: RunState, _node_id: str, _seconds: float, work: Callable[[], Result]
    ) -> Result:
        return work()


def new_state(graph: CompiledGraph) -> RunState:
    now = time.time()
    return RunState(
        run_id=uuid4().hex,
        fence=1,
        deaths=0,
        attempt=1,
        status=Run.Status.QUEUED,
        workflow={"id": str(uuid4()), "name": "bench"},
        strict=False,
        most_parallel=None,
        payload=TRIGGER_OUTPUT,
        graph=graph,
        started_at=now,
        attempt_started_at=now,
        memory={},
    )


def run_often(times: int) -> list[float]:
    """Seconds of each run."""
    graph = compile_graph(Graph.from_json(forty_steps()))
    return [run_once(graph) for _ in range(times)]


def run_once(graph: CompiledGraph) -> float:
    state: Any = new_state(graph)
    began = time.perf_counter()
    engine.advance(state, Around(), time.monotonic() + 60)
    took = time.perf_counter() - began
    if state.ending is None or state.ending.status != Run.Status.COMPLETED:
        raise ChildError(f"The run did not complete: {state.ending}")
    return took


if __name__ == "__main__":
    serve(run_often)
