"""Events: something happened, and every active workflow that listens for it starts.

from runs.intake.events import emit
emit("order.paid", {"id": 42})
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from runs.intake.limiters import RefusedRows
from runs.models import Delivery, Run
from runs.services import start_runs
from runs.triggers import Trigger, triggers_of
from workflows import vault
from workflows.errors import WorkflowError
from workflows.ids import uuid7
from workflows.models import Version, Workflow
from workflows.node_type import Json
from workflows.nodes.event_trigger import EVENT, EventTrigger
from workflows.plain_json import encode, loads

logger = logging.getLogger("altoflow.events")

EVENT_TRIGGER = EventTrigger()
SIGNED_UP = "user.signed_up"
NAME = re.compile(EVENT)
NAME_CHARACTERS = 100
ISO = "%Y-%m-%dT%H:%M:%S.%fZ"
NOTED_A_MINUTE = 20
"""Rows about one workflow whose filter fails."""

_noted = RefusedRows()


def emit(name: str, data: Json = None) -> list[Run]:
    """Start the workflows that listen for the event; returns their runs.

    Within a transaction they start when it commits, and not at all when it is rolled back; the list
    is empty then, and what goes wrong is only logged. `data` is taken as it is now. Raises
    WorkflowError for a name or data that no event can have.
    """
    payload = event_payload(name, data)
    if not transaction.get_connection().in_atomic_block:
        return start_listeners(payload)
    transaction.on_commit(lambda: _start_logged(payload))
    return []


def event_payload(name: str, data: Json) -> dict[str, Json]:
    """What the runs of an event get. Raises WorkflowError."""
    if not isinstance(name, str) or len(name) > NAME_CHARACTERS or not NAME.fullmatch(name):
        raise WorkflowError(
            f"{name!r} can not name an event. Use at most {NAME_CHARACTERS} letters, digits and _, "
            "with dots between, like order.paid.",
            code="invalid_event",
        )
    _, text = encode(data)
    return {"event": name, "data": loads(text), "emitted_at": f"{timezone.now():{ISO}}"}


def start_listeners(payload: dict[str, Json]) -> list[Run]:
    """A run of every active workflow whose published trigger listens for the event and whose filter
    matches, all in one transaction. A workflow whose filter fails is left out, and a delivery
    says why."""
    matching: list[Version] = []
    for version, trigger in _listeners(payload["event"]):
        try:
            if _matches(version.workflow, trigger, payload):
                matching.append(version)
        except Exception as error:
            logger.exception("The filter of the workflow %s failed", version.workflow_id)
            _note_failure(version.workflow, payload["event"], error)
    return start_runs(versions=matching, payload=payload, trigger_type=EVENT_TRIGGER.type)


def _start_logged(payload: dict[str, Json]) -> None:
    """The transaction has committed: its caller must not hear of an error as if it had not."""
    try:
        start_listeners(payload)
    except Exception:
        logger.exception("The event %s did not start its runs", payload["event"])


def _listeners(event: str) -> Iterator[tuple[Version, Trigger]]:
    """One query; graphs are read for versions that are new to this process."""
    published = Version.objects.filter(
        workflow__published=F("pk"), workflow__is_active=True, workflow__archived_at=None
    )
    versions = published.select_related("workflow").only("number", "workflow__name").order_by("pk")
    by_key = {(version.workflow_id, version.pk): version for version in versions}
    for key, trigger in triggers_of([*by_key]).items():
        if trigger is None or trigger.type != EVENT_TRIGGER.type:
            continue
        # A config is kept as it was sent; its field leaves out the blanks around a name.
        if str(trigger.raw.get("event")).strip() == event:
            yield by_key[key], trigger


def _matches(workflow: Workflow, trigger: Trigger, payload: Mapping[str, Json]) -> bool:
    """Raises WorkflowError."""
    context = {
        "trigger": payload,
        trigger.node_id: payload,
        "workflow": {"id": str(workflow.pk), "name": workflow.name},
        "vault": vault.snapshot().values if trigger.config.uses_vault else {},
    }
    config = trigger.config.resolve(context).value
    return EVENT_TRIGGER.accepts(config, timezone.now())


def _note_failure(workflow: Workflow, event: str, error: Exception) -> None:
    row = uuid7()
    if _noted.place(row, workflow.pk, NOTED_A_MINUTE) != row:
        return
    Delivery.objects.create(
        id=row,
        workflow=workflow,
        verdict=Delivery.Verdict.UNUSABLE,
        status_code=400,
        message=f"The event {event} did not start it, because its filter failed: {error}",
        method="EVENT",
    )


def announce_sign_up(*, instance: User, created: bool, raw: bool = False, **_: Any) -> None:
    """Receives post_save of Django's users; `raw` ones come from a fixture."""
    if not created or raw:
        return
    data = {"id": instance.pk, "username": instance.get_username(), "email": instance.email}
    try:
        emit(SIGNED_UP, data)
    except Exception:
        logger.exception("The event %s of user %s was not emitted", SIGNED_UP, instance.pk)
