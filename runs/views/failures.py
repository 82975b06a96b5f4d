"""The pages of failures by cause."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from runs import bulk
from runs.pages import address_with, missing_is_404, read_id
from runs.presentation import failures
from runs.selectors import Page
from runs.views.bulk import tell
from workflows.access import require_role
from workflows.models import Role, Workflow

PERIODS = {"1": "Last hour", "24": "24 hours", "168": "7 days", "720": "30 days"}
"""Hours -> what people call them."""
USUAL_PERIOD = "24"


@require_safe
@require_role(Role.VIEWER)
def run_failures(request: HttpRequest) -> HttpResponse:
    hours = _hours(request.GET)
    found = _find(request.GET)
    tabs = [
        {"label": label, "address": address_with(request, hours=each), "is_current": each == hours}
        for each, label in PERIODS.items()
    ]
    context = {
        "section": "runs",
        "found": found,
        "causes": found.causes[: failures.CAUSES_SHOWN],
        "hidden": max(len(found.causes) - failures.CAUSES_SHOWN, 0),
        "hours": hours,
        "tabs": tabs,
        "most": max((cause.count for cause in found.causes), default=1),
        "workflows": Workflow.objects.only("name").order_by("name"),
        "workflow": read_id(request.GET.get("workflow", "")),
        "at_once": bulk.MOST_AT_ONCE,
    }
    return render(request, "runs/failures.html", context)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def failure_runs(request: HttpRequest) -> HttpResponse:
    """The newest runs that failed for one cause."""
    cause = _find(request.GET).cause(request.GET.get("cause", ""))
    context: dict[str, Any] = {
        "section": "runs",
        "cause": cause,
        "page": Page(failures.newest_runs(cause)),
        "hours": _hours(request.GET),
        "is_live": False,
    }
    return render(request, "runs/failure_runs.html", context)


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def failure_resume(request: HttpRequest) -> HttpResponse:
    """All runs of one cause, oldest first, as many as are done at once."""
    cause = _find(request.POST).cause(request.POST.get("cause", ""))
    oldest_first = cause.resumable[::-1]
    tell(request, bulk.act_on("resume", oldest_first[: bulk.MOST_AT_ONCE]))
    return redirect(f"{reverse('run_failures')}?{urlencode({'hours': _hours(request.POST)})}")


def _find(params: QueryDict) -> failures.Failures:
    since = timezone.now() - timedelta(hours=int(_hours(params)))
    return failures.find_failures(since=since, workflow=read_id(params.get("workflow", "")))


def _hours(params: QueryDict) -> str:
    """The usual period for one that there is not."""
    hours = params.get("hours", "")
    return hours if hours in PERIODS else USUAL_PERIOD
