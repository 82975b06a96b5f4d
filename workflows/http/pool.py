"""Connections that wait for their next request. Connecting costs more than the request itself.

A connection's peer was checked when it was made and is checked again under the policy of each
request. A forked child begins with an empty pool: two processes must not talk over one socket.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict

from .connection import GuardedConnection
from .policy import HttpPolicy
from .url import Target

MAX_IDLE = 128
IDLE_SECONDS = 30.0
LIFE_SECONDS = 120.0
SWEEP_SECONDS = 5.0


class Pool:
    """Last in, first out, so that what is not needed ages and goes."""

    def __init__(self) -> None:
        self._idle: defaultdict[tuple[str, str, int], list[GuardedConnection]] = defaultdict(list)
        self._count = 0
        self._swept = 0.0
        self._lock = threading.Lock()

    def take(self, target: Target, policy: HttpPolicy) -> GuardedConnection | None:
        """A connection that is open as far as can be seen, or None."""
        while connection := self._pop(target):
            usable = time.monotonic() - connection.idle_since < IDLE_SECONDS
            if (
                usable
                and policy.judge(connection.peer, target.netloc) == "allowed"
                and connection.is_connected
            ):
                return connection
            connection.close()
        return None

    def give(self, target: Target, connection: GuardedConnection) -> None:
        """Take back a connection whose response was read to its end."""
        now = connection.idle_since = time.monotonic()
        if connection.sock is None:
            return
        kept = False
        with self._lock:
            if self._count < MAX_IDLE and now - connection.opened < LIFE_SECONDS:
                self._idle[target.origin].append(connection)
                self._count += 1
                kept = True
            stale = self._sweep(now)
        for old in stale if kept else [*stale, connection]:
            old.close()

    def clear(self) -> None:
        with self._lock:
            every = [connection for idle in self._idle.values() for connection in idle]
            self._idle.clear()
            self._count = 0
        for connection in every:
            connection.close()

    def forget(self) -> None:
        """In a forked child: close the copies, which does not end the parent's connections."""
        self._lock = threading.Lock()
        self.clear()

    def _pop(self, target: Target) -> GuardedConnection | None:
        with self._lock:
            idle = self._idle.get(target.origin)
            if not idle:
                return None
            self._count -= 1
            return idle.pop()

    def _sweep(self, now: float) -> list[GuardedConnection]:
        if now - self._swept < SWEEP_SECONDS:
            return []
        self._swept = now
        stale = []
        for origin, idle in list(self._idle.items()):
            fresh = [c for c in idle if now - c.idle_since < IDLE_SECONDS]
            stale += [c for c in idle if now - c.idle_since >= IDLE_SECONDS]
            self._count -= len(idle) - len(fresh)
            if fresh:
                self._idle[origin] = fresh
            else:
                del self._idle[origin]
        return stale


pool = Pool()
os.register_at_fork(after_in_child=pool.forget)
