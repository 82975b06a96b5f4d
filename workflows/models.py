"""Workflows, their immutable versions, the secrets they use and the keys of their API."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from workflows.ids import uuid7
from workflows.plain_json import JsonText


def empty_graph() -> dict[str, Any]:
    return {"nodes": [], "edges": []}


def version_label(number: int | None) -> str:
    """v3; number 0 is a draft that was tried out."""
    return f"v{number}" if number else "draft"


class Workflow(models.Model):
    """A named definition: one draft, any number of versions, at most one of them published."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    draft = JsonText(default=empty_graph)
    revision = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    """Who made the newest revision; empty for what came through a key of the API."""
    settings = JsonText(default=dict)
    is_active = models.BooleanField(default=False)
    activated_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When it was last switched on; a schedule counts from here."""
    published = models.ForeignKey(
        "Version", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    webhook_hash = models.CharField(max_length=64, unique=True, editable=False)
    webhook_token = models.TextField(editable=False)
    """Encrypted; looked up by its hash."""
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name", "id"]
        indexes: ClassVar = [
            # Answers the scheduler, which asks once a second, without reading any draft.
            models.Index(
                fields=["published", "id", "activated_at", "is_active"],
                condition=models.Q(is_active=True),
                name="workflow_switched_on",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def status(self) -> str:
        return "active" if self.is_active else "inactive"


class Version(models.Model):
    """An immutable, numbered snapshot of a graph. A run pins the version that it started with.

    Number 0 is the draft as it was when somebody tried it: a run needs something that stays. Such a
    row is no version for people; it is in no list and never published.
    """

    DRAFT = 0

    workflow = models.ForeignKey(Workflow, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    graph = JsonText()
    note = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workflow", "number"],
                condition=models.Q(number__gt=0),
                name="version_number_once",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["workflow", "-id"],
                condition=models.Q(number=0),
                name="version_of_draft",
            )
        ]

    def __str__(self) -> str:
        return f"{self.workflow_id} {self.label}"

    @property
    def is_draft(self) -> bool:
        return self.number == self.DRAFT

    @property
    def label(self) -> str:
        """v3, or draft."""
        return version_label(self.number)


class Secret(models.Model):
    """An encrypted value, used as `{{ vault.name }}`."""

    name = models.CharField(max_length=50, unique=True)
    value = models.TextField()
    description = models.CharField(max_length=200, blank=True, default="")
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What somebody may do: look; look, change and run; everything."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


class ApiKey(models.Model):
    """A key of the REST API. Only its SHA-256 is stored."""

    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    """The first characters, so that people recognise a key."""
    hash = models.CharField(max_length=64, unique=True)
    role = models.CharField(max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
