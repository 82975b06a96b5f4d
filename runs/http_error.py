"""Errors that answer a request with a status of their own."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any, TypeVar

from django.http import HttpResponse
from rest_framework.response import Response

from workflows.errors import WorkflowError

Answer = TypeVar("Answer", bound=HttpResponse)


class HttpError(WorkflowError):
    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int,
        details: dict[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code, details=details)
        self.status = status
        self.headers = headers or {}

    def as_response(self) -> Response:
        return unlogged(Response(self.as_json(), status=self.status, headers=dict(self.headers)))


def unlogged(response: Answer) -> Answer:
    """A status from 500 that is no fault of this server, and so no error in its log."""
    response.__dict__["_has_been_logged"] = True
    return response


class Seats:
    """How many requests of a kind may hold a thread of this web process for long."""

    def __init__(self, code: str, busy: str) -> None:
        """`busy`: what to say when all seats are taken."""
        self._error = HttpError(busy, code=code, status=503, headers={"Retry-After": "1"})
        self._lock = Lock()
        self._taken = 0

    def take(self, most: int) -> None:
        """Raises HttpError when all of them are taken."""
        with self._lock:
            if self._taken >= most:
                raise self._error.with_traceback(None)
            self._taken += 1

    def give_back(self) -> None:
        with self._lock:
            self._taken -= 1
