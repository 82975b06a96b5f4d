"""Whether the processes of this instance do their work yet, asked from outside."""

from __future__ import annotations

import http.client
import socket

from django.conf import settings

from runs.worker.slots import SlotLock

TIMEOUT_SECONDS = 2.0


def web_answers(listener: socket.socket) -> bool:
    """The web process answers, and knows a worker's heartbeat when there is to be one."""
    return _status(listener, "/healthz") == 200


def is_ready(listener: socket.socket) -> bool:
    return _status(listener, "/readyz") == 200


def workers_run() -> bool:
    return all(SlotLock.is_held(slot) for slot in range(settings.WORKERS))


def local_address(listener: socket.socket) -> tuple[str, int]:
    """Where this machine reaches the listener, also when that listens everywhere."""
    host, port = listener.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host), port  # noqa: S104


def url(listener: socket.socket) -> str:
    host, port = local_address(listener)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _status(listener: socket.socket, path: str) -> int:
    """The status of a GET; 0 when there was no answer."""
    host, port = local_address(listener)
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path, headers=_headers())
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _headers() -> dict[str, str]:
    """Those of a proxy in front, as the settings expect one."""
    named = [host for host in settings.ALLOWED_HOSTS if not host.startswith((".", "*"))]
    headers = {"Host": named[0] if named else "localhost", "Connection": "close"}
    if settings.HTTPS:
        headers["X-Forwarded-Proto"] = "https"
    return headers
