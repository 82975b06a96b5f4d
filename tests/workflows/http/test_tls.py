"""TLS with a certificate authority of the tests' own: names are checked as the URL has them."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from workflows.http import dial

from .conftest import LOOPBACK, Names, RawServer, get, read_request, refused, reply, say

NAME = "api.example.test"
Key = ec.EllipticCurvePrivateKey


def name_of(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def build(subject: str, key: Key, days: int = 1) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    end = now + datetime.timedelta(days=days)
    return (
        x509.CertificateBuilder()
        .subject_name(name_of(subject))
        .issuer_name(name_of("Tests"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(now, end) - datetime.timedelta(days=1))
        .not_valid_after(end)
    )


class Authority:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        certificate = (
            build("Tests", self.key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False
            )
            .sign(self.key, hashes.SHA256())
        )
        self.path = folder / "ca.pem"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def server_context(self, *names: str, days: int = 1, signed: bool = True) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        kinds = [
            x509.IPAddress(ipaddress.ip_address(name))
            if name[0].isdigit() or ":" in name
            else x509.DNSName(name)
            for name in names
        ]
        certificate = (
            build("server", key, days)
            .add_extension(x509.SubjectAlternativeName(kinds), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key if signed else key, hashes.SHA256())
        )
        path = self.folder / f"{certificate.serial_number}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The product's own context, with one more authority in it."""
    dial.tls_context.cache_clear()
    dial.tls_context().load_verify_locations(authority.path)
    yield authority
    dial.tls_context.cache_clear()


class TlsServer:
    """Answers each request with its own head; keeps what the client named in the handshake."""

    def __init__(self, start: Callable[..., RawServer], context: ssl.SSLContext) -> None:
        self.names: list[str | None] = []
        context.sni_callback = lambda sock, name, context: self.names.append(name)
        self.context = context
        self.requests: list[bytes] = []
        self.raw = start(self.serve, speaks_first=True)

    def serve(self, sock: socket.socket, _: bytes) -> None:
        with self.context.wrap_socket(sock, server_side=True) as secure:
            while request := read_request(secure):
                self.requests.append(request)
                reply(b"secure")(secure, request)

    def url(self, host: str) -> str:
        return f"https://{host}:{self.raw.port}/"


@pytest.fixture
def serve(raw_server, names: Names) -> Iterator[Callable[..., TlsServer]]:
    names.answers[NAME] = [["127.0.0.1"]]
    yield lambda context: TlsServer(raw_server, context)


def test_name_in_handshake_certificate_and_host_header(serve, trusted: Authority) -> None:
    server = serve(trusted.server_context(NAME))
    for _ in range(3):
        assert get(server.url("API.Example.test.")).body == b"secure"
    assert server.names == [NAME]
    assert f"Host: {NAME}:{server.raw.port}".encode() in server.requests[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_certificates_for_addresses(raw_server, trusted: Authority, host: str) -> None:
    server = TlsServer(
        lambda script, **options: raw_server(script, host=host.strip("[]"), **options),
        trusted.server_context("127.0.0.1", "::1"),
    )
    assert get(server.url(host)).body == b"secure"


@pytest.mark.parametrize(
    ("names_in_it", "options"),
    [
        pytest.param(["other.example.test"], {}, id="another name"),
        pytest.param(["127.0.0.1"], {}, id="the address only"),
        pytest.param(["*.test"], {}, id="too wide a wildcard"),
        pytest.param([NAME], {"days": -1}, id="expired"),
        pytest.param([NAME], {"signed": False}, id="self-signed"),
    ],
)
def test_certificates_that_are_refused(
    serve, trusted: Authority, names_in_it: list[str], options: dict[str, int]
) -> None:
    server = serve(trusted.server_context(*names_in_it, **options))
    error = refused(server.url(NAME))
    assert (error.code, error.retryable) == ("http_tls_failed", False)
    assert NAME in error.message
    assert not server.requests


def test_an_unknown_authority_is_refused(
    serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(variable, str(authority.path))
    server = serve(authority.server_context(NAME))
    assert refused(server.url(NAME)).code == "http_tls_failed"


def test_a_plain_server_behind_https(raw_server) -> None:
    server = raw_server(say(b"HTTP/1.1 400 Bad\r\n\r\n"), speaks_first=True)
    error = refused(server.url.replace("http:", "https:"))
    assert (error.code, error.retryable) == ("http_tls_failed", False)


def test_a_server_that_closes_in_the_handshake(raw_server) -> None:
    def script(sock: socket.socket, _: bytes) -> None:
        sock.recv(10_000)

    server = raw_server(script, speaks_first=True)
    error = refused(server.url.replace("http:", "https:"))
    assert (error.code, error.retryable) == ("http_connect_failed", True)


def test_a_handshake_that_drips(raw_server) -> None:
    def script(sock: socket.socket, _: bytes) -> None:
        sock.sendall(b"\x16\x03\x03\x40\x00")
        while True:
            sock.sendall(b"\x02")
            time.sleep(0.02)

    server = raw_server(script, speaks_first=True)
    started = time.monotonic()
    error = refused(server.url.replace("http:", "https:"), seconds=0.5)
    assert error.code == "http_timeout"
    assert time.monotonic() - started < 2


def test_a_secure_body_that_drips(serve, trusted: Authority, monkeypatch) -> None:
    server = serve(trusted.server_context(NAME))

    def drip(sock: socket.socket, _: bytes) -> None:
        with server.context.wrap_socket(sock, server_side=True) as secure:
            read_request(secure)
            secure.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                secure.sendall(b"x")
                time.sleep(0.02)

    server.raw.script = drip
    started = time.monotonic()
    assert refused(server.url(NAME), seconds=0.5).code == "http_timeout"
    assert time.monotonic() - started < 2


def test_no_redirect_from_https_to_http(serve, trusted: Authority, raw_server) -> None:
    plain = raw_server(reply())
    server = serve(trusted.server_context(NAME))

    def redirect(sock: socket.socket, _: bytes) -> None:
        with server.context.wrap_socket(sock, server_side=True) as secure:
            reply(b"", f"Location: {plain.url}/x?t=1", status="302 Go")(
                secure, read_request(secure)
            )

    server.raw.script = redirect
    error = refused(server.url(NAME), policy=LOOPBACK)
    assert (error.code, error.details["reason"]) == ("http_blocked", "downgrade")
    assert not plain.connections
    assert get(server.url(NAME), follow_redirects=False).status == 302


def test_a_redirect_from_http_to_https_is_another_origin(
    serve, trusted: Authority, raw_server, names: Names
) -> None:
    server = serve(trusted.server_context(NAME))
    plain = raw_server(reply(b"", f"Location: {server.url(NAME)}", status="301 Go"))
    assert get(plain.url, headers={"Authorization": "secret"}).body == b"secure"
    assert b"secret" not in server.requests[0]
