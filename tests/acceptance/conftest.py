from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.acceptance.client import Client
from tests.environment.installation import Installation


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def client(
    request: pytest.FixtureRequest, new_installation: Callable[..., Installation]
) -> Iterator[Client]:
    """One installation for all tests here, on each kind of database in turn."""
    installation = new_installation(request.param, ALTOFLOW_HTTP_ALLOW_NETS="127.0.0.0/8")
    installation.start()
    yield Client(installation)
    installation.close()
