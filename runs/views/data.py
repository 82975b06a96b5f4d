"""The data of runs and steps: pieces of trees for htmx, raw JSON as downloads."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from rest_framework.renderers import JSONRenderer

from runs import selectors
from runs.pages import download, missing_is_404, read_number
from runs.presentation import shown_steps
from runs.presentation.json_tree import read_path, rows_of, value_at
from runs.serializers import RunSerializer, StepSerializer
from workflows.access import require_role
from workflows.errors import NotFoundError
from workflows.models import Role
from workflows.vault import snapshot

RUN_PARTS = {"payload": "trigger", "output": "", "error": ""}
"""Each with the name that templates have for it."""

JSON = "application/json"
STEP_PARTS = ("input", "output", "error", "warnings")


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def step_body(request: HttpRequest, run_id: UUID, step_id: int) -> HttpResponse:
    """What is inside of a step that was folded."""
    step = selectors.get_step(selectors.get_run(run_id), step_id)
    view = shown_steps.fill(shown_steps.StepView(step))
    return render(request, "runs/_step_body.html", {"run_id": run_id, "view": view})


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def data_tree(request: HttpRequest, run_id: UUID, part: str, step_id: int = 0) -> HttpResponse:
    """The rows inside of one value: `?path=["body"]&start=100`."""
    return answer_rows(request, *_part(run_id, step_id, part))


def answer_rows(request: HttpRequest, value: Any, root: str) -> HttpResponse:
    """Raises NotFoundError."""
    path = read_path(request.GET.get("path", ""))
    start = read_number(request.GET.get("start", "")) or 0
    rows = rows_of(value_at(value, path), root=root, path=path, start=start)
    return render(
        request,
        "runs/_tree_rows.html",
        {"rows": rows, "address": request.path, "raw": f"{request.path}raw/"},
    )


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def data_raw(request: HttpRequest, run_id: UUID, part: str, step_id: int = 0) -> HttpResponse:
    """The value as JSON; a text alone is sent as it is, so that it can be copied."""
    value, _ = _part(run_id, step_id, part)
    name = f"run-{run_id}-step-{step_id}-{part}" if step_id else f"run-{run_id}-{part}"
    return answer_raw(request, value, name)


def answer_raw(request: HttpRequest, value: Any, name: str) -> HttpResponse:
    """Raises NotFoundError."""
    value = value_at(value, read_path(request.GET.get("path", "")))
    if isinstance(value, str):
        return download(value, f"{name}.txt", "text/plain; charset=utf-8")
    return download(json.dumps(value, ensure_ascii=False, indent=2), f"{name}.json", JSON)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def run_raw(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """The whole run as the API gives it, with the steps of every attempt."""
    run = selectors.get_run(run_id)
    body = {**RunSerializer(run).data, "steps": StepSerializer(run.steps.all(), many=True).data}
    return download(JSONRenderer().render(body), f"run-{run_id}.json", JSON)


def _part(run_id: UUID, step_id: int, part: str) -> tuple[Any, str]:
    """The value, and the name that templates have for it. Raises NotFoundError."""
    run = selectors.get_run(run_id)
    if not step_id and part in RUN_PARTS:
        return snapshot().masked(getattr(run, part)), RUN_PARTS[part]
    if step_id and part in STEP_PARTS:
        step = selectors.get_step(run, step_id)
        return getattr(step, part), step.node_id if part == "output" else ""
    raise NotFoundError(f"There is no data called {part!r}.")
