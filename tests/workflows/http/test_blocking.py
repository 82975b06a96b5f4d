"""Server-side request forgery, end to end: a server on the loopback interface must never see the
connection."""

from __future__ import annotations

import socket
from ipaddress import ip_network

import pytest

from workflows.http import HttpPolicy, dial

from .conftest import LOOPBACK, PUBLIC_ONLY, Names, RawServer, get, refused, reply

PUBLIC = "93.184.215.14"


@pytest.fixture
def server(raw_server) -> RawServer:
    return raw_server(reply())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "[::FFFF:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[::]",
        "①②⑦.⓪.⓪.①",
        "good@127.0.0.1",
        "good:pw@127.0.0.1",
        "localhost",
        "LOCALHOST.",
    ],
)
def test_loopback_is_refused(server: RawServer, host: str) -> None:
    error = refused(f"http://{host}:{server.port}/", policy=PUBLIC_ONLY)
    assert error.code == "http_blocked"
    assert not error.retryable
    assert not server.connections


@pytest.mark.parametrize(
    ("url", "setting"),
    [
        ("http://10.0.0.1/", "ALTOFLOW_HTTP_ALLOW_NETS"),
        ("http://[fd00::1]/", "ALTOFLOW_HTTP_ALLOW_NETS"),
        ("http://169.254.169.254/latest/meta-data/", "ALTOFLOW_HTTP_ALLOW_METADATA"),
        ("http://METADATA.google.internal./x", "ALTOFLOW_HTTP_ALLOW_METADATA"),
        ("http://168.63.129.16/", "ALTOFLOW_HTTP_ALLOW_METADATA"),
    ],
)
def test_the_error_names_host_and_setting(url: str, setting: str) -> None:
    error = refused(url, policy=PUBLIC_ONLY)
    assert error.code == "http_blocked"
    assert setting in error.message
    assert error.details["host"] in error.message


@pytest.mark.parametrize(
    "answer",
    [
        ["127.0.0.1"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["10.0.0.7"],
        ["169.254.169.254"],
        ["fe80::1%eth0"],
        ["0.0.0.0"],
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
        [PUBLIC, "2606:4700::1111", "fd00::1"],
    ],
    ids=" ".join,
)
def test_names_that_lead_inside(server: RawServer, names: Names, answer: list[str]) -> None:
    names.answers["evil.example"] = [answer]
    error = refused(f"http://evil.example:{server.port}/", policy=PUBLIC_ONLY)
    assert error.code == "http_blocked"
    assert not server.connections
    assert not any(address in str(error.as_json()) for address in answer)


def test_every_answer_counts_for_allowed_networks_too(server: RawServer, names: Names) -> None:
    names.answers["mixed.example"] = [["127.0.0.1", "10.0.0.1"]]
    error = refused(f"http://mixed.example:{server.port}/")
    assert error.code == "http_blocked"
    assert not server.connections


def test_localhost_works_where_one_of_its_addresses_is_allowed(
    server: RawServer, names: Names
) -> None:
    names.answers["localhost"] = [["::1", "127.0.0.1"]]
    policy = HttpPolicy(allow_nets=(ip_network("127.0.0.0/8"),))
    assert get(f"http://localhost:{server.port}/", policy=policy).status == 200


def test_there_is_no_second_lookup_to_rebind(server: RawServer, names: Names) -> None:
    policy = HttpPolicy(allow_nets=(ip_network("127.0.0.2/32"),))
    names.answers["rebind.example"] = [["127.0.0.2"], ["127.0.0.1"]]
    error = refused(f"http://rebind.example:{server.port}/", policy=policy)
    assert error.code == "http_connect_failed"
    assert names.asked == ["rebind.example"]
    assert not server.connections
    error = refused(f"http://rebind.example:{server.port}/", policy=policy)
    assert error.code == "http_blocked"


def test_the_peer_is_checked_too(
    server: RawServer, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect_elsewhere(address: str, port: int, seconds: float) -> socket.socket:
        return socket.create_connection(("127.0.0.1", port))

    monkeypatch.setattr(dial, "_connect_to", connect_elsewhere)
    names.answers["good.example"] = [[PUBLIC]]
    error = refused(f"http://good.example:{server.port}/", policy=PUBLIC_ONLY)
    assert error.code == "http_blocked"
    assert not server.requests


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.2:{port}/", "//127.0.0.2:{port}/", "http://[::1]:{port}/", "http://10.0.0.1/"],
)
def test_redirects_that_lead_inside(raw_server, status: int, location: str) -> None:
    inside = raw_server(reply(), host="127.0.0.2")
    target = location.format(port=inside.port)
    outside = raw_server(reply(b"", f"Location: {target}", status=f"{status} Moved"))
    policy = HttpPolicy(allow_nets=(ip_network("127.0.0.1/32"),))
    error = refused(outside.url, policy=policy)
    assert error.code == "http_blocked"
    assert not inside.connections


def test_an_allowed_host_is_reached_by_its_literal_name_alone(
    server: RawServer, names: Names
) -> None:
    policy = HttpPolicy(allow_hosts=frozenset({f"127.0.0.1:{server.port}"}))
    names.answers["receiver.example"] = [["127.0.0.1"]]
    assert get(server.url, policy=policy).status == 200
    seen = len(server.connections)
    for host in ("receiver.example", "127.0.0.2", "[::1]", "[::ffff:127.0.0.1]"):
        assert refused(f"http://{host}:{server.port}/", policy=policy).code == "http_blocked"
    assert len(server.connections) == seen


def test_a_kept_connection_is_judged_by_the_policy_of_each_request(server: RawServer) -> None:
    assert get(server.url, policy=LOOPBACK).status == 200
    assert refused(server.url, policy=PUBLIC_ONLY).code == "http_blocked"
    assert len(server.requests) == 1


def test_proxies_and_netrc_in_the_environment_are_not_used(
    raw_server, server: RawServer, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    proxy = raw_server(reply(b"proxy"))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    assert get(server.url).body == b"ok"
    assert not proxy.connections
    assert b"authorization" not in server.requests[0].lower()


def test_a_name_that_does_not_exist(names: Names) -> None:
    error = refused("http://nowhere.example/?token=secret", policy=PUBLIC_ONLY)
    assert (error.code, error.retryable) == ("http_connect_failed", True)
    assert error.details == {"url": "http://nowhere.example/?…", "host": "nowhere.example"}


def test_secrets_of_the_url_are_in_no_error(server: RawServer) -> None:
    error = refused(f"http://me:hunter2@127.0.0.1:{server.port}/?token=t0ps", policy=PUBLIC_ONLY)
    assert "hunter2" not in str(error.as_json())
    assert "t0ps" not in str(error.as_json())
