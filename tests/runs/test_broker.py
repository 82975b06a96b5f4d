"""The broker hands out a work task for each slot that nobody works on, beside q2's own tasks."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from runs.broker import WORK, Broker
from runs.worker.slots import SlotLock

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(autouse=True)
def two_slots(settings: Any, tmp_path: Any) -> None:
    settings.WORKERS = 2
    settings.DATA_DIR = tmp_path


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    monkeypatch.setattr("django_q.conf.Conf.POLL", 0.01)
    return Broker()


@pytest.fixture
def held() -> Iterator[list[SlotLock]]:
    """Both slots are worked on."""
    locks = [SlotLock(0), SlotLock(1)]
    assert all(lock.acquire() for lock in locks)
    yield locks
    for lock in locks:
        lock.release()


def slots(messages: list[tuple[int | None, str]] | None) -> list[int]:
    tasks = [SignedPackage.loads(signed) for _, signed in messages or []]
    return [task["args"][0] for task in tasks if task["func"] == WORK]


def test_every_slot_gets_its_task_at_once(broker: Broker) -> None:
    assert slots(broker.dequeue()) == [0, 1]


def test_a_task_is_not_handed_out_twice_while_a_worker_takes_it(broker: Broker) -> None:
    broker.dequeue()
    assert slots(broker.dequeue()) == []


def test_a_task_that_no_worker_took_is_handed_out_again(
    broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Broker, "HANDED_OUT_SECONDS", 0.0)
    broker.dequeue()
    assert slots(broker.dequeue()) == [0, 1]


def test_only_the_slot_of_a_dead_worker_is_handed_out(broker: Broker, held: list[SlotLock]) -> None:
    assert slots(broker.dequeue()) == []
    held[1].release()
    assert slots(broker.dequeue()) == [1]


def test_tasks_of_q2_pass_through(broker: Broker, held: list[SlotLock]) -> None:
    async_task("os.getcwd", broker=broker)
    messages = broker.dequeue()
    assert messages is not None
    [(number, signed)] = messages
    assert SignedPackage.loads(signed)["func"] == "os.getcwd"
    broker.acknowledge(number)
    assert broker.dequeue() is None


def test_without_its_table_the_slots_are_still_served(
    broker: Broker, held: list[SlotLock], caplog: pytest.LogCaptureFixture
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_q_ormq RENAME TO away")
    assert broker.dequeue() is None
    held[0].release()
    assert slots(broker.dequeue()) == [0]
    connection.set_rollback(True)


def test_a_work_task_has_no_time_limit_and_one_name_for_ever(broker: Broker) -> None:
    [(acknowledgement, signed), _] = broker.dequeue() or []
    task = SignedPackage.loads(signed)
    assert acknowledgement is None
    assert (task["id"], task["timeout"], task["save"]) == ("work-0", -1, False)


def test_the_work_task_exists() -> None:
    module, _, name = WORK.rpartition(".")
    assert callable(getattr(__import__(module, fromlist=[name]), name))
