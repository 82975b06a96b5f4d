"""Many threads, one transaction: whoever comes first writes for all who wait by then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Waiting(Generic[Item, Result]):
    __slots__ = ("called", "item", "result")

    def __init__(self, item: Item) -> None:
        self.item = item
        self.result: Result | Exception | None = None
        self.called = Lock()
        self.called.acquire()


class GroupCommit(Generic[Item, Result]):
    """`write` gets the items of all threads that wait and returns one result for each: an exception
    is raised in the thread that it belongs to.

    1. a thread appends its item; the first one becomes the leader, the others wait
    2. the leader writes what waits; meanwhile the next group gathers
    3. the leader hands out the results and calls one of the next group to lead it
    """

    def __init__(
        self, write: Callable[[Sequence[Item]], Sequence[Result | Exception]], most: int = 256
    ) -> None:
        self._write = write
        self._most = most
        self._mutex = Lock()
        self._waiting: list[_Waiting[Item, Result]] = []
        self._led = False

    def submit(self, item: Item) -> Result:
        mine: _Waiting[Item, Result] = _Waiting(item)
        with self._mutex:
            self._waiting.append(mine)
            leads = not self._led
            self._led = True
        if not leads:
            mine.called.acquire()
        if mine.result is None:
            self._lead()
        if isinstance(mine.result, Exception):
            raise mine.result
        assert mine.result is not None  # noqa: S101
        return mine.result

    def _lead(self) -> None:
        with self._mutex:
            group = self._waiting[: self._most]
            del self._waiting[: self._most]
        lost: Sequence[Exception] = [RuntimeError("The group was not written.")] * len(group)
        results: Sequence[Result | Exception] = lost
        try:
            results = self._write([waiting.item for waiting in group])
        except Exception as error:  # noqa: BLE001 - raised in each thread of the group
            results = [error] * len(group)
        finally:
            self._hand_out(group, results)

    def _hand_out(
        self, group: list[_Waiting[Item, Result]], results: Sequence[Result | Exception]
    ) -> None:
        with self._mutex:
            heir = self._waiting[0] if self._waiting else None
            self._led = heir is not None
        for waiting, result in zip(group, results, strict=True):
            waiting.result = result
            waiting.called.release()
        if heir is not None:
            heir.called.release()
