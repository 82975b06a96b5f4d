"""The iterations of an iterator, and the steps of one of them, for htmx."""

from __future__ import annotations

import re
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from runs import selectors
from runs.models import Step
from runs.pages import missing_is_404, read_number
from runs.presentation.folding import (
    ITERATIONS_AT_ONCE,
    STEPS_OF_ITERATION,
    fold_of,
    steps_of_iteration,
)
from runs.presentation.run_page import RunPage, entries, read_page
from workflows.access import require_role
from workflows.errors import NotFoundError
from workflows.models import Role

KEY = re.compile(r"\d{1,9}(\.\d{1,9}){0,9}", re.ASCII)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def run_iterations(request: HttpRequest, run_id: UUID, iterator: str) -> HttpResponse:
    """`?within=2&start=50&only=failed`: a piece of the list, with how it is read on."""
    page = _page(request, run_id)
    fold = fold_of(page.marks, iterator, _key(request.GET.get("within", "")))
    only = Step.Status.FAILED if request.GET.get("only") == "failed" else ""
    found = [each for each in fold.iterations if not only or each.status == only]
    start = read_number(request.GET.get("start", "")) or 0
    end = start + ITERATIONS_AT_ONCE
    context = {
        "run": page.run,
        "attempt": page.attempt,
        "fold": fold,
        "only": only,
        "is_first": start == 0,
        "iterations": found[start:end],
        "rest": max(len(found) - end, 0),
        "next": end,
    }
    return render(request, "runs/_iterations.html", context)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def run_iteration(request: HttpRequest, run_id: UUID, iterator: str, key: str) -> HttpResponse:
    """The steps of one iteration."""
    page = _page(request, run_id)
    shown = steps_of_iteration(page.marks, iterator, _key(key))
    if not shown:
        raise NotFoundError("There is no such iteration in this run.")
    context = {
        "run": page.run,
        "attempt": page.attempt,
        "entries": entries(page, shown[:STEPS_OF_ITERATION], deeper=False),
    }
    return render(request, "runs/_more_steps.html", context)


def _page(request: HttpRequest, run_id: UUID) -> RunPage:
    run = selectors.get_run(run_id)
    wanted = read_number(request.GET.get("attempt", "")) or run.attempt
    return read_page(run, min(wanted, run.attempt))


def _key(text: str) -> str:
    """Raises NotFoundError for what is no iteration."""
    if text and not KEY.fullmatch(text):
        raise NotFoundError("There is no such iteration in this run.")
    return text
