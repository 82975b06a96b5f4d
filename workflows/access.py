"""Who may do what, for people in a browser and for keys of the API.

| | viewer | editor | admin |
|---|---|---|---|
| look at workflows, versions, runs, names of secrets | yes | yes | yes |
| see a workflow's webhook address (who has it can start runs) | no | yes | yes |
| change, publish, switch on, start, resume and cancel; set secrets | no | yes | yes |
| delete workflows and secrets; API keys and users | no | no | yes |

A superuser is an admin; else the groups named `editor` and `viewer` count; a user without either is
a viewer. Users who are switched off, and strangers, have no role.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeAlias

from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from workflows.api_keys import usable_api_key
from workflows.models import ApiKey, Role

if TYPE_CHECKING:
    from rest_framework.views import APIView  # it imports this module

P = ParamSpec("P")
Page: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

RANK: Mapping[Role, int] = {Role.VIEWER: 1, Role.EDITOR: 2, Role.ADMIN: 3}


def covers(role: Role | None, needed: Role) -> bool:
    """Whether somebody with `role` may do what needs `needed`."""
    return role is not None and RANK[role] >= RANK[needed]


def role_of(request: HttpRequest | Request) -> Role | None:
    """The role of whoever sent the request; None for strangers."""
    key = getattr(request, "auth", None)
    if isinstance(key, ApiKey):
        return Role(key.role)
    return role_of_user(getattr(request, "user", None))


def role_of_user(user: Any) -> Role | None:
    """One query for a user who is no superuser, the first time that this object is asked."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_superuser:
        return Role.ADMIN
    known: Role | None = user.__dict__.get("_role")
    if known is None:
        known = Role.EDITOR if user.groups.filter(name=Role.EDITOR).exists() else Role.VIEWER
        user.__dict__["_role"] = known
    return known


def user_of(request: HttpRequest | Request) -> User | None:
    """The person behind the request; None for API keys and strangers."""
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None


# ---------------------------------------------------------------- REST


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer alto_...`. Other schemes are left to the browser session."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ApiKey] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        key = usable_api_key(token.strip().encode("utf-8", "replace"))
        if key is None:
            raise AuthenticationFailed(
                "This API key is unknown, expired or revoked. Ask an admin for a new one."
            )
        return AnonymousUser(), key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="altoflow"'


class RolePermission(BasePermission):
    """Reading needs a viewer, anything else an editor. A view's `roles` names the exceptions by
    method: `roles = {"DELETE": Role.ADMIN}`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        method = request.method or "GET"
        roles: Mapping[str, Role] = getattr(view, "roles", {})
        needed = roles.get(method, Role.VIEWER if method in SAFE_METHODS else Role.EDITOR)
        role = role_of(request)
        self.message = f"This needs the role {needed}; you have the role {role}. Ask an admin."
        return covers(role, needed)

    message: str = ""
    code: ClassVar[str] = "role_too_low"


# ---------------------------------------------------------------- pages


def require_role(see: Role, change: Role | None = None) -> Callable[[Page[P]], Page[P]]:
    """Guards a page. `see` is needed to open it (GET, HEAD), `change` for everything else: by
    default the same, and never less than editor.

    Strangers are sent to the login. A page that one may not see does not exist (404); a change that
    one may not make is refused with the reason (403).
    """
    needed = change or max(see, Role.EDITOR, key=lambda role: RANK[role])

    def guard(page: Page[P]) -> Page[P]:
        @wraps(page)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if (role := role_of(request)) is None:
                return to_login(request)
            if request.method in SAFE_METHODS:
                if not covers(role, see):
                    raise Http404
            elif not covers(role, needed):
                raise PermissionDenied(
                    f"This needs the role {needed}; you have the role {role}. Ask an admin."
                )
            return page(request, *args, **kwargs)

        return guarded

    return guard


def to_login(request: HttpRequest) -> HttpResponse:
    """htmx would put the login form into the middle of the page, so it is told to go there."""
    if "HX-Request" not in request.headers:
        return redirect_to_login(request.get_full_path())
    login = redirect_to_login(_path_of(request.headers.get("HX-Current-URL", ""))).url
    return HttpResponse(status=401, headers={"HX-Redirect": login})


def _path_of(address: str) -> str:
    """What follows the host, so that the login never leads to another site."""
    after_host = address.partition("://")[2].partition("/")[2]
    return "/" + after_host.lstrip("/")
