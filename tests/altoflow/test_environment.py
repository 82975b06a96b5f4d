"""Values of the environment that can be used, and the sentence about those that can not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from altoflow import environment
from tests.environment.installation import plain_environment
from tests.environment.paths import REPOSITORY

NAME = "ALTOFLOW_TRIED"


def number(name: str) -> float:
    return environment.read_number(name, 5, minimum=1, maximum=100)


def seconds(name: str) -> float:
    return environment.read_number(name, 5.0, minimum=0)


def flag(name: str) -> bool:
    return environment.read_flag(name, False)


def level(name: str) -> str:
    return environment.read_choice(name, "INFO", ("INFO", "ERROR"))


def database(name: str) -> Any:
    return environment.read_database(name, "sqlite:///:memory:")["NAME"]


def email(name: str) -> Any:
    return environment.read_email(name, "consolemail://")["EMAIL_BACKEND"].rpartition(".")[2]


def hosts(name: str) -> list[str]:
    return environment.read_hosts(name, ["localhost"])


def networks(name: str) -> list[str]:
    return [str(network) for network in environment.read_networks(name)]


def receiver(name: str) -> str:
    return environment.read_host_and_port(name, "127.0.0.1:8009")


def folder(name: str) -> str:
    return str(environment.read_folder(name, Path("/tmp")))


Read = Callable[[str], Any]
GOOD: dict[str, tuple[Read, str, Any]] = {
    "nothing": (number, "", 5),
    "blanks": (number, "  ", 5),
    "number": (number, " 7 ", 7),
    "float": (seconds, "0.5", 0.5),
    "yes": (flag, "Yes", True),
    "off": (flag, "OFF", False),
    "level": (level, "error", "ERROR"),
    "no database": (database, "", ":memory:"),
    "PostgreSQL": (database, "postgres://u:p@h:5432/flows", "flows"),
    "mail server": (email, "smtp+tls://u:p@h:587", "EmailBackend"),
    "no hosts": (hosts, ",", ["localhost"]),
    "hosts": (hosts, "a.example, b.example,", ["a.example", "b.example"]),
    "networks": (networks, "10.0.0.0/8,::1", ["10.0.0.0/8", "::1/128"]),
    "public address": (environment.read_public_url, "https://a.example/", "https://a.example"),
    "address with a port": (
        environment.read_public_url, "http://a.example:8000", "http://a.example:8000",
    ),
    "receiver": (receiver, "[::1]:80", "[::1]:80"),
}  # fmt: skip

BAD: dict[str, tuple[Read, str]] = {
    "no number": (number, "many"),
    "below": (number, "0"),
    "above": (number, "101"),
    "not whole": (number, "1.5"),
    "not finite": (seconds, "nan"),
    "infinite": (seconds, "inf"),
    "no flag": (flag, "maybe"),
    "no level": (level, "loud"),
    "no URL": (database, "flows"),
    "another database": (database, "mysql://u:s3cret@h/flows"),
    "no name of a database": (database, "postgres://u:s3cret@h"),
    "port that is none": (database, "postgres://u:s3cret@h:port/flows"),
    "half an IPv6 address": (database, "postgres://u:s3cret@[::1/flows"),
    "no folder for a database": (database, "sqlite:////no/such/folder/x.sqlite3"),
    "no mail server": (email, "mail"),
    "mail port that is none": (email, "smtp://u:s3cret@h:port"),
    "host with a scheme": (hosts, "https://a.example"),
    "no network": (networks, "ten"),
    "host bits": (networks, "10.0.0.1/8"),
    "public address without scheme": (environment.read_public_url, "a.example"),
    "with a path": (environment.read_public_url, "https://a.example/flows"),
    "with a user": (environment.read_public_url, "https://u:s3cret@a.example"),
    "port that is no number": (environment.read_public_url, "https://a.example:port"),
    "broken address": (environment.read_public_url, "http://["),
    "no port": (receiver, "127.0.0.1"),
    "large port": (receiver, "127.0.0.1:70000"),
    "no key": (environment.read_vault_keys, "s3cret"),
    "a file": (folder, __file__),
    "no place for a folder": (folder, "/proc/altoflow"),
}


@pytest.mark.parametrize(("read", "text", "value"), GOOD.values(), ids=GOOD)
def test_what_can_be_used(
    read: Read, text: str, value: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(NAME, text)
    assert read(NAME) == value
    file = tmp_path / "value"
    file.write_text(f"{text}\n")
    monkeypatch.setenv(NAME, "not looked at")
    monkeypatch.setenv(f"{NAME}_FILE", str(file))
    assert read(NAME) == value


@pytest.mark.filterwarnings("ignore:Engine not recognized")
@pytest.mark.parametrize(("read", "text"), BAD.values(), ids=BAD)
def test_what_can_not_be_used_is_named_and_shows_no_password(
    read: Read, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(NAME, text)
    with pytest.raises(ImproperlyConfigured, match=f"^{NAME} can not be used: ") as refused:
        read(NAME)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["missing", "no text"])
def test_a_file_that_can_not_be_read_is_named(
    content: bytes | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "value").write_bytes(content)
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "value"))
    with pytest.raises(ImproperlyConfigured, match=f"^{NAME}_FILE can not be used: "):
        number(NAME)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    assert environment.private_file(path, lambda: "first") == "first"
    assert environment.private_file(path, lambda: "second") == "first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_that_was_never_written_is_made_again(tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    assert environment.private_file(tmp_path / "key", lambda: "new") == "new"


def manage(tmp_path: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {**plain_environment(), "ALTOFLOW_DATA_DIR": str(tmp_path), **more}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_start_with_an_unusable_value_ends_with_one_sentence(tmp_path: Path) -> None:
    done = manage(tmp_path, "check", ALTOFLOW_RUN_SECONDS="soon")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "ALTOFLOW_RUN_SECONDS can not be used: 'soon' is not a valid value. "
        "Set it to something like 3600.0, or unset it.\n"
    )


def test_files_are_for_their_owner_alone_in_an_open_folder_too(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert manage(tmp_path, "migrate").returncode == 0
    files = [Path(path) / name for path, _, names in os.walk(tmp_path) for name in names]
    assert len(files) > 1
    assert {str(file): file.stat().st_mode & 0o077 for file in files} == dict.fromkeys(
        map(str, files), 0
    )
