"""django-q2's cluster, made safe against the death of any of its processes.

As it comes, `kill -9` of an idle worker can stall the whole cluster (it held the queue's lock), a
dead guard or main process leaves orphans that go on executing, and main then exits with 0. Here:

- queues, timers and events have no lock that a dead process could still hold;
- children die with their parent, and main exits with 1 when its guard dies: a supervisor restarts;
- workers serve one of two lanes, so that no ordinary task ever takes the place of a work task;
- a stop ends everything within STOP_SECONDS.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import pickle
import select
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import RawValue
from typing import Any

import django_q
from django.conf import settings
from django_q import cluster as stock

from altoflow.processes import die_with, set_name
from runs.broker import WORK

STOP_SECONDS = 7.0
STOP = "STOP"  # what makes q2's worker and monitor return

# One message is one packet; macOS knows no SOCK_SEQPACKET between processes.
PACKETS = socket.SOCK_SEQPACKET if sys.platform == "linux" else socket.SOCK_DGRAM
PACKET_BYTES = 2_000
BACKLOG_BYTES = 8_192


class Channel:
    """A queue between processes. A message is taken whole by one reader or not at all, so a reader
    or writer may be killed at any moment. put() waits while about ten messages are under way."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair(socket.AF_UNIX, PACKETS)
        self._writer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BACKLOG_BYTES)

    def put(self, message: Any) -> None:
        data = pickle.dumps(message)
        if len(data) <= PACKET_BYTES:
            self._writer.send(data)
            return
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            socket.send_fds(self._writer, [b"in a file"], [file.fileno()])

    def get(self) -> Any:
        data, files, *_ = socket.recv_fds(self._reader, PACKET_BYTES, 1)
        if files:
            with open(files[0], "rb") as file:
                file.seek(0)
                data = file.read()
        # Only processes of this cluster hold the other end.
        return pickle.loads(data)  # noqa: S301

    def close(self) -> None:
        self._reader.close()
        self._writer.close()

    def empty(self) -> bool:
        return not select.select([self._reader], [], [], 0)[0]

    def qsize(self) -> int:
        return int(not self.empty())

    def clear(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                self._reader.recv(PACKET_BYTES, socket.MSG_DONTWAIT)

    def put_stop(self) -> None:
        """Have one reader return, once it has read what is before. Never waits."""
        with contextlib.suppress(BlockingIOError):
            self._writer.send(pickle.dumps(STOP), socket.MSG_DONTWAIT)


class TaskQueue:
    """Work tasks and ordinary tasks, each in a lane with workers of its own."""

    def __init__(self) -> None:
        self.work, self.ordinary = Channel(), Channel()

    def put(self, task: dict[str, Any]) -> None:
        (self.work if task["func"] == WORK else self.ordinary).put(task)

    def clear(self) -> None:
        self.work.clear()
        self.ordinary.clear()

    def empty(self) -> bool:
        return self.work.empty() and self.ordinary.empty()

    def qsize(self) -> int:
        return self.work.qsize() + self.ordinary.qsize()


class Timer:
    """multiprocessing.Value without its lock; each side writes whole numbers of its own."""

    def __init__(self) -> None:
        self._raw = RawValue("f", -1)

    @property
    def value(self) -> float:
        return float(self._raw.value)

    @value.setter
    def value(self, value: float) -> None:
        self._raw.value = value

    def get_lock(self) -> AbstractContextManager[None]:
        return nullcontext()


class Flag:
    """multiprocessing.Event without its locks: set for good by one byte in a pipe."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()

    def set(self) -> None:
        os.write(self._writer, b"!")

    def is_set(self) -> bool:
        return self.wait(0)

    def wait(self, timeout: float) -> bool:
        return bool(select.select([self._reader], [], [], timeout)[0])


class Guard(stock.Sentinel):  # type: ignore[misc]
    """The process that keeps workers, pusher and monitor alive."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args, start=False)
        # Whoever signals the whole group means main, which tells the guard to stop.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.task_queue = TaskQueue()
        self.result_queue = Channel()
        self.start()

    def spawn_worker(self) -> None:
        on_slots = sum(worker.lane is self.task_queue.work for worker in self.pool)
        lane = self.task_queue.work if on_slots < settings.WORKERS else self.task_queue.ordinary
        self.spawn_process(stock.worker, lane, self.result_queue, Timer(), self.timeout)

    def spawn_process(self, target: Callable[..., None], *args: Any) -> BaseProcess:
        name = f"alto-{target.__name__}"
        if target is stock.worker and args[0] is self.task_queue.work:
            name = "alto-slot"
        process: Any = stock.get_mp_context().Process(
            target=run_child, args=(os.getpid(), name, target, *args)
        )
        process.daemon = True
        if target is stock.worker:
            process.lane, process.timer = args[0], args[2]
            self.pool.append(process)
        process.start()
        return process  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Work tasks end with their turn, the task of an ordinary worker may end in time, and what
        is then still there is killed: runs go on from their last step, q2's tasks come again."""
        deadline = time.monotonic() + STOP_SECONDS
        self.event_out.set()
        finish([self.pusher], time.monotonic() + 1)
        self.task_queue.clear()
        for worker in self.pool:
            worker.lane.put_stop()
        on_slots = [worker for worker in self.pool if worker.lane is self.task_queue.work]
        while any(worker.is_alive() for worker in self.pool) and time.monotonic() < deadline:
            # Repeated, for a worker that was just about to begin its task.
            for worker in on_slots:
                worker.terminate()
            finish(self.pool, min(deadline, time.monotonic() + 0.5), kill=False)
        finish(self.pool, deadline)
        self.result_queue.put_stop()
        finish([self.monitor], time.monotonic() + 0.5)


def finish(processes: list[BaseProcess], deadline: float, *, kill: bool = True) -> None:
    """Wait for the processes to end; kill those that have not by the deadline."""
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
        if kill and process.is_alive():
            process.kill()
            process.join()


def run_child(parent: int, name: str, target: Callable[..., object], *args: Any) -> None:
    die_with(parent)
    set_name(name)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    target(*args)


def check_q2() -> None:
    """This module stands on names inside django-q2 1.11; a newer one has to be read first."""
    names = ("Sentinel", "Cluster", "Event", "worker", "get_mp_context")
    methods = ("start", "guard", "stop", "spawn_process", "spawn_worker", "reincarnate")
    known = django_q.VERSION < (1, 12)
    known = known and all(hasattr(stock, name) for name in names)
    if not (known and all(hasattr(stock.Sentinel, name) for name in methods)):
        raise RuntimeError("altoflow.cluster knows django-q2 1.11 only: install that version.")


def preload() -> None:
    """Import what work needs, to be shared by all processes that are forked from this one."""
    importlib.import_module(WORK.rpartition(".")[0])


def run() -> int:
    """Run a cluster until SIGTERM or SIGINT; the exit code: 1 when it ended for any other cause."""
    check_q2()
    preload()
    stock.Event, stock.Sentinel = Flag, partial(run_child, os.getpid(), "alto-guard", Guard)
    cluster = stock.Cluster()
    cluster.start()
    cluster.sentinel.join()
    return 0 if cluster.has_stopped and cluster.sentinel.exitcode == 0 else 1
