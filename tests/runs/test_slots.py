"""A slot's lock says truly whether the process that held it is alive."""

import multiprocessing
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest

from runs.worker.slots import SlotLock

SLOT = 97
FORK = multiprocessing.get_context("fork")


def hold_until_killed(report: Connection) -> None:
    lock = SlotLock(SLOT)
    report.send(lock.acquire())
    threading.Event().wait()


@pytest.fixture
def holder() -> Iterator[multiprocessing.Process]:
    here, there = FORK.Pipe()
    process = FORK.Process(target=hold_until_killed, args=(there,))
    process.start()
    assert here.recv() is True
    yield process
    process.kill()
    process.join()
    here.close()
    there.close()


def test_nobody_holds_a_slot_that_was_never_taken() -> None:
    assert not SlotLock.is_held(98)


def test_a_slot_has_one_holder(holder: multiprocessing.Process) -> None:
    assert SlotLock.is_held(SLOT)
    assert not SlotLock(SLOT).acquire()


def test_kill_9_frees_the_slot(holder: multiprocessing.Process) -> None:
    holder.kill()
    holder.join()
    assert not SlotLock.is_held(SLOT)


def test_release_frees_the_slot() -> None:
    lock = SlotLock(SLOT)
    assert lock.acquire()
    lock.release()
    assert not SlotLock.is_held(SLOT)


def test_probes_never_make_an_acquire_fail() -> None:
    done = threading.Event()

    def probe() -> None:
        while not done.is_set():
            SlotLock.is_held(SLOT)

    probes = [threading.Thread(target=probe) for _ in range(3)]
    for thread in probes:
        thread.start()
    try:
        for _ in range(200):
            lock = SlotLock(SLOT)
            assert lock.acquire()
            lock.release()
    finally:
        done.set()
        for thread in probes:
            thread.join()
