from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize("address", ["", "https://flows.example.com"])
def test_the_system_checks_find_nothing(address: str, tmp_path: Path) -> None:
    """The checks for a deployment are for an installation with an address of its own."""
    deploy = ["--deploy"] if address else []
    result = subprocess.run(
        [sys.executable, "manage.py", "check", *deploy, "--fail-level", "WARNING"],
        cwd=ROOT,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("DJANGO")},
            "ALTOFLOW_DATA_DIR": str(tmp_path),
            "ALTOFLOW_PUBLIC_URL": address,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
