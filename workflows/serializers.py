"""The JSON of the REST API, in and out. What goes in has a name ending in `In`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from workflows.access import covers, role_of
from workflows.fields import AnyJson, Text, WholeNumber
from workflows.models import Role, Secret, Version, Workflow
from workflows.node_type import NodeConfig
from workflows.selectors import HIGHEST_NUMBER, webhook_url
from workflows.workflow_settings import WorkflowSettings, settings_of

LONGEST_TEXT = 10_000
STATUSES = ("inactive", "active")


class GraphField(AnyJson):
    """{"nodes": [...], "edges": [...]}. Read by workflows.graph, which names node and field of what
    is wrong."""


# ---------------------------------------------------------------- workflows


class WorkflowIn(NodeConfig):
    name = Text(max_length=200)
    description = Text(allow_blank=True, default="", max_length=LONGEST_TEXT)
    graph = GraphField(required=False)
    settings = WorkflowSettings(required=False)


class WorkflowChange(WorkflowIn):
    """A PUT needs name, graph and revision, a PATCH any of the fields."""

    graph = GraphField()
    revision = WholeNumber(
        min_value=1, max_value=HIGHEST_NUMBER, help_text="The one that you loaded; a stale one: 409"
    )


class WorkflowRow(serializers.ModelSerializer[Workflow]):
    """A workflow without its graph, as lists show it."""

    status = serializers.ChoiceField(choices=STATUSES, read_only=True)
    settings = serializers.SerializerMethodField()
    published_version = serializers.IntegerField(
        source="published.number", allow_null=True, default=None, read_only=True
    )
    webhook_url = serializers.SerializerMethodField()

    class Meta:
        model = Workflow
        fields: Any = (
            "id",
            "name",
            "description",
            "status",
            "revision",
            "settings",
            "published_version",
            "webhook_url",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields

    def get_settings(self, workflow: Workflow) -> WorkflowSettings:
        return settings_of(workflow)  # type: ignore[return-value]

    def get_webhook_url(self, workflow: Workflow) -> str | None:
        """null for viewers: who has the address can start runs."""
        request: Request = self.context["request"]
        if not covers(role_of(request), Role.EDITOR):
            return None
        return webhook_url(workflow, request.build_absolute_uri("/"))


class WorkflowOut(WorkflowRow):
    graph = GraphField(source="draft", read_only=True)

    class Meta(WorkflowRow.Meta):
        fields: Any = (*WorkflowRow.Meta.fields, "graph")
        read_only_fields = fields


class ForeignWorkflowIn(serializers.Serializer[Any]):
    """A workflow as n8n exports it, or copies it to the clipboard. Fields that are not named here
    are taken too."""

    name = serializers.CharField(required=False)
    nodes = serializers.ListField(child=serializers.DictField())
    connections = serializers.DictField()


class NoteOut(serializers.Serializer[Any]):
    node = serializers.CharField(help_text="The id of a node; empty for the workflow as a whole.")
    message = serializers.CharField()


class ImportedOut(WorkflowOut):
    """A workflow, with what was changed in it or could not be taken over."""

    notes = serializers.SerializerMethodField()

    class Meta(WorkflowOut.Meta):
        fields: Any = (*WorkflowOut.Meta.fields, "notes")
        read_only_fields = fields

    @extend_schema_field(NoteOut(many=True))
    def get_notes(self, workflow: Workflow) -> Any:
        return NoteOut(self.context["notes"], many=True).data


# ---------------------------------------------------------------- versions


class NoteIn(NodeConfig):
    note = Text(allow_blank=True, default="", max_length=LONGEST_TEXT)


class VersionRow(serializers.ModelSerializer[Version]):
    created_by = serializers.CharField(
        source="created_by.username", allow_null=True, default=None, read_only=True
    )

    class Meta:
        model = Version
        fields: Any = ("number", "note", "created_at", "created_by")
        read_only_fields = fields


class VersionOut(VersionRow):
    graph = GraphField(read_only=True)

    class Meta(VersionRow.Meta):
        fields: Any = (*VersionRow.Meta.fields, "graph")
        read_only_fields = fields


# ---------------------------------------------------------------- findings


class GraphIn(NodeConfig):
    graph = GraphField()


class ProblemOut(serializers.Serializer[Any]):
    node = serializers.CharField()
    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


class FindingsOut(serializers.Serializer[Any]):
    valid = serializers.BooleanField()
    errors = ProblemOut(many=True)  # type: ignore[assignment]
    warnings = ProblemOut(many=True)


# ---------------------------------------------------------------- node types


class NodeTypeOut(serializers.Serializer[Any]):
    type = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    category = serializers.CharField()
    icon = serializers.CharField(help_text="A lucide icon.")
    ports = serializers.ListField(child=serializers.CharField())
    port_list = serializers.CharField(
        help_text="The list in the config whose items name further ports; empty for none."
    )
    can_fail = serializers.BooleanField(help_text="Has the port error with continue_on_error.")
    effect = serializers.CharField()
    keywords = serializers.ListField(child=serializers.CharField())
    help = serializers.CharField()
    example = serializers.JSONField(help_text="A config that can be used.")
    sample = serializers.JSONField(allow_null=True, help_text="What a trigger gives out.")
    config_schema = serializers.JSONField(help_text="JSON Schema of the config.")


# ---------------------------------------------------------------- secrets


class SecretIn(NodeConfig):
    value = Text(write_only=True, trim_whitespace=False)
    description = Text(allow_blank=True, default="", max_length=200)
    expires_at = serializers.DateTimeField(allow_null=True, default=None)


class NewSecretIn(SecretIn):
    name = Text()


class SecretOut(serializers.ModelSerializer[Secret]):
    """Values go in, never out."""

    class Meta:
        model = Secret
        fields: Any = ("name", "description", "expires_at", "created_at", "updated_at")
        read_only_fields = fields
