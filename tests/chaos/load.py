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

    def __init__(self, url: str, per_second: float, *, threads: int = 4) -> None:
        self.url = url
        self.accepted: dict[str, str] = {}
        """Idempotency-Key -> run id."""
        self.sent_again = 0
        self.slowest = 0.0
        """Seconds from the first try to 202."""
        self._pause = threads / per_second
        self._failures: list[str] = []
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._post_on, args=(number,)) for number in range(threads)
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

    def _post_on(self, number: int) -> None:
        while not self._stopping.wait(self._pause):
            try:
                self._post(f"key-{number}", number)
            except AssertionError as error:
                self._failures.append(str(error))
                return
            number += len(self._threads)

    def _post(self, key: str, number: int) -> None:
        began = time.monotonic()
        while (answer := self._try(key, {"n": number, "trace": key})) is None:
            assert time.monotonic() < began + PATIENCE_SECONDS, f"{key} was not accepted"
            self.sent_again += 1
            time.sleep(PAUSE_SECONDS)
        self.accepted[key] = answer
        self.slowest = max(self.slowest, time.monotonic() - began)

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
