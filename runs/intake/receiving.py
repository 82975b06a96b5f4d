"""From a request to a stored run: what `POST /hooks/<token>/` does, whatever server reads it."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from runs.idempotency import KEY_CHARACTERS, KEY_TOO_LONG
from runs.intake.arrivals import Arrival, NewRun, Outcome, store
from runs.intake.group_commit import GroupCommit
from runs.intake.limiters import (
    ROWS_FOR_KNOWN,
    ROWS_FOR_STRANGERS,
    RefusedRows,
    Summary,
    TokenBucket,
    network_of,
)
from runs.models import Delivery
from runs.triggers import Trigger, trigger_of
from workflows.api_keys import hash_of
from workflows.errors import GraphError, NodeError
from workflows.ids import uuid7
from workflows.node_type import IncomingRequest, Json, RequestRefused, RequestTrigger
from workflows.plain_json import dump, encode
from workflows.vault import snapshot

logger = logging.getLogger("altoflow.intake")
Answer = TypeVar("Answer")

_arrivals: GroupCommit[Arrival, Outcome] = GroupCommit(store)
_rates = TokenBucket()
_refused_rows = RefusedRows()


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request whose body was not read yet. `read` gives the body; it raises RequestRefused when
    the body is too large or can not be read."""

    token: str
    method: str
    headers: Mapping[str, str]
    query: str
    remote_address: str
    received_at: datetime
    read: Callable[[], bytes]


@dataclass(frozen=True, slots=True)
class _Found:
    """The row of a workflow that a token belongs to."""

    id: UUID
    name: str
    version_id: int | None
    is_active: bool


def receive(incoming: Incoming) -> Outcome:
    """Store the run, or the reason why there is none. Raises RequestRefused, and database errors
    when nothing could be stored.

    1. the workflow of the token  2. its trigger checks the request  3. one commit, shared with the
    requests that come at the same time
    """
    found: _Found | None = None
    body = b""
    try:
        found = again_when_disconnected(lambda: _find(incoming.token))
        node_type, trigger = _trigger(found)
        _check_rate(found)
        body = incoming.read()
        request = _request(incoming, body, trigger)
        payload = node_type.accept(trigger.settings, request)
        run, message = _new_run(found, trigger, incoming, body, payload)
    except RequestRefused as refused:
        _note_refusal(incoming, found, body, refused)
        raise
    arrival = _arrival(incoming, found, body, Delivery.Verdict.ACCEPTED, message, run)
    outcome = _arrivals.submit(arrival)
    if outcome.verdict == Delivery.Verdict.KEY_CONFLICT:
        raise RequestRefused(
            outcome.message, verdict=outcome.verdict, details={"run_id": str(outcome.run_id)}
        )
    return outcome


def again_when_disconnected(ask: Callable[[], Answer]) -> Answer:
    """A question is asked once more on a fresh connection when the old one has broken."""
    try:
        return ask()
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return ask()


# ---------------------------------------------------------------- the workflow and its trigger


def _find(token: str) -> _Found:
    """Asked for each request, so that switching a workflow off works at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, name, published_id, is_active FROM workflows_workflow "
            "WHERE webhook_hash = %s AND archived_at IS NULL",
            [hash_of(token.encode(errors="replace"))],
        )
        row = cursor.fetchone()
    if row is None:
        raise RequestRefused(
            "There is no webhook at this address. Copy it anew from the workflow.",
            verdict=Delivery.Verdict.UNKNOWN_TOKEN,
        )
    return _Found(row[0] if isinstance(row[0], UUID) else UUID(row[0]), row[1], row[2], row[3])


def _trigger(found: _Found) -> tuple[RequestTrigger, Trigger]:
    """The trigger of the published version, and its type."""
    version_id = found.version_id
    if not found.is_active or version_id is None:
        raise RequestRefused(
            "This workflow is switched off. Its owner can activate it.",
            verdict=Delivery.Verdict.INACTIVE,
        )
    trigger = again_when_disconnected(lambda: trigger_of(found.id, version_id))
    if trigger is None or not isinstance(trigger.node_type, RequestTrigger):
        raise RequestRefused(
            "This workflow is not started by webhooks.", verdict=Delivery.Verdict.INACTIVE
        )
    try:
        trigger.check()
    except GraphError as error:
        raise RequestRefused(
            "This workflow can not be used as it is. Its owner has to publish it again.",
            verdict=Delivery.Verdict.UNUSABLE,
            note=error.message,
        ) from error
    return trigger.node_type, trigger


def _check_rate(found: _Found) -> None:
    rate: float = settings.WEBHOOK_RATE
    if rate and (seconds := _rates.wait_for(found.id, rate)):
        raise RequestRefused(
            f"More than {rate:g} requests a second came for this workflow. Send it again later.",
            verdict=Delivery.Verdict.RATE_LIMITED,
            headers={"Retry-After": str(math.ceil(seconds))},
        )


def _request(incoming: Incoming, body: bytes, trigger: Trigger) -> IncomingRequest:
    signed = trigger.settings.get("signature", {}).get("scheme", "none") != "none"
    return IncomingRequest(
        method=incoming.method,
        headers=incoming.headers,
        query=incoming.query,
        body=body,
        received_at=incoming.received_at,
        secrets=again_when_disconnected(snapshot).values if signed else {},
    )


# ---------------------------------------------------------------- the run


def _new_run(
    found: _Found, trigger: Trigger, incoming: Incoming, body: bytes, payload: Json
) -> tuple[NewRun, str]:
    """The run to store, and a note on what did not work."""
    run_id = uuid7()
    try:
        payload, text = encode(payload)
    except NodeError as error:
        raise RequestRefused(error.message, verdict=Delivery.Verdict.BAD_JSON) from error
    key = incoming.headers.get("idempotency-key", "").strip()
    body_hash, note = hashlib.sha256(body).hexdigest(), ""
    if len(key) > KEY_CHARACTERS:
        raise RequestRefused(KEY_TOO_LONG, verdict=Delivery.Verdict.UNUSABLE)
    if not key:
        # Requests that count as the same may differ in the rest of their bodies.
        (key, note), body_hash = _deduplication_key(found, trigger, run_id, payload), ""
    key, _ = encode(key)
    return NewRun(run_id, trigger.version_id, trigger.type, text, key, body_hash), note


def _deduplication_key(
    found: _Found, trigger: Trigger, run_id: UUID, payload: Json
) -> tuple[str, str]:
    """The key that `deduplicate_by` gives, empty where it gives none, and why it could not."""
    if not trigger.config.variables:
        return "", ""
    context = {
        "trigger": payload,
        trigger.node_id: payload,
        "run": {"id": str(run_id), "attempt": 1},
        "workflow": {"id": str(found.id), "name": found.name},
    }
    try:
        value = trigger.config.resolve(context).value.get("deduplicate_by")
    except NodeError as error:
        return "", f"Taken without deduplication: {error.message}"
    if value is None or value == "":
        return "", ""
    return f"deduplicate:{hash_of(dump(value).encode())}", ""


# ---------------------------------------------------------------- the delivery


def _note_refusal(
    incoming: Incoming, found: _Found | None, body: bytes, refused: RequestRefused
) -> None:
    """The sender gets its answer even when the row can not be written."""
    message = " ".join(filter(None, [refused.message, refused.note]))
    arrival = _arrival(incoming, found, body, refused.verdict, message, None)
    kind = (arrival.workflow_id or network_of(incoming.remote_address), refused.verdict)
    most = ROWS_FOR_KNOWN if found else ROWS_FOR_STRANGERS
    place = _refused_rows.place(arrival.id, kind, most)
    if place is None:
        return
    if isinstance(place, Summary):
        arrival = _arrival(incoming, found, body, refused.verdict, message, None, place)
    try:
        _arrivals.submit(arrival)
    except Exception:
        logger.exception("A refused webhook request could not be noted")


def _arrival(
    incoming: Incoming,
    found: _Found | None,
    body: bytes,
    verdict: str,
    message: str,
    run: NewRun | None,
    summary: Summary | None = None,
) -> Arrival:
    return Arrival(
        id=summary.row if summary else uuid7(),
        workflow_id=found.id if found else None,
        verdict=verdict,
        message=encode(message)[0],
        method=encode(incoming.method[:10])[0],
        remote_address=incoming.remote_address,
        body_bytes=len(body),
        received_at=incoming.received_at,
        run=run,
        hidden=summary.hidden if summary else 0,
    )
