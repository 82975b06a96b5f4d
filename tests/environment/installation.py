"""A whole Altoflow, started with the user's own command, for tests from outside."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.environment.paths import REPOSITORY
from tests.environment.ports import free_port

FOREIGN = ("ALTOFLOW_", "DATABASE_URL", "DJANGO_", "SECRET_KEY", "PYTEST_", "DEBUG")


def plain_environment() -> dict[str, str]:
    """That of a user's shell: without what pytest and this suite set for themselves."""
    return {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}


SQLITE_NAME = "altoflow.sqlite3"


class Installation:
    """Data folder, database and port of its own; start() returns when it says `ready`."""

    def __init__(self, folder: Path, *, database_url: str | None = None, **env: str) -> None:
        self.data_dir = folder / "data"
        self.output, self.errors = folder / "stdout", folder / "stderr"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process: subprocess.Popen[bytes] | None = None
        self.api_key = ""
        """Of an admin, where the database came with one."""
        self.env = plain_environment()
        self.env |= {"ALTOFLOW_DATA_DIR": str(self.data_dir), "ALTOFLOW_WORKERS": "2"}
        if database_url:
            self.env["DATABASE_URL"] = database_url
        self.env |= env

    @property
    def logs(self) -> str:
        files = (self.output, self.errors)
        return "\n".join(file.read_text() for file in files if file.exists())

    @property
    def setup_link(self) -> str:
        found = re.search(r"http\S+/setup/\?token=\S+", self.output.read_text())
        assert found, f"no set-up link was printed:\n{self.logs}"
        return found[0]

    def manage(self, *arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def new_api_key(self) -> str:
        """Of somebody new, an admin."""
        made = self.manage("create_api_key", "--name", "tests", "--role", "admin")
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def start(self, *arguments: str, within: float = 30) -> float:
        """Returns how many seconds it took to `ready`."""
        began = time.monotonic()
        with self.output.open("wb") as output, self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--bind", f"127.0.0.1:{self.port}", *arguments],
                cwd=REPOSITORY,
                env=self.env,
                stdout=output,
                stderr=errors,
                start_new_session=True,
            )
        while "ready " not in self.output.read_text():
            took = time.monotonic() - began
            assert self.process.poll() is None, f"`manage.py up` ended:\n{self.logs}"
            assert took < within, f"not ready after {within} s:\n{self.logs}"
            time.sleep(0.02)
        return time.monotonic() - began

    def stop(self, with_signal: int = signal.SIGTERM, within: float = 15) -> int:
        """Returns the exit code of `manage.py up`."""
        assert self.process is not None, "it was never started"
        self.process.send_signal(with_signal)
        return self.process.wait(within)

    def kill(self) -> None:
        """kill -9 of the supervisor alone; what it started has to end by itself."""
        assert self.process is not None, "it was never started"
        self.process.kill()
        self.process.wait()

    def processes(self) -> dict[int, str]:
        """Pid and name of its live processes, orphans included: `alto-up`; `alto-server` and its
        `alto-web`, which serves; `alto-cluster` and its `alto-guard`, with `alto-slot` (one a
        slot), `alto-worker` (periodic tasks), `alto-pusher`, `alto-monitor`."""
        mark = f"ALTOFLOW_DATA_DIR={self.data_dir}\0".encode()
        found = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as environ:
                    if mark not in environ.read():  # Of a zombie it is empty.
                        continue
                found[int(pid)] = Path(f"/proc/{pid}/comm").read_text().strip()
            except OSError:
                continue
        return dict(sorted(found.items()))

    def pids(self, name: str = "") -> list[int]:
        """Of all its live processes, or of those with this name."""
        return [pid for pid, comm in self.processes().items() if name in (comm, "")]

    def processor_seconds(self) -> float:
        """What its live processes have used until now."""
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2] for pid in self.pids()]
        ticks = sum(int(ticks) for stat in stats for ticks in stat.split()[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")

    def slots_held(self) -> int:
        """On how many worker slots a live process works."""
        held = 0
        for path in (self.data_dir / "slots").glob("slot-*.lock"):
            with path.open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except BlockingIOError:
                    held += 1
        return held

    def memory(self) -> float:
        """MiB of all its processes together; shared pages are counted once."""
        rollups = [Path(f"/proc/{pid}/smaps_rollup").read_text() for pid in self.pids()]
        found = [re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE) for text in rollups]
        return sum(int(line[1]) for line in found if line) / 1024

    def close(self) -> None:
        """Ends whatever is left of it, without a word."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
