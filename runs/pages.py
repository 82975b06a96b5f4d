"""What the pages of this product have in common: who looks, and what becomes of errors."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from workflows.access import covers, role_of
from workflows.errors import NotFoundError, WorkflowError
from workflows.models import Role

P = ParamSpec("P")
T = TypeVar("T")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def person(request: HttpRequest) -> dict[str, Any]:
    """For every template: `role`, `can_edit`, `can_admin`; asked only where one of them is used."""
    role = SimpleLazyObject(lambda: role_of(request) or "")
    return {
        "role": role,
        "can_edit": SimpleLazyObject(lambda: covers(role_of(request), Role.EDITOR)),
        "can_admin": SimpleLazyObject(lambda: covers(role_of(request), Role.ADMIN)),
    }


def missing_is_404(view: View[P]) -> View[P]:
    """What does not exist has no page."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotFoundError as error:
            raise Http404(error.message) from error

    return guarded


def attempt_to(request: HttpRequest, action: Callable[[], T], success: str = "") -> T | None:
    """Do what a button asks for. A refusal becomes a message and None; a missing thing is a 404."""
    try:
        done = action()
    except NotFoundError:
        raise
    except WorkflowError as error:
        messages.error(request, error.message)
        return None
    if success:
        messages.success(request, success)
    return done


def read_id(text: str) -> UUID | None:
    """The id in an address; None for anything else."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def read_number(text: str, *, digits: int = 9) -> int | None:
    """The number in an address; None for anything else, and for more digits."""
    is_number = text.isascii() and text.isdigit() and len(text) <= digits
    return int(text) if is_number else None


def address_with(request: HttpRequest, **changes: str) -> str:
    """This page's address with other parameters; an empty one is left out."""
    params = request.GET.copy()
    for name, value in changes.items():
        params.pop(name, None)
        if value:
            params[name] = value
    query = params.urlencode()
    return f"{request.path}?{query}" if query else request.path


def pager(request: HttpRequest, older: str, newer: str) -> dict[str, str]:
    """Addresses of the neighbouring keyset pages."""
    return {
        "older": address_with(request, before=older, after="") if older else "",
        "newer": address_with(request, after=newer, before="") if newer else "",
        "newest": address_with(request, after="", before="") if newer else "",
    }


def download(body: str | bytes, name: str, content_type: str) -> HttpResponse:
    """Never shown by the browser itself: logged data comes from strangers."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    return HttpResponse(body, content_type=content_type, headers=headers)
