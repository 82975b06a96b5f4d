"""One run in a worker's memory: what is known, what is under way, what is still to be written."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeAlias
from uuid import UUID, uuid5

from runs.memory.frames import Frame
from runs.models import Step
from workflows.compiled import CompiledGraph, CompiledNode
from workflows.errors import NodeError
from workflows.limits import limits
from workflows.node_type import Json
from workflows.plain_json import loads

ERROR_PORT = "error"
CALLED = "api_trigger"
"""Whoever starts a run by this trigger waits for its answer."""

StepKey: TypeAlias = tuple[str, str]
"""(node id, iteration)"""


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

    @property
    def awaited_run(self) -> str:
        """The id of the run whose end this step waits for; else empty."""
        if self.status != Step.Status.WAITING or self.wake_at is not None or not self.output:
            return ""
        return str(loads(self.output)["run_id"])


@dataclass(slots=True)
class Ending:
    """How a run ended. `error` and `output` are JSON texts."""

    status: str
    error: str | None = None
    output: str | None = None


@dataclass(frozen=True, slots=True)
class ChildEnding:
    """How a run that was called ended."""

    status: str
    error: Json
    output: Json


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


@dataclass(slots=True, eq=False)
class Execution:
    """One step in the making. `exposed`: texts in which a secret went into its input."""

    state: RunState
    frame: Frame
    node: CompiledNode
    record: StepRecord
    exposed: frozenset[str] = frozenset()

    @property
    def key(self) -> StepKey:
        return self.record.node_id, self.record.iteration


@dataclass(slots=True, eq=False)
class EffectCall(Execution):
    """A step with an outside effect: recorded as running first, then made in a thread."""

    config: dict[str, Any] = field(default_factory=dict)
    context: StepContext = field(kw_only=True)
    abandoned: bool = False


@dataclass(slots=True, eq=False)
class Waiting(Execution):
    """A step that goes on, or a failed one that is tried again, at `due`."""

    due: float = field(kw_only=True)
    is_retry: bool = field(kw_only=True)


@dataclass(slots=True, eq=False)
class ChildCall(Execution):
    """A step that starts another run, and may wait for its end."""

    workflow: str = field(kw_only=True)
    inputs: dict[str, Json] = field(kw_only=True)
    wait: bool = field(kw_only=True)
    child_run: str = ""


@dataclass(slots=True, eq=False)
class Loop(Execution):
    """An iterator at work: one frame for each item that was started."""

    items: list[Json] = field(kw_only=True)
    concurrency: int = field(kw_only=True)
    results: list[Json] = field(default_factory=list)
    started: int = 0
    done: int = 0
    is_dead: bool = False


class RunState:
    """A claimed run, played from its trigger with `memory` as what is known of its steps."""

    def __init__(
        self,
        *,
        run_id: str,
        fence: int,
        deaths: int,
        wakeups: int,
        attempt: int,
        status: str,
        parent_run: str | None,
        call_stack: list[str],
        workflow: dict[str, Json],
        strict: bool,
        most_parallel: int | None,
        payload: Json,
        graph: CompiledGraph,
        started_at: float,
        attempt_started_at: float,
        memory: dict[StepKey, StepRecord],
        child_endings: dict[str, ChildEnding],
    ) -> None:
        self.run_id = run_id
        self.fence = fence
        self.deaths = deaths
        self.wakeups = wakeups
        self.attempt = attempt
        self.saved_status = status
        self.parent_run = parent_run
        self.call_stack = call_stack
        """Ids of the workflows that called each other up to this run, its own last."""
        self.strict = strict
        self.workflow_id = str(workflow["id"])
        self.most_parallel = most_parallel
        self.payload = payload
        self.graph = graph
        self.started_at = started_at
        self.attempt_started_at = attempt_started_at
        self.memory = memory
        self.child_endings = child_endings
        self.sequence = max(
            (record.sequence for record in memory.values() if record.attempt == attempt), default=0
        )
        self.ready: deque[tuple[Frame, str]] = deque()
        self.calls: dict[StepKey, EffectCall] = {}
        self.waits: dict[StepKey, Waiting] = {}
        self.children: dict[StepKey, ChildCall] = {}
        self.loops: dict[StepKey, Loop] = {}
        self.starting: list[EffectCall] = []
        self.calling: list[ChildCall] = []
        self.unsaved: list[StepRecord] = []
        self.new_children: list[ChildRun] = []
        self.forsaken: list[str] = []
        """Runs that were called and that nobody waits for any more."""
        self.ending: Ending | None = None
        self.answered = False
        """Its caller has an answer that he was not told of."""
        self.hung_node = ""
        """The node in which the last worker of this run hung for longer than it may."""
        self.root = Frame(
            graph,
            self.ready,
            {
                "trigger": payload,
                "run": {"id": str(UUID(run_id)), "attempt": attempt},
                "workflow": workflow,
            },
        )
        self.root.begin()

    @property
    def is_idle(self) -> bool:
        """Nothing to do before a due time or the end of a child run."""
        return not (self.ready or self.calls or self.starting or self.calling)

    @property
    def has_news(self) -> bool:
        """For a caller who waits."""
        is_called = self.graph.nodes[self.graph.trigger].node.type == CALLED
        return is_called and (self.answered or self.ending is not None)

    @property
    def deadline(self) -> float:
        return self.attempt_started_at + limits().run_seconds

    @property
    def next_due(self) -> float:
        """When a run that waits must be looked at again."""
        return min([self.deadline, *(waiting.due for waiting in self.waits.values())])

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence

    def take_due(self, now: float) -> list[Waiting]:
        due = [waiting for waiting in self.waits.values() if waiting.due <= now]
        for waiting in due:
            del self.waits[waiting.key]
        return due

    def under_way(self) -> Iterator[Execution]:
        """All steps that have begun and not ended."""
        yield from self.calls.values()
        yield from self.waits.values()
        yield from self.children.values()
        yield from self.calling
        yield from self.loops.values()

    def drop(self, loop: Loop | None) -> list[Execution]:
        """Give up what is under way within a loop, or everywhere; returns it."""
        dropped = [e for e in self.under_way() if loop is None or e.frame.is_within(loop)]
        for execution in dropped:
            if isinstance(execution, EffectCall):
                execution.abandoned = True
            elif isinstance(execution, Loop):
                execution.is_dead = True
            for group in (self.calls, self.waits, self.children, self.loops):
                if group.get(execution.key) is execution:
                    del group[execution.key]
        self.starting = [call for call in self.starting if not call.abandoned]
        self.calling = [call for call in self.calling if call not in dropped]
        return dropped

    def forget(self, loop: Loop | None) -> list[StepRecord]:
        """Drop what is remembered of steps within a loop, or everywhere, and was not recalled yet;
        returns it."""
        keys = list(self.memory)
        if loop is not None:
            body, path = loop.node.node.id, loop.frame.path
            scopes = self.graph.graph.scopes
            keys = [
                (node, iteration)
                for node, iteration in keys
                if any(body in scope for scope in scopes.get(node, ()))
                and (not path or iteration.startswith(f"{path}."))
            ]
        return [self.memory.pop(key) for key in keys]


@dataclass(frozen=True, slots=True)
class ChildRun:
    """A child run, stored in the transaction that records the step which calls it."""

    run_id: str
    workflow_id: str
    version_id: int
    payload: str
    parent_run: str
    call_stack: list[str]


class StepTimeoutError(BaseException):
    """Raised within a step when its time is over; `except Exception` in a node can not catch it."""


class RunTimeoutError(NodeError):
    """The run took longer than a run may."""

    code = "run_timeout"
