"""Workers in threads of the test, that wait and wake as in a real cluster."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from django.db import connection

from runs.bells import make_bell
from runs.worker.work_loop import WorkLoop


@contextmanager
def working(count: int = 1) -> Iterator[None]:
    """Needs a database that other threads see: `django_db(transaction=True)`."""
    workers = [_Worker(slot) for slot in range(count)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()


class _Worker(Thread):
    def __init__(self, slot: int) -> None:
        super().__init__(name=f"worker-{slot}")
        self._slot = slot
        self._told, self._listens = Event(), Event()
        self._loop: WorkLoop | None = None

    def run(self) -> None:
        self._loop = loop = WorkLoop(self._slot)
        bell = make_bell(self._slot)
        self._listens.set()
        try:
            while not self._told.is_set():
                loop.turn()
                loop._wait(bell)
        finally:
            loop.close()
            bell.close()
            connection.close()

    def start(self) -> None:
        super().start()
        assert self._listens.wait(10), "the worker did not start"

    def stop(self) -> None:
        self._told.set()
        if self._loop is not None:
            self._loop.effects.ring()
        self.join(10)
        assert not self.is_alive(), "the worker did not stop"
