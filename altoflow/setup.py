"""The first start: there is no user yet, and only who sees the console may make one."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.signing import BadSignature, TimestampSigner
from django.db import connection, transaction

from workflows.errors import WorkflowError

TOKEN_LASTS = timedelta(hours=24)
SUBJECT = "first-user"


class SetupClosedError(WorkflowError):
    """The set-up link does not open anything (any more)."""

    code = "setup_closed"

    def __init__(self) -> None:
        super().__init__(
            "This set-up link is no longer valid. If nobody has an account yet, restart Altoflow "
            "for a new link; else ask an admin for an account."
        )


def make_setup_token() -> str:
    """Stored nowhere: signed with SECRET_KEY, good for 24 hours and while there is no user."""
    return _signer().sign(SUBJECT)


def check_setup_token(token: str) -> bool:
    try:
        subject = _signer().unsign(token, max_age=TOKEN_LASTS)
    except BadSignature:
        return False
    return subject == SUBJECT and is_open()


def is_open() -> bool:
    return not User.objects.exists()


def create_first_user(*, username: str, password: str, token: str) -> User:
    """Make the first user, an admin. Of two that come at once, one is refused.

    Raises SetupClosedError, and ValidationError for a password that is too weak."""
    validate_password(password, User(username=username))
    with transaction.atomic():
        # SQLite's transactions exclude each other by themselves (BEGIN IMMEDIATE).
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE auth_user IN SHARE ROW EXCLUSIVE MODE")
        if not check_setup_token(token):
            raise SetupClosedError
        return User.objects.create_superuser(username=username, password=password)


def _signer() -> TimestampSigner:
    return TimestampSigner(salt="altoflow.setup")
