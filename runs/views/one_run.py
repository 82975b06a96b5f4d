"""The pages of one run. Each one: fetch and authorise, one selector or service, answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from runs import selectors, services
from runs.archive.index import find_archived
from runs.models import Run, Step
from runs.pages import attempt_to, missing_is_404, read_number
from runs.presentation import shown_steps
from runs.presentation.folding import Fold, outer_folds
from runs.presentation.run_page import RunPage, entries, outer_entries, read_page
from runs.presentation.step_marks import MOST_READ, Mark
from runs.services import WhichVersion
from workflows.access import require_role
from workflows.errors import NotFoundError, WorkflowError
from workflows.models import Role

CHILDREN_SHOWN = 20

# ---------------------------------------------------------------- one run


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def run_detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """A run that is archived has its page there, so that links to it last."""
    try:
        run = selectors.get_run(run_id)
    except NotFoundError:
        if find_archived(run_id):
            return redirect("archived_run", run_id)
        raise
    page = read_page(run, _attempt_of(request, run))
    children = run.children.select_related("workflow").only(
        "status", "parent_run", "workflow__name"
    )
    found = outer_entries(page)
    context = {
        "section": "runs",
        "entries": found,
        "data": shown_steps.run_parts(run, page.attempt),
        "children": list(children.order_by("id")[: CHILDREN_SHOWN + 1]),
        "children_shown": CHILDREN_SHOWN,
    }
    shown = [view.step for view, _ in found]
    return render(request, "runs/detail.html", context | _run_context(page, shown))


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def run_live(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What has changed since the page (or the last answer) was made; 204 for nothing."""
    run = selectors.get_run(run_id)
    known = shown_steps.Cursor.read(request.GET.dict())
    if known.attempt not in ("", str(run.attempt)):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    page = read_page(run, run.attempt)
    shown = page.marks.outer[: shown_steps.STEPS_AT_ONCE]
    changed = [
        mark
        for mark in shown
        if mark.pk <= known.last_step and known.unfinished.get(mark.pk, mark.status) != mark.status
    ]
    new = [mark for mark in shown if mark.pk > known.last_step]
    context = _run_context(page, shown)
    if not changed and not new and known.state == context["cursor"].state:
        return HttpResponse(status=204)
    views = entries(page, [*changed, *new], may_open=False, deeper=False)
    context |= {
        "changed": [shown_steps.fill(view) for view, _ in views[: len(changed)]],
        "new": views[len(changed) :],
        "folds": _folds(page, shown),
        "data": [shown_steps.part_view("output", run.output, "")] if run.is_finished else [],
    }
    return render(request, "runs/_live.html", context)


def _folds(page: RunPage, shown: Sequence[Mark]) -> list[Fold]:
    """How they stand now; the failed iteration of one comes with the end of the run."""
    if page.run.is_finished:
        iterators = [mark for mark in shown if mark.node_type == "iterator"]
        return [fold for _, fold in entries(page, iterators) if fold]
    return list(outer_folds(page.marks, shown).values())


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def run_steps(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The next steps of a long run."""
    run = selectors.get_run(run_id)
    page = read_page(run, _attempt_of(request, run))
    start = read_number(request.GET.get("start", "")) or 0
    found = outer_entries(page, start)
    context = {
        "run": run,
        "attempt": page.attempt,
        "entries": found,
        "more": page.more(start + len(found)),
    }
    return render(request, "runs/_more_steps.html", context)


def _run_context(page: RunPage, shown: Sequence[Step | Mark]) -> dict[str, Any]:
    run, number = page.run, page.attempt
    is_latest = number == run.attempt
    is_live = is_latest and not run.is_finished
    may_change = is_latest and run.restored_at is None
    attempts = selectors.list_attempts(run)
    return {
        "run": run,
        "attempts": attempts,
        "shown": attempts[number - 1],
        "attempt": number,
        "is_latest": is_latest,
        "is_live": is_live,
        "cursor": shown_steps.Cursor.after(run, shown, page.progress),
        "more": page.more(len(shown)),
        "graph": page.graph,
        "track": page.track,
        "timeline": page.timeline,
        "most_read": MOST_READ if page.marks.is_cut else 0,
        "may_resume": may_change and run.status in (Run.Status.FAILED, Run.Status.CANCELLED),
        "may_rerun": may_change and run.is_finished,
        "may_cancel": is_live,
    }


def _attempt_of(request: HttpRequest, run: Run) -> int:
    """The one asked for; the last one for anything else."""
    wanted = read_number(request.GET.get("attempt", "")) or run.attempt
    return min(wanted, run.attempt)


# ---------------------------------------------------------------- buttons


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.EDITOR)
@missing_is_404
def run_resume(request: HttpRequest, run_id: UUID) -> HttpResponseBase:
    """The plan of a resume, and below it the button that starts it."""
    run = selectors.get_run(run_id)
    sent = request.POST if request.method == "POST" else request.GET
    start = sent.get("from", "failed")
    start = sent.get("step", "failed") if start == "step" else start
    version: WhichVersion = "published" if sent.get("version") == "published" else "original"
    if request.method == "POST":
        done = attempt_to(
            request,
            lambda: services.resume_run(run=run, start=start, version=version),
            f"Resumed as attempt {run.attempt + 1}.",
        )
        query = {"from": start, "version": version}
        back = f"{reverse('run_resume', args=[run_id])}?{urlencode(query)}"
        return redirect("run_detail", run_id) if done else redirect(back)
    template = "runs/_resume.html" if request.headers.get("HX-Request") else "runs/resume.html"
    return render(request, template, _resume_context(run, start, version))


def _resume_context(run: Run, start: str, version: WhichVersion) -> dict[str, Any]:
    context: dict[str, Any] = {
        "section": "runs",
        "run": run,
        "start": start,
        "start_kind": start if start in ("failed", "start") else "step",
        "version": version,
        "published": run.workflow.published,
        "completed": selectors.steps_of_attempt(run, run.attempt)
        .filter(status=Step.Status.COMPLETED, iteration="")
        .only("node_id", "name", "node_type"),
    }
    try:
        context["plan"] = services.plan_resume(run=run, start=start, version=version)
    except WorkflowError as error:
        context["refusal"] = error.message
    return context


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def run_rerun(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = selectors.get_run(run_id)
    new = attempt_to(request, lambda: services.rerun(run=run), "Started again, as a new run.")
    return redirect("run_detail", new.pk if new else run_id)


@require_POST
@require_role(Role.EDITOR)
@missing_is_404
def run_cancel(request: HttpRequest, run_id: UUID) -> HttpResponse:
    run = selectors.get_run(run_id)
    attempt_to(request, lambda: services.cancel_run(run=run))
    return redirect("run_detail", run_id)
