"""Addresses of the pages for authors."""

from __future__ import annotations

from django.urls import path

from builder import (
    dashboard_views,
    docs_views,
    draft_views,
    editor_views,
    gallery_views,
    import_views,
    live_views,
    panel_views,
    publishing_views,
    secret_views,
    version_views,
    views,
)

urlpatterns = [
    path("", dashboard_views.dashboard, name="dashboard"),
    path("workflows/", views.workflow_list, name="workflow_list"),
    path("workflows/new/", views.workflow_new, name="workflow_new"),
    path("workflows/demo/", views.demo_install, name="demo_install"),
    path("workflows/<uuid:workflow_id>/", editor_views.editor, name="workflow_detail"),
    path("workflows/<uuid:workflow_id>/side/", editor_views.workflow_side, name="workflow_side"),
    path("workflows/<uuid:workflow_id>/draft/", draft_views.draft, name="draft"),
    path("workflows/<uuid:workflow_id>/draft/read/", draft_views.draft_read, name="draft_read"),
    path("workflows/<uuid:workflow_id>/draft/copy/", draft_views.draft_copy, name="draft_copy"),
    path("workflows/<uuid:workflow_id>/details/", draft_views.details, name="details"),
    path("workflows/<uuid:workflow_id>/publish/", publishing_views.publish, name="publish"),
    path("workflows/<uuid:workflow_id>/activate/", publishing_views.activate, name="activate"),
    path(
        "workflows/<uuid:workflow_id>/deactivate/", publishing_views.deactivate, name="deactivate"
    ),
    path(
        "workflows/<uuid:workflow_id>/webhook/rotate/",
        publishing_views.webhook_rotate,
        name="webhook_rotate",
    ),
    path("workflows/<uuid:workflow_id>/run/", live_views.run_now, name="run_now"),
    path(
        "workflows/<uuid:workflow_id>/runs/<uuid:run_id>/track/",
        live_views.run_track,
        name="run_track",
    ),
    path(
        "workflows/<uuid:workflow_id>/export/",
        publishing_views.workflow_export,
        name="workflow_export",
    ),
    path(
        "workflows/<uuid:workflow_id>/delete/",
        publishing_views.workflow_delete,
        name="workflow_delete",
    ),
    path("workflows/<uuid:workflow_id>/versions/", version_views.version_list, name="version_list"),
    path(
        "workflows/<uuid:workflow_id>/versions/compare/",
        version_views.version_compare,
        name="version_compare",
    ),
    path(
        "workflows/<uuid:workflow_id>/versions/<int:number>/",
        version_views.version_detail,
        name="version_detail",
    ),
    path(
        "workflows/<uuid:workflow_id>/versions/<int:number>/restore/",
        version_views.version_restore,
        name="version_restore",
    ),
    path("secrets/", secret_views.secret_list, name="secret_list"),
    path("secrets/<str:name>/delete/", secret_views.secret_delete, name="secret_delete"),
    path(
        "workflows/<uuid:workflow_id>/forms/<str:node_type>/",
        panel_views.node_form,
        name="node_form",
    ),
    path("workflows/<uuid:workflow_id>/check/", panel_views.node_check, name="node_check"),
    path("workflows/<uuid:workflow_id>/preview/", panel_views.node_preview, name="node_preview"),
    path(
        "workflows/<uuid:workflow_id>/variables/", panel_views.node_variables, name="node_variables"
    ),
    path("workflows/<uuid:workflow_id>/try/", panel_views.node_trial, name="node_trial"),
    path(
        "workflows/<uuid:workflow_id>/nodes/<str:node_id>/sample/",
        panel_views.node_sample,
        name="node_sample",
    ),
    path(
        "workflows/<uuid:workflow_id>/nodes/<str:node_id>/data/",
        panel_views.node_data,
        name="node_data",
    ),
    path("docs/", docs_views.docs_index, name="docs"),
    path("docs/nodes/", docs_views.node_docs, name="docs_nodes"),
    path("docs/nodes/<str:node_type>/", docs_views.node_doc, name="docs_node"),
    path("docs/templates/", docs_views.template_docs, name="docs_templates"),
    path("workflows/templates/", gallery_views.template_list, name="template_list"),
    path(
        "workflows/templates/<slug:slug>/install/",
        gallery_views.template_install,
        name="template_install",
    ),
    path("tour/close/", gallery_views.tour_close, name="tour_close"),
    path("workflows/<uuid:workflow_id>/layout/", editor_views.layout, name="layout"),
    path("workflows/import/", import_views.workflow_import, name="workflow_import"),
    path("workflows/export/", import_views.workflows_export, name="workflows_export"),
    path("dashboard/", dashboard_views.dashboard_live, name="dashboard_live"),
]
