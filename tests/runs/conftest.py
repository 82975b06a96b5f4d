from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altoflow_probe
import pytest

from tests.runs.archives import archive_in
from tests.runs.records import workflow_called
from workflows.models import Workflow


@pytest.fixture
def quiet_probe() -> Iterator[None]:
    """The node types for tests, without what other tests told them; whom one of them still holds
    is let go."""
    altoflow_probe.made.clear()
    altoflow_probe.answers.clear()
    altoflow_probe.on_value.clear()
    yield
    for gate in altoflow_probe.gates.values():
        gate.set()
    altoflow_probe.gates.clear()
    altoflow_probe.answers.clear()
    altoflow_probe.on_value.clear()


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    """The folder of an archive of its own."""
    return archive_in(tmp_path, settings)


@pytest.fixture
def nightly() -> Workflow:
    return workflow_called("Nightly")
