"""What follows from the outcome of a step: the next nodes, a wait, a loop, a call, the end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from runs.memory.frames import Frame
from runs.memory.run_state import (
    ERROR_PORT,
    ChildCall,
    ChildEnding,
    Ending,
    Execution,
    Loop,
    RunState,
    RunTimeoutError,
    StepContext,
    StepRecord,
    Waiting,
)
from runs.models import Run, Step
from workflows import plain_json
from workflows.errors import NodeError, WorkflowError
from workflows.limits import limits
from workflows.node_type import Call, End, ForEach, Json, Output, Respond, Result, Wait
from workflows.vault import VaultSnapshot

if TYPE_CHECKING:
    from runs.engine.engine import Surroundings


def finish(
    step: Execution,
    result: Result,
    around: Surroundings,
    *,
    status: str = Step.Status.COMPLETED,
) -> None:
    """Do what a node said. Raises NodeError for an output that can not be kept."""
    match result:
        case Output():
            step.record.warnings.extend(result.warnings)
            complete(step, result.value, around, port=result.port, status=status)
        case End():
            end(step, result, around)
        case Wait():
            step.record.status = Step.Status.WAITING
            step.record.wake_at = around.now() + max(result.seconds, 0)
            step.state.unsaved.append(step.record)
            wait(step, step.record.wake_at, is_retry=False)
        case ForEach():
            open_loop(step, result, around)
        case Call():
            step.state.calling.append(child_call(step, result, around))
        case Respond():
            complete(
                step,
                {"status": result.status, "headers": result.headers, "body": result.body},
                around,
            )
            step.state.answered = True


def complete(
    step: Execution,
    output: Json,
    around: Surroundings,
    *,
    port: str = "default",
    status: str = Step.Status.COMPLETED,
) -> None:
    """The step has its output. Raises NodeError."""
    value, step.record.output = kept(output, step, around)
    step.record.status = status
    step.record.finished_at = around.now()
    step.record.port = port
    step.state.unsaved.append(step.record)
    settle(step, port, value, around)


def settle(step: Execution, port: str, output: Json, around: Surroundings) -> None:
    """Go on behind the step; when it was the last one of an item, go on with the loop."""
    frame = step.frame
    frame.settle(step.node.node.id, port, output)
    if frame.loop is not None and not frame.open and not frame.is_dead:
        item_done(frame.loop, frame, around)


def kept(output: Json, step: Execution, around: Surroundings) -> tuple[Json, str]:
    """The output as it is stored and as later steps see it: plain JSON, in size, no secret. What a
    trigger received is passed on as it came; its size was checked when it came."""
    if step.node.type.category == "trigger":
        value, text = plain_json.encode(output)
        return value, around.vault.redact_json(value, text)[1]
    return storable(output, around.vault, step.exposed)


def storable(output: Json, vault: VaultSnapshot, exposed: Iterable[str]) -> tuple[Json, str]:
    """An output as plain JSON without secrets, and its text. Raises NodeError when it is too
    large."""
    value, text = plain_json.encode(output)
    most = limits().step_output_bytes
    if len(text) > most or (len(text) * 4 > most and len(text.encode()) > most):
        raise NodeError(
            f"The output of this step is larger than {most:,} bytes. Take only the part you need.",
            code="output_too_large",
        )
    return vault.redact_json(value, text, exposed)


# ---------------------------------------------------------------- waits


def wait(step: Execution, due: float, is_retry: bool) -> None:
    waiting = Waiting(
        step.state, step.frame, step.node, step.record, step.exposed, due=due, is_retry=is_retry
    )
    step.state.waits[waiting.key] = waiting


def waited(record: StepRecord, around: Surroundings) -> Output:
    now = around.now()
    return Output(
        {
            "waited_seconds": round(now - record.started_at, 3),
            "resumed_at": datetime.fromtimestamp(now, UTC).isoformat(),
        }
    )


# ---------------------------------------------------------------- loops


def open_loop(step: Execution, result: ForEach, around: Surroundings) -> None:
    """Start an iterator: its row first, then its items. Raises NodeError."""
    _check_depth(step.frame)
    loop = Loop(
        step.state,
        step.frame,
        step.node,
        step.record,
        step.exposed,
        items=result.items,
        concurrency=result.concurrency,
        results=[None] * len(result.items),
    )
    if not result.items:
        complete(step, {"items": [], "count": 0}, around)
        return
    step.state.loops[loop.key] = loop
    step.state.unsaved.append(step.record)
    start_items(loop, around)


def _check_depth(frame: Frame) -> None:
    """A graph was checked when it was saved, perhaps with another limit."""
    most = limits().iterator_depth
    if frame.path and frame.path.count(".") + 1 >= most:
        raise NodeError(
            f"This iterator stands in {most} others, {most} in each other is the limit. "
            "Nest fewer, or do a part of it in another workflow.",
            code="too_deep",
        )


def start_items(loop: Loop, around: Surroundings) -> None:
    """As many as may be under way at a time."""
    while loop.started < len(loop.items) and loop.started - loop.done < loop.concurrency:
        index = loop.started
        loop.started += 1
        frame = Frame(loop.state.graph, loop.state.ready, item_context(loop, index), loop)
        frame.path = f"{loop.frame.path}.{index}" if loop.frame.path else str(index)
        frame.begin()
        if not frame.open:
            loop.done += 1
    if loop.done == len(loop.items):
        close_loop(loop, around)


def item_context(loop: Loop, index: int) -> dict[str, Json]:
    context = loop.frame.context
    last = len(loop.items) - 1
    return {
        **context,
        "item": loop.items[index],
        "index": index,
        "loop": {
            "index": index,
            "number": index + 1,
            "first": index == 0,
            "last": index == last,
            "length": last + 1,
            "parent": context.get("loop"),
        },
    }


def item_done(loop: Loop, frame: Frame, around: Surroundings) -> None:
    loop.results[int(frame.path.rpartition(".")[2])] = frame.output
    loop.done += 1
    start_items(loop, around)


def close_loop(loop: Loop, around: Surroundings) -> None:
    del loop.state.loops[loop.key]
    try:
        complete(loop, {"items": loop.results, "count": len(loop.results)}, around)
    except NodeError as error:
        fail(loop, error, around)


# ---------------------------------------------------------------- calls


def child_call(step: Execution, result: Call, around: Surroundings) -> ChildCall:
    """The inputs are stored as the payload of the other run, so no secret goes with them."""
    given = plain_json.encode(result.inputs)
    inputs, _ = around.vault.redact_json(*given, step.exposed)
    if inputs is not given[0]:
        step.record.warnings.append(
            "An input holds a secret, and the called workflow gets ••• in its place. "
            "Read the secret there, like {{ vault.name }}."
        )
    return ChildCall(
        step.state,
        step.frame,
        step.node,
        step.record,
        step.exposed,
        workflow=result.workflow,
        inputs=inputs,
        wait=result.wait,
    )


def wait_for_child(call: ChildCall) -> None:
    call.record.status = Step.Status.WAITING
    call.record.output = plain_json.dump({"run_id": call.child_run})
    call.state.unsaved.append(call.record)
    call.state.children[call.key] = call


def child_ended(call: ChildCall, ended: ChildEnding, around: Surroundings) -> None:
    """The run that a step waited for has ended; its failure fails the step."""
    try:
        if ended.status != Run.Status.COMPLETED:
            reason = (ended.error or {}).get("message", f"It was {ended.status}.")
            raise NodeError(
                f"The called run {call.child_run} did not complete: {reason}",
                code="child_failed",
                details={"run_id": call.child_run, "status": ended.status, "error": ended.error},
                retryable=ended.status == Run.Status.FAILED,
            )
        output = {"run_id": call.child_run, "status": ended.status, "output": ended.output}
        complete(call, output, around)
    except NodeError as error:
        fail(call, error, around)


# ---------------------------------------------------------------- failures and endings


def fail(step: Execution, error: NodeError, around: Surroundings) -> None:
    """A step failed: try again later, take the port `error`, or fail what is around it."""
    now, record = around.now(), step.record
    error_text = shown_error(error, around, step)
    record.status, record.finished_at, record.error = Step.Status.FAILED, now, error_text
    step.state.unsaved.append(record)
    retry = step.node.node.retry
    if retry and error.retryable and record.try_number < retry.max_attempts:
        seconds = max(retry.wait_before(record.try_number + 1), error.retry_after or 0)
        record.wake_at = now + min(seconds, limits().run_seconds)
        wait(step, record.wake_at, is_retry=True)
    elif step.node.node.continue_on_error and not isinstance(error, RunTimeoutError):
        shown = plain_json.loads(error_text)
        output = {"error": True, "message": shown["message"], "code": shown["code"]}
        record.port, record.output = ERROR_PORT, plain_json.dump(output)
        settle(step, ERROR_PORT, output, around)
    elif step.frame.loop is not None and not isinstance(error, RunTimeoutError):
        fail_loop(step.frame.loop, step, error, around)
    else:
        end_with_error(step.state, error, around, step)


def fail_loop(loop: Loop, step: Execution, error: NodeError, around: Surroundings) -> None:
    """One item failed, so the iterator fails at once; what its other items do is cancelled."""
    index = int(step.frame.path.rpartition(".")[2])
    del loop.state.loops[loop.key]
    loop.is_dead = True
    cancel(loop.state, around, loop)
    shown = plain_json.loads(shown_error(error, around, step))
    item_error = NodeError(
        f"Item {index + 1} of {len(loop.items)} failed at {step.node.node.id!r}: "
        f"{shown['message']}",
        code=shown["code"],
        details={"index": index, "step": step.node.node.id, "item_error": shown},
    )
    fail(loop, item_error, around)


def end(step: Execution, result: End, around: Surroundings) -> None:
    """A node ended the whole run, from within an iterator too."""
    output = {"status": result.status, "message": result.message}
    _, step.record.output = kept(output, step, around)
    step.record.status, step.record.finished_at = Step.Status.COMPLETED, around.now()
    step.state.unsaved.append(step.record)
    if result.status == "completed":
        cancel(step.state, around)
        step.state.ending = Ending(Run.Status.COMPLETED, output=step.record.output)
    else:
        message = result.message or "The workflow ended itself as failed."
        end_with_error(step.state, NodeError(message, code="terminated"), around, step)


def end_with_error(
    state: RunState, error: WorkflowError, around: Surroundings, step: Execution | None = None
) -> None:
    """Fail the run; what its other branches are doing is cancelled."""
    cancel(state, around)
    state.ending = Ending(Run.Status.FAILED, error=shown_error(error, around, step, named=True))


def cancel(state: RunState, around: Surroundings, loop: Loop | None = None) -> None:
    """Give up what is under way, in a loop or everywhere. Runs that a step waits for go with it."""
    given_up = [execution.record for execution in state.drop(loop)]
    if loop is None:
        state.ready.clear()
    for record in [*given_up, *state.forget(loop)]:
        if record.awaited_run:
            state.forsaken.append(record.awaited_run)
        if record.status in (Step.Status.RUNNING, Step.Status.WAITING):
            record.status = Step.Status.CANCELLED
            record.finished_at = around.now()
            state.unsaved.append(record)


def run_timeout() -> RunTimeoutError:
    return RunTimeoutError(
        f"The run took longer than {limits().run_seconds:g} s. "
        "Split the workflow, or resume the run for another period."
    )


def node_timeout(context: StepContext) -> NodeError:
    # Seconds since 1970 leave a float less than a microsecond of its precision.
    if context.deadline - context.now_seconds < limits().node_seconds - 0.001:
        return run_timeout()
    return NodeError(
        f"The step took longer than {limits().node_seconds:g} s and was stopped. "
        "Give it less to do, or a shorter timeout of its own.",
        code="node_timeout",
    )


def shown_error(
    error: WorkflowError,
    around: Surroundings,
    step: Execution | None = None,
    *,
    named: bool = False,
) -> str:
    """The error as JSON text, without secrets; `named`: with the node that it came from."""
    exposed = step.exposed if step else frozenset()
    shown = error.as_json(lambda text: around.vault.redact(text, exposed))
    if named and step is not None:
        node = step.node.node
        names = {"node": node.id, "name": node.name or step.node.type.label}
        shown["details"] = {**names, **shown["details"]}
    return around.vault.redact_json(*plain_json.encode(shown), exposed)[1]
