"""Total deadlines. A socket timeout starts again with each byte, so a server that drips them holds
its caller for ever; here one thread per process shuts the socket when the time is over.
"""

from __future__ import annotations

import heapq
import itertools
import os
import socket
import threading
import time
from contextlib import suppress

MANY_CANCELLED = 1_000


class Alarm:
    """The deadline of one call. `fired` says that it passed before `cancel`."""

    __slots__ = ("_lock", "_over", "_socket", "deadline", "fired")

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds
        self.fired = False
        self._over = False
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    @property
    def left(self) -> float:
        """Seconds until the deadline, never below zero."""
        return max(0.0, self.deadline - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.fired or self.left == 0.0

    def aim(self, sock: socket.socket | None) -> None:
        """From now on the deadline shuts this socket."""
        with self._lock:
            self._socket = sock
            if self.fired:
                self._shut()

    def cancel(self) -> None:
        with self._lock:
            self._over = True
            self._socket = None

    def fire(self) -> None:
        with self._lock:
            if not self._over:
                self.fired = True
                self._shut()

    @property
    def over(self) -> bool:
        return self._over

    def _shut(self) -> None:
        if self._socket is not None:
            # The plain method: that of an SSLSocket drops the TLS layer under a thread that reads.
            with suppress(OSError):
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class Watchdog:
    """A heap of alarms and the thread that fires them; the thread starts with the first alarm."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Also called in a forked child: threads and the state of locks do not survive a fork."""
        self._heap: list[tuple[float, int, Alarm]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._cancelled = 0

    def arm(self, seconds: float) -> Alarm:
        alarm = Alarm(seconds)
        with self._changed:
            heapq.heappush(self._heap, (alarm.deadline, next(self._numbers), alarm))
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="http-deadlines", daemon=True
                )
                self._thread.start()
            elif self._heap[0][2] is alarm:
                self._changed.notify()
        return alarm

    def disarm(self, alarm: Alarm) -> None:
        alarm.cancel()
        with self._changed:
            self._cancelled += 1
            if self._cancelled > MANY_CANCELLED and self._cancelled * 2 > len(self._heap):
                self._heap = [entry for entry in self._heap if not entry[2].over]
                heapq.heapify(self._heap)
                self._cancelled = 0

    def _run(self) -> None:
        while True:
            with self._changed:
                alarm = self._next_due()
            alarm.fire()

    def _next_due(self) -> Alarm:
        while True:
            wait = self._heap[0][0] - time.monotonic() if self._heap else None
            if wait is not None and wait <= 0:
                return heapq.heappop(self._heap)[2]
            self._changed.wait(wait)


watchdog = Watchdog()
os.register_at_fork(after_in_child=watchdog.reset)
