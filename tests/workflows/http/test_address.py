"""Which addresses a request may go to, as tables over pure functions."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from workflows.http import HttpPolicy

DEFAULT = HttpPolicy()

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.255.254",
    "169.254.1.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.7",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::8.8.8.8",
    "64:ff9b:1::a00:1",
    "64:ff9b:1:7f00:0:100::",
    "100::1",
    "2001::1",
    "2001:0:53aa:64c:0:0:80ff:fffe",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:808:808::1",
    "2620:4f:8000::1",
    "3ffe::1",
    "3fff::1",
    "5f00::1",
    "4000::1",
    "fc00::1",
    "fd12:3456:789a::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "feff::1",
    "ff02::1",
    "ff0e::1",
    "2a00:1450::5efe:a00:1",
    "2a00:1450::200:5efe:c0a8:1",
]

METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fe80::a9fe:a9fe",
    "::ffff:169.254.169.254",
    "::ffff:a83f:8110",
]

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2606:4700:4700::1111",
    "2a00:1450:4001:800::200e",
    "2a00:1450::5efe:808:808",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_is_refused(address: str) -> None:
    assert DEFAULT.judge(address, "host:80") == "private"


@pytest.mark.parametrize("address", METADATA)
def test_metadata_is_refused(address: str) -> None:
    assert DEFAULT.judge(address, "host:80") == "metadata"


@pytest.mark.parametrize("address", PUBLIC)
def test_public_is_allowed(address: str) -> None:
    assert DEFAULT.judge(address, "host:80") == "allowed"


def allowing(*nets: str, hosts: tuple[str, ...] = (), metadata: bool = False) -> HttpPolicy:
    return HttpPolicy(tuple(ip_network(net) for net in nets), frozenset(hosts), metadata)


ALL = ("0.0.0.0/0", "::/0")


@pytest.mark.parametrize(
    ("policy", "address", "verdict"),
    [
        pytest.param(allowing("10.0.0.0/8"), "10.1.2.3", "allowed", id="network"),
        pytest.param(allowing("10.0.0.0/8"), "::ffff:10.1.2.3", "allowed", id="mapped"),
        pytest.param(allowing("10.0.0.0/8"), "11.1.2.3", "allowed", id="public stays"),
        pytest.param(allowing("10.0.0.0/8"), "127.0.0.1", "private", id="another network"),
        pytest.param(allowing("10.0.0.0/8"), "2002:a00:1::", "private", id="6to4 around it"),
        pytest.param(allowing("::1/128"), "::1", "allowed", id="loopback v6"),
        pytest.param(allowing("::/0"), "::ffff:127.0.0.1", "private", id="v6 opens no mapped v4"),
        pytest.param(allowing("::/0"), "64:ff9b::7f00:1", "private", id="NAT64 to loopback"),
        pytest.param(allowing("::/0"), "64:ff9b:1::7f00:1", "private", id="own NAT64 to loopback"),
        pytest.param(allowing("::/0"), "64:ff9b:1:7f00:0:100::", "private", id="own NAT64, /48"),
        pytest.param(allowing("::/0"), "2002:7f00:1::", "private", id="6to4 to loopback"),
        pytest.param(allowing("::/0"), "2001:0:7f00:1::", "private", id="Teredo server"),
        pytest.param(allowing("::/0"), "2001:0:808:808::80ff:fffe", "private", id="Teredo client"),
        pytest.param(allowing("64:ff9b::/96"), "64:ff9b::808:808", "allowed", id="NAT64 to public"),
        pytest.param(allowing(*ALL), "169.254.169.254", "metadata", id="metadata in a network"),
        pytest.param(allowing(*ALL), "fd00:ec2::254", "metadata", id="metadata v6 in a network"),
        pytest.param(allowing(*ALL), "64:ff9b::a9fe:a9fe", "metadata", id="metadata behind NAT64"),
        pytest.param(
            allowing(hosts=("169.254.169.254:80",)), "169.254.169.254", "metadata", id="as a host"
        ),
        pytest.param(allowing(metadata=True), "169.254.169.254", "allowed", id="metadata switch"),
        pytest.param(allowing(metadata=True), "127.0.0.1", "private", id="the switch alone"),
    ],
)
def test_settings_open_what_they_name(policy: HttpPolicy, address: str, verdict: str) -> None:
    assert policy.judge(address, "host:80") == verdict


@pytest.mark.parametrize(
    ("netloc", "verdict"),
    [
        ("127.0.0.1:8009", "allowed"),
        ("127.0.0.1:8010", "private"),
        ("localhost:8009", "private"),
        ("127.0.0.2:8009", "private"),
        ("[::1]:8009", "private"),
    ],
)
def test_an_allowed_host_is_this_literal_pair_alone(netloc: str, verdict: str) -> None:
    policy = allowing(hosts=("127.0.0.1:8009",))
    assert policy.judge("127.0.0.1", netloc) == verdict


def test_the_policy_comes_from_the_settings(settings) -> None:
    settings.HTTP_ALLOW_NETS = (ip_network("10.0.0.0/8"),)
    settings.HTTP_ALLOW_HOSTS = frozenset({"127.0.0.1:8009"})
    settings.HTTP_ALLOW_METADATA = True
    assert HttpPolicy.from_settings() == allowing(
        "10.0.0.0/8", hosts=("127.0.0.1:8009",), metadata=True
    )
