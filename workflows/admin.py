"""Django's admin: a look at the tables, and the place where API keys are revoked.

Definitions are changed through the services only, so nothing of them is changed here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from workflows.api_keys import revoke_api_key
from workflows.models import ApiKey, Secret, Version, Workflow

if TYPE_CHECKING:
    Table = admin.ModelAdmin[Any]
else:
    Table = admin.ModelAdmin


class LookOnly(Table):
    """Nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Workflow)
class WorkflowAdmin(LookOnly):
    list_display = ("name", "status", "published", "revision", "updated_at", "archived_at")
    list_select_related = ("published",)
    list_filter = ("is_active",)
    search_fields = ("name",)
    exclude = ("webhook_token", "webhook_hash")


@admin.register(Version)
class VersionAdmin(LookOnly):
    list_display = ("workflow", "number", "note", "created_at", "created_by")
    list_select_related = ("workflow", "created_by")


@admin.register(Secret)
class SecretAdmin(LookOnly):
    list_display = ("name", "description", "expires_at", "updated_at")
    exclude = ("value",)


@admin.register(ApiKey)
class ApiKeyAdmin(LookOnly):
    list_display = ("name", "prefix", "role", "last_used_at", "expires_at", "revoked_at")
    exclude = ("hash",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected keys", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        revoked = sum(revoke_api_key(key=key) for key in queryset)
        self.message_user(request, f"{revoked} keys revoked. They are refused from now on.")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may look may revoke, so only admins may look."""
        return bool(getattr(request.user, "is_superuser", False))
