"""Requests that come at once, from several threads and processes, on a database of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from runs.intake.group_commit import GroupCommit
from tests.environment.installation import Installation
from tests.environment.paths import REPOSITORY

MAKE_HOOK = """
from tests.runs.hooks import make_hook, path_of
path = path_of(make_hook(deduplicate_by="{{ trigger.body.id }}"))
"""
COUNTS = """
from collections import Counter
from runs.models import Delivery, IdempotencyKey, Job, Run
from workflows.models import Workflow

last = Workflow.objects.latest("id")
verdicts = Counter(Delivery.objects.filter(workflow=last).values_list("verdict", flat=True))
print(
    Run.objects.filter(workflow=last).count(),
    Job.objects.filter(run__workflow=last).count(),
    IdempotencyKey.objects.filter(workflow=last).count(),
    *sorted(verdicts.items()),
)
"""


def shell(installation: Installation, code: str) -> str:
    done = installation.manage("shell", "--no-imports", "-c", code)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def program(installation: Installation, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.runs.intake_program", *arguments],
        cwd=REPOSITORY,
        env=installation.env | {"DJANGO_SETTINGS_MODULE": "altoflow.settings"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def prepared(
    request: pytest.FixtureRequest, new_installation: Callable[..., Installation]
) -> Installation:
    """A database without anybody at work on it; each test makes its own workflow."""
    return new_installation(request.param)


def test_a_key_starts_one_run_however_many_send_it_at_once(prepared: Installation) -> None:
    path, keys, threads = shell(prepared, MAKE_HOOK + "print(path)"), 12, 6
    senders = [program(prepared, path, str(keys), str(threads)) for _ in range(2)]
    answers = []
    for sender in senders:
        assert sender.stdin is not None
        sender.stdin.write("go\n")
        sender.stdin.flush()
    for sender in senders:
        output, errors = sender.communicate(timeout=60)
        assert sender.returncode == 0, errors
        answers += json.loads(output)
    assert {status for _, status, _ in answers} == {202}
    runs_of: dict[str, set[str]] = {}
    for key, _, run_id in answers:
        runs_of.setdefault(key, set()).add(run_id)
    assert [len(ids) for ids in runs_of.values()] == [1] * keys
    duplicates = 2 * threads * keys - keys
    assert shell(prepared, COUNTS) == (
        f"{keys} {keys} {keys} ('accepted', {keys}) ('duplicate', {duplicates})"
    )


@pytest.mark.parametrize("prepared", ["postgresql"], indirect=True)
@pytest.mark.parametrize("when", ["before the request", "before the commit", "after the commit"])
def test_a_connection_that_breaks_costs_no_run_and_doubles_none(
    when: str, prepared: Installation
) -> None:
    """The server ends the connection of the web process, as a restart does it."""
    program = BREAKING.format(make=MAKE_HOOK, when=when) + COUNTS
    assert shell(prepared, program).splitlines() == ["202 202 True", "2 2 1 ('accepted', 2)"]


BREAKING = """{make}
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from runs.intake import arrivals
from tests.runs.hooks import send

def break_connection():
    own = connection.connection.info.backend_pid
    with connection.Database.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [own])

first = send(path, {{"a": 1}})
write, commit, when = arrivals._write, BaseDatabaseWrapper.commit, {when!r}

def write_and_break(batch):
    outcomes = write(batch)
    if not broken and when == "before the commit":
        broken.append(1)
        break_connection()
    return outcomes

def commit_and_break(self):
    commit(self)
    if not broken and when == "after the commit":
        broken.append(1)
        break_connection()
        self.cursor().execute("SELECT 1")

broken = []
arrivals._write, BaseDatabaseWrapper.commit = write_and_break, commit_and_break
if when == "before the request":
    broken.append(1)
    break_connection()
second = send(path, {{"id": 7}})
print(first.status, second.status, bool(broken))
"""


# ---------------------------------------------------------------- the group alone


def test_threads_share_writes_and_each_gets_its_own_result() -> None:
    sizes: list[int] = []

    def write(items: Sequence[int]) -> list[int | Exception]:
        sizes.append(len(items))
        time.sleep(0.002)
        return [ValueError(item) if item % 10 == 7 else item * 2 for item in items]

    group: GroupCommit[int, int] = GroupCommit(write, most=8)
    results: dict[int, Any] = {}

    def submit(item: int) -> None:
        try:
            results[item] = group.submit(item)
        except ValueError as error:
            results[item] = error.args

    threads = [threading.Thread(target=submit, args=(item,)) for item in range(200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert results == {n: (n,) if n % 10 == 7 else n * 2 for n in range(200)}
    assert sum(sizes) == 200
    assert max(sizes) <= 8
    assert len(sizes) < 180, "hardly any was shared"


@pytest.mark.parametrize("error", [OSError("disk"), SystemExit(1)], ids=["error", "exit"])
def test_a_failing_write_fails_its_group_and_not_the_next(error: BaseException) -> None:
    fails = [error]

    def write(items: Sequence[int]) -> list[int | Exception]:
        if fails:
            raise fails.pop()
        return list(items)

    group: GroupCommit[int, int] = GroupCommit(write)
    with pytest.raises(type(error)):
        group.submit(1)
    assert group.submit(2) == 2
