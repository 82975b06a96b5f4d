"""The other side of the demo and of the gallery: a small web server in this process.

It listens on an address of this machine alone, answers what `demo_answers` says, and takes only
small requests, few at a time.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import socket
import time
from collections import Counter
from threading import BoundedSemaphore, Condition, Thread

from altoflow.demo_answers import Answers
from altoflow.demo_requests import Answer, BadRequest, Request, linger, receive, reply

MOST_THREADS = 32
"""More callers wait until one has its answer."""
BACKLOG = 128
MOST_PATHS = 1_000
STEP_ASIDE = "/step-aside/"
STEP_ASIDE_HEADER = "X-Altoflow-Demo"
"""Asked for by a page in a browser, it is a question to us first, which we do not answer."""
ASKING_SECONDS = 2.0


class Receiver:
    """Up between `start` and `stop`."""

    def __init__(self, address: str, *, steps_aside: bool = False) -> None:
        """`address`: host and port. `steps_aside`: whether it leaves its address to others."""
        host, _, port = address.rpartition(":")
        self._address = (host.strip("[]"), int(port))
        self._steps_aside = steps_aside
        self._listener: socket.socket | None = None
        self._free = BoundedSemaphore(MOST_THREADS)
        self._answers = Answers()
        self._aside = 0
        self._back = Condition()
        self.calls: Counter[str] = Counter()
        """Path -> how often it was called."""
        self.goes_down_after = ""
        """The path whose next call is the last one that is answered."""

    def start(self) -> None:
        """Returns when it listens. Raises OSError when the address is taken, or is one that other
        hosts reach."""
        listener = self.listen()
        Thread(target=self.serve, args=(listener,), name="demo-receiver", daemon=True).start()

    def listen(self) -> socket.socket:
        """For `serve`. Raises OSError as `start` does."""
        listener = self._bound()
        try:
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        self._listener = listener
        return listener

    def check_free(self) -> None:
        """Raises OSError where `listen` would."""
        self._bound().close()

    def _bound(self) -> socket.socket:
        host, port = self._address
        if not is_loopback(host):
            raise OSError(errno.EADDRNOTAVAIL, "other hosts can reach it")
        bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        try:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            bound.bind((host, port))
        except OSError:
            bound.close()
            raise
        return bound

    def serve(self, listener: socket.socket) -> None:
        """Takes callers until `stop`."""
        while True:
            self._free.acquire()
            try:
                client, _ = listener.accept()
                Thread(target=self._meet, args=(client,), name="demo-caller", daemon=True).start()
            except (OSError, RuntimeError):
                self._free.release()
                if self._listener is not listener:
                    return
                # No more files or threads for a moment, or a caller who did not wait.
                time.sleep(0.1)

    def stop(self) -> None:
        """At once, so that nobody listens any more when the caller sees the answer: close alone
        takes effect when the thread that waits for callers wakes up."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def wait_while_aside(self) -> None:
        with self._back:
            self._back.wait_for(lambda: not self._aside)

    def _meet(self, client: socket.socket) -> None:
        try:
            with client, contextlib.suppress(OSError):
                self._serve_one(client)
        finally:
            self._free.release()

    def _serve_one(self, client: socket.socket) -> None:
        """What can not be read is answered too. Raises OSError when the caller is gone."""
        try:
            request = receive(client)
        except BadRequest as error:
            reply(client, (error.status, {"message": error.message}))
        else:
            if self._is_asked_aside(request):
                self._step_aside(client)
                return
            reply(client, self._answer(request))
        linger(client)

    def _answer(self, request: Request) -> Answer:
        if request.path in self.calls or len(self.calls) < MOST_PATHS:
            self.calls[request.path] += 1
        if request.path == self.goes_down_after:
            self.goes_down_after = ""
            self.stop()
        return self._answers.to(request)

    def _is_asked_aside(self, request: Request) -> bool:
        asked = (request.method, request.path) == ("POST", STEP_ASIDE)
        return self._steps_aside and asked and bool(request.headers[STEP_ASIDE_HEADER])

    def _step_aside(self, client: socket.socket) -> None:
        """Until the connection ends, which it does with the process that asked."""
        with self._back:
            self._aside += 1
        try:
            self.stop()
            reply(client, (200, {"aside": True}))
            client.settimeout(None)
            while client.recv(1024):
                pass
        finally:
            with self._back:
                self._aside -= 1
                self._back.notify_all()


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def ask_to_step_aside(address: str) -> socket.socket | None:
    """Have the receiver of a running server leave the address, for as long as the socket is open.
    None where nobody is there who does."""
    host, _, port = address.rpartition(":")
    head = f"POST {STEP_ASIDE} HTTP/1.1\r\nHost: {address}\r\n{STEP_ASIDE_HEADER}: demo\r\n\r\n"
    with contextlib.suppress(OSError), contextlib.ExitStack() as undo:
        held = socket.create_connection((host.strip("[]"), int(port)), timeout=ASKING_SECONDS)
        undo.callback(held.close)
        held.sendall(head.encode())
        if held.recv(1024).startswith(b"HTTP/1.1 200"):
            undo.pop_all()
            return held
    return None
