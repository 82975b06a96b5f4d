from __future__ import annotations

import time
import uuid

from workflows.ids import uuid7


def test_ids_are_of_version_7_and_hold_the_time() -> None:
    made = uuid7()
    assert made.variant == uuid.RFC_4122
    assert made.version == 7
    assert abs((made.int >> 80) / 1000 - time.time()) < 5


def test_ids_are_all_different_and_sort_by_their_time() -> None:
    ids = []
    for _ in range(1000):
        ids.append(uuid7())
        pause = time.perf_counter_ns() + 1000
        while time.perf_counter_ns() < pause:
            pass
    assert ids == sorted(set(ids))
