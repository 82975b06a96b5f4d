"""Outside effects run in daemon threads, so that one slow call holds up nothing else.

Not a ThreadPoolExecutor: that one joins its threads when the process ends, and a call that hangs
for ever would keep a dead worker alive.
"""

from __future__ import annotations

import logging
import socket
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import TypeAlias

from runs.memory.run_state import EffectCall
from workflows.errors import NodeError
from workflows.node_type import NodeType, Result

logger = logging.getLogger("altoflow.effects")

Outcome: TypeAlias = tuple[EffectCall, Result | NodeError]


class EffectThreads:
    """At most `size` calls at a time. Readable (`fileno`) when an outcome has arrived."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.busy = 0
        """Calls whose outcome was not collected yet; a call that was given up counts on."""
        self._bell, self._ring = socket.socketpair()
        self._bell.setblocking(False)
        self._ring.setblocking(False)
        self._calls: SimpleQueue[EffectCall | None] = SimpleQueue()
        self._outcomes: SimpleQueue[Outcome] = SimpleQueue()
        self._threads = 0

    @property
    def free(self) -> int:
        return self.size - self.busy

    def start(self, call: EffectCall) -> None:
        self.busy += 1
        if self.busy > self._threads:
            self._threads += 1
            name = f"effect-{self._threads}"
            threading.Thread(target=self._work, name=name, daemon=True).start()
        self._calls.put(call)

    def outcomes(self) -> list[Outcome]:
        """What has arrived since the last look."""
        arrived: list[Outcome] = []
        while True:
            try:
                arrived.append(self._outcomes.get_nowait())
            except Empty:
                self.busy -= len(arrived)
                return arrived

    def close(self) -> None:
        """Let idle threads go; one that hangs is left alone."""
        for _ in range(self._threads):
            self._calls.put(None)
        self._bell.close()
        self._ring.close()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            self._outcomes.put((call, perform(call.node.type, call)))
            self.ring()

    def fileno(self) -> int:
        return self._bell.fileno()

    def drain(self) -> None:
        with suppress(BlockingIOError):
            while self._bell.recv(4096):
                pass

    def ring(self) -> None:
        with suppress(OSError):
            self._ring.send(b"!")


def perform(node_type: NodeType, call: EffectCall) -> Result | NodeError:
    """Execute the node; whatever it raises becomes a NodeError."""
    try:
        return node_type.execute(call.config, call.context)
    except NodeError as error:
        return error
    except Exception as error:
        logger.exception("The node type %s raised", node_type.type)
        return crashed(node_type, error)


def crashed(node_type: NodeType, error: Exception) -> NodeError:
    return NodeError(
        f"The node type {node_type.type} has a fault: {type(error).__name__}: {error}. "
        "Report it to whoever maintains the node type.",
        code="node_crashed",
    )
