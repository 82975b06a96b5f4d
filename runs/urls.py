"""Addresses of the pages of runs, and of their REST calls (below `/api/v1/`)."""

from __future__ import annotations

from django.urls import include, path

from runs.api import calls, events, node_tests, schedules
from runs.api import runs as api_runs
from runs.views import archive, bulk, data, failures, iterations, lists, one_run

archived = [
    path("", archive.archived_run, name="archived_run"),
    path("restore/", archive.restore, name="archive_restore"),
    path("document/", archive.archived_document, name="archived_document"),
    path("data/<str:part>/", archive.archived_tree, name="archived_data"),
    path("data/<str:part>/raw/", archive.archived_raw, name="archived_data_raw"),
    path("steps/", archive.archived_steps, name="archived_steps"),
    path("steps/<int:step_id>/", archive.archived_step, name="archived_step"),
    path("steps/<int:step_id>/<str:part>/", archive.archived_tree, name="archived_step_data"),
    path(
        "steps/<int:step_id>/<str:part>/raw/",
        archive.archived_raw,
        name="archived_step_data_raw",
    ),
]

urlpatterns = [
    path("readyz", api_runs.readyz, name="readyz"),
    path("runs/", lists.run_list, name="run_list"),
    path("runs/rows/", lists.run_rows, name="run_rows"),
    path("runs/<uuid:run_id>/", one_run.run_detail, name="run_detail"),
    path("runs/<uuid:run_id>/live/", one_run.run_live, name="run_live"),
    path("runs/<uuid:run_id>/steps/", one_run.run_steps, name="run_steps"),
    path("runs/<uuid:run_id>/resume/", one_run.run_resume, name="run_resume"),
    path("runs/<uuid:run_id>/rerun/", one_run.run_rerun, name="run_rerun"),
    path("runs/<uuid:run_id>/cancel/", one_run.run_cancel, name="run_cancel"),
    path("runs/<uuid:run_id>/raw/", data.run_raw, name="run_raw"),
    path("runs/<uuid:run_id>/data/<str:part>/", data.data_tree, name="run_data"),
    path("runs/<uuid:run_id>/data/<str:part>/raw/", data.data_raw, name="run_data_raw"),
    path("runs/<uuid:run_id>/steps/<int:step_id>/", data.step_body, name="step_body"),
    path(
        "runs/<uuid:run_id>/steps/<int:step_id>/<str:part>/",
        data.data_tree,
        name="step_data",
    ),
    path(
        "runs/<uuid:run_id>/steps/<int:step_id>/<str:part>/raw/",
        data.data_raw,
        name="step_data_raw",
    ),
    path("deliveries/", lists.delivery_list, name="delivery_list"),
    path("archive/", archive.archive_list, name="archive"),
    path("archive/<uuid:archived_id>/", include(archived)),
    path("runs/bulk/", bulk.run_bulk, name="run_bulk"),
    path("runs/failures/", failures.run_failures, name="run_failures"),
    path("runs/failures/runs/", failures.failure_runs, name="failure_runs"),
    path("runs/failures/resume/", failures.failure_resume, name="failure_resume"),
    path(
        "runs/<uuid:run_id>/iterations/<slug:iterator>/",
        iterations.run_iterations,
        name="run_iterations",
    ),
    path(
        "runs/<uuid:run_id>/iterations/<slug:iterator>/<str:key>/",
        iterations.run_iteration,
        name="run_iteration",
    ),
]

api_urlpatterns = [
    path("runs/", api_runs.list_runs, name="api_runs"),
    path("runs/<uuid:run_id>/", api_runs.get_run, name="api_run"),
    path("runs/<uuid:run_id>/resume-plan/", api_runs.resume_plan, name="api_resume_plan"),
    path("runs/<uuid:run_id>/resume/", api_runs.resume, name="api_resume"),
    path("runs/<uuid:run_id>/rerun/", api_runs.rerun, name="api_rerun"),
    path("runs/<uuid:run_id>/cancel/", api_runs.cancel, name="api_cancel"),
    path("workflows/<uuid:workflow_id>/execute/", api_runs.execute, name="api_execute"),
    path("workflows/<uuid:workflow_id>/schedule/", schedules.get_schedule, name="api_schedule"),
    path("workflows/<uuid:workflow_id>/call/", calls.Call.as_view(), name="api_call"),
    path("events/", events.emit_event, name="api_events"),
    path("nodes/test/", node_tests.test_node, name="api_test_node"),
    path("stats/", api_runs.get_stats, name="api_stats"),
]
