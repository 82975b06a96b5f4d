"""Reading URLs strictly: one parser decides where a request goes, and what it does not understand
in exactly one way is refused.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import quote, unquote_to_bytes, urlencode, urljoin

import idna

from workflows.errors import NodeError

from . import failures

MAX_LENGTH = 32_768
MAX_HOST_LENGTH = 253
DEFAULT_PORTS = {"http": 80, "https": 443}

_BROKEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_PARTS = re.compile(r"(https?)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?", re.IGNORECASE | re.DOTALL)
_HOST_AND_PORT = re.compile(r"(\[[^\[\]]*\]|[^\[\]:]+)(?::([0-9]{0,5}))?", re.ASCII)
_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.ASCII)
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.ASCII)
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SAFE = "!$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes. `host` is in lower case, without brackets and final dot; `path` starts
    with a slash and holds the query, all escaped; `credentials` is a value for Authorization."""

    scheme: str
    host: str
    port: int
    path: str
    credentials: str = ""

    @property
    def netloc(self) -> str:
        """`host:port`, always with the port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return (self.scheme, self.host, self.port)

    @property
    def is_address(self) -> bool:
        return ":" in self.host or self.host.rpartition(".")[2].isdigit()

    @property
    def url(self) -> str:
        """The whole URL without user and password."""
        return self._base + self.path

    @property
    def shown(self) -> str:
        """The URL as errors may tell it: without user, password and query."""
        path, mark, _ = self.path.partition("?")
        return f"{self._base}{path}{'?…' if mark else ''}"

    @property
    def _base(self) -> str:
        bare = self.netloc.removesuffix(f":{DEFAULT_PORTS[self.scheme]}")
        return f"{self.scheme}://{bare}"


def parse_url(url: object, params: Sequence[tuple[str, str]] = ()) -> Target:
    """The target of a URL, `params` added to its query. Raises NodeError `http_bad_url`, and
    `http_blocked` for an IP address in disguise (decimal, octal, hex, short forms)."""
    scheme, authority, path, query = _split(url)
    userinfo, at, place = authority.rpartition("@")
    if "@" in userinfo:
        raise failures.bad_url("there is more than one @ before the path")
    found = _HOST_AND_PORT.fullmatch(place)
    if not found:
        raise failures.bad_url("its host or port is not valid" if place else "it has no host")
    port = int(found[2] or DEFAULT_PORTS[scheme])
    if not 0 < port < 65_536:
        raise failures.bad_url(f"there is no port {port}")
    return Target(
        scheme=scheme,
        host=_read_host(found[1]),
        port=port,
        path=_escape(path or "/") + _join_query(query, params),
        credentials=_basic(userinfo) if at else "",
    )


def join_url(target: Target, location: str) -> Target:
    """Where a redirect leads. User and password in a Location are the server's, never sent."""
    try:
        if _BROKEN.search(location):
            raise ValueError
        joined = parse_url(urljoin(target.url, location))
    except (ValueError, NodeError) as error:
        if getattr(error, "code", "") == "http_blocked":
            raise
        raise failures.bad_redirect(target) from None
    return Target(joined.scheme, joined.host, joined.port, joined.path)


def _split(url: object) -> tuple[str, str, str, str]:
    if not isinstance(url, str) or not (url := url.strip(" \t\r\n")):
        raise failures.bad_url("it is empty" if not url else "it is not a text")
    if len(url) > MAX_LENGTH:
        raise failures.bad_url(f"it is longer than {MAX_LENGTH:,} characters")
    if _BROKEN.search(url):
        raise failures.bad_url("it holds line breaks or other control characters")
    found = _PARTS.fullmatch(url)
    if not found:
        raise failures.bad_url("it does not begin with http:// or https://")
    scheme, authority, path, query, _ = found.groups()
    if "\\" in authority or "\\" in path:
        raise failures.bad_url("it holds a backslash")
    return scheme.lower(), authority, path, (query or "")[1:]


def _read_host(text: str) -> str:
    if text.startswith("["):
        try:
            address = IPv6Address(text[1:-1])
        except ValueError:
            raise failures.bad_url("the IPv6 address in it is not valid") from None
        if address.scope_id:
            raise failures.bad_url("an IPv6 zone can not be used")
        return str(address)
    if len(text) > MAX_HOST_LENGTH:
        raise failures.bad_url(f"its host is longer than {MAX_HOST_LENGTH} characters")
    name = (text if text.isascii() else _to_ascii(text)).lower()
    if _ENDS_IN_NUMBER.fullmatch(name):
        return _read_ipv4(name)
    name = name.removesuffix(".")
    if len(name) > MAX_HOST_LENGTH or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise failures.bad_url("its host is not a valid name")
    return name


def _read_ipv4(text: str) -> str:
    """Only a.b.c.d is taken: what else the C library reads as an address (0x7f.1, 2130706433,
    0177.0.0.1) differs from what people and other programs read."""
    try:
        return str(IPv4Address(text))
    except ValueError:
        raise failures.odd_address(text[:80]) from None


def _to_ascii(name: str) -> str:
    try:
        return idna.encode(name, uts46=True, std3_rules=True).decode("ascii")
    except UnicodeError:
        raise failures.bad_url("its host is not a valid international name") from None


def _escape(text: str) -> str:
    """Escape what must be, keep what is escaped already."""
    return quote(_STRAY_PERCENT.sub("%25", text), safe=_SAFE)


def _join_query(query: str, params: Sequence[tuple[str, str]]) -> str:
    try:
        added = urlencode(params)
    except UnicodeError:
        raise failures.bad_url("a query value holds half of a character") from None
    parts = [part for part in (_escape(query), added) if part]
    return "?" + "&".join(parts) if parts else ""


def _basic(userinfo: str) -> str:
    user, _, password = userinfo.partition(":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return "Basic " + base64.b64encode(pair).decode("ascii")
