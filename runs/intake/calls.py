"""`call`: start a run and wait for what its `respond` node says.

The run is stored like any other, so it goes on whatever becomes of its caller.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from uuid import UUID

from django.conf import settings

from runs.http_error import HttpError, Seats
from runs.models import Run, Step
from runs.services import start_run
from runs.triggers import Trigger, trigger_of
from runs.waiting_callers import listening
from workflows.errors import ConflictError
from workflows.limits import limits
from workflows.models import Workflow
from workflows.node_type import Json
from workflows.nodes.api_trigger import ApiTrigger
from workflows.plain_json import encode

API_TRIGGER = ApiTrigger()
LOOK_SECONDS = 0.25
"""Between two looks of a caller whom nobody told that there is an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a `respond` node said. `run_id` is the run that said it."""

    run_id: UUID
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None


_seats = Seats(
    "too_many_calls",
    "Too many calls are waiting for their answers. Try again in a second, or start the run with "
    "execute, which does not wait.",
)


def call_workflow(
    *,
    workflow: Workflow,
    body: Json,
    headers: Mapping[str, str],
    query: Mapping[str, Json],
    idempotency_key: str = "",
) -> Answer:
    """Start a run and wait for its answer; a completed run that said nothing answers with its
    output. Requests with the same key, body and query get the answer of the first run.

    Raises ConflictError when the workflow can not be called now, InvalidInputError for a body that
    its schema does not take, HttpError when the run failed, took too long, or too many wait.
    """
    began = monotonic()
    trigger = _callable_trigger(workflow)
    payload = API_TRIGGER.payload(trigger.settings, body=body, headers=headers, query=query)
    seconds = min(float(trigger.settings["timeout_seconds"]), limits().call_seconds)
    _seats.take(settings.WAITING_CALLS)
    try:
        run = start_run(
            workflow=workflow,
            payload=payload,
            trigger_type=API_TRIGGER.type,
            idempotency_key=idempotency_key,
            same_request=_digest(body, query),
        )
        answer = wait_for_answer(run.pk, seconds - (monotonic() - began))
    finally:
        _seats.give_back()
    if answer is None:
        raise HttpError(
            f"The run has not answered within {seconds:g} s. It goes on; look at it with "
            f"GET /api/v1/runs/{run.pk}/.",
            code="call_timeout",
            status=504,
            details={"run_id": str(run.pk)},
        )
    return answer


def wait_for_answer(run_id: UUID, seconds: float) -> Answer | None:
    """None: there was none in that time. Raises HttpError for a run that failed. No transaction is
    open in between."""
    end = monotonic() + seconds
    with listening(run_id.hex) as listener:
        while (answer := answer_of(run_id)) is None and (left := end - monotonic()) > 0:
            listener.wait(min(left, LOOK_SECONDS))
    return answer


def answer_of(run_id: UUID) -> Answer | None:
    """What a run has answered up to now. Raises HttpError when it has ended without."""
    # The state of the run is read first: what an ended run said is stored by then.
    ended = Run.objects.filter(pk=run_id, status__in=Run.FINISHED)
    ending: tuple[str, Json, Json] | None = ended.values_list("status", "output", "error").first()
    said = Step.objects.filter(
        run=run_id, node_type="respond", status=Step.Status.COMPLETED, superseded_by=None
    )
    answers = said.order_by("attempt", "sequence").values_list("output", flat=True)
    answer: Json = answers.first()
    if answer is not None:
        return Answer(run_id, **answer)
    if ending is None:
        return None
    status, output, error = ending
    if status == Run.Status.COMPLETED:
        return Answer(run_id, body=output)
    raise HttpError(
        f"The run did not answer, it {status}: {error['message']}"
        if status == Run.Status.FAILED
        else "The run was cancelled before it answered. Call again.",
        code=f"run_{status}",
        status=502,
        details={"run_id": str(run_id), "error": error},
    )


def _callable_trigger(workflow: Workflow) -> Trigger:
    """Raises ConflictError."""
    if not workflow.is_active or workflow.published_id is None:
        raise ConflictError(
            f"The workflow {workflow.name!r} is switched off. Publish and activate it first.",
            code="workflow_inactive",
        )
    trigger = trigger_of(workflow.pk, workflow.published_id)
    if trigger is None or trigger.type != API_TRIGGER.type:
        started_by = f"by {trigger.type}" if trigger else "by nothing that is installed here"
        raise ConflictError(
            f"The workflow {workflow.name!r} is started {started_by}, so it can not be called. "
            f"Give it an {API_TRIGGER.type} and publish it, or start it with execute.",
            code="not_callable",
        )
    return trigger


def _digest(body: Json, query: Mapping[str, Json]) -> str:
    """Of what makes two requests the same; their headers may differ in dates and trace ids."""
    _, text = encode([body, query])
    return hashlib.sha256(text.encode()).hexdigest()
