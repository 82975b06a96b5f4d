"""The tour of the first use. What is done is seen in what is there; two things are remembered by
the browser: that its user has looked at a run, and that the tour was closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from runs.models import Run
from workflows.access import covers, role_of
from workflows.models import Role, Workflow

COOKIE = "altoflow_tour"
LOOKED, CLOSED = "looked", "closed"
YEAR = 365 * 24 * 3600
MOST_RUNS = 20
"""Whoever has more needs no tour."""


@dataclass(frozen=True, slots=True)
class TourStep:
    title: str
    text: str
    link: str
    """Empty while it can not be done yet."""
    action: str
    is_done: bool


def tour_steps(request: HttpRequest) -> list[TourStep]:
    """None for those who closed it, who may not do it, or who are past it."""
    seen = request.COOKIES.get(COOKIE, "")
    if seen == CLOSED or not covers(role_of(request), Role.EDITOR):
        return []
    runs = list(Run.objects.order_by("-pk").values_list("pk", flat=True)[: MOST_RUNS + 1])
    if len(runs) > MOST_RUNS:
        return []
    newest = Workflow.objects.filter(archived_at=None).order_by("-pk").only("pk").first()
    return [
        TourStep(
            "Choose a template",
            "Each one is a whole workflow that runs as it is.",
            reverse("template_list"),
            "Show the templates",
            newest is not None or bool(runs),
        ),
        TourStep(
            "Run it",
            "Press “Run” on its page. The sample is filled in.",
            reverse("workflow_detail", args=[newest.pk]) if newest else "",
            "Open the workflow",
            bool(runs),
        ),
        TourStep(
            "Look at every step",
            "Open a run, and see what went into each step and what came out.",
            reverse("run_detail", args=[runs[0]]) if runs else "",
            "Open the run",
            bool(runs) and seen == LOOKED,
        ),
    ]


def close(response: HttpResponse) -> None:
    _remember(response, CLOSED)


def note_looks(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """The middleware that remembers the first look at a run."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        page = request.resolver_match
        is_run = page is not None and page.view_name == "run_detail"
        if is_run and response.status_code == 200 and COOKIE not in request.COOKIES:
            _remember(response, LOOKED)
        return response

    return middleware


def _remember(response: HttpResponse, what: str) -> None:
    response.set_cookie(
        COOKIE,
        what,
        max_age=YEAR,
        httponly=True,
        samesite="Lax",
        secure=bool(settings.SESSION_COOKIE_SECURE),
    )
