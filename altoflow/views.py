"""The first page of a new installation: it makes the first admin, for who has the printed link."""

from __future__ import annotations

from django import forms
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from altoflow import setup

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


class FirstUserForm(forms.Form):
    username = forms.CharField(max_length=150, validators=[UnicodeUsernameValidator()])
    password = forms.CharField(strip=False, max_length=1000)
    repeated = forms.CharField(strip=False, max_length=1000)
    token = forms.CharField(max_length=500)

    def clean(self) -> None:
        if self.cleaned_data.get("password") != self.cleaned_data.get("repeated"):
            self.add_error("repeated", "The two passwords differ. Type the same one twice.")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@sensitive_post_parameters("password", "repeated", "token")
def first_user(request: HttpRequest) -> HttpResponse:
    """Where every page leads while there is no user."""
    if not setup.is_open():
        return _closed(request) if "token" in request.GET else redirect("dashboard")
    token = (request.POST if request.method == "POST" else request.GET).get("token", "")
    if not setup.check_setup_token(token):
        context = {"has_token": bool(token)}
        return render(request, "altoflow/setup_link.html", context, status=403 if token else 200)
    form = FirstUserForm(request.POST if request.method == "POST" else None)
    if form.is_valid() and (user := _create(form)):
        login(request, user, backend=BACKEND)
        return redirect("dashboard")
    status = 400 if form.errors else 200
    return render(request, "altoflow/setup.html", {"form": form, "token": token}, status=status)


def _create(form: FirstUserForm) -> User | None:
    """None when it is refused; the form says why."""
    data = form.cleaned_data
    try:
        return setup.create_first_user(
            username=data["username"], password=data["password"], token=data["token"]
        )
    except ValidationError as error:
        form.add_error("password", error)
    except setup.SetupClosedError as error:
        form.add_error(None, error.message)
    return None


def _closed(request: HttpRequest) -> HttpResponse:
    return render(request, "altoflow/setup_closed.html", status=403)
