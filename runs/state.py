"""One run in a worker's memory: what is known, what is ready, what is still to be written."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID, uuid5

from workflows.compiled import CompiledGraph, CompiledNode
from workflows.errors import NodeError
from workflows.limits import limits
from workflows.node_type import Json

REMEMBERED_FAILURE_PORT = "error"


@dataclass(slots=True)
class StepRecord:
    """A row of Step, its JSON columns as text. Times are seconds since 1970 (database clock)."""

    node_id: str
    node_type: str
    name: str
    attempt: int
    sequence: int
    status: str
    started_at: float
    iteration: str = ""
    try_number: int = 1
    input: str | None = None
    output: str | None = None
    error: str | None = None
    warnings: list[str] = field(default_factory=list)
    port: str = ""
    finished_at: float | None = None
    wake_at: float | None = None


@dataclass(slots=True)
class Ending:
    """How a run ended. `error` and `output` are JSON texts."""

    status: str
    error: str | None = None
    output: str | None = None


@dataclass(frozen=True)
class StepContext:
    """What a node may know about the run (workflows.node_type.Context)."""

    run_id: str
    node_id: str
    iteration: str
    trigger: Json
    now_seconds: float
    deadline: float
    """Seconds since 1970, database clock."""

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_seconds, UTC)

    @property
    def seconds_left(self) -> float:
        return self.deadline - self.now_seconds

    @cached_property
    def idempotency_key(self) -> str:
        return str(uuid5(UUID(self.run_id), f"{self.node_id}[{self.iteration}]"))


@dataclass(slots=True)
class EffectCall:
    """A step with an outside effect: recorded as running first, then made in a thread."""

    state: RunState
    node: CompiledNode
    record: StepRecord
    config: dict[str, Any]
    context: StepContext
    exposed: frozenset[str]
    abandoned: bool = False


class RunState:
    """The nodes of one run as they settle. A node is ready when each of its incoming edges is
    settled and at least one was taken; when none was taken, the node is dead and so are its edges.
    """

    def __init__(
        self,
        *,
        run_id: str,
        fence: int,
        deaths: int,
        attempt: int,
        status: str,
        workflow: dict[str, Json],
        strict: bool,
        most_parallel: int | None,
        payload: Json,
        graph: CompiledGraph,
        started_at: float,
        attempt_started_at: float,
        memory: dict[tuple[str, str], StepRecord],
    ) -> None:
        self.run_id = run_id
        self.fence = fence
        self.deaths = deaths
        self.attempt = attempt
        self.saved_status = status
        self.strict = strict
        self.workflow_id = str(workflow["id"])
        self.most_parallel = most_parallel
        self.payload = payload
        self.graph = graph
        self.started_at = started_at
        self.attempt_started_at = attempt_started_at
        self.memory = memory
        self.sequence = max(
            (r.sequence for r in memory.values() if r.attempt == attempt), default=0
        )
        self.context: dict[str, Json] = {
            "trigger": payload,
            "run": {"id": str(UUID(run_id)), "attempt": attempt},
            "workflow": workflow,
        }
        self.ready: deque[str] = deque([graph.trigger])
        self.missing = {name: node.incoming for name, node in graph.nodes.items()}
        self.taken: set[str] = set()
        self.calls: dict[str, EffectCall] = {}
        self.retries: dict[str, tuple[float, int]] = {}
        """Node -> (when, try number)."""
        self.ends: dict[str, Json] = {}
        self.unsaved: list[StepRecord] = []
        self.starting: list[EffectCall] = []
        self.ending: Ending | None = None
        self.hung_node = ""
        """The node in which the last worker of this run hung for longer than it may."""

    @property
    def is_idle(self) -> bool:
        """Nothing to do before the next due retry."""
        return not (self.ready or self.calls or self.starting)

    @property
    def deadline(self) -> float:
        return self.attempt_started_at + limits().run_seconds

    @property
    def next_due(self) -> float | None:
        """When a run that waits must be looked at again; None: it does not wait for a time."""
        if not self.retries:
            return None
        return min(self.deadline, *(due for due, _ in self.retries.values()))

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def settle(self, node_id: str, port: str, output: Json) -> None:
        """The node is done and its `port` is taken; all its other edges are dead."""
        self.context[node_id] = output
        edges = self.graph.nodes[node_id].outgoing
        if not any(edge.port == port for edge in edges):
            self.ends[node_id] = output
        dead = []
        for edge in edges:
            if self._arrive(edge.target, edge.port == port):
                dead.append(edge.target)
        while dead:
            for edge in self.graph.nodes[dead.pop()].outgoing:
                if self._arrive(edge.target, False):
                    dead.append(edge.target)

    def _arrive(self, target: str, taken: bool) -> bool:
        """One edge to `target` is settled. True when that made the target dead."""
        self.missing[target] -= 1
        if taken:
            self.taken.add(target)
        if self.missing[target]:
            return False
        if target in self.taken:
            self.ready.append(target)
            return False
        return True

    def due_retries(self, now: float) -> list[tuple[str, int]]:
        due = [(node, number) for node, (when, number) in self.retries.items() if when <= now]
        for node, _ in due:
            del self.retries[node]
        return due


class StepTimeoutError(BaseException):
    """Raised within a step when its time is over; `except Exception` in a node can not catch it."""


class RunTimeoutError(NodeError):
    """The run took longer than a run may."""

    code = "run_timeout"
