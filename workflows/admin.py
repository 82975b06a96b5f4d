"""How Django's admin shows these tables, on a site that lets nobody but admins in: a look at them,
and the place where API keys are revoked. Definitions are changed through the services only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from workflows.api_keys import revoke_api_key
from workflows.models import ApiKey
from workflows.wording import counted

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


class WorkflowAdmin(LookOnly):
    list_display = ("name", "status", "published", "revision", "updated_at", "archived_at")
    list_select_related = ("published",)
    list_filter = ("is_active",)
    search_fields = ("name",)
    exclude = ("webhook_token", "webhook_hash")


class VersionAdmin(LookOnly):
    list_display = ("workflow", "label", "note", "created_at", "created_by")
    list_select_related = ("workflow", "created_by")


class SecretAdmin(LookOnly):
    list_display = ("name", "description", "expires_at", "updated_at")
    exclude = ("value",)


class ApiKeyAdmin(LookOnly):
    list_display = ("name", "prefix", "role", "last_used_at", "expires_at", "revoked_at")
    exclude = ("hash",)
    actions = ("revoke",)

    @admin.action(description="Revoke the selected keys", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        revoked = sum(revoke_api_key(key=key) for key in queryset)
        self.message_user(request, f"{counted(revoked, 'key')} revoked, and refused from now on.")
