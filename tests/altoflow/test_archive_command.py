"""`manage.py archive`, as an admin types it."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from runs.models import ArchivedRun, IdempotencyKey, Run
from tests.runs.archives import archive_in, files_in, old_run, rich_run
from tests.runs.records import delivery_of, id_at, run_of, workflow_called

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    return archive_in(tmp_path, settings)


def archive(*arguments: str) -> tuple[str, str]:
    """(standard output, standard error)"""
    out, err = StringIO(), StringIO()
    call_command("archive", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def runs() -> dict[str, Run]:
    """Archived ones, and one that is too young."""
    nightly, hourly = workflow_called("Nightly"), workflow_called("Hourly")
    made = {
        "failed": rich_run(nightly, days=120),
        "completed": old_run(nightly, days=110),
        "hourly": old_run(hourly, days=100),
        "young": old_run(nightly, days=10),
    }
    old = timezone.now() - timedelta(days=95)
    delivery_of(nightly, "bad_json", id=id_at(old), received_at=old)
    archive("run")
    return made


def test_run_says_what_it_did() -> None:
    old_run(workflow_called("Nightly"))
    out, _ = archive("run")
    assert out.startswith("Archived 1 run in 1 file of 0.0 MiB: ")
    assert archive("run")[0].startswith("Archived 0 runs in 0 files")


def test_run_takes_younger_runs_when_told(runs: dict[str, Run]) -> None:
    assert archive("run", "--older-than-days", "10.5")[0].startswith("Archived 0 runs")
    assert archive("run", "--older-than-days", "5")[0].startswith("Archived 1 run ")
    keyed = run_of(workflow_called("Keyed"), at=timezone.now() - timedelta(hours=1))
    IdempotencyKey.objects.create(workflow=keyed.workflow, key="k", body_hash="x", run=keyed)
    out, _ = archive("run", "--older-than-days", "0")
    assert "1 more run of that age stayed" in out
    assert Run.objects.get() == keyed


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param([], ["hourly", "completed", "failed"], id="all, newest first"),
        pytest.param(["--status", "failed"], ["failed"], id="status"),
        pytest.param(["--workflow", "{nightly}"], ["completed", "failed"], id="workflow"),
        pytest.param(["--id", "{failed}"], ["failed"], id="id"),
        pytest.param(["--id", "hour"], ["hourly"], id="part of the workflow's name"),
        pytest.param(["--from", "{115}"], ["hourly", "completed"], id="from"),
        pytest.param(["--to", "{115}"], ["failed"], id="to"),
        pytest.param(["--from", "{115}", "--to", "{105}"], ["completed"], id="from and to"),
        pytest.param(["--limit", "1"], ["hourly"], id="limit"),
        pytest.param(["--status", "cancelled"], [], id="none"),
    ],
)
def test_list_finds(runs: dict[str, Run], arguments: list[str], expected: list[str]) -> None:
    places = {"{nightly}": str(runs["failed"].workflow_id), "{failed}": str(runs["failed"].pk)}
    for days in (105, 115):
        places[f"{{{days}}}"] = f"{timezone.now() - timedelta(days=days):%Y-%m-%d}"
    out, err = archive("list", *(places.get(argument, argument) for argument in arguments))
    heading, *lines = out.splitlines()
    assert heading.startswith("RUN ")
    assert [line.split()[0] for line in lines] == [str(runs[name].pk) for name in expected]
    if not expected:
        assert err == "No archived run matches.\n"
    elif "--limit" in arguments:
        assert "There are more" in err


def test_list_shows_what_one_needs_to_choose(runs: dict[str, Run]) -> None:
    archive("restore", str(runs["failed"].pk))
    line = archive("list", "--status", "failed")[0].splitlines()[1]
    assert line.endswith(f"Nightly v1  (restored {timezone.now():%Y-%m-%d})")
    assert f"failed     {runs['failed'].created_at:%Y-%m-%d %H:%M}" in line


def test_show_prints_the_run_with_everything(runs: dict[str, Run]) -> None:
    shown = json.loads(archive("show", str(runs["failed"].pk))[0])
    assert (shown["id"], shown["status"], shown["attempt"]) == (str(runs["failed"].pk), "failed", 2)
    assert (shown["workflow_name"], shown["version"]) == ("Nightly", 1)
    assert [step["node_id"] for step in shown["steps"]] == ["start", "a", "a", "a"]
    assert [step["attempt"] for step in shown["steps"]] == [1, 1, 2, 2]
    assert shown["payload"]["a"] == "ü ü \u2028"
    assert len(shown["deliveries"]) == 2
    assert shown["graph"]["nodes"][0]["id"] == "start"
    assert shown["archive"]["file"] == ArchivedRun.objects.get(status="failed").file.name


def test_restore_brings_several_back(runs: dict[str, Run]) -> None:
    out, _ = archive("restore", str(runs["failed"].pk), str(runs["hourly"].pk))
    assert len(out.splitlines()) == 2
    assert set(Run.objects.all()) == {runs["failed"], runs["hourly"], runs["young"]}


def test_verify_and_adopt(runs: dict[str, Run], folder: Path) -> None:
    assert archive("verify")[0] == "The archive is as it was written: 3 runs in 3 files.\n"
    assert "Every run of every file" in archive("adopt")[0]
    ArchivedRun.objects.filter(status="failed").delete()
    path = folder / files_in(folder)[1]
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"!")
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="The archive has 2 faults") as raised:
        call_command("archive", "verify", stdout=out, stderr=err)
    assert raised.value.returncode == 1
    assert len(out.getvalue().splitlines()) == 2
    path.write_bytes(content)
    assert archive("adopt")[0].startswith("Entered 1 run of runs/")
    assert archive("verify")[0].startswith("The archive is as it was written: 3 runs")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(["show", "0" * 32], "There is no run", id="unknown run"),
        pytest.param(["show", "x"], "invalid UUID", id="no id"),
        pytest.param(["list", "--status", "done"], "There is no status 'done'", id="status"),
        pytest.param(["list", "--from", "yesterday"], "is no date", id="date"),
        pytest.param(["list", "--limit", "0"], "number from 1", id="limit"),
        pytest.param(["run", "--older-than-days", "-1"], "no number of days", id="days"),
        pytest.param([], "required: ACTION", id="nothing"),
    ],
)
def test_a_mistake_is_told(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("archive", *arguments)
