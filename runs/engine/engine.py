"""The engine: takes a run as far as it goes. Pure Python over a RunState, no SQL, no threads.

Crash, wait, retry and resume are the same code: a run is played again from its trigger, and steps
that are remembered are recalled instead of executed.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Protocol

from runs.engine import outcomes
from runs.memory.frames import Frame
from runs.memory.run_state import (
    ERROR_PORT,
    ChildCall,
    EffectCall,
    Ending,
    Execution,
    RunState,
    StepContext,
    StepRecord,
    StepTimeoutError,
    Waiting,
)
from runs.models import Run, Step
from workflows import masking, plain_json
from workflows.compiled import CompiledNode
from workflows.errors import NodeError
from workflows.limits import limits
from workflows.node_type import Json, Output, Result
from workflows.templating import Resolved
from workflows.vault import VaultSnapshot

INTERRUPTED = "The worker stopped during this step; it was made again with the same key."


class Surroundings(Protocol):
    """What the engine needs from the worker around it."""

    vault: VaultSnapshot

    def now(self) -> float:
        """Seconds since 1970 by the clock of the database."""

    def limited(
        self, state: RunState, node_id: str, seconds: float, work: Callable[[], Result]
    ) -> Result:
        """Run pure work; raises StepTimeoutError after `seconds`, NodeError for anything else."""


def advance(state: RunState, around: Surroundings, until: float) -> None:
    """Go on until nothing is ready or the monotonic time `until` is reached.

    1. end a run that is over its time  2. go on with what is due
    3. recall or execute each ready node  4. end the run when nothing is open
    """
    if around.now() >= state.deadline:
        outcomes.end_with_error(state, outcomes.run_timeout(), around)
    for waiting in state.take_due(around.now()):
        go_on(waiting, around)
    while state.ready and state.ending is None and monotonic() < until:
        frame, node_id = state.ready.popleft()
        if frame.is_dead:
            continue
        record = state.memory.pop((node_id, frame.path), None)
        if record is None:
            execute(state, frame, state.graph.nodes[node_id], around)
        else:
            recall(Execution(state, frame, state.graph.nodes[node_id], record), around)
    if state.ending is None and not state.root.open:
        output = plain_json.dump(state.root.output)
        # That of a trigger alone is what it received, as it came.
        _, output = around.vault.redact_json(state.root.output, output)
        state.ending = Ending(Run.Status.COMPLETED, output=output)


def go_on(waiting: Waiting, around: Surroundings) -> None:
    """A waiting step is due: its next try, or its end."""
    if waiting.is_retry:
        number = waiting.record.try_number + 1
        execute(waiting.state, waiting.frame, waiting.node, around, number)
    else:
        outcomes.finish(waiting, outcomes.waited(waiting.record, around), around)


def recall(step: Execution, around: Surroundings) -> None:
    """Use a remembered step: its outcome, its wait, or the work that a crash cut off."""
    record = step.record
    if record.status in (Step.Status.COMPLETED, Step.Status.IGNORED) or record.port == ERROR_PORT:
        is_trigger = step.node.type.category == "trigger"
        output = step.state.payload if is_trigger else plain_json.loads(record.output or "null")
        outcomes.settle(step, record.port, output, around)
    elif record.wake_at is not None:
        is_retry = record.status == Step.Status.FAILED
        outcomes.wait(step, record.wake_at, is_retry)
        for waiting in step.state.take_due(around.now()):
            go_on(waiting, around)
    elif record.status == Step.Status.WAITING:
        recall_child(step, around)
    elif step.node.repeats_when_interrupted:
        if step.node.has_effect:
            record.warnings.append(INTERRUPTED)
        start(step, around)
    else:
        message = (
            "The worker stopped during this step and nobody knows whether its effect was made. "
            "Check it, then resume the run from this step."
        )
        outcomes.fail(step, NodeError(message, code="interrupted"), around)


def recall_child(step: Execution, around: Surroundings) -> None:
    """A step that waits for a run which it called."""
    child_run = step.record.awaited_run
    call = ChildCall(
        step.state,
        step.frame,
        step.node,
        step.record,
        workflow="",
        inputs={},
        wait=True,
        child_run=child_run,
    )
    ended = step.state.child_endings.get(child_run)
    if ended is None:
        step.state.children[call.key] = call
    else:
        outcomes.child_ended(call, ended, around)


def execute(
    state: RunState,
    frame: Frame,
    node: CompiledNode,
    around: Surroundings,
    try_number: int = 1,
) -> None:
    record = StepRecord(
        node_id=node.node.id,
        node_type=node.node.type,
        name=node.node.name or node.type.label,
        attempt=state.attempt,
        sequence=state.next_sequence(),
        status=Step.Status.RUNNING,
        started_at=around.now(),
        iteration=frame.path,
        try_number=try_number,
    )
    start(Execution(state, frame, node, record), around)


def start(step: Execution, around: Surroundings) -> None:
    """Do a pure step now; prepare one with an outside effect, to be made after the commit."""
    context = context_of(step, around)
    try:
        resolved, shown = resolve(step, around)
        step.exposed = resolved.exposed
        if step.node.has_effect:
            prepare(step, resolved, context)
            return
        if step.state.hung_node == step.node.node.id:
            raise outcomes.node_timeout(context)
        result = around.limited(
            step.state,
            step.node.node.id,
            context.seconds_left,
            lambda: masking.execute(step.node.type, resolved.value, shown, context),
        )
        outcomes.finish(step, result, around)
    except StepTimeoutError:
        outcomes.fail(step, outcomes.node_timeout(context), around)
    except NodeError as error:
        outcomes.fail(step, error, around)


def resolve(step: Execution, around: Surroundings) -> tuple[Resolved, Json]:
    """The config with its templates resolved, and the same with its secrets masked, which is
    logged; None where it reads none."""
    config, context = step.node.config, step.frame.context
    shown = None
    if config.uses_vault:
        context = {**context, "vault": around.vault.values}
        shown = config.resolve(context, masked=True).value
    resolved = config.resolve(context, strict=step.state.strict)
    step.record.warnings.extend(resolved.warnings)
    value, text = plain_json.encode(resolved.value if shown is None else shown)
    _, step.record.input = around.vault.redact_json(value, text, resolved.exposed)
    return resolved, shown


def prepare(step: Execution, resolved: Resolved, context: StepContext) -> None:
    call = EffectCall(
        step.state,
        step.frame,
        step.node,
        step.record,
        step.exposed,
        config=resolved.value,
        context=context,
    )
    step.state.calls[call.key] = call
    step.state.starting.append(call)


def launch(call: EffectCall, around: Surroundings) -> None:
    """Record a prepared effect as running, to be committed before it is made."""
    call.context = context_of(call, around)
    call.state.unsaved.append(call.record)


def context_of(step: Execution, around: Surroundings) -> StepContext:
    now = around.now()
    return StepContext(
        run_id=step.state.run_id,
        node_id=step.node.node.id,
        iteration=step.record.iteration,
        trigger=step.state.payload,
        now_seconds=now,
        deadline=min(now + limits().node_seconds, step.state.deadline),
    )


def collect(call: EffectCall, outcome: Result | NodeError, around: Surroundings) -> None:
    """Take the outcome of an effect into its run."""
    if call.abandoned or call.state.ending is not None:
        return
    del call.state.calls[call.key]
    try:
        if isinstance(outcome, NodeError):
            raise outcome
        outcomes.finish(call, outcome, around)
    except NodeError as error:
        outcomes.fail(call, error, around)


def expire(call: EffectCall, around: Surroundings) -> None:
    """An effect did not end in time; its thread is left alone."""
    if around.now() >= call.state.deadline:
        outcomes.end_with_error(call.state, outcomes.run_timeout(), around)
    else:
        collect(call, outcomes.node_timeout(call.context), around)
    call.abandoned = True


def called(call: ChildCall, outcome: Output | NodeError, around: Surroundings) -> None:
    """A child run was prepared (it is stored with the next checkpoint), or could not be."""
    try:
        if isinstance(outcome, NodeError):
            raise outcome
        if not call.child_run:
            outcomes.finish(call, outcome, around, status=Step.Status.IGNORED)
        elif call.wait:
            outcomes.wait_for_child(call)
        else:
            outcomes.finish(call, outcome, around)
    except NodeError as error:
        outcomes.fail(call, error, around)
