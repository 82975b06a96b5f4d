"""The process that archives is killed at random moments; and webhooks do not notice that it works.

tests/runs/test_archive_crashes ends it at each of its points.
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from uuid import UUID

import pytest
import requests

from bench.database import Database
from tests.acceptance.client import Client
from tests.environment.installation import Installation
from tests.environment.paths import REPOSITORY

pytestmark = pytest.mark.chaos

ECHO = {
    "nodes": [
        {"id": "hook", "type": "webhook_trigger", "config": {}},
        {"id": "say", "type": "text_transform", "config": {"template": "{{ trigger.body }}"}},
    ],
    "edges": [{"source": "hook", "port": "default", "target": "say"}],
}
TABLES = ("runs_run", "runs_step", "runs_delivery")


def fill(installation: Installation, runs: int, a_day: int = 200) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.chaos.old_runs", str(runs), str(a_day)],
        cwd=REPOSITORY,
        env={**installation.env, "DJANGO_SETTINGS_MODULE": "altoflow.settings"},
        check=True,
    )


def begin_archiving(installation: Installation) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "archive", "run"],
        cwd=REPOSITORY,
        env=installation.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def files_of(installation: Installation) -> int:
    return sum(1 for _ in (installation.data_dir / "archive").rglob("*.gz"))


def kill_in_its_work(installation: Installation, files: int, delay: float) -> None:
    """Some time after it has written so many files, if it is still alive then."""
    wanted = files_of(installation) + files
    with begin_archiving(installation) as process:
        while process.poll() is None and files_of(installation) < wanted:
            time.sleep(0.005)
        time.sleep(delay)
        process.kill()


def where_runs_are(database: Database) -> tuple[list[UUID], list[UUID]]:
    """(among the runs, in the archive)"""
    live, archived = (
        [row[0] if isinstance(row[0], UUID) else UUID(row[0]) for row in database.rows(sql)]
        for sql in ("SELECT id FROM runs_run", "SELECT id FROM runs_archivedrun")
    )
    return live, archived


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    ("runs", "kills"),
    [
        pytest.param(1_000, 3, id="3 kills", marks=pytest.mark.long),
        pytest.param(20_000, 20, id="20 kills", marks=pytest.mark.long),
    ],
)
def test_no_run_is_lost_or_doubled(installation: Installation, runs: int, kills: int) -> None:
    fill(installation, runs, a_day=runs // (8 * kills))
    chance = random.Random(kills)
    with closing(Database(installation)) as database:
        live, _ = where_runs_are(database)
        everything = sorted(live)
        assert len(everything) == runs
        moved = []
        for _ in range(kills):
            kill_in_its_work(installation, chance.randint(1, 8), chance.uniform(0, 0.06))
            live, archived = where_runs_are(database)
            assert sorted(live + archived) == everything
            moved.append(len(archived))
        told = installation.manage("archive", "run", timeout=300)
        assert told.returncode == 0, told.stderr
        print(f"archived after each kill: {moved}; then: {told.stdout}")
        live, archived = where_runs_are(database)
        assert (live, sorted(archived)) == ([], everything)
        left = [database.rows(f"SELECT count(*) FROM {table}")[0][0] for table in TABLES]
        assert left == [0, 0, 0]
        files = database.rows("SELECT count(*) FROM runs_archivefile")[0][0]
    assert files_of(installation) == files
    verified = installation.manage("archive", "verify", timeout=300)
    assert verified.returncode == 0, verified.stdout
    assert 0 < moved[-1] < runs


class Requests:
    """Webhook requests, evenly from two threads, and how long each took to be accepted."""

    THREADS = 2
    PAUSE_SECONDS = 0.02

    def __init__(self, url: str) -> None:
        self.url = url
        self.seconds: list[float] = []
        self.refused: list[str] = []
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._post) for _ in range(self.THREADS)]

    def __enter__(self) -> Requests:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join()

    def _post(self) -> None:
        with requests.Session() as session:
            while not self._done.wait(self.PAUSE_SECONDS):
                began = time.perf_counter()
                answer = session.post(self.url, json={"n": 1}, timeout=30)
                self.seconds.append(time.perf_counter() - began)
                if answer.status_code != 202:
                    self.refused.append(answer.text)

    def p99(self) -> float:
        return statistics.quantiles(self.seconds, n=100)[98]


@pytest.mark.parametrize(
    ("kind", "runs", "kills", "most_seconds"),
    [
        # Beside other tests on the same cores a request may wait for a core; who waits for a lock
        # that is not given back in between waits for much longer.
        pytest.param("sqlite", 600, 2, 1.0, id="600 runs"),
        pytest.param("sqlite", 200_000, 20, 0.1, id="200,000 runs", marks=pytest.mark.long),
        pytest.param(
            "postgresql", 200_000, 20, 0.1, id="200,000 runs on PostgreSQL", marks=pytest.mark.long
        ),
    ],
)
def test_webhooks_are_accepted_as_fast_as_ever(
    new_installation: Callable[..., Installation],
    kind: str,
    runs: int,
    kills: int,
    most_seconds: float,
) -> None:
    """While old runs are archived, by processes that are killed at random moments."""
    installation = new_installation(kind)
    fill(installation, runs)
    installation.start()
    workflow = Client(installation).publish("Echo", ECHO)
    chance = random.Random(runs)
    files = runs // 200
    with closing(Database(installation)) as database:
        old, _ = where_runs_are(database)
        with Requests(workflow["webhook_url"]) as quiet:
            time.sleep(min(5.0, runs / 1_000))
        with Requests(workflow["webhook_url"]) as busy:
            for _ in range(kills):
                kill_in_its_work(
                    installation, chance.randint(1, max(2, files // 25)), chance.uniform(0, 0.06)
                )
            told = installation.manage("archive", "run", timeout=3_000)
        live, archived = where_runs_are(database)
    print(
        f"{len(busy.seconds)} requests, accepted within {busy.p99() * 1000:.1f} ms (p99), "
        f"{max(busy.seconds) * 1000:.1f} ms (longest); {quiet.p99() * 1000:.1f} ms (p99) without "
        f"it. {kills} kills, then: {told.stdout}"
    )
    assert told.returncode == 0, told.stderr
    assert (busy.refused, quiet.refused) == ([], [])
    assert sorted(archived) == sorted(old)
    assert len(live) == len(set(live)) == len(busy.seconds) + len(quiet.seconds)
    assert busy.p99() < most_seconds
    assert installation.stop() == 0
