"""Import of workflows, and export of several at once."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from builder.import_files import Input, import_inputs
from builder.json_input import pretty
from runs.pages import download, read_id
from workflows.access import require_role, user_of
from workflows.importing import export_workflows
from workflows.models import Role
from workflows.selectors import list_drafts


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.EDITOR)
def workflow_import(request: HttpRequest) -> HttpResponse:
    """The form, and behind it what became of each file."""
    context: dict[str, object] = {"section": "workflows"}
    status = 200
    if request.method == "POST":
        inputs = [Input(file.name or "A file", file) for file in request.FILES.getlist("files")]
        if text := request.POST.get("text", "").strip():
            inputs.append(Input("The text", text))
        outcome = import_inputs(inputs, by=user_of(request))
        context |= {"outcome": outcome, "text": text if outcome.refused else ""}
        status = 200 if outcome.made else 400
    return render(request, "builder/import.html", context, status=status)


@require_safe
@require_role(Role.VIEWER)
def workflows_export(request: HttpRequest) -> HttpResponse:
    """Those with an `id` in the address, without one all."""
    wanted = request.GET.getlist("id")
    ids = [found for text in wanted if (found := read_id(text)) is not None]
    if len(ids) < len(wanted):
        raise Http404("An id in the address is none.")
    workflows = list(list_drafts(ids if wanted else None))
    if wanted and not workflows:
        raise Http404("None of these workflows is there. They may have been deleted.")
    name = f"workflows-{timezone.now():%Y-%m-%d}.json"
    return download(pretty(export_workflows(workflows)), name, "application/json")
