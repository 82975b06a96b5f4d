"""Pinned samples: what the builder shows as the output of a node, whatever its last run gave."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from builder.models import PinnedSample
from workflows import plain_json
from workflows.errors import WorkflowError
from workflows.graph import NODE_ID
from workflows.models import Workflow
from workflows.node_type import Json
from workflows.vault import snapshot

LARGEST = 256 * 1024


class SampleError(WorkflowError):
    """This can not be pinned."""

    code = "no_sample"


def samples_of(workflow: Workflow, node_ids: Collection[str]) -> Mapping[str, PinnedSample]:
    """By node. Those of nodes that are gone stay stored, for an undo may bring them back."""
    found = PinnedSample.objects.filter(workflow=workflow, node_id__in=node_ids)
    return {each.node_id: each for each in found}


def pin_sample(
    *, workflow: Workflow, node_id: str, output: Json, user: User | None = None
) -> PinnedSample:
    """Secrets in it are masked first. Raises SampleError, NodeError for JSON that no database
    takes."""
    _check_id(node_id)
    value, text = snapshot().redact_json(*plain_json.encode(output))
    if (size := len(text.encode())) > LARGEST:
        raise SampleError(
            f"The sample has {size:,} bytes, {LARGEST:,} is the limit. Leave something out of it."
        )
    fields = {"output": value, "pinned_at": timezone.now(), "pinned_by": user}
    pinned, _ = PinnedSample.objects.update_or_create(
        workflow=workflow, node_id=node_id, defaults=fields
    )
    return pinned


def unpin_sample(*, workflow: Workflow, node_id: str) -> None:
    """Raises SampleError."""
    _check_id(node_id)
    PinnedSample.objects.filter(workflow=workflow, node_id=node_id).delete()


def rename_sample(*, workflow: Workflow, node_id: str, to: str) -> None:
    """Follow a node that got another id; what was pinned there before gives way. Raises
    SampleError."""
    _check_id(node_id)
    _check_id(to)
    with transaction.atomic():
        found = PinnedSample.objects.filter(workflow=workflow, node_id=node_id)
        if to != node_id and found.exists():
            unpin_sample(workflow=workflow, node_id=to)
            found.update(node_id=to)


def _check_id(node_id: str) -> None:
    if not NODE_ID.fullmatch(node_id):
        raise SampleError(f"{node_id[:80]!r} is no id of a node.")
