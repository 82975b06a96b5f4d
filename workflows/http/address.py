"""Which IP addresses are public, judged against explicit lists.

Sources: the IANA special-purpose address registries (RFC 6890 and its updates), RFC 6598 (CGNAT),
RFC 6052 and 8215 (NAT64), RFC 3056 (6to4), RFC 4380 (Teredo), RFC 5214 (ISATAP), and the cloud
providers' documentation for metadata services. `ipaddress.is_global` is not used: its answer
changed between Python releases, and it does not look into IPv6 addresses that carry an IPv4 one.
"""

from __future__ import annotations

from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Literal, TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network
Kind: TypeAlias = Literal["public", "private", "metadata"]


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ip_network(line.split("#")[0].strip()) for line in text.strip().splitlines())


NOT_PUBLIC = _networks(
    """
    0.0.0.0/8           # this host: Linux connects 0.0.0.0 to itself
    10.0.0.0/8          # private
    100.64.0.0/10       # carrier-grade NAT
    127.0.0.0/8         # loopback
    169.254.0.0/16      # link-local
    172.16.0.0/12       # private
    192.0.0.0/24        # protocol assignments
    192.0.2.0/24        # documentation
    192.31.196.0/24     # AS112
    192.52.193.0/24     # AMT
    192.88.99.0/24      # 6to4 relays
    192.168.0.0/16      # private
    192.175.48.0/24     # AS112
    198.18.0.0/15       # benchmarking
    198.51.100.0/24     # documentation
    203.0.113.0/24      # documentation
    224.0.0.0/4         # multicast
    240.0.0.0/4         # reserved, broadcast
    ::/3                # unspecified, loopback, IPv4 in IPv6, NAT64, discard
    2001::/23           # protocol assignments, Teredo, benchmarking, ORCHID
    2001:db8::/32       # documentation
    2002::/16           # 6to4
    2620:4f:8000::/48   # AS112
    3ffe::/16           # 6bone
    3fff::/20           # documentation
    4000::/2            # not assigned, 5f00::/16 segment routing
    8000::/1            # unique local, link-local, site-local, multicast, not assigned
    """
)

METADATA = _networks(
    """
    169.254.169.0/24    # AWS, Azure, Google, DigitalOcean, OpenStack and most others
    169.254.170.0/24    # AWS container credentials
    169.254.42.42/32    # Scaleway
    169.254.0.23/32     # Tencent
    100.100.100.200/32  # Alibaba
    168.63.129.16/32    # Azure platform
    192.0.0.192/32      # Oracle
    fd00:ec2::/32       # AWS
    fd20:ce::254/128    # Google
    fd00:42::42/128     # Scaleway
    fd00:c1::a9fe:a9fe/128  # Oracle
    fe80::a9fe:a9fe/128 # OpenStack
    """
)

METADATA_NAMES = frozenset(
    {
        "instance-data",
        "instance-data.ec2.internal",
        "metadata",
        "metadata.azure.internal",
        "metadata.goog",
        "metadata.google.internal",
        "metadata.tencentyun.com",
    }
)

MAPPED = IPv6Network("::ffff:0:0/96")
TEREDO = IPv6Network("2001::/32")
SIX_TO_FOUR = IPv6Network("2002::/16")
NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
LAST_32_BITS = (
    IPv6Network("::/96"),  # IPv4-compatible
    IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated
    IPv6Network("64:ff9b::/96"),  # NAT64
)
ISATAP = frozenset({0x00005EFE, 0x02005EFE})


@lru_cache(maxsize=4096)
def kind_of(address: Address) -> Kind:
    """What an address is in itself; what it carries inside is the business of `faces`."""
    if any(address in network for network in METADATA):
        return "metadata"
    return "private" if any(address in network for network in NOT_PUBLIC) else "public"


@lru_cache(maxsize=4096)
def faces(text: str) -> tuple[Address, ...]:
    """All addresses that a connection to `text` may end at: the address itself and the IPv4
    addresses inside it, which a gateway on the way may unwrap. Each one has to be allowed.

    An IPv4-mapped address is nothing but its IPv4 address. Raises ValueError for other text.
    """
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv4Address):
        return (address,)
    if address in MAPPED:
        return (_ipv4(int(address)),)
    return (address, *_embedded(address))


def _embedded(address: IPv6Address) -> list[IPv4Address]:
    value = int(address)
    found = []
    if any(address in network for network in LAST_32_BITS) and value > 0xFFFFFF:
        found.append(_ipv4(value))
    if address in SIX_TO_FOUR:
        found.append(_ipv4(value >> 80))
    if address in TEREDO:
        found += [_ipv4(value >> 64), _ipv4(~value)]
    if address in NAT64_LOCAL:
        # The length of an operator's own prefix is unknown: /96, or the /48 layout of RFC 6052.
        wide = ((value >> 64 & 0xFFFF) << 16) | (value >> 40 & 0xFFFF)
        found.append(_ipv4(value if value & 0xFFFFFFFFFF else wide))
    if value >> 32 & 0xFFFFFFFF in ISATAP:
        found.append(_ipv4(value))
    return found


def _ipv4(value: int) -> IPv4Address:
    return IPv4Address(value & 0xFFFFFFFF)
