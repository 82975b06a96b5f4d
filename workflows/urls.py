"""Addresses below `/api/v1/`."""

from __future__ import annotations

from django.urls import path

from workflows import api

urlpatterns = [
    path("workflows/", api.Workflows.as_view()),
    path("workflows/validate/", api.Validate.as_view()),
    path("workflows/import/", api.Import.as_view()),
    path("workflows/<uuid:workflow_id>/", api.OneWorkflow.as_view()),
    path("workflows/<uuid:workflow_id>/publish/", api.Publish.as_view()),
    path("workflows/<uuid:workflow_id>/activate/", api.Activate.as_view()),
    path("workflows/<uuid:workflow_id>/deactivate/", api.Deactivate.as_view()),
    path("workflows/<uuid:workflow_id>/versions/", api.Versions.as_view()),
    path("workflows/<uuid:workflow_id>/versions/<int:number>/", api.OneVersion.as_view()),
    path("workflows/<uuid:workflow_id>/versions/<int:number>/restore/", api.Restore.as_view()),
    path("workflows/<uuid:workflow_id>/export/", api.Export.as_view()),
    path("node-types/", api.NodeTypes.as_view()),
    path("secrets/", api.Secrets.as_view()),
    path("secrets/<str:name>/", api.OneSecret.as_view()),
]
