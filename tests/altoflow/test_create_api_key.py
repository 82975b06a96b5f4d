from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from workflows.api_keys import usable_api_key
from workflows.models import ApiKey

pytestmark = pytest.mark.django_db


def test_the_key_alone_is_printed() -> None:
    out, err = StringIO(), StringIO()
    call_command("create_api_key", "--name", "ci", "--role", "editor", stdout=out, stderr=err)

    key = usable_api_key(out.getvalue().removesuffix("\n").encode())
    assert key and (key.name, key.role, key.expires_at) == ("ci", "editor", None)
    assert err.getvalue() == ""


@time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False)
def test_a_key_may_expire() -> None:
    arguments = ["--name", "ci", "--role", "viewer", "--expires-days", "30"]
    call_command("create_api_key", *arguments, stdout=StringIO())
    assert ApiKey.objects.get().expires_at == datetime(2026, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param([], id="nothing"),
        pytest.param(["--name", "ci"], id="no role"),
        pytest.param(["--role", "viewer"], id="no name"),
        pytest.param(["--name", " ", "--role", "viewer"], id="blank name"),
        pytest.param(["--name", "x" * 101, "--role", "viewer"], id="long name"),
        pytest.param(["--name", "ci", "--role", "root"], id="unknown role"),
        pytest.param(["--name", "ci", "--role", "admin", "--expires-days", "0"], id="no days"),
        pytest.param(["--name", "ci", "--role", "admin", "--expires-days", "9" * 20], id="ages"),
        pytest.param(["--name", "ci", "--role", "admin", "--expires-days", "²"], id="no digit"),
    ],
)
def test_wrong_arguments_make_no_key(arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        call_command("create_api_key", *arguments, stdout=StringIO())
    assert not ApiKey.objects.exists()
