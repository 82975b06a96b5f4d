"""What authors keep beside their workflows."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from workflows.models import Workflow
from workflows.plain_json import JsonText


class PinnedSample(models.Model):
    """An output that stands for a node's while its workflow is being edited. Runs never see it."""

    workflow = models.ForeignKey(Workflow, on_delete=models.CASCADE, related_name="+")
    node_id = models.CharField(max_length=64)
    output = JsonText()
    pinned_at = models.DateTimeField(default=timezone.now)
    pinned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workflow", "node_id"], name="one_sample_a_node")
        ]

    def __str__(self) -> str:
        return f"{self.workflow_id} {self.node_id}"
