"""Starts processes, restarts those that die, and stops them all."""

from __future__ import annotations

import gc
import logging
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

from altoflow.processes import die_with, set_name

logger = logging.getLogger("altoflow.up")

STOP_SECONDS = 9.0
STEADY_SECONDS = 10.0
LONGEST_DELAY = 3.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


@dataclass
class Child:
    """A process to keep running: `target` is called in a fork and returns its exit code."""

    name: str
    target: Callable[[], int]
    pid: int = 0
    started_at: float = 0.0
    start_at: float = 0.0
    quick_deaths: int = 0


class Supervisor:
    def __init__(self, children: Sequence[Child], tick: Callable[[], float]) -> None:
        """`tick` is called in every turn and returns the seconds until it wants the next one."""
        self._children = children
        self._tick = tick
        self._stopping = False
        self._alarm, self._ring = os.pipe()

    def run(self) -> int:
        """Until SIGINT, SIGTERM or SIGHUP; then stops all children within STOP_SECONDS."""
        set_name("alto-up")
        self._watch_signals()
        # What is imported until here stays shared memory in every child.
        gc.collect()
        gc.freeze()
        while not self._stopping:
            self._reap()
            self._start_due()
            pause = self._tick()
            self._wait(pause)
        self._stop()
        return 0

    # ------------------------------------------------------------------ signals

    def _watch_signals(self) -> None:
        os.set_blocking(self._alarm, False)
        os.set_blocking(self._ring, False)
        for number in SIGNALS:
            signal.signal(number, self._note)
        signal.set_wakeup_fd(self._ring, warn_on_full_buffer=False)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self._stopping = True

    def _wait(self, seconds: float) -> None:
        """Until a signal comes, a child restarts or the time is over."""
        now = time.monotonic()
        waiting = [child.start_at - now for child in self._children if not child.pid]
        if select.select([self._alarm], [], [], max(0.0, min([seconds, *waiting])))[0]:
            os.read(self._alarm, 4096)

    # ------------------------------------------------------------------ children

    def _start_due(self) -> None:
        for child in self._children:
            if not child.pid and child.start_at <= time.monotonic():
                child.started_at = time.monotonic()
                child.pid = self._fork(child)

    def _fork(self, child: Child) -> int:
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal in between would run the supervisor's handler in the child and be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self._become(child, parent)
                code = child.target()
            except BaseException:  # noqa: BLE001
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        return pid

    def _become(self, child: Child, parent: int) -> None:
        die_with(parent)
        set_name(f"alto-{child.name}")
        # Ctrl-C in a terminal goes to its whole group; only the supervisor acts on it.
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        os.close(self._alarm)
        os.close(self._ring)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _reap(self) -> None:
        for child in self._children:
            if child.pid and os.waitpid(child.pid, os.WNOHANG)[0]:
                self._plan_restart(child)

    def _plan_restart(self, child: Child) -> None:
        """At once when it ran steadily, else later each time."""
        now = time.monotonic()
        steady = now - child.started_at > STEADY_SECONDS
        child.quick_deaths = 0 if steady else child.quick_deaths + 1
        delay = min(LONGEST_DELAY, 0.1 * 2**child.quick_deaths) if child.quick_deaths else 0.0
        child.pid, child.start_at = 0, now + delay
        if not self._stopping:
            logger.error("The %s process ended; it is started again in %.1f s", child.name, delay)

    def _stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        self._signal_all(signal.SIGTERM)
        while any(child.pid for child in self._children) and time.monotonic() < deadline:
            self._wait_for_deaths(deadline)
        self._signal_all(signal.SIGKILL)
        for child in self._children:
            if child.pid:
                os.waitpid(child.pid, 0)

    def _wait_for_deaths(self, deadline: float) -> None:
        if select.select([self._alarm], [], [], max(0.0, deadline - time.monotonic()))[0]:
            os.read(self._alarm, 4096)
        self._reap()

    def _signal_all(self, number: signal.Signals) -> None:
        for child in self._children:
            if child.pid:
                os.kill(child.pid, number)
