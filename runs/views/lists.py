"""The pages that list runs and deliveries."""

from __future__ import annotations

import zlib
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from runs import selectors
from runs.filters import ReadFilters, read_filters
from runs.models import Delivery, Run
from runs.pages import address_with, pager, read_id
from runs.selectors import Page
from workflows.access import require_role
from workflows.models import Role, Workflow
from workflows.palette import node_types

TABS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("All", ()),
    ("In progress", Run.UNFINISHED),
    ("Completed", (Run.Status.COMPLETED,)),
    ("Failed", (Run.Status.FAILED,)),
    ("Cancelled", (Run.Status.CANCELLED,)),
)
FILTERS = ("workflow", "trigger", "from", "to", "q")


@require_safe
@require_role(Role.VIEWER)
def run_list(request: HttpRequest) -> HttpResponse:
    read = read_filters(request.GET)
    page = _page_of_runs(request, read)
    return render(
        request,
        "runs/list.html",
        {
            "section": "runs",
            "read": read,
            "tabs": _tabs(request, read.filters.statuses),
            "workflows": Workflow.objects.only("name").order_by("name"),
            "triggers": [each for each in node_types() if each["category"] == "trigger"],
            "is_filtered": any(request.GET.get(name) for name in (*FILTERS, "status")),
            "pager": pager(request, "" if page.looked_at else page.older, page.newer),
            "further": address_with(request, before=page.older, after="") if page.looked_at else "",
            "goes_back": bool(request.GET.get("before")),
            **_rows_context(request, page),
        },
    )


@require_safe
@require_role(Role.VIEWER)
def run_rows(request: HttpRequest) -> HttpResponse:
    """The rows of a list that is open; 204 while they are as they were."""
    context = _rows_context(request, _page_of_runs(request, read_filters(request.GET)))
    if request.GET.get("seen") == context["seen"]:
        return HttpResponse(status=204)
    return render(request, "runs/_rows.html", context)


def _page_of_runs(request: HttpRequest, read: ReadFilters) -> Page:
    return selectors.list_runs(
        read.filters,
        older_than=read_id(request.GET.get("before", "")),
        newer_than=read_id(request.GET.get("after", "")),
    )


def _rows_context(request: HttpRequest, page: Page) -> dict[str, Any]:
    seen = "".join(f"{run.pk}{run.status}{run.attempt}" for run in page.rows)
    digest = f"{zlib.crc32(seen.encode()):08x}"
    query = address_with(request, seen=digest).partition("?")[2]
    return {
        "page": page,
        "seen": digest,
        "is_live": any(not run.is_finished for run in page.rows),
        "poll_address": f"{reverse('run_rows')}?{query}",
    }


def _tabs(request: HttpRequest, statuses: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "address": address_with(request, status=",".join(wanted), before="", after=""),
            "is_current": set(wanted) == set(statuses),
        }
        for label, wanted in TABS
    ]


@require_safe
@require_role(Role.VIEWER)
def delivery_list(request: HttpRequest) -> HttpResponse:
    verdict = request.GET.get("verdict", "")
    verdicts = {
        "accepted": [Delivery.Verdict.ACCEPTED, Delivery.Verdict.DUPLICATE],
        "refused": [v for v in Delivery.Verdict if v not in ("accepted", "duplicate")],
    }.get(verdict, [v for v in Delivery.Verdict if v == verdict])
    page = selectors.list_deliveries(
        verdicts=verdicts,
        workflow=read_id(request.GET.get("workflow", "")),
        older_than=read_id(request.GET.get("before", "")),
        newer_than=read_id(request.GET.get("after", "")),
    )
    return render(
        request,
        "runs/deliveries.html",
        {
            "section": "deliveries",
            "page": page,
            "pager": pager(request, page.older, page.newer),
            "verdicts": Delivery.Verdict.values,
            "verdict": verdict,
            "workflows": Workflow.objects.only("name").order_by("name"),
            "workflow": request.GET.get("workflow", ""),
            "is_filtered": bool(verdict or request.GET.get("workflow")),
        },
    )
