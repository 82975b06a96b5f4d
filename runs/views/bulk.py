"""What the buttons above a list of runs ask for."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from runs import bulk
from runs.pages import read_id
from workflows.access import require_role
from workflows.models import Role


@require_POST
@require_role(Role.EDITOR)
def run_bulk(request: HttpRequest) -> HttpResponse:
    """`action` on each `run`, then back to the list; a message says what happened."""
    action = next((each for each in bulk.ACTIONS if each == request.POST.get("action")), None)
    chosen = [run_id for text in request.POST.getlist("run") if (run_id := read_id(text))]
    if action is None or not chosen:
        messages.error(request, "Nothing was done. Choose runs in the list, then what to do.")
    else:
        tell(request, bulk.act_on(action, chosen))
    return redirect(_back(request))


def tell(request: HttpRequest, result: bulk.Result) -> None:
    say = messages.success if result.is_whole else messages.warning
    say(request, result.sentence())


def _back(request: HttpRequest) -> str:
    """The list that it came from."""
    address = request.POST.get("back", "")
    is_ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, None)
    return address if is_ours else reverse("run_list")
