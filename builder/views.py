"""The pages of workflows. Each one: fetch and authorise, one selector or service, answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import slugify
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from builder import demo, panels
from builder.json_input import graph_of, pretty, read_json
from runs.figures import workflow_activity
from runs.filters import RunFilters
from runs.pages import attempt_to, download, missing_is_404, read_number
from runs.selectors import list_runs
from runs.services import start_run
from workflows import selectors, services
from workflows.access import require_role, user_of
from workflows.compiled import trigger_in
from workflows.errors import Problem, WorkflowError
from workflows.graph import Graph
from workflows.models import Role, Version, Workflow, empty_graph
from workflows.plain_json import clean

PAGE_SIZE = 50
VERSIONS_SHOWN = 10
RUNS_SHOWN = 8


# ---------------------------------------------------------------- all workflows


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
            workflow = services.import_workflow(document=document)
        except WorkflowError as error:
            problems = problems_of(error)
        else:
            messages.success(request, f"{workflow.name} was created.")
            return redirect("workflow_detail", workflow.pk)
    context = {"section": "workflows", "sent": sent, "problems": problems}
    return render(request, "builder/workflow_new.html", context, status=400 if problems else 200)


@require_POST
@require_role(Role.EDITOR)
def demo_install(request: HttpRequest) -> HttpResponse:
    workflow = attempt_to(request, lambda: demo.install_demo(user=user_of(request)))
    return redirect("workflow_detail", workflow.pk) if workflow else redirect("workflow_list")


# ---------------------------------------------------------------- one workflow


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def workflow_detail(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    number = read_number(request.GET.get("version", ""))
    shown = None if number is None else selectors.get_version(workflow, number)
    return _workflow_page(request, workflow, shown=shown)


def _workflow_page(
    request: HttpRequest,
    workflow: Workflow,
    *,
    shown: Version | None = None,
    text: str = "",
    problems: tuple[Problem, ...] | list[Problem] = (),
) -> HttpResponse:
    """`shown`: an older version in place of the draft; `text`: a draft that could not be saved."""
    draft = panels.read_draft(workflow)
    graph = Graph.from_json(shown.graph) if shown else draft
    trigger = trigger_in(draft) if draft else None
    context = {
        "section": "workflows",
        "workflow": workflow,
        "shown": shown,
        "graph": graph,
        "findings": panels.findings_of(draft),
        "text": text or pretty(shown.graph if shown else workflow.draft),
        "problems": problems,
        "is_changed": not _is_published(workflow),
        "why_not_active": panels.why_not_active(workflow),
        "webhook": panels.webhook_panel(request, workflow, trigger),
        "payload": pretty(panels.sample_payload(trigger)),
        "versions": selectors.list_versions(workflow)[:VERSIONS_SHOWN],
        "runs": list_runs(RunFilters(workflow=workflow.pk), size=RUNS_SHOWN).rows,
    }
    return render(request, "builder/workflow.html", context, status=400 if problems else 200)


def _is_published(workflow: Workflow) -> bool:
    """Whether the draft is what is published."""
    published = Version.objects.only("graph").filter(pk=workflow.published_id or 0).first()
    return published is not None and bool(published.graph == workflow.draft)


def problems_of(error: WorkflowError) -> list[Problem]:
    """What an error says about single nodes and fields; else its message alone."""
    found: list[dict[str, Any]] = error.details.get("errors", [])
    return [Problem(**each) for each in found] or [Problem(error.code, error.message)]


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def draft_save(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    """The draft from the text area, unless somebody else saved one meanwhile."""
    workflow = selectors.get_workflow(workflow_id)
    text = request.POST.get("graph", "")
    revision = read_number(request.POST.get("revision", "")) or 0
    try:
        graph = graph_of(read_json(text, "graph"))
        services.update_workflow(workflow=workflow, graph=graph, revision=revision)
    except WorkflowError as error:
        return _workflow_page(request, workflow, text=text, problems=problems_of(error))
    messages.success(request, "The draft was saved. Publish it to use it for new runs.")
    return redirect("workflow_detail", workflow_id)


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def details_save(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    name = request.POST.get("name", "").strip()[:200]
    description = request.POST.get("description", "").strip()[:10_000]
    if not name:
        messages.error(request, "A workflow needs a name. Enter one.")
    else:
        attempt_to(
            request,
            lambda: services.update_workflow(
                workflow=workflow, name=clean(name), description=clean(description)
            ),
            "Saved.",
        )
    return redirect("workflow_detail", workflow_id)


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def publish(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    note = clean(request.POST.get("note", "").strip()[:10_000])
    try:
        version = services.publish_workflow(workflow=workflow, note=note, by=user_of(request))
    except WorkflowError as error:
        return _workflow_page(request, workflow, problems=problems_of(error))
    messages.success(request, f"Version {version.number} is published. New runs use it.")
    return redirect("workflow_detail", workflow_id)


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def activate(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    attempt_to(
        request,
        lambda: services.activate_workflow(workflow=workflow),
        "Active: its trigger starts runs now.",
    )
    return redirect("workflow_detail", workflow_id)


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def deactivate(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    attempt_to(
        request,
        lambda: services.deactivate_workflow(workflow=workflow),
        "Inactive: no new run starts. Those under way go on.",
    )
    return redirect("workflow_detail", workflow_id)


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def run_now(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    text = request.POST.get("payload", "").strip()
    run = attempt_to(
        request,
        lambda: start_run(
            workflow=workflow,
            payload=read_json(text, "payload") if text else {},
            trigger_type="manual_trigger",
        ),
    )
    return redirect("run_detail", run.pk) if run else redirect("workflow_detail", workflow_id)


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def version_restore(request: HttpRequest, workflow_id: UUID, number: int) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    attempt_to(
        request,
        lambda: services.restore_version(workflow=workflow, number=number),
        f"Version {number} is the draft now. Publish it to use it for new runs.",
    )
    return redirect("workflow_detail", workflow_id)


@require_POST
@require_role(Role.ADMIN)
@missing_is_404
def workflow_delete(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)

    gone = attempt_to(
        request,
        lambda: services.delete_workflow(workflow=workflow),
        f"{workflow.name} was deleted. Its runs stay readable.",
    )
    return redirect("workflow_list") if gone else redirect("workflow_detail", workflow_id)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def workflow_export(request: HttpRequest, workflow_id: UUID) -> HttpResponse:
    workflow = selectors.get_workflow(workflow_id)
    text = pretty(services.export_workflow(workflow=workflow))
    return download(text, f"{slugify(workflow.name) or 'workflow'}.json", "application/json")
