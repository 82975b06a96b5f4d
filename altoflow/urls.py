"""All addresses. What a page or call may be used for is said at its view."""

from __future__ import annotations

from allauth.account import views as account_views
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from altoflow.admin_site import admin_site
from altoflow.views import first_user
from runs.urls import api_urlpatterns as runs_api
from runs.webhooks import hook_view
from workflows.access import require_role
from workflows.models import Role

handler400 = "workflows.api_errors.bad_request"
handler403 = "workflows.api_errors.permission_denied"
handler404 = "workflows.api_errors.not_found"
handler500 = "workflows.api_errors.server_error"


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The web process is alive. Whether runs can be taken and executed: /readyz."""
    return HttpResponse("ok\n", content_type="text/plain")


api_docs = require_role(Role.VIEWER)(SpectacularSwaggerSplitView.as_view(url_name="api_schema"))

# Of allauth only what has a use without mail addresses. Sign-up says that it is closed.
accounts = [
    path("login/", account_views.login, name="account_login"),
    path("logout/", account_views.logout, name="account_logout"),
    path("inactive/", account_views.account_inactive, name="account_inactive"),
    path("signup/", account_views.signup, name="account_signup"),
    path("password/change/", account_views.password_change, name="account_change_password"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("setup/", first_user, name="setup"),
    path("accounts/", include(accounts)),
    path("admin/", admin_site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/docs/", api_docs, name="api_docs"),
    path("api/v1/", include("workflows.urls")),
    path("api/v1/", include(runs_api)),
    path("hooks/<path:token>", hook_view, name="webhook"),
    path("", include("runs.urls")),
    path("", include("builder.urls")),
]
