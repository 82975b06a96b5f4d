"""Databases as the first start leaves them, for tests that are not about the first start: to fill
an empty one takes longer than everything else that a start does."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.environment.installation import SQLITE_NAME, Installation
from tests.environment.postgres import Server


class Migrated:
    """Made when first asked for; `folder` may be shared by processes, and is empty at first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def copy_sqlite(self, installation: Installation) -> None:
        with self._alone():
            made = self._folder / "data"
            if not made.exists():
                _migrate(Installation(self._folder))
        installation.data_dir.mkdir(mode=0o700)
        shutil.copy(made / SQLITE_NAME, installation.data_dir)

    def new_postgresql(self, server: Server) -> str:
        """The URL of a database that nobody else uses."""
        with self._alone():
            name = self._folder / "template"
            if not name.exists():
                template = server.new_database()
                _migrate(Installation(self._folder / "of template", database_url=template))
                name.write_text(template.rpartition("/")[2])
        return server.new_database(like=name.read_text())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._folder.mkdir(exist_ok=True)
        with (self._folder / "lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _migrate(installation: Installation) -> None:
    done = installation.manage("migrate")
    assert done.returncode == 0, done.stderr
