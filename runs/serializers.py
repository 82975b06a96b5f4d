"""Runs and steps as the API shows them; every field name is part of the contract."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from runs.models import Run, Step
from workflows.node_type import Json, NodeConfig
from workflows.vault import VaultSnapshot, snapshot


class RunSerializer(serializers.ModelSerializer[Run]):
    workflow = serializers.UUIDField(source="workflow_id")
    version = serializers.IntegerField(
        source="version.number", help_text="0: a test run of the draft as it was then."
    )
    parent_run = serializers.UUIDField(source="parent_run_id", allow_null=True)
    payload = serializers.SerializerMethodField()
    output = serializers.JSONField(allow_null=True)
    error = serializers.JSONField(allow_null=True)
    duration_ms = serializers.FloatField(allow_null=True)

    class Meta:
        model = Run
        fields: tuple[str, ...] = (
            "id",
            "workflow",
            "version",
            "status",
            "attempt",
            "trigger_type",
            "payload",
            "error",
            "created_at",
            "started_at",
            "finished_at",
            "duration_ms",
            "parent_run",
            "output",
        )
        read_only_fields: tuple[str, ...] = fields

    @cached_property
    def _vault(self) -> VaultSnapshot:
        return snapshot()

    @extend_schema_field(OpenApiTypes.ANY)
    def get_payload(self, run: Run) -> Json:
        """It is kept as it came, and what came may hold a secret."""
        return self._vault.masked(run.payload)


class StepSerializer(serializers.ModelSerializer[Step]):
    input = serializers.JSONField(allow_null=True)
    output = serializers.JSONField(allow_null=True)
    error = serializers.JSONField(allow_null=True)
    warnings = serializers.JSONField()
    duration_ms = serializers.FloatField(allow_null=True)

    class Meta:
        model = Step
        fields = (
            "id",
            "node_id",
            "node_type",
            "name",
            "status",
            "attempt",
            "try",
            "iteration",
            "input",
            "output",
            "error",
            "warnings",
            "port",
            "started_at",
            "finished_at",
            "duration_ms",
        )
        read_only_fields = fields

    def build_field(
        self, field_name: str, info: Any, model_class: Any, nested_depth: int
    ) -> tuple[Any, dict[str, Any]]:
        """`try` is a word of Python, so the column has another name."""
        if field_name == "try":
            return serializers.IntegerField, {"source": "try_number", "read_only": True}
        return super().build_field(field_name, info, model_class, nested_depth)


class RunWithStepsSerializer(RunSerializer):
    steps = StepSerializer(many=True)

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "steps")
        read_only_fields = fields


class RunListSerializer(serializers.Serializer[Any]):
    """`next` is the address of the page with older runs, `previous` of the one with newer ones."""

    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
    results = RunSerializer(many=True)


class ExecuteForm(NodeConfig):
    payload = serializers.JSONField(allow_null=True, default=dict)


class ResumeForm(NodeConfig):
    """`from` is `failed`, `start` or the id of a completed node."""

    version = serializers.ChoiceField(["original", "published"], default="original")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python."""
        start = serializers.CharField(max_length=64, default="failed", source="start")
        return {"from": start, **super().get_fields()}


class PlannedStepSerializer(serializers.Serializer[Any]):
    node_id = serializers.CharField()
    iteration = serializers.CharField()
    name = serializers.CharField()
    node_type = serializers.CharField()
    action = serializers.ChoiceField(["reused", "repeated", "new"])
    has_effect = serializers.BooleanField()


class ResumePlanSerializer(serializers.Serializer[Any]):
    version = serializers.ChoiceField(["original", "published"])
    steps = PlannedStepSerializer(many=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """`from` is a word of Python."""
        return {"from": serializers.CharField(), **super().get_fields()}


class StatusCountsSerializer(serializers.Serializer[Any]):
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    waiting = serializers.IntegerField()
    completed = serializers.IntegerField(required=False)
    failed = serializers.IntegerField(required=False)
    cancelled = serializers.IntegerField(required=False)


class DurationsSerializer(serializers.Serializer[Any]):
    """Of the newest 1,000 completed runs."""

    average = serializers.FloatField(allow_null=True)
    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)
    max = serializers.FloatField(allow_null=True)


class StatsSerializer(serializers.Serializer[Any]):
    """`by_status`: runs of the last `hours`; `now`: all that are unfinished; `success_rate`: 0 to
    1, completed of those completed or failed."""

    hours = serializers.IntegerField()
    total = serializers.IntegerField()
    by_status = StatusCountsSerializer()
    now = StatusCountsSerializer()
    success_rate = serializers.FloatField(allow_null=True)
    duration_ms = DurationsSerializer()
