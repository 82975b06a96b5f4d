"""The REST calls about runs: fetch, one service, answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from uuid import UUID

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from runs import figures, selectors, services
from runs.filters import RunFilters, read_filters
from runs.models import Run
from runs.serializers import (
    ExecuteForm,
    ResumeForm,
    ResumePlanSerializer,
    RunListSerializer,
    RunSerializer,
    RunWithStepsSerializer,
    StatsSerializer,
    StepSerializer,
)
from runs.worker.readiness import check_ready
from workflows.errors import Problem
from workflows.fields import FormError, checked
from workflows.selectors import get_workflow

MAX_PAGE = 200
PLAN = ("from", "version")


@extend_schema(
    operation_id="list_runs",
    parameters=[
        OpenApiParameter("workflow", OpenApiTypes.UUID),
        OpenApiParameter("status", enum=Run.Status.values, many=True),
        OpenApiParameter("trigger", description="The type of the trigger."),
        OpenApiParameter("from", OpenApiTypes.DATETIME),
        OpenApiParameter("to", OpenApiTypes.DATETIME, description="A date includes its day."),
        OpenApiParameter("q", description="Text in the error, the payload or the id."),
        OpenApiParameter("limit", OpenApiTypes.INT, description="Runs on a page, 50 by default."),
        OpenApiParameter("before", OpenApiTypes.UUID, description="Only runs older than this one."),
        OpenApiParameter("after", OpenApiTypes.UUID, description="Only runs newer than this one."),
    ],
    responses=RunListSerializer,
)
@api_view(["GET"])
def list_runs(request: Request) -> Response:
    """Runs, newest first, a page at a time: follow `next`. A search looks at some thousand runs for
    each page, so a page may be short, or empty, and still have a `next`."""
    page = selectors.list_runs(
        _filters(request),
        older_than=_id(request, "before"),
        newer_than=_id(request, "after"),
        size=_limit(request),
        with_data=True,
    )
    body = {
        "next": _address(request, before=page.older),
        "previous": _address(request, after=page.newer),
        "results": RunSerializer(page.rows, many=True).data,
    }
    return Response(body)


@extend_schema(
    operation_id="get_run",
    parameters=[
        OpenApiParameter("attempt", OpenApiTypes.INT, description="The last one by default.")
    ],
    responses=RunWithStepsSerializer,
)
@api_view(["GET"])
def get_run(request: Request, run_id: UUID) -> Response:
    """One run with the steps of its last attempt, or of an earlier one."""
    run = selectors.get_run(run_id)
    attempt = _number(request, "attempt", run.attempt, most=run.attempt)
    steps = StepSerializer(selectors.steps_of_attempt(run, attempt), many=True)
    return Response({**RunSerializer(run).data, "steps": steps.data})


@extend_schema(
    parameters=[
        OpenApiParameter("from", description="`failed`, `start` or the id of a node."),
        OpenApiParameter("version", enum=["original", "published"]),
    ],
    responses=ResumePlanSerializer,
)
@api_view(["GET"])
def resume_plan(request: Request, run_id: UUID) -> Response:
    """What a resume would do with each step: reuse it, repeat it, or run it for the first time."""
    run = selectors.get_run(run_id)
    asked = {name: request.query_params[name] for name in PLAN if name in request.query_params}
    form = checked(ResumeForm(data=asked))
    plan = services.plan_resume(run=run, **form)
    steps = [step.as_json() for step in plan.steps]
    return Response({"from": plan.start, "version": form["version"], "steps": steps})


@extend_schema(request=ResumeForm, responses={202: RunSerializer})
@api_view(["POST"])
def resume(request: Request, run_id: UUID) -> Response:
    """Go on with a failed or cancelled run: the same run, its next attempt."""
    form = checked(ResumeForm(data=request.data))
    return _accepted(services.resume_run(run=selectors.get_run(run_id), **form))


@extend_schema(request=None, responses={202: RunSerializer})
@api_view(["POST"])
def rerun(request: Request, run_id: UUID) -> Response:
    """Start a new run with the same payload."""
    return _accepted(services.rerun(run=selectors.get_run(run_id)))


@extend_schema(request=None, responses={202: RunSerializer})
@api_view(["POST"])
def cancel(request: Request, run_id: UUID) -> Response:
    """Stop a run, its waits and its children."""
    return _accepted(services.cancel_run(run=selectors.get_run(run_id)))


@extend_schema(
    request=ExecuteForm,
    parameters=[OpenApiParameter("Idempotency-Key", location=OpenApiParameter.HEADER)],
    responses={202: RunSerializer},
)
@api_view(["POST"])
def execute(request: Request, workflow_id: UUID) -> Response:
    """Start a run of the published version with this payload."""
    run = services.start_run(
        workflow=get_workflow(workflow_id),
        payload=checked(ExecuteForm(data=request.data))["payload"],
        trigger_type="manual_trigger",
        idempotency_key=request.headers.get("Idempotency-Key", ""),
    )
    return _accepted(run)


@extend_schema(
    parameters=[OpenApiParameter("hours", OpenApiTypes.INT, description="24 by default.")],
    responses=StatsSerializer,
)
@api_view(["GET"])
def get_stats(request: Request) -> Response:
    """Counts, success rate and durations of the last hours."""
    return Response(figures.stats(hours=_number(request, "hours", 24, most=24 * 90)))


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """For load balancers: 200 when runs can be taken and executed, else 503 with the reason."""
    parts = check_ready()
    ready = all(part.ok for part in parts.values())
    body = {"ready": ready, "parts": {name: asdict(part) for name, part in parts.items()}}
    return JsonResponse(body, status=200 if ready else 503)


def _accepted(run: Run) -> Response:
    return Response(RunSerializer(run).data, status=202)


def _filters(request: Request) -> RunFilters:
    read = read_filters(request.query_params)
    if read.problems:
        raise _invalid(read.problems)
    return read.filters


def _id(request: Request, name: str) -> UUID | None:
    text = request.query_params.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise _invalid({name: f"{text!r} is no id of a run."}) from None


def _limit(request: Request) -> int:
    return _number(request, "limit", selectors.PAGE_SIZE, most=MAX_PAGE)


def _number(request: Request, name: str, default: int, *, most: int) -> int:
    text = request.query_params.get(name, "") or str(default)
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
        raise _invalid({name: f"{text!r} is not possible. Take a number from 1 to {most}."})
    return int(text)


def _address(request: Request, **cursor: str) -> str | None:
    """The address of another page of the same list; None where there is none."""
    if not any(cursor.values()):
        return None
    params = request.query_params.copy()
    for name in ("before", "after"):
        params.pop(name, None)
    params.update(cursor)
    return request.build_absolute_uri(f"{request.path}?{params.urlencode()}")


def _invalid(problems: Mapping[str, str]) -> FormError:
    return FormError([Problem("invalid", text, field=name) for name, text in problems.items()])
