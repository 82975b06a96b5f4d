"""The vault: values open with the right key and row only, and changes are seen at once."""

from __future__ import annotations

import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from workflows import vault
from workflows.errors import NotFoundError, WorkflowError
from workflows.models import Secret, Workflow
from workflows.vault import VaultError, delete_secret, set_secret, snapshot

pytestmark = pytest.mark.both_databases

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def own_keys(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.VAULT_KEYS = []


# ---------------------------------------------------------------- tokens and keys


def test_a_token_opens_for_its_own_identity_only() -> None:
    token = vault.encrypt("hush", identity="secret:a")
    assert "hush" not in token
    assert vault.decrypt(token, identity="secret:a") == "hush"
    with pytest.raises(VaultError, match="belongs to 'secret:a'"):
        vault.decrypt(token, identity="secret:b")


def test_the_key_file_is_private_and_made_once(tmp_path: Path) -> None:
    token = vault.encrypt("hush", identity="x")
    file = tmp_path / "vault_keys"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["vault_keys"]
    assert vault.decrypt(token, identity="x") == "hush"


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from workflows.vault import make_key_file; "
        "make_key_file(Path(sys.argv[1])); print(Path(sys.argv[1]).read_text())"
    )
    path = str(tmp_path / "shared")
    starts = [
        subprocess.Popen(
            [sys.executable, "-c", f"import django; django.setup(); {program}", path],
            stdout=subprocess.PIPE,
            env={"DJANGO_SETTINGS_MODULE": "altoflow.settings", "ALTOFLOW_DATA_DIR": str(tmp_path)},
        )
        for _ in range(3)
    ]
    seen = {start.communicate()[0] for start in starts}
    assert len(seen) == 1
    assert seen.pop().strip()


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        pytest.param([NEW], "ALTOFLOW_VAULT_KEYS", id="a foreign key in the environment"),
        pytest.param(["nonsense"], "ALTOFLOW_VAULT_KEYS can not be used", id="no key at all"),
        pytest.param([], "vault_keys", id="a foreign key in the file"),
    ],
)
def test_a_wrong_key_names_the_variable_to_set(settings: Any, keys: list[str], says: str) -> None:
    settings.VAULT_KEYS = [OLD]
    token = vault.encrypt("hush", identity="x")
    settings.VAULT_KEYS = keys
    with pytest.raises(VaultError, match=says):
        vault.decrypt(token, identity="x")
    assert issubclass(VaultError, WorkflowError)


def test_old_keys_still_open_and_the_newest_encrypts(settings: Any) -> None:
    settings.VAULT_KEYS = [OLD]
    before = vault.encrypt("hush", identity="x")
    settings.VAULT_KEYS = [NEW, OLD]
    after = vault.encrypt("hush", identity="x")
    assert vault.decrypt(before, identity="x") == "hush"
    settings.VAULT_KEYS = [NEW]
    assert vault.decrypt(after, identity="x") == "hush"


# ---------------------------------------------------------------- secrets


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"name": "ab"}, "3 to 50", id="name too short"),
        pytest.param({"name": "a" * 51}, "3 to 50", id="name too long"),
        pytest.param({"name": "Key"}, "lower-case", id="capital letter"),
        pytest.param({"name": "my-key"}, "lower-case", id="dash"),
        pytest.param({"name": "1key"}, "starting with a letter", id="digit first"),
        pytest.param({"name": "key\n"}, "lower-case", id="line end"),
        pytest.param({"name": "size"}, "templates", id="a property of templates"),
        pytest.param({"value": ""}, "1 to 2000", id="empty value"),
        pytest.param({"value": "x" * 2001}, "1 to 2000", id="value too long"),
        pytest.param({"value": "a\0b"}, "base64", id="NUL"),
        pytest.param({"value": "a\ud800b"}, "base64", id="lone surrogate"),
        pytest.param({"description": "x" * 201}, "200", id="description too long"),
        pytest.param({"expires_at": timezone.now()}, "later", id="expired already"),
    ],
)
def test_what_can_not_be_kept_is_refused_with_a_reason(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(VaultError, match=says):
        set_secret(**{"name": "api_key", "value": "hush", **changes})
    assert not Secret.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    ["x", "x" * 2000, " spaces kept \n", "ünïcödé 🔑", '{"a": "\\"'],
    ids=["one character", "longest", "blanks", "unicode", "punctuation"],
)
def test_a_value_comes_back_exactly(value: str) -> None:
    set_secret(name="api_key", value=value)
    assert snapshot().values == {"api_key": value}
    assert value == "x" or value not in Secret.objects.get().value


@pytest.mark.django_db
def test_a_token_copied_to_another_row_is_not_usable() -> None:
    set_secret(name="mine", value="mine-value")
    set_secret(name="yours", value="yours-value")
    Secret.objects.filter(name="yours").update(value=Secret.objects.get(name="mine").value)
    seen = snapshot()
    assert dict(seen.values) == {"mine": "mine-value"}
    assert "belongs to 'secret:mine'" in seen.unavailable["yours"]


@pytest.mark.django_db
def test_deleting_what_is_not_there_says_so() -> None:
    set_secret(name="api_key", value="hush")
    delete_secret(name="api_key")
    assert not snapshot().values
    with pytest.raises(NotFoundError, match="'api_key'"):
        delete_secret(name="api_key")


# ---------------------------------------------------------------- snapshots


@pytest.mark.django_db
def test_an_unchanged_vault_costs_one_query_and_no_decryption(
    django_assert_num_queries: Any,
) -> None:
    set_secret(name="api_key", value="hush")
    first = snapshot()
    with django_assert_num_queries(1):
        assert snapshot() is first


def replace_directly(name: str, value: str) -> None:
    """As another process does it, in the same instant: no time stamp and no count changes."""
    Secret.objects.filter(name=name).update(value=vault.encrypt(value, identity=f"secret:{name}"))


def delete_and_create(name: str, value: str) -> None:
    old = Secret.objects.get(name=name)
    Secret.objects.filter(name=name).delete()
    Secret.objects.bulk_create([old])
    replace_directly(name, value)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [replace_directly, delete_and_create])
def test_a_change_by_another_process_is_seen_at_once(change: Any) -> None:
    with time_machine.travel(timezone.now(), tick=False):
        set_secret(name="api_key", value="first-value")
        assert snapshot().values["api_key"] == "first-value"
        change("api_key", "second-value")
        assert snapshot().values["api_key"] == "second-value"


@pytest.mark.django_db
def test_expiry_takes_effect_on_time_though_cached() -> None:
    now = timezone.now()
    set_secret(name="api_key", value="hush-hush", expires_at=now + timedelta(minutes=5))
    assert snapshot().values
    with time_machine.travel(now + timedelta(minutes=5, seconds=1)):
        seen = snapshot()
        assert not seen.values
        assert "expired at" in seen.unavailable["api_key"]
        assert seen.redact("was hush-hush") == "was •••"


@pytest.mark.django_db
def test_the_wrong_key_leaves_the_other_secrets_usable(settings: Any) -> None:
    settings.VAULT_KEYS = [OLD]
    set_secret(name="older", value="older-value")
    settings.VAULT_KEYS = [NEW]
    set_secret(name="newer", value="newer-value")
    seen = snapshot()
    assert dict(seen.values) == {"newer": "newer-value"}
    assert "ALTOFLOW_VAULT_KEYS" in seen.unavailable["older"]


@pytest.mark.django_db
@pytest.mark.parametrize("broken", ["nonsense", ""], ids=["no key", "emptied"])
def test_a_broken_key_file_makes_secrets_unavailable_and_stops_nothing(
    tmp_path: Path, broken: str
) -> None:
    set_secret(name="api_key", value="hush")
    (tmp_path / "vault_keys").write_text(broken)
    seen = snapshot()
    assert not seen.values
    assert "vault_keys" in seen.unavailable["api_key"]
    with pytest.raises(VaultError, match="vault_keys"):
        set_secret(name="other", value="hush")


def test_a_start_with_an_unusable_key_says_so(tmp_path: Path) -> None:
    environment = {"ALTOFLOW_DATA_DIR": str(tmp_path), "ALTOFLOW_VAULT_KEYS": f"{OLD},nonsense"}
    start = subprocess.run(
        [sys.executable, "-c", "import altoflow.settings"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert "ALTOFLOW_VAULT_KEYS can not be used" in start.stderr
    assert OLD not in start.stderr


@pytest.mark.django_db
def test_a_snapshot_never_shows_values_by_accident() -> None:
    set_secret(name="api_key", value="hush-hush")
    assert "hush" not in repr(snapshot())


# ---------------------------------------------------------------- rotation


def make_workflow() -> Workflow:
    workflow = Workflow(name="w", webhook_hash="h")
    workflow.webhook_token = vault.encrypt("t0ken", identity=vault.webhook_identity(workflow.id))
    workflow.save()
    return workflow


@pytest.mark.django_db
def test_rotation_moves_everything_to_the_newest_key(settings: Any, capsys: Any) -> None:
    settings.VAULT_KEYS = [OLD]
    set_secret(name="api_key", value="hush")
    workflow = make_workflow()
    settings.VAULT_KEYS = [NEW, OLD]
    call_command("rotate_vault")
    assert "newest key" in capsys.readouterr().out
    settings.VAULT_KEYS = [NEW]
    assert snapshot().values == {"api_key": "hush"}
    workflow.refresh_from_db()
    identity = vault.webhook_identity(workflow.id)
    assert vault.decrypt(workflow.webhook_token, identity=identity) == "t0ken"


@pytest.mark.django_db
def test_rotation_can_make_the_new_key_of_the_file(tmp_path: Path) -> None:
    set_secret(name="api_key", value="hush")
    before = (tmp_path / "vault_keys").read_text()
    call_command("rotate_vault", "--new-key")
    file = tmp_path / "vault_keys"
    assert file.read_text().endswith(before)
    file.write_text(file.read_text().split()[0])
    assert snapshot().values == {"api_key": "hush"}


@pytest.mark.django_db
def test_rotation_names_the_rows_that_it_can_not_read(settings: Any) -> None:
    settings.VAULT_KEYS = [OLD]
    secret = set_secret(name="lost_one", value="hush")
    settings.VAULT_KEYS = [NEW]
    set_secret(name="api_key", value="hush")
    with pytest.raises(CommandError, match=f"secret {secret.pk}: .*ALTOFLOW_VAULT_KEYS"):
        call_command("rotate_vault")
    assert snapshot().values == {"api_key": "hush"}
    with pytest.raises(CommandError, match="restart"):
        call_command("rotate_vault", "--new-key")


@pytest.mark.django_db
def test_the_value_is_nowhere_in_the_database() -> None:
    set_secret(name="api_key", value="hush-hush-value")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM workflows_secret")
        assert "hush" not in repr(cursor.fetchall())
