"""The rules that tools can check, each as a test of its own."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.environment.installation import plain_environment
from tests.environment.paths import REPOSITORY

BIN = Path(sys.executable).parent


def run(*command: str) -> str:
    """Its output; the test fails with it when the command does."""
    answer = subprocess.run(
        [BIN / command[0], *command[1:]],
        cwd=REPOSITORY,
        env=plain_environment(),
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
    return answer.stdout + answer.stderr


def test_imports_go_one_way() -> None:
    assert "0 broken" in run("lint-imports", "--no-cache")


def test_types_are_complete_and_right() -> None:
    run("mypy")


def test_linter_finds_nothing() -> None:
    run("ruff", "check", ".")


def test_code_is_formatted() -> None:
    run("ruff", "format", "--check", ".")


def test_templates_are_formatted() -> None:
    templates = [str(path) for path in REPOSITORY.glob("templates/**/*.html")]
    if templates:
        run("djade", "--check", "--target-version", "5.2", *templates)


@pytest.mark.django_db
def test_every_model_change_has_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run")


@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt"])
def test_locks_hold_hashes_and_no_host_names(lock: str) -> None:
    text = (REPOSITORY / lock).read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text
    assert "--index-url" not in text
