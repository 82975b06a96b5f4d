"""The only place that opens sockets: a name is resolved once, every answer is checked, and the
socket is connected to a checked address, so there is no second look-up that could differ.
"""

from __future__ import annotations

import socket
import ssl
from functools import cache
from ipaddress import ip_address

import certifi

from . import failures, resolver
from .address import METADATA_NAMES
from .connection import GuardedConnection, GuardedTlsConnection
from .policy import HttpPolicy
from .url import Target
from .watchdog import Alarm

MAX_ADDRESSES = 8
ONE_ADDRESS_SECONDS = 5.0


@cache
def tls_context() -> ssl.SSLContext:
    """Certificates and host names are always checked, against certifi's authorities alone."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def check_host(target: Target, policy: HttpPolicy) -> None:
    """What can be told before a look-up. Raises NodeError `http_blocked`."""
    if target.host in METADATA_NAMES and not policy.allow_metadata:
        raise failures.metadata(target)
    if target.is_address:
        check_address(target.host, target, policy)


def check_address(address: str, target: Target, policy: HttpPolicy) -> None:
    verdict = policy.judge(address, target.netloc)
    if verdict != "allowed":
        raise failures.metadata(target) if verdict == "metadata" else failures.private(target)


def dial(target: Target, policy: HttpPolicy, alarm: Alarm) -> GuardedConnection:
    """A new connection, with TLS for https. Raises NodeError; OSError when the time is over."""
    sock = _connect(target, policy, alarm)
    try:
        peer: str = sock.getpeername()[0]
        check_address(peer, target, policy)
        if target.scheme == "http":
            return GuardedConnection(target, sock, peer)
        sock = _secure(sock, target, alarm)
        return GuardedTlsConnection(target, sock, peer)
    except BaseException:
        sock.close()
        raise


def checked_addresses(target: Target, policy: HttpPolicy, alarm: Alarm) -> list[str]:
    """The addresses to try. One address that is not allowed spoils all: an answer that mixes
    public and private addresses is an attack."""
    if target.is_address:
        return [target.host]
    addresses = resolver.look_up(target.host, target.port, alarm.left)
    if not addresses:
        raise failures.not_resolved(target)
    if target.host == "localhost":
        # Who allows 127.0.0.0/8 means localhost too, on machines where it is also ::1.
        loopback = [a for a in addresses if policy.judge(a, target.netloc) == "allowed"]
        addresses = loopback or addresses
    for address in addresses:
        check_address(address, target, policy)
    return addresses[:MAX_ADDRESSES]


def _connect(target: Target, policy: HttpPolicy, alarm: Alarm) -> socket.socket:
    addresses = checked_addresses(target, policy, alarm)
    reason = ""
    for number, address in enumerate(addresses, start=1):
        seconds = alarm.left
        if number < len(addresses):
            seconds = min(seconds, ONE_ADDRESS_SECONDS)
        if alarm.passed:
            raise TimeoutError
        try:
            return _connect_to(address, target.port, seconds)
        except OSError as error:
            reason = _reason(error)
    if alarm.passed:
        raise TimeoutError
    raise failures.not_connected(target, reason)


def _connect_to(address: str, port: int, seconds: float) -> socket.socket:
    family = socket.AF_INET if ip_address(address).version == 4 else socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(seconds)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _secure(sock: socket.socket, target: Target, alarm: Alarm) -> ssl.SSLSocket:
    # wrap_socket moves the descriptor to a new object, so the alarm holds one of its own meanwhile.
    with sock.dup() as handle:
        alarm.aim(handle)
        sock.settimeout(alarm.left or 0.001)
        try:
            return tls_context().wrap_socket(sock, server_hostname=target.host)
        except ssl.SSLCertVerificationError as error:
            raise failures.not_trusted(target, _certificate_reason(error)) from None
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError) as error:
            if alarm.passed:
                raise TimeoutError from error
            raise failures.not_connected(target, "it was closed during the handshake") from None
        except ssl.SSLError as error:
            if alarm.passed:
                raise TimeoutError from error
            raise failures.not_trusted(target, _tls_reason(error)) from None
        finally:
            alarm.aim(None)


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "it does not answer"
    return (error.strerror or "the network refused it").lower()


def _certificate_reason(error: ssl.SSLCertVerificationError) -> str:
    return str(error.verify_message or "its certificate is not valid").rstrip(".")


def _tls_reason(error: ssl.SSLError) -> str:
    return (error.reason or "the TLS handshake failed").replace("_", " ").lower()
