"""Jobs that workers keep dying with are suspects: one of them at a time is tried again, alone until
it makes progress, so that it takes nobody along."""

from __future__ import annotations

import time
from collections.abc import Mapping

from runs.memory.run_state import RunState
from runs.store import leases

PAUSE_SECONDS = 2.0
"""How long a suspect is tried alone, and how long a worker without a free moment leaves such jobs
alone."""


class SuspectTrial:
    def __init__(self, held: Mapping[str, RunState]) -> None:
        """`held`: the runs that its worker holds, kept up to date by the worker."""
        self._held = held
        self._pause_ends = time.monotonic() + PAUSE_SECONDS

    @property
    def is_on(self) -> bool:
        """Whether a suspect is held that has made no progress yet."""
        return any(state.deaths >= leases.SUSPECT_DEATHS for state in self._held.values())

    @property
    def wants_to_be_alone(self) -> bool:
        return self.is_on and self._pauses

    @property
    def takes_a_suspect(self) -> bool:
        return not self.is_on and not (self._held and self._pauses)

    def claim(self, owner: str, claims: list[leases.Claim]) -> list[leases.Claim]:
        """Within the transaction of a turn, beside these claims of other jobs: at most one suspect,
        on a worker that has nothing else or that had no moment for one during the pause."""
        if not self.takes_a_suspect or (claims and self._pauses):
            return []
        self._pause_ends = time.monotonic() + PAUSE_SECONDS
        return leases.claim(owner, 1, suspects=True)

    def end(self) -> None:
        """It has made progress, so the next one need not wait."""
        self._pause_ends = time.monotonic()

    @property
    def _pauses(self) -> bool:
        return time.monotonic() < self._pause_ends
