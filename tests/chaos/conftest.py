from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.receiver import Receiver, running


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running() as receiver:
        yield receiver
