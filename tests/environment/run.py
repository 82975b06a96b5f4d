"""`make test`: every test on SQLite, then those marked `both_databases` once more on PostgreSQL.

Arguments go to pytest, in both runs. One PostgreSQL server serves everything. With `--long`, what
is measured there has the machine for itself: one test after the other.
"""

import os
import subprocess
import sys

import pytest

from tests.environment import postgres
from tests.environment.paths import REPOSITORY


def run_pytest(env: dict[str, str]) -> int:
    # One more than cores: many tests wait for processes that they have started.
    workers = 1 if "--long" in sys.argv else min(5, (os.cpu_count() or 2) + 1)
    # By file: what a module starts (an installation, a browser) is started once. In the order of
    # the collection, which has the files that take longest first, so that none is waited for.
    command = [sys.executable, "-m", "pytest", "-n", str(workers), "--dist", "loadfile"]
    command.append("--no-loadscope-reorder")
    # A test that hangs ends its worker; the next one would begin with the same test.
    command.append("--max-worker-restart=0")
    if "--long" in sys.argv:
        command.append("--timeout=7200")
    answer = subprocess.run([*command, *sys.argv[1:]], cwd=REPOSITORY, env=remembering() | env)
    return answer.returncode


def remembering() -> dict[str, str]:
    """The environment, in which Python keeps what it has compiled: hundreds of modules, in each of
    the many processes that the tests start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def main() -> int:
    with postgres.running() as server:
        common = {"ALTOFLOW_TEST_POSTGRES": server.url}
        on_sqlite = run_pytest(common)
        if on_sqlite in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR):
            return on_sqlite
        url = server.url.removesuffix("postgres") + "altoflow"
        on_postgresql = run_pytest(common | {"DATABASE_URL": url})
    if on_postgresql == pytest.ExitCode.NO_TESTS_COLLECTED:
        return on_sqlite
    return on_sqlite or on_postgresql


if __name__ == "__main__":
    sys.exit(main())
