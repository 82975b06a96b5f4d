"""What one can do with runs. A state change is a conditional update that says if it landed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Literal

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from runs import queue, resume_plan
from runs.idempotency import check_key, first_run, keep_key
from runs.models import Job, Run, Step
from runs.waiting_callers import call_listeners
from workflows.compiled import compile_graph
from workflows.errors import ConflictError
from workflows.graph import Graph
from workflows.models import Version, Workflow
from workflows.node_type import Json
from workflows.plain_json import encode
from workflows.services import hold_snapshot, snapshot_draft

WhichVersion = Literal["original", "published"]


def start_run(
    *,
    workflow: Workflow,
    payload: Json,
    trigger_type: str,
    idempotency_key: str = "",
    same_request: str = "",
    version: Version | None = None,
) -> Run:
    """Store a run and its job together. A repeated key gives the first run again; raises
    ConflictError for a workflow without a published version and for a key with another payload
    (where only a part of it counts: with another `same_request`, at most 64 characters)."""
    version = version or workflow.published
    if version is None or workflow.archived_at is not None:
        raise ConflictError(
            f"{workflow.name} has no published version. Publish it, then run it.",
            code="not_published",
        )
    check_key(idempotency_key)
    payload, text = encode(payload)
    digest = same_request or hashlib.sha256(text.encode()).hexdigest()
    if first := first_run(workflow=workflow, key=idempotency_key, digest=digest):
        return first
    run = Run(workflow=workflow, version=version, payload=payload, trigger_type=trigger_type)
    try:
        with transaction.atomic():
            if version.is_draft:
                hold_snapshot(version=version)
            run.save(force_insert=True)
            keep_key(run=run, key=idempotency_key, digest=digest)
            queue.insert_jobs([run.id.hex])
    except IntegrityError:
        # The same request may have come a moment before.
        first = first_run(workflow=workflow, key=idempotency_key, digest=digest)
        if first is None:
            raise
        return first
    transaction.on_commit(queue.wake)
    return run


def start_draft_run(*, workflow: Workflow, payload: Json, by: User | None = None) -> Run:
    """Try the draft, as it was loaded, through the same queue and engine as everything else. Raises
    what `snapshot_draft` does."""
    return start_run(
        workflow=workflow,
        payload=payload,
        trigger_type="manual_trigger",
        version=snapshot_draft(workflow=workflow, by=by),
    )


def start_runs(*, versions: Sequence[Version], payload: Json, trigger_type: str) -> list[Run]:
    """A run of each version with the same payload, all in one transaction."""
    payload, _ = encode(payload)
    runs = [
        Run(
            workflow_id=version.workflow_id,
            version=version,
            payload=payload,
            trigger_type=trigger_type,
        )
        for version in versions
    ]
    if runs:
        with transaction.atomic():
            Run.objects.bulk_create(runs)
            queue.insert_jobs([run.pk.hex for run in runs])
        transaction.on_commit(queue.wake)
    return runs


def rerun(*, run: Run) -> Run:
    """A new run with the same payload, on the newest published version; a run of a draft is tried
    again on that draft. Raises ConflictError for a copy from the archive."""
    _refuse_copy(run)
    published = None if run.version.is_draft else run.workflow.published
    return start_run(
        workflow=run.workflow,
        payload=run.payload,
        trigger_type=run.trigger_type,
        version=published or run.version,
    )


def cancel_run(*, run: Run) -> Run:
    """Stop a run, its waits and the runs it called. Raises ConflictError when it has ended."""
    now = timezone.now()
    with transaction.atomic():
        _lock_job_and_parent(run)
        Job.objects.filter(run=run).delete()
        landed = Run.objects.filter(pk=run.pk, status__in=Run.UNFINISHED).update(
            status=Run.Status.CANCELLED,
            finished_at=now,
            error={"code": "cancelled", "message": "The run was cancelled.", "details": {}},
        )
        if not landed:
            raise ConflictError(
                f"The run has ended already; it is {_status_now(run)}.", code="run_finished"
            )
        run.steps.filter(status__in=[Step.Status.RUNNING, Step.Status.WAITING]).update(
            status=Step.Status.CANCELLED, finished_at=now
        )
        queue.wake_parents([run.pk.hex])
        _cancel_all(Run.objects.filter(parent_run=run))
    transaction.on_commit(queue.wake)
    transaction.on_commit(lambda: call_listeners([run.pk.hex]))
    run.refresh_from_db()
    return run


def cancel_runs(*, run_ids: Iterable[str]) -> None:
    """Those of them that have not ended."""
    if wanted := list(run_ids):
        _cancel_all(Run.objects.filter(pk__in=wanted))


def _cancel_all(runs: QuerySet[Run]) -> None:
    for run in runs.filter(status__in=Run.UNFINISHED).order_by("pk"):
        with suppress(ConflictError):
            cancel_run(run=run)


def _lock_job_and_parent(run: Run) -> None:
    """In the order of the engine's checkpoints, which lock the same rows."""
    wanted = [run.pk, run.parent_run_id]
    rows = Job.objects.filter(pk__in=filter(None, wanted)).order_by("pk").select_for_update()
    list(rows.values_list("pk"))


def plan_resume(
    *, run: Run, start: str = "failed", version: WhichVersion = "original"
) -> resume_plan.ResumePlan:
    """What `resume_run` would do. Raises ConflictError where it can not."""
    _refuse_copy(run)
    if run.status not in (Run.Status.FAILED, Run.Status.CANCELLED):
        raise ConflictError(
            f"Only a failed or cancelled run can be resumed; this one is {run.status}. "
            "Use rerun to start it anew.",
            code="not_resumable",
        )
    chosen = run.version if version == "original" else run.workflow.published
    if chosen is None:
        raise ConflictError(
            f"{run.workflow.name} has no published version. Publish it, or resume on the original.",
            code="not_published",
        )
    graph = compile_graph(Graph.from_json(chosen.graph))
    return resume_plan.plan(graph, chosen.pk, run.steps.filter(superseded_by=None), start)


def resume_run(*, run: Run, start: str = "failed", version: WhichVersion = "original") -> Run:
    """The same run, next attempt: steps that are reused stay, the others are superseded. Raises
    ConflictError where `plan_resume` does, and when somebody else was first."""
    planned = plan_resume(run=run, start=start, version=version)
    with transaction.atomic():
        landed = Run.objects.filter(
            pk=run.pk,
            attempt=run.attempt,
            status__in=[Run.Status.FAILED, Run.Status.CANCELLED],
            restored_at=None,
        ).update(
            status=Run.Status.QUEUED,
            attempt=F("attempt") + 1,
            version=planned.version,
            error=None,
            output=None,
            attempt_started_at=None,
            finished_at=None,
        )
        if not landed:
            raise ConflictError(
                "Somebody else resumed this run a moment ago. Look at its new attempt.",
                code="not_resumable",
            )
        Step.objects.filter(pk__in=planned.superseded).update(superseded_by=run.attempt + 1)
        queue.insert_jobs([run.pk.hex])
    transaction.on_commit(queue.wake)
    run.refresh_from_db()
    return run


def _refuse_copy(run: Run) -> None:
    if run.restored_at is not None:
        raise ConflictError(
            "This run is a copy from the archive, which is only read. Start the workflow itself "
            "with the same payload instead.",
            code="restored",
        )


def _status_now(run: Run) -> str:
    return Run.objects.values_list("status", flat=True).get(pk=run.pk)
