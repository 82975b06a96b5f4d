"""Whom to kill and whom to freeze, by the name that `ps` shows."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress

from tests.environment.installation import Installation

RETURN_SECONDS = 20.0
"""Within which a killed process has to be back."""


def kill(installation: Installation, name: str, chance: random.Random) -> None:
    """kill -9 of one process of this name, as soon as there is one."""
    deadline = time.monotonic() + RETURN_SECONDS
    while True:
        assert time.monotonic() < deadline, f"no {name} for {RETURN_SECONDS} s"
        if pids := installation.pids(name):
            with suppress(ProcessLookupError):
                os.kill(chance.choice(pids), signal.SIGKILL)
                return
        time.sleep(0.02)


def freeze(pid: int, seconds: float) -> None:
    """Stop a process where it stands, as a paused virtual machine does, and let it go on."""
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)
