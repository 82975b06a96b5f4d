"""What ends a step that does not end by itself.

Three nets, each for what the one before can not catch:

1. an interval timer raises StepTimeoutError within Python code (`TimeLimit`);
2. C code that never returns to Python: `faulthandler`'s own C thread ends the process, without the
   interpreter's lock (`Watchdog.arm`);
3. whoever takes the slot next reads from the `BlackBox` which step that was, and fails it.

A heartbeat thread keeps the leases while a long pure step holds the main thread, and hands the
other runs of this worker on to the next one.
"""

from __future__ import annotations

import faulthandler
import logging
import mmap
import os
import signal
import struct
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO, ClassVar, TypeVar

from django.conf import settings
from django.db import DatabaseError, connection

from runs import queue
from runs.memory.run_state import StepTimeoutError
from runs.store import leases
from workflows.limits import limits

logger = logging.getLogger("altoflow.work")

T = TypeVar("T")


class TimeLimit:
    """Runs Python code in the main thread under a timer, once it is installed."""

    _installed: ClassVar[bool] = False
    _active: ClassVar[bool] = False

    @classmethod
    def install(cls) -> None:
        signal.signal(signal.SIGALRM, cls._expired)
        cls._installed = True

    @classmethod
    def run(cls, seconds: float, work: Callable[[], T]) -> T:
        """Raises StepTimeoutError. The timer fires again every 0.1 s until the work lets go."""
        if not cls._installed:
            return work()
        try:
            cls._active = True
            signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001), 0.1)
            return work()
        finally:
            cls._active = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    @classmethod
    def _expired(cls, _number: int, _frame: FrameType | None) -> None:
        if cls._active:
            raise StepTimeoutError


class BlackBox:
    """Which pure step the main thread is in, readable after the death of the process."""

    _FORM = struct.Struct("=32s64sd")

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        os.ftruncate(descriptor, self._FORM.size)
        self._map = mmap.mmap(descriptor, self._FORM.size)
        os.close(descriptor)
        self.busy_since: float | None = None
        """Monotonic; None: the main thread is in no pure step."""

    def read(self) -> tuple[str, str] | None:
        """(run id, node id) of the step that was under way."""
        run_id, node_id, started = self._FORM.unpack(self._map[:])
        return (_text(run_id), _text(node_id)) if started else None

    @contextmanager
    def around(self, run_id: str, node_id: str) -> Iterator[None]:
        self._map[:] = self._FORM.pack(run_id.encode(), node_id.encode(), time.time())
        self.busy_since = time.monotonic()
        try:
            yield
        finally:
            self.clear()

    def clear(self) -> None:
        self.busy_since = None
        self._map[:] = bytes(self._FORM.size)


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode()


class Watchdog:
    """Ends a process whose main thread does not come back, and keeps its leases until then."""

    GRACE_SECONDS = 0.3
    REARM_SECONDS = 0.25
    TICK_SECONDS = 0.25
    PATIENCE_SECONDS = 0.5
    """How long the other runs of a worker wait for one pure step."""

    def __init__(self, slot: int, owner: str, movable: Callable[[], Sequence[str]]) -> None:
        """`movable`: the runs of which no effect is under way here; asked by another thread."""
        folder = settings.DATA_DIR / "slots"
        folder.mkdir(parents=True, exist_ok=True)
        self._owner = owner
        self._movable = movable
        self.at_commit = threading.Lock()
        """Hold it from a commit until its effects are under way: no run is handed on then."""
        self._trace_path = folder / f"slot-{slot}.trace"
        self.box = BlackBox(folder / f"slot-{slot}.step")
        self._trace: IO[str] | None = None
        self._armed_at = 0.0
        self._handed_on: float | None = None
        self.renewed_at = time.monotonic()

    def predecessor_hung_in(self) -> tuple[str, str] | None:
        """(run id, node id) when the last process of this slot was ended by its watchdog."""
        hung = self._trace_path.exists() and self._trace_path.read_text().startswith("Timeout")
        step = self.box.read() if hung else None
        self.box.clear()
        return step

    def begin(self) -> None:
        """From here on this process is watched."""
        self._trace = self._trace_path.open("w")
        TimeLimit.install()
        threading.Thread(target=self._keep_leases, name="heartbeat", daemon=True).start()

    def arm(self) -> None:
        """Call in each turn and before each pure step; cheap when called often."""
        if self._trace is None:
            return
        now = time.monotonic()
        if now - self._armed_at > self.REARM_SECONDS:
            self._armed_at = now
            seconds = limits().node_seconds + self.REARM_SECONDS + self.GRACE_SECONDS
            faulthandler.dump_traceback_later(seconds, exit=True, file=self._trace)

    def end(self) -> None:
        faulthandler.cancel_dump_traceback_later()

    def _keep_leases(self) -> None:
        while True:
            time.sleep(min(self.TICK_SECONDS, settings.LEASE_SECONDS / 3))
            try:
                self._extend_leases()
                self._hand_on()
            except DatabaseError:
                logger.warning("The heartbeat found no database; it tries again", exc_info=True)
                connection.close()

    def _extend_leases(self) -> None:
        if time.monotonic() - self.renewed_at > settings.LEASE_SECONDS / 3:
            leases.extend_leases(self._owner)
            self.renewed_at = time.monotonic()
            connection.close()

    def _hand_on(self) -> None:
        """Give the other runs back, so that they do not wait for a step that takes long. What the
        main thread has of them in memory is refused at its next commit, like a late worker's."""
        since = self.box.busy_since
        if since is None or since == self._handed_on:
            return
        if time.monotonic() < since + self.PATIENCE_SECONDS:
            return
        with self.at_commit:
            step = self.box.read()
            if step is None or self.box.busy_since != since:
                return
            others = [run_id for run_id in self._movable() if run_id != step[0]]
            if others:
                leases.hand_over(self._owner, others)
        self._handed_on = since
        connection.close()
        if others:
            logger.info("Run %s takes long at %s: %s others go on elsewhere", *step, len(others))
            queue.wake()
