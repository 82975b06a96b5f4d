"""The pages of one run. Each one: fetch and authorise, one selector or service, answer."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from runs import archive_index, presentation, selectors, services
from runs.models import Run, Step
from runs.pages import attempt_to, missing_is_404, read_number
from runs.services import WhichVersion
from workflows.access import require_role
from workflows.errors import GraphError, NotFoundError, WorkflowError
from workflows.graph import Graph
from workflows.models import Role

# ---------------------------------------------------------------- one run


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def run_detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """A run that is archived has its page there, so that links to it last."""
    try:
        run = selectors.get_run(run_id)
    except NotFoundError:
        if archive_index.find_archived(run_id):
            return redirect("archived_run", run_id)
        raise
    number = _attempt_of(request, run)
    attempt_steps = selectors.steps_of_attempt(run, number)
    steps = list(presentation.with_sizes(attempt_steps)[: presentation.STEPS_AT_ONCE])
    return render(
        request,
        "runs/detail.html",
        {
            "section": "runs",
            "views": presentation.step_views(run, steps, number),
            "data": presentation.run_parts(run, number),
            "children": run.children.select_related("workflow").only(
                "status", "parent_run", "workflow__name"
            )[:20],
            **_run_context(run, number, steps, attempt_steps),
        },
    )


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def run_live(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """What has changed since the page (or the last answer) was made; 204 for nothing."""
    run = selectors.get_run(run_id)
    known = presentation.Cursor.read(request.GET.dict())
    number = run.attempt
    if known.attempt not in ("", str(number)):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    attempt_steps = selectors.steps_of_attempt(run, number)
    steps = list(presentation.with_sizes(attempt_steps)[: presentation.STEPS_AT_ONCE])
    changed = [step for step in steps if known.unfinished.get(step.pk, step.status) != step.status]
    new = [step for step in steps if step.pk > known.last_step]
    context = _run_context(run, number, steps, attempt_steps)
    if not changed and not new and known.state == context["cursor"].state:
        return HttpResponse(status=204)
    changed = [step for step in changed if step.pk <= known.last_step]
    views = presentation.step_views(run, [*changed, *new], number, may_open=False)
    context |= {
        "changed": [presentation.fill(view) for view in views[: len(changed)]],
        "new": views[len(changed) :],
        "data": [presentation.part_view("output", run.output, "")] if run.is_finished else [],
    }
    return render(request, "runs/_live.html", context)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def run_steps(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The next steps of a long run."""
    run = selectors.get_run(run_id)
    number = _attempt_of(request, run)
    start = read_number(request.GET.get("start", "")) or 0
    attempt_steps = selectors.steps_of_attempt(run, number)
    end = start + presentation.STEPS_AT_ONCE
    steps = list(presentation.with_sizes(attempt_steps)[start:end])
    return render(
        request,
        "runs/_more_steps.html",
        {
            "run": run,
            "attempt": number,
            "views": presentation.step_views(run, steps, number),
            "more": _more(attempt_steps, end),
        },
    )


def _run_context(run: Run, number: int, steps: list[Step], attempt_steps: Any) -> dict[str, Any]:
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
        "cursor": presentation.Cursor.after(run, steps),
        "more": _more(attempt_steps, len(steps)),
        "graph": _graph_of(run),
        "track": presentation.track_of(attempt_steps),
        "may_resume": may_change and run.status in (Run.Status.FAILED, Run.Status.CANCELLED),
        "may_rerun": may_change and run.is_finished,
        "may_cancel": is_live,
    }


def _more(attempt_steps: Any, shown: int) -> dict[str, int] | None:
    """None when all steps are shown."""
    if shown < presentation.STEPS_AT_ONCE:
        return None
    rest = attempt_steps.count() - shown
    return {"rest": rest, "start": shown} if rest > 0 else None


def _graph_of(run: Run) -> Graph | None:
    """None for a graph of a form that is no longer read; the steps are shown without it."""
    try:
        return Graph.from_json(run.version.graph)
    except GraphError:
        return None


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
