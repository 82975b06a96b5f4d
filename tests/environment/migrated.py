"""Databases as the first start leaves them, for tests that are not about the first start: to fill
an empty one takes longer than everything else that a start does."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.environment.installation import SQLITE_NAME, Installation
from tests.environment.postgres import Server


class Migrated:
    """Made when first asked for; `folder` may be shared by processes, and is empty at first. There
    is an admin with an API key in each."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def equip(self, installation: Installation, server: Server | None = None) -> None:
        """Give it a database of its own: on this server, else an SQLite file."""
        if server is None:
            made = self._once("sqlite", None)
            installation.data_dir.mkdir(mode=0o700)
            shutil.copy(made / "data" / SQLITE_NAME, installation.data_dir)
        else:
            made = self._once(f"postgresql-{urlsplit(server.url).port}", server)
            installation.env["DATABASE_URL"] = server.new_database(like=(made / "name").read_text())
        installation.api_key = (made / "key").read_text()

    def _once(self, kind: str, server: Server | None) -> Path:
        folder = self._folder / kind
        with self._alone():
            if not folder.exists():
                url = server.new_database() if server else None
                first = Installation(folder, database_url=url)
                assert first.manage("migrate").returncode == 0
                (folder / "key").write_text(first.new_api_key())
                (folder / "name").write_text((url or "").rpartition("/")[2])
        return folder

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(exist_ok=True)
        with (self._folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
