"""`POST /api/v1/workflows/<id>/call/`: the caller gets the answer of the workflow itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from runs.http_error import HttpError, unlogged
from runs.intake.calls import Answer, call_workflow
from runs.intake.headers import characters, headers_of
from workflows.api_schema import ErrorOut
from workflows.errors import Problem
from workflows.fields import FormError
from workflows.http_syntax import HEADER_NAME, NOT_IN_HEADERS, WITHOUT_BODY
from workflows.node_type import Json
from workflows.nodes.respond import NOT_OURS
from workflows.plain_json import dump
from workflows.request_body import read_fields
from workflows.selectors import get_workflow

NOT_KEPT = frozenset({"authorization", "cookie", "proxy-authorization", "x-csrftoken"})
"""Credentials for this installation, which a workflow needs nothing of."""

UNTRUSTED = "default-src 'none'; sandbox"
"""What a workflow says is no page of this site, even if it is HTML and a browser shows it."""


class Call(APIView):
    @property
    def default_response_headers(self) -> dict[str, str]:
        """The headers of an answer are those of the workflow."""
        return {}

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """The caller takes what the workflow has."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="call_workflow",
        parameters=[
            OpenApiParameter("Idempotency-Key", location=OpenApiParameter.HEADER),
        ],
        request=OpenApiTypes.ANY,
        responses={
            200: OpenApiResponse(OpenApiTypes.ANY, "What the workflow responds, with its status."),
            400: OpenApiResponse(ErrorOut, "The body does not match the input_schema."),
            401: ErrorOut,
            403: ErrorOut,
            404: ErrorOut,
            409: OpenApiResponse(ErrorOut, "Not active, or not started by an api_trigger."),
            502: OpenApiResponse(ErrorOut, "The run failed before it answered."),
            503: OpenApiResponse(ErrorOut, "Too many calls are waiting; see Retry-After."),
            504: OpenApiResponse(ErrorOut, "No answer in time; the run goes on."),
        },
    )
    def post(self, request: Request, workflow_id: UUID) -> HttpResponse:
        """Start a workflow by its api_trigger with any JSON as the body, and get what its respond
        node says. A run that completes without one answers with its output."""
        try:
            answer = call_workflow(
                workflow=get_workflow(workflow_id),
                **_input(request),
                idempotency_key=request.headers.get("Idempotency-Key", "").strip(),
            )
            return unlogged(http_answer(answer))
        except HttpError as error:
            return error.as_response()


def http_answer(answer: Answer) -> HttpResponse:
    """Exactly what the workflow said. Raises HttpError for what no HTTP answer can be made of."""
    if not isinstance(answer.status, int) or not 200 <= answer.status <= 599:
        raise _unusable(answer, f"the status {answer.status!r} is none from 200 to 599")
    headers = {
        name.lower(): _header(answer, name.lower(), value) for name, value in answer.headers.items()
    }
    content, content_type = _content(answer.body)
    response = HttpResponse(
        b"" if answer.status in WITHOUT_BODY else content,
        status=answer.status,
        content_type=headers.pop("content-type", content_type),
    )
    response.headers["Content-Security-Policy"] = UNTRUSTED
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _content(body: Json) -> tuple[bytes, str]:
    """A text is sent as it is, null as nothing, all else as JSON."""
    if body is None:
        return b"", "application/json"
    if isinstance(body, str):
        return body.encode(), "text/plain; charset=utf-8"
    return dump(body).encode(), "application/json"


def _header(answer: Answer, name: str, value: Json) -> str:
    """Its value as WSGI takes it: UTF-8 that is read as Latin-1. Raises HttpError."""
    if not HEADER_NAME.fullmatch(name):
        raise _unusable(answer, f"{name!r} can not be the name of a header")
    if name in NOT_OURS:
        raise _unusable(answer, f"the header {name} is not for a workflow to set")
    if not isinstance(value, str) or NOT_IN_HEADERS.search(value):
        raise _unusable(answer, f"the header {name} holds characters that no header can have")
    return value.encode().decode("latin-1")


def _unusable(answer: Answer, why: str) -> HttpError:
    return HttpError(
        f"The run answered, but {why}. Correct the respond node and publish it.",
        code="unusable_answer",
        status=502,
        details={"run_id": str(answer.run_id)},
    )


def _input(request: Request) -> dict[str, Any]:
    """{body, headers, query}. Raises FormError."""
    environ: Mapping[str, str] = request.META
    try:
        query = read_fields(characters(environ.get("QUERY_STRING", "")))
    except ValueError as error:
        raise FormError([Problem("invalid", str(error), field="query")]) from None
    kept = {name: text for name, text in headers_of(environ).items() if name not in NOT_KEPT}
    has_body = environ.get("CONTENT_LENGTH") not in (None, "", "0")
    return {"body": request.data if has_body else None, "headers": kept, "query": query}
