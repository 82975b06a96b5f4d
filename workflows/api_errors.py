"""Every error of the REST API is `{"code", "message", "details"}`, whatever went wrong where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from workflows.api_parsers import BodyTooLarge
from workflows.errors import ConflictError, NotFoundError, Problem, WorkflowError
from workflows.fields import FormError
from workflows.graph import flattened

STATUSES: Mapping[type[WorkflowError], int] = {NotFoundError: 404, ConflictError: 409}
"""All others are errors in what was sent: 400."""

API_PREFIX = "/api/"

TO_DO: Mapping[type[exceptions.APIException], str] = {
    exceptions.NotAuthenticated: "Log in, or send the header 'Authorization: Bearer <API key>'.",
    exceptions.UnsupportedMediaType: "Send JSON with the header 'Content-Type: application/json'.",
    exceptions.NotAcceptable: "The answer is JSON. Accept application/json.",
}


def answer_error(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """None for what nobody expected: Django logs it and `server_error` answers."""
    set_rollback()
    if isinstance(error, WorkflowError):
        return Response(error.as_json(), status=status_of(error))
    expected = _as_api_exception(error)
    if expected is None:
        return None
    return Response(
        _body(expected, context), status=expected.status_code, headers=_headers(expected)
    )


def status_of(error: WorkflowError) -> int:
    return next((code for kind, code in STATUSES.items() if isinstance(error, kind)), 400)


def _as_api_exception(error: Exception) -> exceptions.APIException | None:
    match error:
        case exceptions.APIException():
            return error
        case Http404():
            return exceptions.NotFound("There is nothing at this address, or you may not see it.")
        case PermissionDenied():
            return exceptions.PermissionDenied(str(error) or None)
        case RequestDataTooBig():
            return BodyTooLarge()
        case UnreadablePostError():
            return exceptions.ParseError("The body ended too early. Send it again.")
        case SuspiciousOperation():
            return exceptions.ParseError("This request can not be answered. Check its address.")
    return None


def _body(error: exceptions.APIException, context: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return FormError(problems_of(error)).as_json()
    message = TO_DO.get(type(error)) or str(error.detail)
    if isinstance(error, exceptions.MethodNotAllowed):
        allowed = ", ".join(context["view"].allowed_methods)
        message = f"{context['request'].method} is not possible here. Use {allowed}."
    codes = error.get_codes()
    return {
        "code": codes if isinstance(codes, str) else error.default_code,
        "message": message,
        "details": {},
    }


def problems_of(error: exceptions.ValidationError) -> list[Problem]:
    pairs = zip(flattened(error.detail), flattened(error.get_codes()), strict=True)
    return [Problem(code, message, field=field) for (field, message), (_, code) in pairs]


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if auth_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = str(auth_header)
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(round(wait))
    return headers


# ---------------------------------------------------------------- outside of the API's views


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 400, "bad_request", "This request can not be answered.") or (
        defaults.bad_request(request, exception)
    )


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(request, 403, "permission_denied", str(exception)) or (
        defaults.permission_denied(request, exception)
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    message = "There is nothing at this address. Addresses end with a slash; see /api/docs/."
    return _answer(request, 404, "not_found", message) or (
        defaults.page_not_found(request, exception)
    )


def server_error(request: HttpRequest) -> HttpResponse:
    message = "Something went wrong on the server; its log says what. Try again later."
    return _answer(request, 500, "server_error", message) or defaults.server_error(request)


def _answer(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse | None:
    """None for pages: people get a page."""
    if not request.path.startswith(API_PREFIX):
        return None
    return JsonResponse({"code": code, "message": message, "details": {}}, status=status)
