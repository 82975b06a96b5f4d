"""Addresses of the pages of runs, and of their REST calls (below `/api/v1/`)."""

from __future__ import annotations

from django.urls import include, path

from runs import (
    api,
    archive_views,
    bulk_views,
    call_api,
    data_views,
    event_api,
    failure_views,
    iteration_views,
    list_views,
    schedule_api,
    try_api,
    views,
)

archived = [
    path("", archive_views.archived_run, name="archived_run"),
    path("restore/", archive_views.restore, name="archive_restore"),
    path("document/", archive_views.archived_document, name="archived_document"),
    path("data/<str:part>/", archive_views.archived_tree, name="archived_data"),
    path("data/<str:part>/raw/", archive_views.archived_raw, name="archived_data_raw"),
    path("steps/", archive_views.archived_steps, name="archived_steps"),
    path("steps/<int:step_id>/", archive_views.archived_step, name="archived_step"),
    path("steps/<int:step_id>/<str:part>/", archive_views.archived_tree, name="archived_step_data"),
    path(
        "steps/<int:step_id>/<str:part>/raw/",
        archive_views.archived_raw,
        name="archived_step_data_raw",
    ),
]

urlpatterns = [
    path("readyz", api.readyz, name="readyz"),
    path("runs/", list_views.run_list, name="run_list"),
    path("runs/rows/", list_views.run_rows, name="run_rows"),
    path("runs/<uuid:run_id>/", views.run_detail, name="run_detail"),
    path("runs/<uuid:run_id>/live/", views.run_live, name="run_live"),
    path("runs/<uuid:run_id>/steps/", views.run_steps, name="run_steps"),
    path("runs/<uuid:run_id>/resume/", views.run_resume, name="run_resume"),
    path("runs/<uuid:run_id>/rerun/", views.run_rerun, name="run_rerun"),
    path("runs/<uuid:run_id>/cancel/", views.run_cancel, name="run_cancel"),
    path("runs/<uuid:run_id>/raw/", data_views.run_raw, name="run_raw"),
    path("runs/<uuid:run_id>/data/<str:part>/", data_views.data_tree, name="run_data"),
    path("runs/<uuid:run_id>/data/<str:part>/raw/", data_views.data_raw, name="run_data_raw"),
    path("runs/<uuid:run_id>/steps/<int:step_id>/", data_views.step_body, name="step_body"),
    path(
        "runs/<uuid:run_id>/steps/<int:step_id>/<str:part>/",
        data_views.data_tree,
        name="step_data",
    ),
    path(
        "runs/<uuid:run_id>/steps/<int:step_id>/<str:part>/raw/",
        data_views.data_raw,
        name="step_data_raw",
    ),
    path("deliveries/", list_views.delivery_list, name="delivery_list"),
    path("archive/", archive_views.archive_list, name="archive"),
    path("archive/<uuid:archived_id>/", include(archived)),
    path("runs/bulk/", bulk_views.run_bulk, name="run_bulk"),
    path("runs/failures/", failure_views.run_failures, name="run_failures"),
    path("runs/failures/runs/", failure_views.failure_runs, name="failure_runs"),
    path("runs/failures/resume/", failure_views.failure_resume, name="failure_resume"),
    path(
        "runs/<uuid:run_id>/iterations/<slug:iterator>/",
        iteration_views.run_iterations,
        name="run_iterations",
    ),
    path(
        "runs/<uuid:run_id>/iterations/<slug:iterator>/<str:key>/",
        iteration_views.run_iteration,
        name="run_iteration",
    ),
]

api_urlpatterns = [
    path("runs/", api.list_runs, name="api_runs"),
    path("runs/<uuid:run_id>/", api.get_run, name="api_run"),
    path("runs/<uuid:run_id>/resume-plan/", api.resume_plan, name="api_resume_plan"),
    path("runs/<uuid:run_id>/resume/", api.resume, name="api_resume"),
    path("runs/<uuid:run_id>/rerun/", api.rerun, name="api_rerun"),
    path("runs/<uuid:run_id>/cancel/", api.cancel, name="api_cancel"),
    path("workflows/<uuid:workflow_id>/execute/", api.execute, name="api_execute"),
    path("workflows/<uuid:workflow_id>/schedule/", schedule_api.get_schedule, name="api_schedule"),
    path("workflows/<uuid:workflow_id>/call/", call_api.Call.as_view(), name="api_call"),
    path("events/", event_api.emit_event, name="api_events"),
    path("nodes/test/", try_api.test_node, name="api_test_node"),
    path("stats/", api.get_stats, name="api_stats"),
]
