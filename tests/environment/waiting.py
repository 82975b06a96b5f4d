"""Waiting for something that happens in another process."""

import time
from collections.abc import Callable


def until(condition: Callable[[], object], *, within: float, what: str = "") -> float:
    """Seconds it took; fails with `what` (or the condition's name) after `within` seconds."""
    began = time.monotonic()
    while not condition():
        took = time.monotonic() - began
        assert took < within, f"not within {within} s: {what or condition.__name__}"
        time.sleep(0.02)
    return time.monotonic() - began
