"""Idempotency keys: a request that comes again within a day gets the run of the first one."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from runs.models import IdempotencyKey, Run
from workflows.errors import ConflictError, WorkflowError
from workflows.models import Workflow

KEY_LIFETIME = timedelta(hours=24)
KEY_CHARACTERS = 255
KEY_TOO_LONG = f"The Idempotency-Key has more than {KEY_CHARACTERS} characters. Use a shorter one."


def check_key(key: str) -> None:
    """Raises WorkflowError."""
    if len(key) > KEY_CHARACTERS:
        raise WorkflowError(KEY_TOO_LONG, code="invalid_idempotency_key")


def first_run(*, workflow: Workflow, key: str, digest: str) -> Run | None:
    """The run that this key started within its lifetime; an empty key has none. `digest`: of what
    makes two requests the same; raises ConflictError when the key came with another one."""
    if not key:
        return None
    kept = (
        IdempotencyKey.objects.select_related("run")
        .filter(workflow=workflow, key=key, created_at__gt=timezone.now() - KEY_LIFETIME)
        .first()
    )
    if kept is None:
        return None
    if kept.body_hash != digest:
        raise ConflictError(
            f"The Idempotency-Key {key!r} was used with another payload. Take a new key.",
            code="idempotency_key_reused",
        )
    return kept.run


def keep_key(*, run: Run, key: str, digest: str) -> None:
    """Within the transaction that stores the run. Raises IntegrityError when another run has this
    key already."""
    if not key:
        return
    old = IdempotencyKey.objects.filter(workflow=run.workflow_id, key=key)
    old.filter(created_at__lte=timezone.now() - KEY_LIFETIME).delete()
    IdempotencyKey.objects.create(workflow=run.workflow, key=key, body_hash=digest, run=run)
