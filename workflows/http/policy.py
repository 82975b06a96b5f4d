"""What an installation lets `http_request` reach besides the public internet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from django.conf import settings

from .address import Network, faces, kind_of

Verdict: TypeAlias = Literal["allowed", "private", "metadata"]


@dataclass(frozen=True, slots=True)
class HttpPolicy:
    """The default allows public addresses only.

    `allow_nets`: networks that may be reached although they are not public.
    `allow_hosts`: `host:port` pairs that may be reached although they are private: the URL must
    name exactly this host and port (`[::1]:8009` for IPv6); what merely resolves there is no match.
    `allow_metadata`: metadata services hand out credentials, so nothing else opens them.
    """

    allow_nets: tuple[Network, ...] = ()
    allow_hosts: frozenset[str] = frozenset()
    allow_metadata: bool = False

    @classmethod
    def from_settings(cls) -> HttpPolicy:
        return cls(
            allow_nets=tuple(settings.HTTP_ALLOW_NETS),
            allow_hosts=frozenset(settings.HTTP_ALLOW_HOSTS),
            allow_metadata=bool(settings.HTTP_ALLOW_METADATA),
        )

    def judge(self, address: str, netloc: str) -> Verdict:
        """May a request for `netloc` (`host:port`, as the URL names it) go to this IP address?"""
        for face in faces(address):
            kind = kind_of(face)
            if kind == "metadata" and not self.allow_metadata:
                return "metadata"
            if kind == "private" and not (
                netloc in self.allow_hosts or any(face in net for net in self.allow_nets)
            ):
                return "private"
        return "allowed"
