"""Who may get an account."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up by themselves: the first admin comes through the set-up link, and admins make
    the accounts of all others."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
