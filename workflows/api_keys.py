"""Keys of the REST API: made once, shown once, kept as a hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from workflows.models import ApiKey, Role

PREFIX = "alto_"
RANDOM_BYTES = 32
NOTED_EVERY = timedelta(minutes=1)
"""A busy key costs at most one write in this time."""


def create_api_key(*, name: str, role: Role, expires_at: datetime | None = None) -> str:
    """The key itself. Nobody, not even the database, can show it again."""
    key = PREFIX + secrets.token_urlsafe(RANDOM_BYTES)
    ApiKey.objects.create(
        name=name, prefix=key[:12], hash=hash_of(key.encode()), role=role, expires_at=expires_at
    )
    return key


def revoke_api_key(*, key: ApiKey) -> bool:
    """False when it was revoked before."""
    now = timezone.now()
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now))


def usable_api_key(token: bytes) -> ApiKey | None:
    """The key that `token` is, unless it is unknown, revoked or expired. Every token costs one hash
    and one look-up by that hash, so the time taken tells nothing about the keys there are."""
    now = timezone.now()
    alive = Q(expires_at=None) | Q(expires_at__gt=now)
    key = ApiKey.objects.filter(alive, hash=hash_of(token), revoked_at=None).first()
    if key:
        _note_use(key, now)
    return key


def hash_of(token: bytes) -> str:
    return hashlib.sha256(token).hexdigest()


def _note_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at >= NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now)
