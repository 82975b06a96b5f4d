"""Secrets: encrypted at rest, decrypted for templates and signatures, masked in all that is kept.

The keys are `ALTOFLOW_VAULT_KEYS` (the newest first, then older ones), else the file
`<data folder>/vault_keys`, one key a line, made when it is first needed. They have nothing to do
with SECRET_KEY.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from uuid import uuid4

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import connection
from django.utils import timezone

from workflows import plain_json
from workflows.errors import NotFoundError, WorkflowError
from workflows.limits import limits
from workflows.models import Secret
from workflows.redaction import SHORTEST, Redactor

NAME = re.compile(r"[a-z][a-z0-9_]{2,49}")
LIQUID_PROPERTIES = frozenset({"size", "first", "last"})
"""Templates ask these of the vault itself, not of a secret."""

FRESH_TOKEN = 34
"""Characters of a token that hold its time and its random vector: no two tokens share them."""


class VaultError(WorkflowError):
    """A secret can not be kept, read or named like this."""

    code = "vault_error"


# ---------------------------------------------------------------- tokens


def encrypt(value: str, *, identity: str) -> str:
    """A token that `decrypt` opens for this identity only. Raises VaultError."""
    return keys().encrypt(json.dumps([identity, value]).encode()).decode()


def decrypt(token: str, *, identity: str) -> str:
    """What was encrypted. Raises VaultError for a foreign key and for the token of another row."""
    owner, value = json.loads(_opened(token))
    if owner != identity:
        raise VaultError(
            f"This encrypted value belongs to {owner!r}, not to {identity!r}. Enter it again.",
            code="vault_foreign_token",
        )
    return str(value)


def rotate(token: str) -> str:
    """The same content under the newest key. Raises VaultError."""
    _opened(token)
    return keys().rotate(token.encode()).decode()


def _opened(token: str) -> bytes:
    try:
        return keys().decrypt(token.encode())
    except InvalidToken as error:
        raise VaultError(
            "A stored secret was encrypted with a key that is not here. Put that key back into "
            f"{_where()}, after the newest one, or enter the secret again.",
            code="vault_wrong_key",
        ) from error


# ---------------------------------------------------------------- keys


def keys() -> MultiFernet:
    """The keys in force, newest first. Raises VaultError when they can not be read."""
    if settings.VAULT_KEYS:
        return _fernet(tuple(settings.VAULT_KEYS))
    path = key_file()
    try:
        if not path.exists():
            make_key_file(path)
        stamp = path.stat()
        return _fernet(_lines(path, stamp.st_ino, stamp.st_mtime_ns))
    except OSError as error:
        raise VaultError(
            f"The keys in {path} can not be read: {error.strerror}. Let the user that runs "
            "Altoflow own this file, or set ALTOFLOW_VAULT_KEYS.",
            code="vault_bad_keys",
        ) from error


def key_file() -> Path:
    return Path(settings.DATA_DIR) / "vault_keys"


def make_key_file(path: Path) -> None:
    """The first of several processes wins; all see its whole key or no file."""
    new = _written_aside(path, [Fernet.generate_key().decode()])
    try:
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        new.unlink()


def add_key() -> None:
    """A new newest key in the file. Raises VaultError where the environment holds the keys."""
    if settings.VAULT_KEYS:
        raise VaultError(
            "The keys come from ALTOFLOW_VAULT_KEYS. Put a new key at its beginning, with a comma "
            f"after it, and restart. A new key: {Fernet.generate_key().decode()}"
        )
    keys()
    old = key_file().read_text().split()
    _written_aside(key_file(), [Fernet.generate_key().decode(), *old]).replace(key_file())


def _written_aside(path: Path, lines: Iterable[str]) -> Path:
    new = path.with_name(f"{path.name}.{uuid4().hex}")
    descriptor = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write("".join(f"{line}\n" for line in lines))
        file.flush()
        os.fsync(file.fileno())
    return new


@lru_cache(maxsize=4)
def _lines(path: Path, _inode: int, _changed: int) -> tuple[str, ...]:
    return tuple(path.read_text().split())


@lru_cache(maxsize=4)
def _fernet(texts: tuple[str, ...]) -> MultiFernet:
    try:
        return MultiFernet([Fernet(text.strip()) for text in texts])
    except ValueError as error:
        raise VaultError(
            f"{_where()} can not be used: each key must be 32 bytes in URL-safe base64. Make one "
            'with: python -c "from cryptography.fernet import Fernet; '
            'print(Fernet.generate_key().decode())"',
            code="vault_bad_keys",
        ) from error


def _where() -> str:
    if settings.VAULT_KEYS:
        return "ALTOFLOW_VAULT_KEYS"
    return f"ALTOFLOW_VAULT_KEYS or {key_file()}"


# ---------------------------------------------------------------- secrets


def secret_identity(name: str) -> str:
    return f"secret:{name}"


def webhook_identity(workflow_id: Any) -> str:
    """The identity of the encrypted webhook token of a workflow."""
    return f"webhook:{workflow_id}"


def set_secret(
    *, name: str, value: str, description: str = "", expires_at: datetime | None = None
) -> Secret:
    """Make or replace a secret. Raises VaultError."""
    _check_name(name)
    _check_value(value)
    if len(description) > 200:
        raise VaultError("The description is too long. Use at most 200 characters.")
    if expires_at is not None and expires_at <= timezone.now():
        raise VaultError("The time of expiry has passed already. Choose a later one.")
    secret, _ = Secret.objects.update_or_create(
        name=name,
        defaults={
            "value": encrypt(value, identity=secret_identity(name)),
            "description": description,
            "expires_at": expires_at,
        },
    )
    return secret


def delete_secret(*, name: str) -> None:
    """Raises NotFoundError."""
    deleted, _ = Secret.objects.filter(name=name).delete()
    if not deleted:
        raise NotFoundError(f"There is no secret {name!r}.")


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise VaultError(
            f"{name!r} can not name a secret. Use 3 to 50 lower-case letters, digits and _, "
            "starting with a letter.",
            code="vault_bad_name",
        )
    if name in LIQUID_PROPERTIES:
        raise VaultError(
            f"{name!r} has a meaning of its own in templates. Take another name.",
            code="vault_bad_name",
        )


def _check_value(value: str) -> None:
    longest = limits().vault_value_length
    if not 1 <= len(value) <= longest:
        raise VaultError(
            f"The value has {len(value)} characters. Use 1 to {longest}.", code="vault_bad_value"
        )
    if "\0" in value or (not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value)):
        raise VaultError(
            "The value holds characters that are not text. Enter it as base64 or hex.",
            code="vault_bad_value",
        )


# ---------------------------------------------------------------- reading


@dataclass(frozen=True, repr=False)
class VaultSnapshot:
    """The vault at one moment. Safe to share between threads."""

    values: Mapping[str, str]
    """Name -> value, of secrets that can be used now."""
    unavailable: Mapping[str, str] = field(default_factory=dict)
    """Name -> a sentence that says why this secret can not be used now."""
    redactor: Redactor = field(default_factory=Redactor)

    def redact(self, text: str, extra: Iterable[str] = ()) -> str:
        """The text with each secret value masked, expired ones too. Values shorter than six
        characters are masked only when they are named in `extra`, and so is anything else there.
        A text that is a JSON document stays one."""
        return self._with(extra).mask(text)

    def redact_json(self, value: Any, text: str, extra: Iterable[str] = ()) -> tuple[Any, str]:
        """A JSON value and its text, both masked; the same objects when nothing was found."""
        return self._with(extra).mask_json(value, text)

    def masked(self, value: Any) -> Any:
        """A JSON value as it may be shown."""
        if not self.redactor.values:
            return value
        return self.redact_json(value, plain_json.dump(value))[0]

    def _with(self, extra: Iterable[str]) -> Redactor:
        named = tuple(extra)
        return Redactor(named, self.redactor) if named else self.redactor


Generation = tuple[tuple[Any, ...], ...]


@dataclass(frozen=True)
class _Cached:
    generation: Generation
    keys: MultiFernet | None
    next_expiry: datetime | None
    snapshot: VaultSnapshot


_cached = _Cached((), None, None, VaultSnapshot({}))


def snapshot() -> VaultSnapshot:
    """The vault as it is now: one small query, and decryption only after a change.

    Each row's name, expiry and the random part of its token make the generation, so a change by
    any process is seen at once, whatever the clocks say.
    """
    global _cached
    cached, generation, in_force = _cached, _generation(), _usable_keys()
    due = cached.next_expiry is not None and cached.next_expiry <= timezone.now()
    if cached.generation != generation or cached.keys is not in_force or due:
        _cached = cached = _read(generation, in_force)
    return cached.snapshot


def _usable_keys() -> MultiFernet | None:
    """None when they can not be read: that makes the secrets unavailable and stops nothing else."""
    try:
        return keys()
    except VaultError:
        return None


def _generation() -> Generation:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id, name, expires_at, substr(value, 1, {FRESH_TOKEN}) "  # noqa: S608
            "FROM workflows_secret ORDER BY id"
        )
        return tuple(cursor.fetchall())


def _read(generation: Generation, in_force: MultiFernet | None) -> _Cached:
    now = timezone.now()
    values: dict[str, str] = {}
    unavailable: dict[str, str] = {}
    masked: set[str] = set()
    expiries: list[datetime] = []
    for secret in Secret.objects.order_by("id"):
        try:
            value = decrypt(secret.value, identity=secret_identity(secret.name))
        except VaultError as error:
            unavailable[secret.name] = f"The secret {secret.name!r} is not usable. {error.message}"
            continue
        if len(value) >= SHORTEST:
            masked.add(value)
        if secret.expires_at is not None and secret.expires_at <= now:
            unavailable[secret.name] = (
                f"The secret {secret.name!r} expired at {secret.expires_at:%Y-%m-%d %H:%M} UTC. "
                "Give it a new value on the page Secrets."
            )
            continue
        values[secret.name] = value
        if secret.expires_at is not None:
            expiries.append(secret.expires_at)
    return _Cached(
        generation,
        in_force,
        min(expiries, default=None),
        VaultSnapshot(MappingProxyType(values), MappingProxyType(unavailable), Redactor(masked)),
    )
