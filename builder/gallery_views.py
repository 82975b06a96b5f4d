"""The pages of the first use: templates of workflows, and the tour."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from builder import gallery, tour
from runs.pages import attempt_to, missing_is_404
from workflows.access import require_role, user_of
from workflows.models import Role
from workflows.plain_json import clean


@require_safe
@require_role(Role.VIEWER)
def template_list(request: HttpRequest) -> HttpResponse:
    category = request.GET.get("category", "")
    category = category if category in gallery.categories() else ""
    q = clean(request.GET.get("q", "").strip()[:200])
    found = gallery.find_templates(category=category, words=q)
    context = {
        "section": "workflows",
        "templates": [(template, gallery.can_run(template)) for template in found],
        "total": len(gallery.templates()),
        "categories": gallery.categories(),
        "category": category,
        "q": q,
        "has_demo": settings.DEMO,
    }
    return render(request, "builder/gallery.html", context)


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def template_install(request: HttpRequest, slug: str) -> HttpResponse:
    workflow = attempt_to(
        request, lambda: gallery.install_template(slug=slug, user=user_of(request))
    )
    if workflow is None:
        return redirect("template_list")
    messages.success(request, f"{workflow.name} was added. Press “Run” to try it.")
    return redirect("workflow_detail", workflow.pk)


@require_POST
@require_role(Role.EDITOR)
def tour_close(request: HttpRequest) -> HttpResponse:
    response = redirect("dashboard")
    tour.close(response)
    return response
