"""The receiver of the demo: what it answers, what it stands, and how it leaves its address."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from threading import active_count
from typing import Any

import pytest
import requests

from altoflow import demo_built_in, demo_receiver, demo_requests
from altoflow.demo_built_in import BuiltInReceiver
from altoflow.demo_receiver import MOST_THREADS, Receiver, ask_to_step_aside
from tests.environment.installation import Installation
from tests.environment.ports import free_port
from tests.environment.waiting import until

HOLD = """
import sys, time
from altoflow.demo_receiver import Receiver, ask_to_step_aside
place = ask_to_step_aside(sys.argv[1])
Receiver(sys.argv[1]).start()
print("up", place is not None, flush=True)
time.sleep(60)
"""


@pytest.fixture
def address() -> str:
    return f"127.0.0.1:{free_port()}"


@pytest.fixture
def receiver(address: str) -> Iterator[Receiver]:
    made = Receiver(address)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def built_in(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[BuiltInReceiver]:
    monkeypatch.setattr(demo_built_in, "RETRY_SECONDS", 0.02)
    made = BuiltInReceiver(address)
    made.start()
    wait_until(lambda: ask("GET", address, "/")[0] == 200)
    yield made
    made.stop()


def wait_until(condition: Callable[[], object]) -> None:
    until(condition, within=10, what="the receiver or its server did not follow")


def ask(method: str, address: str, path: str, body: Any = None) -> tuple[int, Any]:
    """(0, None) where nobody answers."""
    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.request(method, f"http://{address}{path}", json=body, timeout=5)
        except requests.ConnectionError:
            return 0, None
    return answer.status_code, answer.json()


def talk(address: str, data: bytes, *, leave: bool = False) -> bytes:
    """What comes back for these bytes until the other side closes."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as caller:
        with contextlib.suppress(ConnectionError):
            caller.sendall(data)
        if leave:
            return b""
        received = b""
        with contextlib.suppress(ConnectionError):
            while more := caller.recv(65536):
                received += more
    return received


# ---------------------------------------------------------------- answers

ANSWERS: dict[str, tuple[str, str, Any, int, Any]] = {
    "team": ("POST", "/teams/", {"labels": [{"name": "x"}, {"name": "bug"}]}, 200, "Repairs"),
    "no team": ("POST", "/teams/", {"labels": []}, 404, "No team"),
    "labels that are none": ("POST", "/teams/", {"labels": 7}, 404, "No team"),
    "a list for an object": ("POST", "/teams/", [1], 404, "No team"),
    "issue": ("POST", "/issues/", {"text": "x"}, 200, "ok"),
    "message": ("POST", "/chat/", {"channel": "ops", "text": "Hi"}, 200, '"channel": "ops"'),
    "empty message": ("POST", "/chat/", {"text": " "}, 400, "needs a text"),
    "first page": ("GET", "/orders/", None, 200, '"pages": 5'),
    "last page": ("GET", "/orders/?page=5", None, 200, '"id": 1023'),
    "no page": ("GET", "/orders/?page=6", None, 404, "1 to 5"),
    "page of words": ("GET", "/orders/?page=x", None, 404, "1 to 5"),
    "order": ("GET", "/orders/1004/", None, 200, '"customer_id": 5'),
    "no order": ("GET", "/orders/7/", None, 404, "no order 7"),
    "customer": ("GET", "/customers/1/", None, 200, "ada@example.com"),
    "no customer": ("GET", "/customers/0/", None, 404, "no customer"),
    "price": ("GET", "/prices/lamp/", None, 200, '"cents": 4990'),
    "stock": ("GET", "/stock/cable/", None, 200, '"pieces": 0'),
    "nothing in stock": ("GET", "/stock/boat/", None, 404, "boat"),
    "shipping": ("GET", "/shipping/fr/", None, 200, '"days": 5'),
    "records": ("POST", "/records/", {"records": [1, 2]}, 200, '"stored": 2'),
    "no records": ("POST", "/records/", {}, 400, "list"),
    "health": ("GET", "/health/", None, 200, "ok"),
    "service up": ("GET", "/health/shop/", None, 200, "ok"),
    "service down": ("GET", "/health/search/", None, 503, "down"),
    "ask for approval": ("POST", "/approvals/", {"amount": 450}, 201, "approval-450"),
    "ask for nothing": ("POST", "/approvals/", {"amount": "x"}, 400, "amount"),
    "approved": ("GET", "/approvals/approval-450/", None, 200, '"approved"'),
    "declined": ("GET", "/approvals/approval-2000/", None, 200, '"declined"'),
    "no approval": ("GET", "/approvals/x/", None, 404, "no approval"),
    "another method": ("DELETE", "/orders/", None, 405, "Use GET"),
    "nothing there": ("GET", "/no/such/path/", None, 404, "GET /"),
}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "part"), ANSWERS.values(), ids=ANSWERS
)
def test_it_answers(
    receiver: Receiver, address: str, method: str, path: str, body: Any, status: int, part: str
) -> None:
    answer = ask(method, address, path, body)
    assert answer[0] == status
    assert part in json.dumps(answer[1])
    assert ask(method, address, path, body) == answer


def test_every_path_is_listed_with_a_sentence(receiver: Receiver, address: str) -> None:
    paths = ask("GET", address, "/")[1]["paths"]
    assert all(path["what"].strip() for path in paths)
    asked = [path.partition("?")[0] for _, path, *_ in ANSWERS.values()] + ["/", "/flaky/"]
    patterns = [path["path"].replace("<id>", "[^/]+") for path in paths]
    assert [each for each in patterns if not any(re.fullmatch(each, path) for path in asked)] == []


def test_a_flaky_service_mends_at_the_second_call_of_each_key(
    receiver: Receiver, address: str
) -> None:
    got = [ask("GET", address, f"/flaky/?key={key}")[0] for key in ("a", "a", "b", "a", "b")]
    assert got == [503, 200, 503, 200, 200]


# ---------------------------------------------------------------- bad input

HEAD = b"POST /chat/ HTTP/1.1\r\n"
BAD: dict[str, tuple[bytes, bytes]] = {
    "no HTTP": (b"\x16\x03\x01\x02\x00\r\n\r\n", b" 400 "),
    "another protocol": (b"GET / SPDY/3\r\n\r\n", b" 400 "),
    "an address that is none": (b"GET http://[ HTTP/1.1\r\n\r\n", b" 400 "),
    "a head without end": (b"GET / HTTP/1.1\r\nA: " + b"x" * 60_000, b" 431 "),
    "too many headers": (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 500 + b"\r\n", b" 431 "),
    "a body too large": (HEAD + b"Content-Length: 262145\r\n\r\n", b" 413 "),
    "a length without end": (HEAD + b"Content-Length: " + b"9" * 9000 + b"\r\n\r\n", b" 413 "),
    "a length below 0": (HEAD + b"Content-Length: -1\r\n\r\n", b" 400 "),
    "in chunks": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b" 411 "),
    "no JSON": (HEAD + b"Content-Length: 3\r\n\r\n{a:", b" 400 "),
    "no UTF-8": (HEAD + b"Content-Length: 2\r\n\r\n\xff\xfe", b" 400 "),
    "deep JSON": (HEAD + b"Content-Length: 200000\r\n\r\n" + b"[" * 200_000, b" 400 "),
    "a surrogate": (HEAD + b'Content-Length: 17\r\n\r\n{"text":"\\ud800"}', b" 200 "),
    "too many fields": (b"GET /?" + b"a=b&" * 200 + b" HTTP/1.1\r\n\r\n", b" 400 "),
}


@pytest.mark.parametrize(("data", "status"), BAD.values(), ids=BAD)
def test_what_can_not_be_read_is_answered(
    receiver: Receiver, address: str, data: bytes, status: bytes
) -> None:
    assert status in talk(address, data).split(b"\r\n")[0]
    assert ask("GET", address, "/health/")[0] == 200


@pytest.mark.parametrize("data", [b"", b"GET", HEAD + b"Content-Length: 100\r\n\r\nhalf"])
def test_callers_who_leave_or_dawdle_are_let_go(
    receiver: Receiver, address: str, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(demo_requests, "ARRIVAL_SECONDS", 0.1)
    talk(address, data, leave=True)
    assert talk(address, data) == b""
    assert ask("GET", address, "/health/")[0] == 200


def test_few_threads_serve_many_callers(
    receiver: Receiver, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_requests, "ARRIVAL_SECONDS", 0.3)
    before = active_count()
    host, _, port = address.partition(":")
    with contextlib.ExitStack() as stack:
        for _ in range(MOST_THREADS + 20):
            stack.enter_context(socket.create_connection((host, int(port))))
        wait_until(lambda: active_count() >= before + MOST_THREADS)
        assert active_count() <= before + MOST_THREADS
        # Who waits behind them gets its answer when they are let go.
        assert ask("GET", address, "/health/")[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "receiver.example"])
def test_it_listens_where_no_other_host_comes(host: str) -> None:
    with pytest.raises(OSError, match="other hosts"):
        Receiver(f"{host}:{free_port()}").start()


# ---------------------------------------------------------------- stepping aside


def test_it_steps_aside_for_as_long_as_the_connection_is_open(
    built_in: BuiltInReceiver, address: str
) -> None:
    place = ask_to_step_aside(address)
    assert place is not None
    assert ask("GET", address, "/")[0] == 0
    for _ in range(2):
        other = Receiver(address)
        other.start()
        other.goes_down_after = "/issues/"
        assert ask("POST", address, "/issues/", {})[0] == 200
        assert ask("GET", address, "/")[0] == 0
    place.close()
    wait_until(lambda: ask("GET", address, "/")[0] == 200)
    again = ask_to_step_aside(address)
    assert again is not None
    again.close()


def test_it_comes_back_after_a_demo_that_was_killed(
    built_in: BuiltInReceiver, address: str
) -> None:
    command = [sys.executable, "-c", HOLD, address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        assert demo.stdout.readline() == "up True\n"
        assert built_in._receiver._listener is None
        assert ask("GET", address, "/health/")[0] == 200
        os.kill(demo.pid, signal.SIGKILL)
    wait_until(lambda: built_in._receiver._listener is not None)
    assert ask("GET", address, "/health/")[0] == 200


@pytest.mark.parametrize(
    "data",
    [
        b"POST /step-aside/ HTTP/1.1\r\n\r\n",
        b"GET /step-aside/ HTTP/1.1\r\nX-Altoflow-Demo: x\r\n\r\n",
        b"OPTIONS /step-aside/ HTTP/1.1\r\nAccess-Control-Request-Headers: X-Altoflow-Demo\r\n\r\n",
    ],
    ids=["without the header", "another method", "asked by a browser"],
)
def test_it_steps_aside_for_the_demo_alone(
    built_in: BuiltInReceiver, address: str, data: bytes
) -> None:
    answer = talk(address, data)
    assert b" 404 " in answer.split(b"\r\n")[0]
    assert b"access-control" not in answer.lower()


def test_the_receiver_of_a_demo_stays(receiver: Receiver, address: str) -> None:
    assert ask_to_step_aside(address) is None
    assert ask("GET", address, "/")[0] == 200


def test_who_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_receiver, "ASKING_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert ask_to_step_aside(f"127.0.0.1:{mute.getsockname()[1]}") is None
    assert ask_to_step_aside(f"127.0.0.1:{free_port()}") is None


def test_it_waits_while_its_address_is_taken(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_built_in, "RETRY_SECONDS", 0.1)
    owner = Receiver(address)
    owner.start()
    waiting = BuiltInReceiver(address)
    waiting.start()
    time.sleep(0.15)
    # An owner who is down for a moment keeps its place.
    owner.stop()
    time.sleep(0.1)
    owner.start()
    owner.stop()
    wait_until(lambda: ask("GET", address, "/")[0] == 200)
    waiting.stop()


# ---------------------------------------------------------------- in a running server


@pytest.fixture(scope="module")
def running(new_installation: Callable[..., Installation]) -> Iterator[Installation]:
    receiver = f"127.0.0.1:{free_port()}"
    installation = new_installation("sqlite", ALTOFLOW_DEMO_RECEIVER=receiver)
    installation.start("--only", "web")
    yield installation
    installation.close()


def test_the_server_has_it_and_keeps_it(running: Installation) -> None:
    address = running.env["ALTOFLOW_DEMO_RECEIVER"]
    wait_until(lambda: ask("GET", address, "/")[0] == 200)
    for name in ("alto-web", "alto-server"):
        (pid,) = running.pids(name)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda pid=pid, name=name: running.pids(name) not in ([], [pid]))
        wait_until(lambda: ask("GET", address, "/")[0] == 200)
    assert "Traceback" not in running.logs


def test_the_demo_can_be_switched_off(new_installation: Callable[..., Installation]) -> None:
    address = f"127.0.0.1:{free_port()}"
    installation = new_installation("sqlite", ALTOFLOW_DEMO="off", ALTOFLOW_DEMO_RECEIVER=address)
    installation.start("--only", "web")
    time.sleep(0.2)
    assert ask("GET", address, "/") == (0, None)
    installation.close()
