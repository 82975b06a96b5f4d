"""What is refused before any view sees it, and what every answer has."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from altoflow import setup

WEBHOOKS = "/hooks/"
"""They refuse by themselves, because a refused delivery is kept too."""
NOT_PAGES = ("/api/", WEBHOOKS, "/static/", "/healthz", "/readyz", "/metrics", "/setup/")


def refuse_chunked(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Django reads a chunked body as empty, and the call would be done without what was sent."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "Transfer-Encoding" in request.headers and not request.path.startswith(WEBHOOKS):
            message = "Send the body with a Content-Length instead of in chunks."
            body = {"code": "length_required", "message": message, "details": {}}
            return JsonResponse(body, status=411)
        return get_response(request)

    return middleware


def keep_private(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Pages and answers show data of runs and addresses of webhooks: nothing on the way and no
    browser after the logout keeps them."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware


def begin_with_setup(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """While there is no user, every page leads to the one that says how to make the first. A user
    once seen is never looked for again."""
    seen = False

    def middleware(request: HttpRequest) -> HttpResponse:
        nonlocal seen
        if not seen and not request.path.startswith(NOT_PAGES):
            if setup.is_open():
                return redirect("setup")
            seen = True
        return get_response(request)

    return middleware
