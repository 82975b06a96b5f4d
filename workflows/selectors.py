"""Everything that reads definitions."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from workflows import vault
from workflows.errors import NotFoundError
from workflows.models import Secret, Version, Workflow
from workflows.plain_json import dump

HIGHEST_NUMBER = 2**31 - 1
"""What every database takes in an integer column."""


def list_workflows(*, q: str = "", status: str = "") -> QuerySet[Workflow]:
    """Without graphs, by name; `q` is part of a name, `status` active or inactive."""
    found = Workflow.objects.filter(archived_at=None).select_related("published")
    if q:
        found = found.filter(name__icontains=q)
    if status:
        found = found.filter(is_active=status == "active")
    return found.defer("draft", "published__graph")


def list_triggered_by(trigger_type: str) -> QuerySet[Workflow]:
    """Ids and names, by name, of those whose published graph has a node of this type; where nothing
    is published the draft counts. The database looks, no graph is read. It looks at the text: an
    object that only looks like such a node is taken for one."""
    node = dump({"type": trigger_type})[1:-1]
    drawn = Q(published=None, draft__contains=node) | Q(published__graph__contains=node)
    return Workflow.objects.filter(drawn, archived_at=None).order_by("name", "pk").only("name")


def list_drafts(ids: Collection[UUID] | None = None) -> QuerySet[Workflow]:
    """With their drafts, by name: these, or all."""
    found = Workflow.objects.filter(archived_at=None).order_by("name", "pk")
    return found if ids is None else found.filter(pk__in=ids)


def get_workflow(workflow_id: UUID) -> Workflow:
    """With its published version, which comes without graph. Raises NotFoundError."""
    found = Workflow.objects.filter(pk=workflow_id, archived_at=None).select_related("published")
    workflow = found.defer("published__graph").first()
    if workflow is None:
        raise NotFoundError("There is no such workflow. It may have been deleted.")
    return workflow


def list_versions(workflow: Workflow) -> QuerySet[Version]:
    """Without graphs, the newest first, with their authors."""
    return _versions(workflow).defer("graph").order_by("-number")


def get_version(workflow: Workflow, number: int) -> Version:
    """Raises NotFoundError."""
    found = _versions(workflow).filter(number=number)
    version = found.first() if 0 < number <= HIGHEST_NUMBER else None
    if version is None:
        raise NotFoundError(f"{workflow.name!r} has no version {number}. Look at its versions.")
    return version


def _versions(workflow: Workflow) -> QuerySet[Version]:
    numbered = Version.objects.filter(workflow=workflow, number__gt=Version.DRAFT)
    return numbered.select_related("created_by")


def webhook_url(workflow: Workflow, base: str) -> str | None:
    """The address that starts the workflow, for those who may know it. `base` is the address of
    this installation as the reader sees it; ALTOFLOW_PUBLIC_URL wins. None when the token was
    encrypted with a key that is not here; a new token helps."""
    try:
        identity = vault.webhook_identity(workflow.pk)
        token = vault.decrypt(workflow.webhook_token, identity=identity)
    except vault.VaultError:
        return None
    return f"{(settings.PUBLIC_URL or base).rstrip('/')}/hooks/{token}/"


def list_secrets() -> QuerySet[Secret]:
    """Names and what is known about them; the values stay where they are."""
    return Secret.objects.defer("value").order_by("name")
