"""The engine: takes a run as far as it goes. Pure Python over a RunState, no SQL, no threads.

Crash, retry wait and resume are the same code: a run is played again from its trigger, and steps
that are remembered are recalled instead of executed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from time import monotonic
from typing import Protocol

from runs.models import Run, Step
from runs.state import (
    REMEMBERED_FAILURE_PORT,
    EffectCall,
    Ending,
    RunState,
    RunTimeoutError,
    StepContext,
    StepRecord,
    StepTimeoutError,
)
from workflows import plain_json
from workflows.compiled import CompiledNode
from workflows.errors import NodeError, WorkflowError
from workflows.limits import limits
from workflows.node_type import End, Json, Output, Result
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

    1. end a run that is over its time  2. try again what is due
    3. recall or execute each ready node  4. end the run when nothing is left
    """
    if around.now() >= state.deadline:
        end_with_error(state, around, run_timeout())
    for node_id, try_number in state.due_retries(around.now()):
        execute(state, state.graph.nodes[node_id], around, try_number)
    while state.ready and state.ending is None and monotonic() < until:
        node = state.graph.nodes[state.ready.popleft()]
        if (record := state.memory.pop((node.node.id, ""), None)) is not None:
            recall(state, node, record, around)
        else:
            execute(state, node, around)
    if state.ending is None and state.is_idle and not state.retries:
        state.ending = Ending(Run.Status.COMPLETED, output=output_of(state))


def recall(state: RunState, node: CompiledNode, record: StepRecord, around: Surroundings) -> None:
    """Use a remembered step: its outcome, its next try, or the effect that a crash cut off."""
    if record.status == Step.Status.COMPLETED or record.port == REMEMBERED_FAILURE_PORT:
        output = plain_json.loads(record.output or "null")
        state.settle(node.node.id, record.port, output)
    elif record.status == Step.Status.FAILED and record.wake_at is not None:
        if record.wake_at <= around.now():
            execute(state, node, around, record.try_number + 1)
        else:
            state.retries[node.node.id] = (record.wake_at, record.try_number + 1)
    elif node.repeats_when_interrupted:
        record.warnings.append(INTERRUPTED)
        start(state, node, record, around)
    else:
        message = (
            "The worker stopped during this step and nobody knows whether its effect was made. "
            "Check it, then resume the run from this step."
        )
        fail(state, node, record, NodeError(message, code="interrupted"), around)


def execute(state: RunState, node: CompiledNode, around: Surroundings, try_number: int = 1) -> None:
    record = StepRecord(
        node_id=node.node.id,
        node_type=node.node.type,
        name=node.node.name or node.type.label,
        attempt=state.attempt,
        sequence=state.next_sequence(),
        status=Step.Status.RUNNING,
        started_at=around.now(),
        try_number=try_number,
    )
    start(state, node, record, around)


def start(state: RunState, node: CompiledNode, record: StepRecord, around: Surroundings) -> None:
    """Do a pure step now; prepare one with an outside effect, to be made after the commit."""
    context = context_of(state, node, record, around)
    exposed: frozenset[str] = frozenset()
    try:
        resolved = resolve(state, node, record, around)
        exposed = resolved.exposed
        if node.has_effect:
            call = EffectCall(state, node, record, resolved.value, context, exposed)
            state.calls[node.node.id] = call
            state.starting.append(call)
            return
        if state.hung_node == node.node.id:
            raise node_timeout(context)
        result = around.limited(
            state,
            node.node.id,
            context.seconds_left,
            lambda: node.type.execute(resolved.value, context),
        )
        finish(state, node, record, result, exposed, around)
    except StepTimeoutError:
        fail(state, node, record, node_timeout(context), around, exposed)
    except NodeError as error:
        fail(state, node, record, error, around, exposed)


def launch(call: EffectCall, around: Surroundings) -> None:
    """Record a prepared effect as running, to be committed before it is made."""
    call.context = context_of(call.state, call.node, call.record, around)
    call.state.unsaved.append(call.record)


def resolve(
    state: RunState, node: CompiledNode, record: StepRecord, around: Surroundings
) -> Resolved:
    """The config with its templates resolved; what is logged of it shows no secret."""
    if node.config.uses_vault:
        context = {**state.context, "vault": around.vault.values}
        shown = node.config.resolve(context, masked=True)
    else:
        context, shown = state.context, None
    resolved = node.config.resolve(context, strict=state.strict)
    record.warnings.extend(resolved.warnings)
    value, text = plain_json.encode((shown or resolved).value)
    _, record.input = around.vault.redact_json(value, text, resolved.exposed)
    return resolved


def context_of(
    state: RunState, node: CompiledNode, record: StepRecord, around: Surroundings
) -> StepContext:
    now = around.now()
    return StepContext(
        run_id=state.run_id,
        node_id=node.node.id,
        iteration=record.iteration,
        trigger=state.payload,
        now_seconds=now,
        deadline=min(now + limits().node_seconds, state.deadline),
    )


def finish(
    state: RunState,
    node: CompiledNode,
    record: StepRecord,
    result: Result,
    exposed: Iterable[str],
    around: Surroundings,
) -> None:
    """Record what a node returned and do what it says. Raises NodeError for an output that can not
    be kept."""
    output = result.value if isinstance(result, Output) else result.output
    value, record.output = kept(output, exposed, around)
    record.status = Step.Status.COMPLETED
    record.finished_at = around.now()
    record.port = result.port if isinstance(result, Output) else ""
    state.unsaved.append(record)
    if isinstance(result, End):
        end(state, result, node, around)
        return
    record.warnings.extend(result.warnings)
    state.settle(node.node.id, result.port, value)


def kept(output: Json, exposed: Iterable[str], around: Surroundings) -> tuple[Json, str]:
    """The output as it is stored and as later steps see it: plain JSON, in size, no secret."""
    value, text = plain_json.encode(output)
    most = limits().step_output_bytes
    if len(text) > most or (len(text) * 4 > most and len(text.encode()) > most):
        raise NodeError(
            f"The output of this step is larger than {most:,} bytes. Take only the part you need.",
            code="output_too_large",
        )
    return around.vault.redact_json(value, text, exposed)


def fail(
    state: RunState,
    node: CompiledNode,
    record: StepRecord,
    error: NodeError,
    around: Surroundings,
    exposed: Iterable[str] = (),
) -> None:
    """A step failed: try again later, take the port `error`, or end the run."""
    now = around.now()
    error_text = shown_error(error, around, exposed)
    record.status, record.finished_at, record.error = Step.Status.FAILED, now, error_text
    state.unsaved.append(record)
    retry = node.node.retry
    if retry and error.retryable and record.try_number < retry.max_attempts:
        wait = max(retry.wait_before(record.try_number + 1), error.retry_after or 0)
        record.wake_at = now + min(wait, limits().run_seconds)
        state.retries[node.node.id] = (record.wake_at, record.try_number + 1)
    elif node.node.continue_on_error and not isinstance(error, RunTimeoutError):
        shown = plain_json.loads(error_text)
        output = {"error": True, "message": shown["message"], "code": shown["code"]}
        record.port, record.output = REMEMBERED_FAILURE_PORT, plain_json.dump(output)
        state.settle(node.node.id, REMEMBERED_FAILURE_PORT, output)
    else:
        end_with_error(state, around, error, node, exposed)


def end(state: RunState, result: End, node: CompiledNode, around: Surroundings) -> None:
    """A node ended the whole run."""
    if result.status == "completed":
        cancel_calls(state, around)
        text = around.vault.redact_json(*plain_json.encode({"message": result.message}))[1]
        state.ending = Ending(Run.Status.COMPLETED, output=text)
    else:
        message = result.message or "The workflow ended itself as failed."
        end_with_error(state, around, NodeError(message, code="terminated"), node)


def end_with_error(
    state: RunState,
    around: Surroundings,
    error: WorkflowError,
    node: CompiledNode | None = None,
    exposed: Iterable[str] = (),
) -> None:
    """Fail the run; what its other branches are doing is cancelled."""
    cancel_calls(state, around)
    state.ready.clear()
    state.retries.clear()
    state.ending = Ending(Run.Status.FAILED, error=shown_error(error, around, exposed, node))


def cancel_calls(state: RunState, around: Surroundings) -> None:
    for call in state.calls.values():
        call.abandoned = True
        record = replace(call.record, status=Step.Status.CANCELLED, finished_at=around.now())
        state.unsaved.append(record)
    state.calls.clear()
    state.starting.clear()


def collect(call: EffectCall, outcome: Result | NodeError, around: Surroundings) -> None:
    """Take the outcome of an effect into its run."""
    state = call.state
    if call.abandoned or state.ending is not None:
        return
    del state.calls[call.node.node.id]
    try:
        if isinstance(outcome, NodeError):
            raise outcome
        finish(state, call.node, call.record, outcome, call.exposed, around)
    except NodeError as error:
        fail(state, call.node, call.record, error, around, call.exposed)


def expire(call: EffectCall, around: Surroundings) -> None:
    """An effect did not end in time; its thread is left alone."""
    if around.now() >= call.state.deadline:
        end_with_error(call.state, around, run_timeout())
    else:
        collect(call, node_timeout(call.context), around)
    call.abandoned = True


def run_timeout() -> RunTimeoutError:
    return RunTimeoutError(
        f"The run took longer than {limits().run_seconds:g} seconds. "
        "Split the workflow, or resume the run for another period."
    )


def node_timeout(context: StepContext) -> NodeError:
    if context.deadline - context.now_seconds < limits().node_seconds:
        return run_timeout()
    return NodeError(
        f"The step took longer than {limits().node_seconds:g} seconds and was stopped. "
        "Give it less to do, or a shorter timeout of its own.",
        code="node_timeout",
    )


def shown_error(
    error: WorkflowError,
    around: Surroundings,
    exposed: Iterable[str] = (),
    node: CompiledNode | None = None,
) -> str:
    """The error as JSON text, without secrets."""
    shown = error.as_json(lambda text: around.vault.redact(text, exposed))
    if node is not None:
        name = node.node.name or node.type.label
        shown["details"] = {"node": node.node.id, "name": name, **shown["details"]}
    return around.vault.redact_json(*plain_json.encode(shown), exposed)[1]


def output_of(state: RunState) -> str:
    """That of the node where the run ended; by node id where it ended in several."""
    outputs = state.ends
    return plain_json.dump(next(iter(outputs.values())) if len(outputs) == 1 else outputs)
