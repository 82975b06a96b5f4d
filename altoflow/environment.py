"""The environment, read by kind of value.

Every name can also be read from a file (`NAME_FILE`), and blank counts as not set. An unusable
value raises ImproperlyConfigured with a sentence that names the variable; the value itself is shown
only where it can hold no password.
"""

from __future__ import annotations

import ipaddress
import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

Number = TypeVar("Number", int, float)

YES = frozenset({"1", "true", "yes", "on", "y", "t"})
NO = frozenset({"0", "false", "no", "off", "n", "f"})
LARGEST = 2**31 - 1
DATABASES = ("django.db.backends.sqlite3", "django.db.backends.postgresql")
_HOST_AND_PORT = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+):([0-9]{1,5})", re.IGNORECASE)


def unusable(name: str, why: str, instead: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name} can not be used: {why}. {instead}")


def read_text(name: str, default: str = "") -> str:
    path = os.environ.get(f"{name}_FILE", "").strip()
    try:
        text = Path(path).read_text().strip() if path else os.environ.get(name, "").strip()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        instead = "Set it to the path of a text file that this user may read."
        raise unusable(f"{name}_FILE", f"{path!r} can not be read ({why})", instead) from error
    return text or default


def read_flag(name: str, default: bool) -> bool:
    text = read_text(name, str(default)).lower()
    if text not in YES | NO:
        raise unusable(name, f"{text!r} is neither true nor false", "Set it to true or false.")
    return text in YES


def read_number(name: str, default: Number, *, minimum: float, maximum: float = LARGEST) -> Number:
    """Of the type of `default`."""
    text = read_text(name, str(default))
    instead = f"Set it to something like {default!r}, or unset it."
    try:
        value = type(default)(text)
    except ValueError as error:
        raise unusable(name, f"{text!r} is not a valid value", instead) from error
    if not math.isfinite(value) or value < minimum:
        raise unusable(name, f"{text} is below {minimum:g}", instead)
    if value > maximum:
        raise unusable(name, f"{text} is above {maximum:,.0f}", instead)
    return value


def read_list(name: str, default: Iterable[str] = ()) -> list[str]:
    """What stands between commas."""
    parts = [part.strip() for part in read_text(name).split(",")]
    return [part for part in parts if part] or list(default)


def read_choice(name: str, default: str, choices: Iterable[str]) -> str:
    text = read_text(name, default).upper()
    if text not in choices:
        raise unusable(name, f"{text!r} is unknown", f"Take one of {', '.join(choices)}.")
    return text


def read_database(name: str, default: str) -> dict[str, Any]:
    """As Django wants it."""
    instead = (
        "Set it to something like postgres://user:password@127.0.0.1:5432/altoflow or "
        "sqlite:////path/to/altoflow.sqlite3, or unset it."
    )
    found = _url_config(name, default, environ.Env.db_url_config, instead)
    if found.get("ENGINE") not in DATABASES:
        raise unusable(name, "it names neither a PostgreSQL nor an SQLite database", instead)
    if not found.get("NAME"):
        raise unusable(name, "the name of the database is missing", instead)
    if found["ENGINE"].endswith("sqlite3") and not Path(found["NAME"]).parent.is_dir():
        raise unusable(name, f"there is no folder for {found['NAME']!r}", "Make it first.")
    return found


def read_email(name: str, default: str) -> Mapping[str, Any]:
    """The settings EMAIL_... of Django."""
    instead = "Set it to something like smtp+tls://user:password@mail.example.com:587."
    return _url_config(name, default, environ.Env.email_url_config, instead)


def _url_config(
    name: str, default: str, parse: Callable[[str], dict[str, Any]], instead: str
) -> dict[str, Any]:
    try:
        return parse(read_text(name, default))
    except (ValueError, LookupError, TypeError, ImproperlyConfigured):
        # Neither the value nor the error is shown, which may quote it: it holds passwords.
        raise unusable(name, "it is no address of this kind", instead) from None


def read_public_url(name: str) -> str:
    """`https://host` or `https://host:port`, or nothing."""
    text = read_text(name).rstrip("/")
    try:
        parts = urlsplit(text)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_whole = urlsplit(""), False
    has_more = parts.path or parts.query or parts.fragment or "@" in parts.netloc
    if text and (parts.scheme not in ("http", "https") or not is_whole or has_more):
        raise unusable(
            name,
            f"{text!r} is no address" if "@" not in text else "it holds a user",
            "Set it to the address that people and webhooks use, without a path, like "
            "https://flows.example.com.",
        )
    return text


def read_hosts(name: str, default: Iterable[str]) -> list[str]:
    hosts = read_list(name, default)
    for host in hosts:
        if "/" in host:
            instead = "Set it to names with commas between them, like flows.example.com."
            raise unusable(name, f"{host!r} is no name of a host", instead)
    return hosts


def read_networks(name: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    try:
        return tuple(map(ipaddress.ip_network, read_list(name)))
    except ValueError as error:
        instead = "Set it to networks with commas between them, like 10.0.0.0/8,127.0.0.0/8."
        raise unusable(name, str(error), instead) from error


def read_host_and_port(name: str, default: str) -> str:
    text = read_text(name, default)
    found = _HOST_AND_PORT.fullmatch(text)
    if not found or not 0 < int(found[2]) < 65_536:
        raise unusable(name, f"{text!r} is no host and port", f"Write it like {default}.")
    return text


def read_vault_keys(name: str) -> list[str]:
    keys = read_list(name)
    try:
        for key in keys:
            Fernet(key)
    except ValueError as error:
        raise unusable(
            name,
            "each key must be 32 bytes in URL-safe base64",
            'Make one with: python -c "from cryptography.fernet import Fernet; '
            'print(Fernet.generate_key().decode())"',
        ) from error
    return keys


def read_folder(name: str, default: Path) -> Path:
    """It is made when it is missing, for this user alone."""
    path = Path(read_text(name, str(default))).resolve()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = f"{str(path)!r} is no folder and can not be made one ({error.strerror})"
        instead = "Set it to a folder that this user may write."
        raise unusable(name, why, instead) from error
    return path


def private_file(path: Path, make: Callable[[], str]) -> str:
    """The text of `path`, made with mode 0600 when there is none. Of several processes that start
    together, the first one wins, and all see its whole text."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        if path.exists() and (text := path.read_text().strip()):
            return text
        path.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
        os.link(new, path)
    except FileExistsError:
        pass
    except OSError as error:
        why = f"{str(path)!r} can not be read or made ({error.strerror})"
        instead = "Let this user own that folder."
        raise unusable("ALTOFLOW_DATA_DIR", why, instead) from error
    finally:
        new.unlink(missing_ok=True)
    return path.read_text().strip()
