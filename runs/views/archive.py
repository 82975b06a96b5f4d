"""The pages of the archive. An archived run is only looked at; an admin may restore a copy."""

from __future__ import annotations

from functools import partial, wraps
from typing import Any, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe
from rest_framework.renderers import JSONRenderer

from runs.archive import index, reading
from runs.archive.document import document_of
from runs.archive.files import ArchiveError
from runs.archive.reading import ArchivedView
from runs.archive.restore import restore_run
from runs.filters import read_filters
from runs.models import ArchivedRun, Run, Step
from runs.pages import View, attempt_to, download, missing_is_404, pager, read_id, read_number
from runs.presentation import shown_steps
from runs.views.data import JSON, RUN_PARTS, STEP_PARTS, answer_raw, answer_rows
from workflows.access import require_role
from workflows.errors import NotFoundError
from workflows.limits import limits
from workflows.models import Role, Workflow
from workflows.vault import snapshot

P = ParamSpec("P")

FILTERS = ("workflow", "status", "from", "to", "q")


def damage_is_told(view: View[P]) -> View[P]:
    """For parts of a page and downloads: what can not be read is said in a line of text."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except ArchiveError as error:
            return HttpResponse(error.message, status=502, content_type="text/plain; charset=utf-8")

    return guarded


@require_safe
@require_role(Role.VIEWER)
def archive_list(request: HttpRequest) -> HttpResponse:
    read = read_filters(request.GET)
    page = index.list_archived(
        read.filters,
        older_than=read_id(request.GET.get("before", "")),
        newer_than=read_id(request.GET.get("after", "")),
    )
    return render(
        request,
        "runs/archive.html",
        {
            "section": "runs",
            "read": read,
            "page": page,
            "pager": pager(request, page.older, page.newer),
            "statuses": Run.FINISHED,
            "workflows": Workflow.objects.only("name").order_by("name"),
            "is_filtered": any(request.GET.get(name) for name in FILTERS),
            "retention_days": limits().retention_days,
        },
    )


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def archived_run(request: HttpRequest, archived_id: UUID) -> HttpResponse:
    entry = index.get_archived(archived_id)
    context: dict[str, Any] = {"section": "runs", "archived": entry}
    try:
        view = reading.read_view(entry, attempt=_attempt(request))
    except ArchiveError as error:
        context["refusal"] = error.message
        return render(request, "runs/archived.html", context, status=502)
    return render(
        request,
        "runs/archived.html",
        context
        | _steps_context(view, 0)
        | {
            "is_latest": view.attempt == view.run.attempt,
            "attempts": view.attempts,
            "shown": view.attempts[view.attempt - 1],
            "graph": view.graph,
            "track": view.track,
            "deliveries": view.deliveries,
            "data": shown_steps.run_parts(view.run, view.attempt),
            "children": ArchivedRun.objects.filter(parent_run_id=entry.pk)[:20],
        },
    )


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
@damage_is_told
def archived_steps(request: HttpRequest, archived_id: UUID) -> HttpResponse:
    """The next steps of a long run."""
    entry = index.get_archived(archived_id)
    start = read_number(request.GET.get("start", "")) or 0
    view = reading.read_view(entry, attempt=_attempt(request), start=start)
    context = {"archived": entry} | _steps_context(view, start)
    return render(request, "runs/_more_steps.html", context)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
@damage_is_told
def archived_step(request: HttpRequest, archived_id: UUID, step_id: int) -> HttpResponse:
    """What is inside of a step that was folded."""
    entry = index.get_archived(archived_id)
    view = shown_steps.fill(shown_steps.StepView(reading.read_step(entry, step_id)))
    context = {"archived": entry, "run_id": archived_id, "view": view}
    return render(request, "runs/_step_body.html", context)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
@damage_is_told
def archived_tree(
    request: HttpRequest, archived_id: UUID, part: str, step_id: int = 0
) -> HttpResponse:
    return answer_rows(request, *_part(archived_id, step_id, part))


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
@damage_is_told
def archived_raw(
    request: HttpRequest, archived_id: UUID, part: str, step_id: int = 0
) -> HttpResponse:
    value, _ = _part(archived_id, step_id, part)
    name = f"run-{archived_id}-step-{step_id}-{part}" if step_id else f"run-{archived_id}-{part}"
    return answer_raw(request, value, name)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
@damage_is_told
def archived_document(request: HttpRequest, archived_id: UUID) -> HttpResponse:
    """The whole run, as `manage.py archive show` prints it."""
    document = document_of(index.get_archived(archived_id))
    return download(JSONRenderer().render(document), f"run-{archived_id}.json", JSON)


@require_POST
@require_role(Role.ADMIN)
@missing_is_404
def restore(request: HttpRequest, archived_id: UUID) -> HttpResponse:
    if attempt_to(request, partial(restore_run, run_id=archived_id)):
        messages.success(request, "A copy of the run was restored.")
        return redirect("run_detail", archived_id)
    return redirect("archived_run", archived_id)


def _steps_context(view: ArchivedView, start: int) -> dict[str, Any]:
    shown = {step.pk: step for step in view.steps}
    end = start + len(view.steps)
    return {
        "run": view.run,
        "attempt": view.attempt,
        "views": shown_steps.step_views(
            view.run,
            view.steps,
            view.attempt,
            graph=view.graph,
            data_of=lambda ids: [shown[pk] for pk in ids],
        ),
        "more": {"rest": view.total - end, "start": end} if end < view.total else None,
    }


def _part(archived_id: UUID, step_id: int, part: str) -> tuple[Any, str]:
    """The value, and the name that templates have for it. Raises NotFoundError."""
    entry = index.get_archived(archived_id)
    if not step_id and part in RUN_PARTS:
        run = reading.read_run_alone(entry)
        return snapshot().masked(getattr(run, part)), RUN_PARTS[part]
    if step_id and part in STEP_PARTS:
        step: Step = reading.read_step(entry, step_id)
        return getattr(step, part), step.node_id if part == "output" else ""
    raise NotFoundError(f"There is no data called {part!r}.")


def _attempt(request: HttpRequest) -> int:
    """0 for the last one."""
    return read_number(request.GET.get("attempt", "")) or 0
