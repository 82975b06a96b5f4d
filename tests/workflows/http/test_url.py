"""How URLs are read: what they lead to, and which are refused before anything is resolved."""

from __future__ import annotations

import base64

import pytest

from workflows.errors import NodeError
from workflows.http.url import join_url, parse_url


@pytest.mark.parametrize(
    ("url", "netloc", "path"),
    [
        ("http://example.com", "example.com:80", "/"),
        ("https://example.com", "example.com:443", "/"),
        ("HTTP://EXAMPLE.Com:8080/A", "example.com:8080", "/A"),
        ("  https://example.com/x \n", "example.com:443", "/x"),
        ("http://example.com./", "example.com:80", "/"),
        ("http://example.com:/", "example.com:80", "/"),
        ("http://example.com:00080/", "example.com:80", "/"),
        ("http://example.com?a=1", "example.com:80", "/?a=1"),
        ("http://example.com/a#b?c@d", "example.com:80", "/a"),
        ("http://example.com#@127.0.0.1/", "example.com:80", "/"),
        ("http://127.0.0.1#@example.com/", "127.0.0.1:80", "/"),
        ("http://127.0.0.1?@example.com/", "127.0.0.1:80", "/?@example.com/"),
        ("http://example.com/@127.0.0.1", "example.com:80", "/@127.0.0.1"),
        ("http://good@127.0.0.1/", "127.0.0.1:80", "/"),
        ("http://good:80@127.0.0.1:81/", "127.0.0.1:81", "/"),
        ("http://example.com/a b", "example.com:80", "/a%20b"),
        ("http://example.com/a%20b%2Fc", "example.com:80", "/a%20b%2Fc"),
        ("http://example.com/100%", "example.com:80", "/100%25"),
        ("http://example.com/ä?ö=ü", "example.com:80", "/%C3%A4?%C3%B6=%C3%BC"),
        ("http://example.com/?filter[a]=1", "example.com:80", "/?filter[a]=1"),
        ("http://example.com/?a=\\", "example.com:80", "/?a=%5C"),
        ("http://bücher.example/", "xn--bcher-kva.example:80", "/"),
        ("http://ⓔⓧⓐⓜⓟⓛⓔ.com/", "example.com:80", "/"),
        ("http://①②⑦.⓪.⓪.①/", "127.0.0.1:80", "/"),
        ("http://１２７.0.0.1/", "127.0.0.1:80", "/"),
        ("http://127。0。0。1/", "127.0.0.1:80", "/"),
        ("http://my_service.internal/", "my_service.internal:80", "/"),
        ("http://[::1]:8080/", "[::1]:8080", "/"),
        ("http://[0:0:0:0:0:0:0:1]/", "[::1]:80", "/"),
        ("http://example.com／@127.0.0.1/", "127.0.0.1:80", "/"),
        ("http://127.0.0.1.nip.io/", "127.0.0.1.nip.io:80", "/"),
    ],
)
def test_a_url_leads_to(url: str, netloc: str, path: str) -> None:
    target = parse_url(url)
    assert (target.netloc, target.path) == (netloc, path)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        None,
        17,
        "example.com",
        "//example.com/",
        "/path",
        "http:example.com",
        "http:/example.com",
        "http:///example.com",
        "http://",
        "http://:80/",
        "http://@/",
        "http://user@/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_INFO",
        "ftp://example.com/",
        "dict://127.0.0.1:11211/",
        "ldap://127.0.0.1/",
        "javascript:alert(1)",
        "data:text/plain,x",
        "jar:http://example.com!/",
        "unix:///var/run/docker.sock",
        "http+unix://%2Fvar%2Frun%2Fdocker.sock/info",
        "url:http://127.0.0.1/",
        "http://a@b@c/",
        "http://example.com\\@127.0.0.1/",
        "http://127.0.0.1\\.example.com/",
        "http:\\\\127.0.0.1/",
        "http://example.com/\\..",
        "http://example.com:99999/",
        "http://example.com:65536/",
        "http://example.com:0/",
        "http://example.com:-1/",
        "http://example.com:80:80/",
        "http://example.com:8o/",
        "http://example.com:٨٠/",
        "http://exa mple.com/",
        "http://exa\tmple.com/",
        "http://example.com/\r\nHost: evil",
        "http://example.com/\nX: y",
        "http://example.com/\x00",
        "http://example.com/\x7f",
        "http://example.com\r\n@127.0.0.1/",
        "http://\ud800.com/",
        "http://example.com/\ud800",
        "http://\ud800@example.com/",
        "http://%6cocalhost/",
        "http://127.0.0.1%00.example.com/",
        "http://example..com/",
        "http://.example.com/",
        "http://example.com../",
        "http://127.0.0.1../",
        "http://::1/",
        "http://[::1/",
        "http://::1]/",
        "http://[::1]x/",
        "http://[::1].example.com/",
        "http://x[::1]/",
        "http://[[::1]]/",
        "http://[v1.fe80::1]/",
        "http://[127.0.0.1]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[]/",
        "http://exam<ple.com/",
        "http://127.0.0.1／@example.com:x/",
        "http://exa\u200bmple\uff0f.com/",
        f"http://{'a' * 64}.com/",
        f"http://{'a.' * 130}com/",
        f"http://{'ä' * 30_000}.com/",
        f"http://example.com/{'a' * 40_000}",
    ],
)
def test_a_url_that_can_not_be_used(url: object) -> None:
    with pytest.raises(NodeError) as caught:
        parse_url(url)
    assert caught.value.code == "http_bad_url"
    assert not caught.value.retryable


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0X7F000001",
        "017700000001",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f.1",
        "127.1",
        "127.0.1",
        "127.0.0.01",
        "127.0.0.1.",
        "127.0.0.0x1",
        "0",
        "0x",
        "3232235777",
        "425.510.425.510",
        "256.256.256.256",
        "1.2.3.4.5",
        "example.1",
        "①②⑦.①",
        "%31%32%37.0.0.1",
        "127.0.0.1。",
        "４２９４９６７２９５",
    ],
)
def test_an_address_in_disguise(host: str) -> None:
    with pytest.raises(NodeError) as caught:
        parse_url(f"http://{host}/")
    assert caught.value.code == "http_blocked"


@pytest.mark.parametrize(
    ("url", "params", "path"),
    [
        ("http://h/", [("a", "b")], "/?a=b"),
        ("http://h/?x=1", [("a", "b")], "/?x=1&a=b"),
        ("http://h/?x=1#f", [("a", "1"), ("a", "2")], "/?x=1&a=1&a=2"),
        ("http://h/p", [("ä", "ö ü&=#")], "/p?%C3%A4=%C3%B6+%C3%BC%26%3D%23"),
        ("http://h/p", [("a\r\nb", "\r\n")], "/p?a%0D%0Ab=%0D%0A"),
        ("http://h/p", [("empty", "")], "/p?empty="),
        ("http://h/p?", [], "/p"),
    ],
)
def test_params_join_the_query(url: str, params: list[tuple[str, str]], path: str) -> None:
    assert parse_url(url, params).path == path


def test_half_a_character_in_a_param() -> None:
    with pytest.raises(NodeError, match="half of a character"):
        parse_url("http://h/", [("a", "\udc00")])


def test_user_and_password_become_credentials_and_are_not_shown() -> None:
    target = parse_url("https://us%40er:p%3Ass@example.com:8443/path?token=secret#x")
    assert base64.b64decode(target.credentials.removeprefix("Basic ")) == b"us@er:p:ss"
    assert target.url == "https://example.com:8443/path?token=secret"
    assert target.shown == "https://example.com:8443/path?…"


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/b", "http://h/b"),
        ("b", "http://h/a/b"),
        ("../b", "http://h/b"),
        ("?q=1", "http://h/a/x?q=1"),
        ("//other/b", "http://other/b"),
        ("https://other/b", "https://other/b"),
        ("http://me:pw@other/b", "http://other/b"),
        ("/ä b", "http://h/%C3%A4%20b"),
    ],
)
def test_a_redirect_leads_to(location: str, url: str) -> None:
    target = join_url(parse_url("http://me:pw@h/a/x"), location)
    assert (target.url, target.credentials) == (url, "")


@pytest.mark.parametrize(
    "location",
    [
        "http://[/",
        "http://a／b.com/",
        "http://[::1]evil/",
        "file:///etc/passwd",
        "\\\\evil",
        "http:\\\\evil",
        "ht\ttp://evil",
        "gopher://h/",
    ],
)
def test_a_redirect_that_can_not_be_used(location: str) -> None:
    with pytest.raises(NodeError) as caught:
        join_url(parse_url("http://h/a/x"), location)
    assert caught.value.code == "http_bad_url"
