"""How the builder's addresses answer: JSON to its script, events to htmx, else a page."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect

from builder.json_input import read_json
from runs.http_error import HttpError
from runs.pages import attempt_to
from workflows.api_errors import status_of
from workflows.errors import Problem, WorkflowError
from workflows.fields import FormError
from workflows.node_type import Json

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def errors_as_json(view: View[P]) -> View[P]:
    """For calls of the page's script: `{"code", "message", "details"}`, as from the REST API."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except WorkflowError as error:
            status = error.status if isinstance(error, HttpError) else status_of(error)
            return JsonResponse(error.as_json(), status=status)

    return guarded


def read_body(request: HttpRequest) -> dict[str, Json]:
    """The JSON object that the script sent. Raises FormError."""
    body = read_json(request.body.decode(errors="replace"), "")
    if not isinstance(body, dict):
        raise FormError([Problem("invalid", "Send a JSON object.")])
    return body


def read_revision(body: dict[str, Json]) -> int:
    """Raises FormError."""
    revision = body.get("revision")
    if not isinstance(revision, int) or isinstance(revision, bool):
        message = "Say on which revision the change is based."
        raise FormError([Problem("invalid", message, field="revision")])
    return revision


def do_and_tell(
    request: HttpRequest, workflow_id: UUID, action: Callable[[], Any], success: str
) -> HttpResponse:
    """Do what a button of the builder asks for. A refusal is told, a missing thing is a 404."""
    if "HX-Request" not in request.headers:
        attempt_to(request, action, success)
        return redirect("workflow_detail", workflow_id)
    try:
        action()
    except WorkflowError as error:
        return told(error.message, kind="bad")
    return told(success)


def told(message: str, *, kind: str = "good") -> HttpResponse:
    """Nothing to swap: a short message, and the news that the workflow has changed."""
    events = {"notice": {"message": message, "kind": kind}, "workflow-changed": {}}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(events)})
