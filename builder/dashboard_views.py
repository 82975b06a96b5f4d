"""The dashboard: how the last day went, how the cluster is, what comes next."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from runs.figures import count_unfinished, success_rate
from runs.filters import RunFilters
from runs.presentation.charts import HOURS, runs_per_hour
from runs.presentation.overview import next_schedules, read_day
from runs.selectors import list_runs
from runs.worker.health import read_health
from workflows.access import require_role
from workflows.models import Role, Workflow

RUNS_SHOWN = 8


@require_safe
@require_role(Role.VIEWER)
def dashboard(request: HttpRequest) -> HttpResponse:
    return render(request, "builder/dashboard.html", {"section": "dashboard", **_figures()})


@require_safe
@require_role(Role.VIEWER)
def dashboard_live(request: HttpRequest) -> HttpResponse:
    """The figures of a page that is open."""
    return render(request, "builder/_dashboard.html", _figures())


def _figures() -> dict[str, Any]:
    now = timezone.now()
    chart = runs_per_hour(now)
    unfinished = count_unfinished()
    runs = list_runs(RunFilters(), size=RUNS_SHOWN).rows
    has_workflows = Workflow.objects.filter(archived_at=None).exists()
    return {
        "chart": chart,
        "success": success_rate(chart.by_status),
        "day": read_day(now - timedelta(hours=HOURS)),
        "unfinished": unfinished,
        "in_progress": sum(unfinished.values()),
        "health": read_health(),
        "schedules": next_schedules(),
        "runs": runs,
        "has_workflows": has_workflows,
        "has_figures": has_workflows or bool(runs),
        "offers_demo": settings.DEMO,
    }
