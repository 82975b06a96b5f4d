"""What the processes of a cluster talk through survives the death of any of them."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django_q import cluster as stock

from altoflow.cluster import Channel, Flag, TaskQueue, check_q2
from runs.broker import WORK

FORK = multiprocessing.get_context("fork")


@pytest.fixture
def channel() -> Iterator[Channel]:
    channel = Channel()
    yield channel
    channel.close()


@pytest.mark.parametrize(
    "message",
    [
        pytest.param({"func": "a.b", "args": (1, 2)}, id="small"),
        pytest.param("x" * 1_990, id="around the size of a packet"),
        pytest.param("x" * 1_000_000, id="larger than any packet"),
    ],
)
def test_a_message_arrives_whole(channel: Channel, message: Any) -> None:
    channel.put(message)
    assert not channel.empty()
    assert channel.get() == message
    assert channel.empty()


def test_a_killed_reader_holds_nothing_up(channel: Channel) -> None:
    """django-q2#23: one dead reader, and no other gets a message ever again."""
    for _ in range(20):
        reader = FORK.Process(target=channel.get)
        reader.start()
        assert reader.pid is not None
        os.kill(reader.pid, signal.SIGKILL)
        reader.join()
        channel.put("for the next reader")
        assert channel.get() == "for the next reader"


def test_put_waits_when_too_much_is_under_way(channel: Channel) -> None:
    many = 100
    writer = threading.Thread(target=lambda: [channel.put(number) for number in range(many)])
    writer.start()
    writer.join(0.2)
    assert writer.is_alive()
    assert [channel.get() for _ in range(many)] == list(range(many))
    writer.join()


def test_a_stop_never_waits_for_a_full_channel(channel: Channel) -> None:
    for _ in range(100):
        channel.put_stop()
    assert channel.get() == "STOP"
    channel.clear()
    assert channel.empty()


def test_ordinary_tasks_do_not_queue_before_work_tasks() -> None:
    tasks = TaskQueue()
    tasks.put({"func": "some.periodic.task"})
    tasks.put({"func": WORK, "args": (1,)})
    assert tasks.work.get()["args"] == (1,)
    assert tasks.qsize() == 1
    assert tasks.ordinary.get()["func"] == "some.periodic.task"
    assert tasks.empty()
    tasks.work.close()
    tasks.ordinary.close()


def test_a_flag_is_seen_in_other_processes_and_stays() -> None:
    flag = Flag()
    assert not flag.wait(0.01)
    setter = FORK.Process(target=flag.set)
    setter.start()
    assert flag.wait(5)
    setter.join()
    assert flag.is_set()


def test_another_q2_is_refused_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    check_q2()
    monkeypatch.delattr(stock.Sentinel, "reincarnate")
    with pytest.raises(RuntimeError, match=r"django-q2 1\.11 only"):
        check_q2()
