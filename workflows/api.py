"""REST calls for definitions. Each one: read, one service, answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import ClassVar
from uuid import UUID

from django.utils.text import slugify
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from workflows import importing, plain_json, selectors, services, vault
from workflows import serializers as forms
from workflows.access import user_of
from workflows.api_schema import answers
from workflows.api_view import DefinitionView, paged
from workflows.errors import ConflictError, GraphError
from workflows.models import Role, Secret
from workflows.palette import node_types
from workflows.validation import Findings, check_graph


class Workflows(DefinitionView):
    @extend_schema(
        operation_id="list_workflows",
        parameters=[
            OpenApiParameter("q", str, description="Part of the name."),
            OpenApiParameter("status", str, enum=["active", "inactive"]),
        ],
        responses=answers({200: forms.WorkflowRow(many=True)}),
    )
    def get(self, request: Request) -> Response:
        """All workflows by name, without their graphs."""
        q = plain_json.clean(request.query_params.get("q", ""))
        status = request.query_params.get("status", "")
        if status not in ("", "active", "inactive"):
            raise exceptions.ValidationError({"status": ["Use active or inactive."]})
        found = selectors.list_workflows(q=q, status=status)
        return paged(self, found, forms.WorkflowRow)

    @extend_schema(
        operation_id="create_workflow",
        request=forms.WorkflowIn,
        responses=answers({201: forms.WorkflowOut}, 400),
    )
    def post(self, request: Request) -> Response:
        """A new workflow, inactive, with this draft. The graph may be incomplete."""
        workflow = services.create_workflow(**self.body(forms.WorkflowIn), by=user_of(request))
        return self.answer(forms.WorkflowOut, workflow, 201)


class OneWorkflow(DefinitionView):
    roles: ClassVar = {"DELETE": Role.ADMIN}

    @extend_schema(operation_id="get_workflow", responses=answers({200: forms.WorkflowOut}, 404))
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """One workflow with its draft."""
        return self.answer(forms.WorkflowOut, selectors.get_workflow(workflow_id))

    @extend_schema(
        operation_id="replace_workflow",
        request=forms.WorkflowChange,
        responses=answers({200: forms.WorkflowOut}, 400, 404, 409),
    )
    def put(self, request: Request, workflow_id: UUID) -> Response:
        """Replace name, description, settings and draft. 409 when `revision` is stale."""
        return self.change(request, workflow_id, partial=False)

    @extend_schema(
        operation_id="change_workflow",
        request=forms.WorkflowChange,
        responses=answers({200: forms.WorkflowOut}, 400, 404, 409),
    )
    def patch(self, request: Request, workflow_id: UUID) -> Response:
        """Change what is sent, keep the rest. 409 when a `revision` is sent and stale."""
        return self.change(request, workflow_id, partial=True)

    @extend_schema(operation_id="delete_workflow", responses=answers({204: None}, 404, 409))
    def delete(self, request: Request, workflow_id: UUID) -> Response:
        """Archive the workflow; its runs stay readable. 409 while another one starts it."""
        services.delete_workflow(workflow=selectors.get_workflow(workflow_id))
        return Response(status=204)

    def change(self, request: Request, workflow_id: UUID, *, partial: bool) -> Response:
        workflow = selectors.get_workflow(workflow_id)
        change = self.body(forms.WorkflowChange, partial=partial)
        changed = services.update_workflow(workflow=workflow, **change, by=user_of(request))
        return self.answer(forms.WorkflowOut, changed)


class Validate(DefinitionView):
    roles: ClassVar = {"POST": Role.VIEWER}

    @extend_schema(
        operation_id="validate_graph",
        request=forms.GraphIn,
        responses=answers({200: forms.FindingsOut}, 400),
    )
    def post(self, request: Request) -> Response:
        """Everything that is wrong with a graph. Nothing is stored."""
        graph = self.body(forms.GraphIn)["graph"]
        try:
            findings = check_graph(services.read_graph(graph))
        except GraphError as error:
            findings = Findings(errors=error.problems, warnings=())
        return self.answer(forms.FindingsOut, {"valid": not findings.errors, **asdict(findings)})


class Publish(DefinitionView):
    @extend_schema(
        operation_id="publish_workflow",
        request=forms.NoteIn,
        responses=answers({201: forms.VersionOut}, 400, 404, 409),
    )
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Make the draft the published version. 400 with every finding when it is not valid."""
        workflow = selectors.get_workflow(workflow_id)
        note = self.body(forms.NoteIn)["note"]
        version = services.publish_workflow(workflow=workflow, note=note, by=user_of(request))
        return self.answer(forms.VersionOut, version, 201)


class Activate(DefinitionView):
    @extend_schema(
        operation_id="activate_workflow",
        request=None,
        responses=answers({200: forms.WorkflowOut}, 404, 409),
    )
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Let the trigger start runs. 409 when nothing is published."""
        workflow = selectors.get_workflow(workflow_id)
        return self.answer(forms.WorkflowOut, services.activate_workflow(workflow=workflow))


class Deactivate(DefinitionView):
    @extend_schema(
        operation_id="deactivate_workflow",
        request=None,
        responses=answers({200: forms.WorkflowOut}, 404),
    )
    def post(self, request: Request, workflow_id: UUID) -> Response:
        """Start no new runs; those under way go on."""
        workflow = selectors.get_workflow(workflow_id)
        return self.answer(forms.WorkflowOut, services.deactivate_workflow(workflow=workflow))


class Versions(DefinitionView):
    @extend_schema(
        operation_id="list_versions",
        responses=answers({200: forms.VersionRow(many=True)}, 404),
    )
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """The versions, the newest first, without their graphs."""
        workflow = selectors.get_workflow(workflow_id)
        return paged(self, selectors.list_versions(workflow), forms.VersionRow)


class OneVersion(DefinitionView):
    @extend_schema(operation_id="get_version", responses=answers({200: forms.VersionOut}, 404))
    def get(self, request: Request, workflow_id: UUID, number: int) -> Response:
        """One version with its graph."""
        workflow = selectors.get_workflow(workflow_id)
        return self.answer(forms.VersionOut, selectors.get_version(workflow, number))


class Restore(DefinitionView):
    @extend_schema(
        operation_id="restore_version",
        request=None,
        responses=answers({200: forms.WorkflowOut}, 404, 409),
    )
    def post(self, request: Request, workflow_id: UUID, number: int) -> Response:
        """Copy a version's graph into the draft. What is published stays."""
        workflow = selectors.get_workflow(workflow_id)
        restored = services.restore_version(workflow=workflow, number=number, by=user_of(request))
        return self.answer(forms.WorkflowOut, restored)


class Export(DefinitionView):
    @extend_schema(
        operation_id="export_workflow",
        responses=answers({200: services.WorkflowDocument}, 404),
    )
    def get(self, request: Request, workflow_id: UUID) -> Response:
        """The draft as one JSON document, without secrets."""
        workflow = selectors.get_workflow(workflow_id)
        name = slugify(workflow.name) or "workflow"
        return Response(
            services.export_workflow(workflow=workflow),
            headers={"Content-Disposition": f'attachment; filename="{name}.json"'},
        )


class Import(DefinitionView):
    @extend_schema(
        operation_id="import_workflow",
        request=PolymorphicProxySerializer(
            "ImportIn",
            [services.WorkflowDocument, importing.WorkflowsDocument, forms.ForeignWorkflowIn],
            resource_type_field_name=None,
        ),
        responses=answers(
            {
                201: PolymorphicProxySerializer(
                    "ImportOut",
                    [forms.ImportedOut, forms.ImportedOut(many=True)],
                    resource_type_field_name=None,
                    many=False,
                )
            },
            400,
        ),
    )
    def post(self, request: Request) -> Response:
        """New, inactive workflows from an exported document, of one or of many, or from a workflow
        of n8n. `notes` says what was changed. A document of many, or a list, is answered with a
        list; all of its workflows are made, or none."""
        data = [
            forms.ImportedOut(each.workflow, context={"request": request, "notes": each.notes}).data
            for each in importing.import_document(request.data, by=user_of(request))
        ]
        return Response(data if importing.is_list(request.data) else data[0], status=201)


class NodeTypes(DefinitionView):
    @extend_schema(
        operation_id="list_node_types", responses=answers({200: forms.NodeTypeOut(many=True)})
    )
    def get(self, request: Request) -> Response:
        """The palette."""
        return Response(node_types())


class Secrets(DefinitionView):
    @extend_schema(
        operation_id="list_secrets", responses=answers({200: forms.SecretOut(many=True)})
    )
    def get(self, request: Request) -> Response:
        """Names, never values."""
        return paged(self, selectors.list_secrets(), forms.SecretOut)

    @extend_schema(
        operation_id="create_secret",
        request=forms.NewSecretIn,
        responses=answers({201: forms.SecretOut}, 400, 409),
    )
    def post(self, request: Request) -> Response:
        """A new secret. 409 when there is one of this name."""
        form = self.body(forms.NewSecretIn)
        if Secret.objects.filter(name=form["name"]).exists():
            raise ConflictError(
                f"There is a secret {form['name']!r} already. Replace it with PUT.",
                code="name_taken",
            )
        return self.answer(forms.SecretOut, vault.set_secret(**form), 201)


class OneSecret(DefinitionView):
    roles: ClassVar = {"DELETE": Role.ADMIN}

    @extend_schema(
        operation_id="set_secret",
        request=forms.SecretIn,
        responses=answers({200: forms.SecretOut}, 400),
    )
    def put(self, request: Request, name: str) -> Response:
        """Make the secret, or replace everything about it."""
        return self.answer(
            forms.SecretOut, vault.set_secret(name=name, **self.body(forms.SecretIn))
        )

    @extend_schema(operation_id="delete_secret", responses=answers({204: None}, 404))
    def delete(self, request: Request, name: str) -> Response:
        """Templates that use it fail from now on."""
        vault.delete_secret(name=plain_json.clean(name))
        return Response(status=204)
