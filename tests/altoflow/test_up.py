"""`manage.py up` as its users know it: starting, refusing to start, stopping."""

import http.client
import os
import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator

import pytest
import requests

from altoflow.claims import ClaimError, claim_address, parse_address
from tests.environment.installation import Installation
from tests.environment.waiting import until

pytestmark = pytest.mark.chaos

STOPS_WITHIN = 10


@pytest.fixture(scope="module")
def running(new_installation: Callable[..., Installation]) -> Iterator[Installation]:
    installation = new_installation()
    installation.start()
    yield installation
    assert installation.stop() == 0


@pytest.fixture
def stopped(new_installation: Callable[..., Installation]) -> Iterator[Installation]:
    installation = new_installation()
    yield installation
    installation.close()


def test_it_starts_on_an_empty_folder_and_prints_the_set_up_link(
    new_installation: Callable[..., Installation], database: str
) -> None:
    installation = new_installation(database, empty=True)
    installation.start()
    first, second = installation.output.read_text().splitlines()
    assert first == f"ready {installation.url}"
    assert re.search(rf"{installation.url}/setup/\?token=\S{{40,}}$", second)
    assert requests.get(f"{installation.url}/readyz", timeout=5).status_code == 200
    assert installation.slots_held() == 2
    assert installation.stop(signal.SIGINT, within=STOPS_WITHIN) == 0
    assert installation.pids() == []
    assert "Traceback" not in installation.logs


def test_an_installed_one_is_ready_within_four_seconds(running: Installation) -> None:
    """The best of three, and where other tests have the cores, what it takes of a core's time."""
    fastest = 60.0
    for _ in range(3):
        assert running.stop(within=STOPS_WITHIN) == 0
        fastest = min(fastest, running.start(), running.processor_seconds())
        if fastest < 4:
            return
    pytest.fail(f"ready after {fastest:.1f} s at best")


def test_all_processes_together_take_less_than_250_mib(running: Installation) -> None:
    assert running.memory() < 250


def test_the_same_port_is_refused_before_anything_starts(
    running: Installation, new_installation: Callable[..., Installation]
) -> None:
    refused = new_installation(empty=True)
    answer = refused.manage("up", "--bind", f"127.0.0.1:{running.port}", timeout=10)
    assert answer.returncode == 1
    assert "can not be listened on" in answer.stderr
    assert "--bind" in answer.stderr
    assert not list(refused.data_dir.glob("*.sqlite3"))
    assert refused.pids() == []


def test_the_same_data_folder_is_refused(running: Installation) -> None:
    answer = running.manage("up", "--bind", "127.0.0.1:0", timeout=10)
    assert answer.returncode == 1
    assert "runs already" in answer.stderr
    assert "ALTOFLOW_DATA_DIR" in answer.stderr
    assert len(running.pids("alto-cluster")) == 1


@pytest.mark.parametrize("bind", ["8000", ":8000", "127.0.0.1:", "127.0.0.1:http", "[::1]:70000"])
def test_what_is_no_address_is_refused_with_an_example(bind: str) -> None:
    with pytest.raises(ClaimError, match=r"like 127\.0\.0\.1:8000"):
        claim_address(bind)


@pytest.mark.parametrize(
    ("bind", "address"),
    [("127.0.0.1:8000", ("127.0.0.1", 8000)), ("[::1]:80", ("::1", 80)), ("box:0", ("box", 0))],
)
def test_addresses_are_understood(bind: str, address: tuple[str, int]) -> None:
    assert parse_address(bind) == address


def test_the_halves_run_apart(new_installation: Callable[..., Installation]) -> None:
    web = new_installation()
    worker = Installation(web.data_dir.parent)
    worker.output, worker.errors = web.output.with_name("out2"), web.errors.with_name("err2")
    web.start("--only", "web")
    assert web.pids("alto-cluster") == []
    worker.start("--only", "worker", "--workers", "1")
    assert worker.output.read_text() == "ready worker\n"
    assert len(worker.pids("alto-slot")) == 1
    until(
        lambda: requests.get(f"{web.url}/readyz", timeout=5).status_code == 200,
        within=5,
        what="the web half has seen a heartbeat of the other",
    )
    assert worker.stop(within=STOPS_WITHIN) == 0
    assert requests.get(f"{web.url}/healthz", timeout=5).status_code == 200
    assert web.stop(within=STOPS_WITHIN) == 0
    assert web.pids() == []


def test_ctrl_c_in_a_terminal_signals_all_processes_at_once(stopped: Installation) -> None:
    stopped.start()
    assert stopped.process is not None
    os.killpg(stopped.process.pid, signal.SIGINT)
    assert stopped.process.wait(STOPS_WITHIN) == 0
    assert stopped.pids() == []
    assert "Traceback" not in stopped.logs


def test_a_client_with_an_open_connection_does_not_delay_the_stop(stopped: Installation) -> None:
    stopped.start()
    with socket.create_connection(("127.0.0.1", stopped.port)) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 200")
        assert stopped.stop(within=STOPS_WITHIN) == 0


def test_chunked_bodies_are_refused_not_taken_for_empty(running: Installation) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
    body = iter([b'{"a":', b"1}"])
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/api/v1/workflows/validate/", body, headers, encode_chunked=True)
    assert connection.getresponse().status == 411
    connection.close()


def test_make_passes_the_signal_on(stopped: Installation) -> None:
    """What `make run` starts ends with it."""
    with stopped.output.open("wb") as output:
        process = subprocess.Popen(
            ["make", "--no-print-directory", "run", f"BIND=127.0.0.1:{stopped.port}"],
            env=stopped.env,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    until(lambda: "ready http" in stopped.logs, within=30, what="make run is ready")
    process.terminate()
    process.wait(STOPS_WITHIN)
    until(lambda: not stopped.pids("alto-up"), within=STOPS_WITHIN, what="all ended")
    assert stopped.pids() == []
