"""Django's admin, with the tables of this list only: people, keys and a look at definitions.

The tables of other apps stay out. Those of the queue above all: who may write a schedule there may
run any function.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from workflows import admin
from workflows.access import role_of, to_login
from workflows.models import ApiKey, Role, Secret, Version, Workflow


class AdminPages(AdminSite):
    """For the role admin; for all others it does not exist."""

    site_header = site_title = "Altoflow"
    index_title = "People, keys and tables"

    def has_permission(self, request: HttpRequest) -> bool:
        return role_of(request) == Role.ADMIN

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The one login of the product, which has a limit on attempts."""
        if self.has_permission(request):
            return redirect("admin:index")
        if role_of(request) is not None:
            raise Http404
        return to_login(request)


admin_site = AdminPages()
admin_site.register(User, UserAdmin)
admin_site.register(Group, GroupAdmin)
admin_site.register(Workflow, admin.WorkflowAdmin)
admin_site.register(Version, admin.VersionAdmin)
admin_site.register(Secret, admin.SecretAdmin)
admin_site.register(ApiKey, admin.ApiKeyAdmin)
