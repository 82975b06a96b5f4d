"""All addresses. What a page or call may be used for is said at its view."""

from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from workflows.access import require_role
from workflows.models import Role

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Altoflow"

handler400 = "workflows.api_errors.bad_request"
handler403 = "workflows.api_errors.permission_denied"
handler404 = "workflows.api_errors.not_found"
handler500 = "workflows.api_errors.server_error"


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The web process is alive. Whether runs can be taken and executed: /readyz."""
    return HttpResponse("ok\n", content_type="text/plain")


api_docs = require_role(Role.VIEWER)(SpectacularSwaggerSplitView.as_view(url_name="api_schema"))

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(), name="api_schema"),
    path("api/docs/", api_docs, name="api_docs"),
    path("api/v1/", include("workflows.urls")),
]
