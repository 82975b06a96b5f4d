"""Executions: what ran, what each step saw, and what is still to do."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone

from workflows.ids import uuid7
from workflows.models import Version, Workflow, version_label
from workflows.plain_json import JsonText


def milliseconds_between(start: datetime | None, end: datetime | None) -> float | None:
    if start is None or end is None:
        return None
    return round((end - start).total_seconds() * 1000, 3)


class Run(models.Model):
    """One execution of a version. Only conditional updates change `status`."""

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        WAITING = "waiting"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"

    UNFINISHED = (Status.QUEUED, Status.RUNNING, Status.WAITING)
    FINISHED = (Status.COMPLETED, Status.FAILED, Status.CANCELLED)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workflow = models.ForeignKey(
        Workflow, on_delete=models.PROTECT, related_name="runs", db_index=False
    )
    version = models.ForeignKey(
        Version, on_delete=models.PROTECT, related_name="runs", db_index=False
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempt = models.PositiveIntegerField(default=1)
    trigger_type = models.CharField(max_length=40)
    payload = JsonText()
    output = JsonText(null=True)
    error = JsonText(null=True)
    parent_run = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="children", db_constraint=False
    )
    call_stack = JsonText(default=list)
    """Ids of the workflows that called each other up to this run, without its own."""
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempt_started_at = models.DateTimeField(null=True)
    """The hour that a run may take begins anew with each attempt."""
    restored_at = models.DateTimeField(null=True)
    """Of a copy from the archive, which is only read."""

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["workflow", "-id"], name="run_by_workflow"),
            models.Index(fields=["status", "-id"], name="run_by_status"),
            # Asked at each deletion of a snapshot, by the database itself too.
            models.Index(fields=["version"], name="run_by_version"),
            models.Index(
                fields=["finished_at", "id"],
                condition=models.Q(finished_at__isnull=False),
                name="run_by_end",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def duration_ms(self) -> float | None:
        """Of the last attempt."""
        return milliseconds_between(self.attempt_started_at or self.started_at, self.finished_at)

    @property
    def is_finished(self) -> bool:
        return self.status in self.FINISHED


class Step(models.Model):
    """One execution of a node in a run. The log row is the checkpoint.

    Steps of attempt k, as they were then: rows with `attempt` <= k whose `superseded_by` is empty
    or greater than k.
    """

    class Status(models.TextChoices):
        RUNNING = "running"
        WAITING = "waiting"
        COMPLETED = "completed"
        FAILED = "failed"
        CANCELLED = "cancelled"
        IGNORED = "ignored"

    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="steps", db_index=False, db_constraint=False
    )
    attempt = models.PositiveIntegerField(default=1)
    node_id = models.CharField(max_length=64)
    iteration = models.CharField(max_length=64, blank=True, default="")
    """Indexes of the enclosing iterations with dots between them: "2", "2.0"."""
    try_number = models.PositiveIntegerField(default=1)
    sequence = models.PositiveIntegerField(default=0)
    """Order of start within the attempt."""
    node_type = models.CharField(max_length=40)
    name = models.CharField(max_length=200, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status.choices)
    input = JsonText(null=True)
    output = JsonText(null=True)
    error = JsonText(null=True)
    warnings = JsonText(default=list)
    port = models.CharField(max_length=64, blank=True, default="")
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    wake_at = models.DateTimeField(null=True)
    """When a waiting step goes on, or a failed one is tried again."""
    superseded_by = models.PositiveIntegerField(null=True)
    """The attempt that repeated this step; empty while its result counts."""

    class Meta:
        ordering: ClassVar = ["attempt", "sequence", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["run", "attempt", "node_id", "iteration", "try_number"], name="step_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.node_id}"

    @property
    def duration_ms(self) -> float | None:
        return milliseconds_between(self.started_at, self.finished_at)


class Job(models.Model):
    """Unfinished, claimable work: one row a run, gone when the run has ended.

    Times are milliseconds since 1970 by the clock of the database. A claim moves `available_at` to
    the end of the lease, so an expired lease is due again by itself.
    """

    run = models.OneToOneField(
        Run, primary_key=True, on_delete=models.CASCADE, related_name="job", db_constraint=False
    )
    available_at = models.BigIntegerField(db_index=True)
    owner = models.CharField(max_length=100, blank=True, default="")
    fence = models.BigIntegerField(default=0)
    deaths = models.PositiveIntegerField(default=0)
    """Workers that died with this job since it last made progress."""
    wakeups = models.PositiveIntegerField(default=0)
    """Child runs that ended; one that ends while the job is claimed must not be missed."""

    def __str__(self) -> str:
        return str(self.run_id)


class Worker(models.Model):
    """The heartbeat of one work task; `beat_at` like the times of Job."""

    owner = models.CharField(max_length=100, primary_key=True)
    slot = models.PositiveIntegerField()
    host = models.CharField(max_length=100)
    pid = models.PositiveIntegerField()
    beat_at = models.BigIntegerField()

    def __str__(self) -> str:
        return self.owner


class Delivery(models.Model):
    """One incoming webhook request with its verdict, refused ones too."""

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted"
        DUPLICATE = "duplicate"
        BAD_JSON = "bad_json"
        BAD_SIGNATURE = "bad_signature"
        UNKNOWN_TOKEN = "unknown_token"  # noqa: S105 a verdict
        INACTIVE = "inactive"
        BAD_METHOD = "bad_method"
        LENGTH_REQUIRED = "length_required"
        TOO_LARGE = "too_large"
        KEY_CONFLICT = "key_conflict"
        RATE_LIMITED = "rate_limited"
        UNUSABLE = "unusable"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workflow = models.ForeignKey(
        Workflow, null=True, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    run = models.ForeignKey(
        Run, null=True, on_delete=models.SET_NULL, related_name="deliveries", db_constraint=False
    )
    verdict = models.CharField(max_length=20, choices=Verdict.choices)
    status_code = models.PositiveSmallIntegerField()
    message = models.TextField(blank=True, default="")
    method = models.CharField(max_length=10)
    remote_address = models.CharField(max_length=45, blank=True, default="")
    body_bytes = models.PositiveIntegerField(default=0)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["workflow", "-id"], name="delivery_by_workflow")]

    def __str__(self) -> str:
        return f"{self.verdict} {self.received_at:%Y-%m-%d %H:%M:%S}"


class IdempotencyKey(models.Model):
    """The first answer to a request with this key, kept for 24 hours."""

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="idempotency_keys", db_constraint=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workflow", "key"], name="idempotency_key_once")
        ]

    def __str__(self) -> str:
        return self.key


class Schedule(models.Model):
    """When an active workflow is due next; one that is not started by a schedule has no `next_at`.

    The row follows the workflow: it is made anew where `version` or `activated_at` are no longer
    those of the workflow (see runs.schedules.scheduler).
    """

    workflow = models.OneToOneField(
        Workflow, primary_key=True, on_delete=models.CASCADE, related_name="+"
    )
    version = models.ForeignKey(
        Version, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    activated_at = models.DateTimeField(null=True)
    next_at = models.BigIntegerField(null=True, db_index=True)
    """Like the times of Job."""

    def __str__(self) -> str:
        return str(self.workflow_id)


class Occurrence(models.Model):
    """A due time for which a run was started. No due time of a workflow starts two."""

    workflow = models.ForeignKey(
        Workflow, on_delete=models.CASCADE, related_name="occurrences", db_index=False
    )
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    run = models.ForeignKey(
        Run, on_delete=models.CASCADE, related_name="occurrences", db_constraint=False
    )

    class Meta:
        ordering: ClassVar = ["-due_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workflow", "due_at"], name="occurrence_once")
        ]

    def __str__(self) -> str:
        return f"{self.workflow_id} {self.due_at:%Y-%m-%d %H:%M:%S}"


class ArchiveFile(models.Model):
    """A file in the storage `archive`, written once and never changed. The row is there before the
    file, so that whatever a killed process leaves behind is known by its name."""

    class State(models.TextChoices):
        WRITING = "writing"
        CLEARING = "clearing"
        """Its runs are archived; rows that belonged to them are still being deleted."""
        COMPLETE = "complete"
        DISCARDED = "discarded"
        """It holds nothing that is not elsewhere; file and row are about to go."""

    IN_USE = (State.CLEARING, State.COMPLETE)

    name = models.CharField(max_length=255, unique=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WRITING)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class ArchivedRun(models.Model):
    """Where in the archive a run is, and what one looks for it by. It knows its workflow by id and
    name only, so it stays whatever becomes of the workflow."""

    id = models.UUIDField(primary_key=True, editable=False)
    file = models.ForeignKey(ArchiveFile, on_delete=models.PROTECT, related_name="runs")
    first_line = models.PositiveIntegerField()
    """The number of its line in the file, from 0 on; the rows that belong to it follow."""
    lines = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    """SHA-256 of its lines."""
    workflow_id = models.UUIDField()
    workflow_name = models.CharField(max_length=200)
    version_number = models.PositiveIntegerField()
    parent_run_id = models.UUIDField(null=True)
    status = models.CharField(max_length=10, choices=Run.Status.choices)
    attempt = models.PositiveIntegerField()
    trigger_type = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    archived_at = models.DateTimeField()
    restored_at = models.DateTimeField(null=True)
    """Since when a copy is among the runs."""

    class Meta:
        ordering: ClassVar = ["-created_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["created_at", "id"], name="archived_by_time"),
            models.Index(fields=["workflow_id", "created_at"], name="archived_by_workflow"),
            models.Index(fields=["status", "created_at"], name="archived_by_status"),
            models.Index(
                fields=["parent_run_id"],
                condition=models.Q(parent_run_id__isnull=False),
                name="archived_by_parent",
            ),
            models.Index(
                fields=["restored_at"],
                condition=models.Q(restored_at__isnull=False),
                name="archived_by_restore",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def version_label(self) -> str:
        return version_label(self.version_number)
