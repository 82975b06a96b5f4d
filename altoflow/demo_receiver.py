"""The other side of the demo: answers the two calls of its workflow and counts them."""

from __future__ import annotations

import contextlib
import json
import socket
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TEAMS = {"bug": "Repairs", "documentation": "Writers"}


class Receiver:
    """A web server in this process, up between `start` and `stop`."""

    def __init__(self, address: str) -> None:
        """`address`: host and port."""
        host, _, port = address.rpartition(":")
        self._address = (host.strip("[]"), int(port))
        self._server: ThreadingHTTPServer | None = None
        self.calls: Counter[str] = Counter()
        """Path -> how often it was called."""
        self.goes_down_after = ""
        """The path whose next call is the last one that is answered."""

    def start(self) -> None:
        """Raises OSError when the address is taken."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            # One packet an answer: two would meet the peer's delayed acknowledgement, 40 ms.
            wbufsize = -1

            def do_POST(self) -> None:
                receiver._answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(self._address, Handler)
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            server, self._server = self._server, None
            server.shutdown()
            server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        self.calls[request.path] += 1
        if request.path == self.goes_down_after:
            self.goes_down_after = ""
            self._stop_listening()
        status, answer = self._team(body) if request.path == "/teams/" else (200, {"ok": True})
        content = json.dumps(answer).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def _stop_listening(self) -> None:
        """At once, so that nobody listens any more when the caller sees the answer: close alone
        takes effect when the thread that waits for callers wakes up."""
        if self._server is not None:
            with contextlib.suppress(OSError):
                self._server.socket.shutdown(socket.SHUT_RDWR)
            self._server.socket.close()

    def _team(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        names = [label["name"] for label in body["labels"]]
        team = next((TEAMS[name] for name in names if name in TEAMS), None)
        return (200, {"team": team}) if team else (404, {"message": "No team has these labels."})
