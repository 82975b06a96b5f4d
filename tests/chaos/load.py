"""A client of a webhook that does what one should: it sends again, with the same key, until 202."""

from __future__ import annotations

import threading
import time
from typing import Any

import requests

TIMEOUT_SECONDS = 10.0
PATIENCE_SECONDS = 40.0
PAUSE_SECONDS = 0.1


class Load:
    """Posts evenly from several threads from the beginning of a `with` to its end."""

    THREADS = 4

    def __init__(self, url: str, per_second: float) -> None:
        self.url = url
        self.accepted: dict[str, str] = {}
        """Idempotency-Key -> run id."""
        self.sent_again = 0
        self._pause = self.THREADS / per_second
        self._failures: list[str] = []
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._post_on, args=(number,)) for number in range(self.THREADS)
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        assert kind or not self._failures, self._failures

    def _post_on(self, thread: int) -> None:
        number = thread
        while not self._stopping.wait(self._pause):
            try:
                self._post(f"key-{number}", number)
            except AssertionError as error:
                self._failures.append(str(error))
                return
            number += self.THREADS

    def _post(self, key: str, number: int) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := self._try(key, {"n": number, "trace": key})) is None:
            assert time.monotonic() < deadline, f"{key} was not accepted"
            self.sent_again += 1
            time.sleep(PAUSE_SECONDS)
        self.accepted[key] = answer

    def _try(self, key: str, body: dict[str, Any]) -> str | None:
        """The run id; None when it has to be sent again."""
        headers = {"Idempotency-Key": key}
        try:
            answer = requests.post(self.url, json=body, headers=headers, timeout=TIMEOUT_SECONDS)
        except requests.RequestException:
            return None
        if answer.status_code == 503:
            return None
        assert answer.status_code == 202, f"{key}: {answer.status_code} {answer.text}"
        return str(answer.json()["run_id"])
