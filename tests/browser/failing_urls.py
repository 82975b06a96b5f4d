"""The product's addresses, and one for each error that a page can end in."""

from __future__ import annotations

from allauth.core.internal.ratelimit import respond_429
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.csrf import csrf_failure

from altoflow import urls
from altoflow.urls import handler400, handler403, handler404, handler500

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def refused(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def odd(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation


def broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("for the page that says so")


urlpatterns = [
    path("fails/400/", odd),
    path("fails/403/", refused),
    path("fails/403/csrf/", csrf_failure),
    path("fails/429/", respond_429),
    path("fails/500/", broken),
    *urls.urlpatterns,
]
