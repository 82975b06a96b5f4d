"""The list of workflows, and new ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from builder import demo, panels
from runs.figures import workflow_activity
from runs.pages import attempt_to
from workflows import selectors, services
from workflows.access import require_role, user_of
from workflows.errors import Problem, WorkflowError
from workflows.models import Role, empty_graph
from workflows.plain_json import clean

PAGE_SIZE = 50


@require_safe
@require_role(Role.VIEWER)
def workflow_list(request: HttpRequest) -> HttpResponse:
    q = clean(request.GET.get("q", "").strip()[:200])
    page = Paginator(selectors.list_workflows(q=q), PAGE_SIZE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    since = timezone.now() - timedelta(hours=24)
    activity = workflow_activity([each.pk for each in shown], since=since)
    triggers = panels.trigger_types(shown)
    context = {
        "section": "workflows",
        "q": q,
        "page": page,
        "rows": [(each, activity[each.pk], triggers.get(each.pk, "")) for each in shown],
        "offers_demo": settings.DEMO,
    }
    return render(request, "builder/workflow_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.EDITOR)
def workflow_new(request: HttpRequest) -> HttpResponse:
    """An empty workflow; the import page makes others."""
    sent = {name: request.POST.get(name, "").strip() for name in ("name", "description")}
    problems: tuple[Problem, ...] | list[Problem] = ()
    if request.method == "POST":
        try:
            document = {"altoflow": services.DOCUMENT_FORM, "graph": empty_graph(), **sent}
            workflow = services.import_workflow(document=document, by=user_of(request))
        except WorkflowError as error:
            problems = problems_of(error)
        else:
            messages.success(request, f"{workflow.name} was created.")
            return redirect("workflow_detail", workflow.pk)
    context = {"section": "workflows", "sent": sent, "problems": problems}
    return render(request, "builder/workflow_new.html", context, status=400 if problems else 200)


def problems_of(error: WorkflowError) -> list[Problem]:
    """What an error says about single nodes and fields; else its message alone."""
    found: list[dict[str, Any]] = error.details.get("errors", [])
    return [Problem(**each) for each in found] or [Problem(error.code, error.message)]


@require_POST
@require_role(Role.EDITOR)
def demo_install(request: HttpRequest) -> HttpResponse:
    workflow = attempt_to(request, lambda: demo.install_demo(user=user_of(request)))
    return redirect("workflow_detail", workflow.pk) if workflow else redirect("workflow_list")
