"""Connections that are kept: when they are used again, when they are not, and over a fork."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from ipaddress import ip_network

import pytest

from workflows.http import HttpPolicy, resolver
from workflows.http import pool as pool_module
from workflows.http.pool import pool
from workflows.http.watchdog import Watchdog, watchdog

from .conftest import Names, RawServer, get, refused, reply

KEY = {"Idempotency-Key": "run-1"}


@pytest.mark.parametrize(
    ("method", "headers", "connections"),
    [("GET", {}, 1), ("PUT", {}, 1), ("POST", KEY, 1), ("POST", {}, 3), ("PATCH", {}, 3)],
    ids=["GET", "PUT", "POST with key", "POST", "PATCH"],
)
def test_connections_are_kept_for_what_may_be_repeated(
    raw_server, method: str, headers: dict[str, str], connections: int
) -> None:
    server = raw_server(reply())
    for _ in range(3):
        assert get(server.url, method, headers=headers, body=b"x").body == b"ok"
    assert len(server.connections) == connections


@pytest.mark.parametrize(
    ("head", "connections"),
    [(["Connection: close"], 2), (["Connection: keep-alive"], 1)],
    ids=["close", "keep-alive"],
)
def test_the_server_decides(raw_server, head: list[str], connections: int) -> None:
    server = raw_server(reply(b"ok", *head))
    for _ in range(2):
        get(server.url)
    assert len(server.connections) == connections


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_dies_with_the_request_is_replaced_once(raw_server, method: str) -> None:
    def script(sock: socket.socket, request: bytes) -> bool:
        if len(server.requests) == 2:
            return False
        return reply()(sock, request)

    server: RawServer = raw_server(script)
    get(server.url, method, headers=KEY)
    assert get(server.url, method, headers=KEY).body == b"ok"
    assert len(server.connections) == 2
    assert len(server.requests) == 3
    assert all(b"idempotency-key: run-1" in request for request in server.requests)


def test_a_new_connection_that_dies_is_not_replaced(raw_server) -> None:
    server = raw_server(lambda sock, request: False)
    assert refused(server.url, headers=KEY).code == "http_connection_lost"
    assert len(server.requests) == 1


def test_a_connection_that_the_server_closed_meanwhile(raw_server) -> None:
    server = raw_server(lambda sock, request: reply()(sock, request) and False)
    for _ in range(3):
        assert get(server.url).body == b"ok"
        time.sleep(0.02)
    assert len(server.requests) == 3


def test_old_connections_are_not_used_and_are_closed(raw_server, monkeypatch) -> None:
    server, other = raw_server(reply()), raw_server(reply())
    get(server.url)
    monkeypatch.setattr(pool_module, "IDLE_SECONDS", 0.0)
    monkeypatch.setattr(pool_module, "SWEEP_SECONDS", 0.0)
    get(server.url)
    assert len(server.connections) == 2
    get(other.url)
    assert not pool._idle.keys() - {("http", "127.0.0.1", other.port)}
    for thread in server.threads[1:]:
        thread.join(5)
        assert not thread.is_alive()


def test_the_pool_is_bounded(raw_server, monkeypatch) -> None:
    monkeypatch.setattr(pool_module, "MAX_IDLE", 2)
    servers = [raw_server(reply()) for _ in range(4)]
    for server in servers:
        get(server.url)
    assert pool._count == 2


def test_names_are_looked_up_for_new_connections_only(raw_server, names: Names) -> None:
    server = raw_server(reply())
    names.answers["api.example"] = [["127.0.0.1"]]
    for _ in range(3):
        get(f"http://api.example:{server.port}/")
    assert names.asked == ["api.example"]


def test_many_threads_at_once(raw_server) -> None:
    def script(sock: socket.socket, request: bytes) -> bool:
        return reply(request.split(b" ")[1])(sock, request)

    server = raw_server(script)
    wrong: list[object] = []

    def work(number: int) -> None:
        for turn in range(10):
            answer = get(f"{server.url}/{number}/{turn}")
            if answer.body != f"/{number}/{turn}".encode():
                wrong.append(answer)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(server.requests) == 320
    assert len(server.connections) <= 32


FORK = """
import os, sys, warnings
from ipaddress import ip_network
from workflows.http import HttpPolicy, send
warnings.simplefilter("ignore", DeprecationWarning)
def get():
    return send("GET", sys.argv[1], headers={}, body=None, seconds=5, max_bytes=100,
                policy=HttpPolicy((ip_network("127.0.0.0/8"),))).body == b"ok"
assert get()
child = os.fork()
if child == 0:
    os._exit(0 if get() and get() else 1)
assert os.waitpid(child, 0)[1] == 0
assert get()
"""


def test_a_forked_child_has_connections_of_its_own(raw_server) -> None:
    server = raw_server(reply())
    subprocess.run([sys.executable, "-W", "error", "-c", FORK, server.url], check=True, timeout=30)
    assert len(server.connections) == 2
    assert len(server.requests) == 4


def test_a_name_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    answer = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        answer.wait(5)
        return []

    monkeypatch.setattr(resolver, "resolve", resolve)
    started = time.monotonic()
    for _ in range(2):
        assert refused("http://slow.example/", seconds=0.2, policy=HttpPolicy()).code == (
            "http_timeout"
        )
    assert time.monotonic() - started < 2
    assert asked == ["slow.example"]
    answer.set()


def test_an_address_that_does_not_answer_is_followed_by_the_next(raw_server, names: Names) -> None:
    server = raw_server(reply(), host="127.0.0.3")
    names.answers["api.example"] = [["127.0.0.2", "127.0.0.3"]]
    policy = HttpPolicy((ip_network("127.0.0.0/8"),))
    assert get(f"http://api.example:{server.port}/", policy=policy).body == b"ok"


def test_alarms_fire_in_order_and_cancelled_ones_are_forgotten() -> None:
    dog = Watchdog()
    late, early, cancelled = dog.arm(0.2), dog.arm(0.05), dog.arm(0.01)
    dog.disarm(cancelled)
    time.sleep(0.12)
    assert (early.fired, late.fired, cancelled.fired) == (True, False, False)
    time.sleep(0.15)
    assert late.fired


def test_cancelled_alarms_do_not_pile_up() -> None:
    for _ in range(3_000):
        watchdog.disarm(watchdog.arm(300))
    assert len(watchdog._heap) < 2_500
