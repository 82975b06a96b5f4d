"""The page of the vault: names, never values."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_http_methods, require_POST

from runs.pages import attempt_to, missing_is_404
from workflows import selectors, vault
from workflows.access import require_role
from workflows.errors import ConflictError, WorkflowError
from workflows.models import Role, Secret
from workflows.plain_json import clean

FIELDS = ("name", "replaces", "description", "expires_at")


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.VIEWER)
def secret_list(request: HttpRequest) -> HttpResponse:
    """POST makes a secret, or replaces the one named in `replaces`."""
    sent, problem = {}, ""
    if request.method == "POST":
        sent = {name: request.POST.get(name, "").strip() for name in FIELDS}
        try:
            secret = _set(request, sent)
        except WorkflowError as error:
            problem = error.message
        else:
            messages.success(
                request, f"{secret.name} was saved. Use it as {{{{ vault.{secret.name} }}}}."
            )
            return redirect("secret_list")
    context = {
        "section": "secrets",
        "secrets": selectors.list_secrets(),
        "now": timezone.now(),
        "sent": sent,
        "problem": problem,
    }
    return render(request, "builder/secrets.html", context, status=400 if problem else 200)


def _set(request: HttpRequest, sent: dict[str, str]) -> Secret:
    """The value is taken as it is, blanks included. Raises WorkflowError."""
    name = sent["replaces"] or sent["name"]
    if not sent["replaces"] and Secret.objects.filter(name=clean(name)).exists():
        raise ConflictError(f"There is a secret {name!r} already. Use Replace beside its name.")
    return vault.set_secret(
        name=name,
        value=request.POST.get("value", "").replace("\r\n", "\n"),
        description=clean(sent["description"]),
        expires_at=_moment(sent["expires_at"]),
    )


def _moment(text: str) -> datetime | None:
    """UTC, as the form says."""
    if not text:
        return None
    try:
        if moment := parse_datetime(text):
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    raise WorkflowError("The time of expiry is no time. Choose one, or leave it empty.")


@require_POST
@require_role(Role.ADMIN)
@missing_is_404
def secret_delete(request: HttpRequest, name: str) -> HttpResponse:
    attempt_to(
        request,
        lambda: vault.delete_secret(name=clean(name)),
        f"{name} was deleted. Templates that use it fail from now on.",
    )
    return redirect("secret_list")
