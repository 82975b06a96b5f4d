"""Everything that changes a definition. Edges call one of these and answer."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Case, F, Max, When
from django.utils import timezone

from workflows import vault
from workflows.api_keys import hash_of
from workflows.calls import callers_of, refuse_circles
from workflows.errors import ConflictError, GraphError, NotFoundError, Problem
from workflows.fields import AnyJson, Text, WholeNumber, checked
from workflows.graph import Graph
from workflows.ids import uuid7
from workflows.limits import limits
from workflows.models import Version, Workflow, empty_graph
from workflows.node_type import Json, NodeConfig
from workflows.selectors import get_version
from workflows.validation import check_graph
from workflows.workflow_settings import DEFAULTS, WorkflowSettings, check_settings, settings_of

TOKEN_BYTES = 32
EDGES_PER_NODE = 20
DOCUMENT_FORM = 1


# ---------------------------------------------------------------- drafts


def create_workflow(
    *,
    name: str,
    description: str = "",
    graph: Json = None,
    settings: Mapping[str, Json] | None = None,
    id: UUID | None = None,
    by: User | None = None,
) -> Workflow:
    """A workflow with a draft and nothing published. Raises GraphError for a graph that is not
    well-formed (it may be incomplete)."""
    graph = empty_graph() if graph is None else graph
    read_graph(graph)
    stored: Json = {**DEFAULTS, **check_settings(settings or {})}
    workflow = Workflow(
        id=id or uuid7(),
        name=name,
        description=description,
        draft=graph,
        settings=stored,
        changed_by=by,
    )
    _give_token(workflow)
    workflow.save(force_insert=True)
    return workflow


def update_workflow(
    *,
    workflow: Workflow,
    revision: int | None = None,
    name: str | None = None,
    description: str | None = None,
    graph: Json = None,
    settings: Mapping[str, Json] | None = None,
    by: User | None = None,
) -> Workflow:
    """Change what is given, keep the rest (of `settings` too), count the revision up.

    Raises ConflictError `stale_revision` when `revision`, or without it the one that `workflow` was
    loaded with, is no longer the newest; GraphError; CircularWorkflowError.
    """
    columns: dict[str, Any] = {"name": name, "description": description, "draft": graph}
    columns = {column: value for column, value in columns.items() if value is not None}
    if settings is not None:
        columns["settings"] = {**DEFAULTS, **workflow.settings, **check_settings(settings)}
    if graph is not None:
        read_graph(graph)
    with transaction.atomic():
        if graph is not None:
            refuse_circles(workflow, graph)
        refuse_stale(workflow=workflow, revision=revision)
        if columns:
            _change_draft(workflow, {**columns, "changed_by": by})
    return workflow


def restore_version(*, workflow: Workflow, number: int, by: User | None = None) -> Workflow:
    """Copy a version's graph into the draft. Raises NotFoundError, ConflictError when the draft is
    changed at this moment."""
    version = get_version(workflow, number)
    return update_workflow(workflow=workflow, graph=version.graph, by=by)


def read_graph(data: Json) -> Graph:
    """A well-formed graph of a size that can be checked. Raises GraphError."""
    refuse_huge(data)
    return Graph.from_json(data)


def refuse_huge(data: Json) -> None:
    """Raises GraphError for more nodes or edges than can be looked at in time."""
    most = limits().graph_nodes
    for part, limit in (("nodes", most), ("edges", most * EDGES_PER_NODE)):
        found = data.get(part) if isinstance(data, Mapping) else None
        if isinstance(found, list) and len(found) > limit:
            message = (
                f"The graph has {len(found)} {part}, {limit} is the limit. "
                "Move a part of it into a workflow of its own."
            )
            raise GraphError([Problem(f"too_many_{part}", message, field=part)])


def _change_draft(workflow: Workflow, columns: Mapping[str, Any]) -> None:
    """Raises ConflictError when somebody else was first."""
    changed = Workflow.objects.filter(
        pk=workflow.pk, revision=workflow.revision, archived_at=None
    ).update(**columns, revision=workflow.revision + 1, updated_at=timezone.now())
    if not changed:
        raise _stale(workflow)
    workflow.refresh_from_db()


def refuse_stale(*, workflow: Workflow, revision: int | None) -> None:
    """Raises ConflictError `stale_revision` unless `revision` is the one of `workflow`; None is
    any."""
    if revision not in (None, workflow.revision):
        raise _stale(workflow)


def _stale(workflow: Workflow) -> ConflictError:
    current = Workflow.objects.filter(pk=workflow.pk).values_list("revision", flat=True).first()
    return ConflictError(
        "Somebody else has changed this workflow since you loaded it. Load it again, then repeat "
        "your change.",
        code="stale_revision",
        details={"revision": current},
    )


# ---------------------------------------------------------------- versions


def publish_workflow(*, workflow: Workflow, note: str = "", by: User | None = None) -> Version:
    """Make the draft, as it was loaded, the published version. Raises GraphError with every finding
    when it is not valid, ConflictError when the draft was changed meanwhile."""
    check_graph(read_graph(workflow.draft)).raise_errors()
    with transaction.atomic():
        current = _sound_draft(workflow)
        earlier = Version.objects.filter(workflow=current).aggregate(last=Max("number"))
        version = Version.objects.create(
            workflow=workflow,
            number=(earlier["last"] or 0) + 1,
            graph=workflow.draft,
            note=note,
            created_by=by,
        )
        Workflow.objects.filter(pk=workflow.pk).update(
            published=version, updated_at=version.created_at
        )
    workflow.refresh_from_db()
    return version


def snapshot_draft(*, workflow: Workflow, by: User | None = None) -> Version:
    """The draft, as it was loaded, as something that a run can pin: a row that is there already
    while the draft is the same. Raises what `publish_workflow` does."""
    check_graph(read_graph(workflow.draft)).raise_errors()
    with transaction.atomic():
        current = _sound_draft(workflow)
        drafts = Version.objects.filter(workflow=current, number=Version.DRAFT)
        last = drafts.order_by("-pk").first()
        if last is not None and last.graph == workflow.draft:
            return last
        return Version.objects.create(
            workflow=current, number=Version.DRAFT, graph=workflow.draft, created_by=by
        )


def hold_snapshot(*, version: Version) -> None:
    """Within a transaction that stores a run of this snapshot: it stays until the end, and if it
    was removed since it was loaded, because no run needed it, it is there again."""
    held = Version.objects.select_for_update(no_key=True).filter(pk=version.pk)
    if not held.values_list("pk"):
        Version.objects.bulk_create([version], ignore_conflicts=True)


def _sound_draft(workflow: Workflow) -> Workflow:
    """The row, locked, of a draft that is still the one that was loaded and calls nobody in a
    circle."""
    current = Workflow.objects.select_for_update().get(pk=workflow.pk)
    if current.revision != workflow.revision:
        raise _stale(workflow)
    _refuse_archived(current)
    refuse_circles(workflow, workflow.draft)
    return current


# ---------------------------------------------------------------- on, off, gone


def activate_workflow(*, workflow: Workflow) -> Workflow:
    """Let its trigger start runs. Raises ConflictError `not_published`."""
    alive = Workflow.objects.filter(pk=workflow.pk, archived_at=None)
    now = timezone.now()
    since = Case(When(is_active=True, then=F("activated_at")), default=now)
    if not alive.exclude(published=None).update(is_active=True, activated_at=since, updated_at=now):
        workflow.refresh_from_db()
        _refuse_archived(workflow)
        raise ConflictError(
            "This workflow has no published version. Publish it first, then activate it.",
            code="not_published",
        )
    workflow.refresh_from_db()
    return workflow


def deactivate_workflow(*, workflow: Workflow) -> Workflow:
    """Start no new runs; those under way go on."""
    Workflow.objects.filter(pk=workflow.pk).update(is_active=False, updated_at=timezone.now())
    workflow.refresh_from_db()
    return workflow


def delete_workflow(*, workflow: Workflow) -> Workflow:
    """Archive it: it is inactive and gone from the lists, its runs stay readable. Raises
    ConflictError `in_use` that names the workflows which start this one."""
    with transaction.atomic():
        Workflow.objects.select_for_update().get(pk=workflow.pk)
        if callers := callers_of(workflow):
            names = ", ".join(repr(caller.name) for caller in callers)
            raise ConflictError(
                f"This workflow is started by {names}. Take it out there first.",
                code="in_use",
                details={"workflows": [str(caller.pk) for caller in callers]},
            )
        now = timezone.now()
        Workflow.objects.filter(pk=workflow.pk, archived_at=None).update(
            archived_at=now, updated_at=now, is_active=False
        )
    workflow.refresh_from_db()
    return workflow


def _refuse_archived(workflow: Workflow) -> None:
    if workflow.archived_at:
        raise NotFoundError("This workflow was deleted. Import it again, or make a new one.")


# ---------------------------------------------------------------- webhook tokens


def rotate_webhook_token(*, workflow: Workflow) -> Workflow:
    """A new webhook address; the old one stops at once."""
    _give_token(workflow)
    workflow.updated_at = timezone.now()
    workflow.save(update_fields=["webhook_hash", "webhook_token", "updated_at"])
    return workflow


def _give_token(workflow: Workflow) -> None:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    workflow.webhook_hash = hash_of(token.encode())
    workflow.webhook_token = vault.encrypt(token, identity=vault.webhook_identity(workflow.pk))


# ---------------------------------------------------------------- documents


class WorkflowDocument(NodeConfig):
    """A workflow as one JSON document, without its secrets and its webhook address."""

    altoflow = WholeNumber(min_value=DOCUMENT_FORM, max_value=DOCUMENT_FORM)
    name = Text(max_length=200)
    description = Text(allow_blank=True, default="", max_length=10_000)
    settings = WorkflowSettings(default=dict)
    graph = AnyJson()


def export_workflow(*, workflow: Workflow) -> dict[str, Json]:
    """The draft as a WorkflowDocument."""
    return {
        "altoflow": DOCUMENT_FORM,
        "name": workflow.name,
        "description": workflow.description,
        "settings": settings_of(workflow),
        "graph": workflow.draft,
    }


def import_workflow(*, document: Json, by: User | None = None) -> Workflow:
    """A new, inactive workflow. Raises FormError, GraphError."""
    form = checked(WorkflowDocument(data=document))
    form.pop("altoflow")
    return create_workflow(**form, by=by)
