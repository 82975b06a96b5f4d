"""What a webhook takes, what it refuses, and the payload that it makes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.serializers import ValidationError

from workflows.node_type import IncomingRequest, RequestRefused
from workflows.nodes.webhook_trigger import WebhookTrigger

NOW = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
SECRET, OTHER = "It's a Secret to Everybody", "another-secret"
VAULT = {"hook": SECRET, "new_hook": OTHER}
BODY = b"Hello, World!"
TRIGGER = WebhookTrigger()


def config(**raw: Any) -> dict[str, Any]:
    form = TRIGGER.Config(data=raw)
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


def request(
    body: bytes = BODY, method: str = "POST", query: str = "", **headers: str
) -> IncomingRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return IncomingRequest(method, named, query, body, NOW, VAULT)


def signed(message: bytes, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), message, hashlib.sha256).digest()


# ---------------------------------------------------------------- config


def test_the_defaults_take_any_post() -> None:
    assert config() == {
        "methods": ["POST"],
        "signature": {"scheme": "none", "header": "", "secret": [], "tolerance_seconds": 300},
        "deduplicate_by": "",
    }


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        pytest.param({"methods": []}, "methods", "at least 1", id="no method"),
        pytest.param({"methods": ["TRACE"]}, "methods", "TRACE", id="unknown method"),
        pytest.param({"signature": {"scheme": "md5"}}, "signature", "md5", id="unknown scheme"),
        pytest.param(
            {"signature": {"scheme": "github"}}, "signature", "Name the secret", id="none"
        ),
        pytest.param(
            {"signature": {"scheme": "github", "secret": ""}},
            "signature",
            "Name the secret",
            id="blank secret",
        ),
        pytest.param(
            {"signature": {"secret": "{{ vault.a1b }}"}},
            "signature",
            "Nothing is checked without a scheme",
            id="secret without scheme",
        ),
        pytest.param(
            {"signature": {"scheme": "github", "secret": "plain"}},
            "signature",
            "must not stand in a workflow",
            id="the secret itself",
        ),
        pytest.param(
            {"signature": {"scheme": "github", "secret": ["{{ vault.a1b }}"] * 3}},
            "signature",
            "at most two",
            id="three secrets",
        ),
        pytest.param(
            {"signature": {"scheme": "none", "header": "X Y"}}, "signature", "letters", id="header"
        ),
        pytest.param({"secret": "x"}, "secret", "There is no field", id="unknown field"),
    ],
)
def test_a_config_that_can_not_work_is_refused(raw: Any, field: str, says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        config(**raw)
    assert says in str(refused.value.detail[field])


# ---------------------------------------------------------------- methods


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "post", ""])
def test_other_methods_are_refused(method: str) -> None:
    with pytest.raises(RequestRefused, match="takes POST") as refused:
        TRIGGER.accept(config(), request(method=method))
    assert refused.value.verdict == "bad_method"
    assert refused.value.headers == {"Allow": "POST"}


def test_chosen_methods_are_taken() -> None:
    assert TRIGGER.accept(config(methods=["GET", "PUT"]), request(method="PUT"))["method"] == "PUT"


# ---------------------------------------------------------------- signatures


def github(secret: str = SECRET) -> dict[str, str]:
    return {"x_hub_signature_256": f"sha256={signed(BODY, secret).hex()}"}


def stripe(seconds: float = 0, secret: str = SECRET, extra: str = "") -> dict[str, str]:
    moment = int(NOW.timestamp() + seconds)
    value = signed(f"{moment}.".encode() + BODY, secret).hex()
    return {"stripe_signature": f"t={moment},{extra}v1={value},v0=old"}


def plain(value: str, header: str = "x_signature") -> dict[str, str]:
    return {header: value}


ONE, TWO = "{{ vault.hook }}", ["{{vault.new_hook}}", "{{ vault.hook }}"]

GOOD = {
    "github": ("github", ONE, github()),
    "github, the old of two secrets": ("github", TWO, github()),
    "github, the new of two secrets": ("github", TWO, github(OTHER)),
    "github, one of two is not in the vault": ("github", ["{{ vault.gone }}", ONE], github()),
    "stripe": ("stripe", ONE, stripe()),
    "stripe, nearly too old": ("stripe", ONE, stripe(-299)),
    "stripe, nearly too early": ("stripe", ONE, stripe(299)),
    "stripe, several signatures": ("stripe", ONE, stripe(extra="v1=00,")),
    "hex": ("hmac_sha256", ONE, plain(signed(BODY).hex())),
    "hex in capitals": ("hmac_sha256", ONE, plain(signed(BODY).hex().upper())),
    "hex with prefix": ("hmac_sha256", ONE, plain("sha256=" + signed(BODY).hex())),
    "base64": ("hmac_sha256", ONE, plain(base64.b64encode(signed(BODY)).decode())),
    "base64 with prefix": (
        "hmac_sha256",
        ONE,
        plain("SHA256=" + base64.b64encode(signed(BODY)).decode()),
    ),
    "base64 for URLs": (
        "hmac_sha256",
        ONE,
        plain(base64.urlsafe_b64encode(signed(BODY)).decode().rstrip("=")),
    ),
}


@pytest.mark.parametrize(("scheme", "secret", "headers"), GOOD.values(), ids=GOOD)
def test_a_good_signature_is_taken(scheme: str, secret: Any, headers: dict[str, str]) -> None:
    checked = config(signature={"scheme": scheme, "secret": secret})
    assert TRIGGER.accept(checked, request(**headers))["body"] == "Hello, World!"


def test_githubs_own_example_is_taken() -> None:
    """The values of GitHub's page "Validating webhook deliveries"."""
    given = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    checked = config(signature={"scheme": "github", "secret": ONE})
    assert TRIGGER.accept(checked, request(x_hub_signature_256=given))


def test_the_header_can_be_chosen() -> None:
    checked = config(signature={"scheme": "hmac_sha256", "secret": ONE, "header": "X-Mine"})
    assert TRIGGER.accept(checked, request(x_mine=signed(BODY).hex()))


BAD = {
    "missing": ("github", ONE, {}, "missing"),
    "empty": ("github", ONE, {"x_hub_signature_256": ""}, "missing"),
    "of another secret": ("github", ONE, github("wrong"), "does not match"),
    "without its prefix": (
        "github",
        ONE,
        {"x_hub_signature_256": signed(BODY).hex()},
        "does not match",
    ),
    "of SHA-1": ("github", ONE, {"x_hub_signature_256": "sha1=" + "0" * 40}, "does not match"),
    "not ASCII": ("github", ONE, {"x_hub_signature_256": "sha256=é\udcff"}, "does not match"),
    "of an empty secret": ("github", "{{ vault.gone }}", github(""), "can not be checked"),
    "stripe too old": ("stripe", ONE, stripe(-301), "300 s"),
    "stripe too early": ("stripe", ONE, stripe(302), "300 s"),
    "stripe, another time": (
        "stripe",
        ONE,
        {"stripe_signature": stripe()["stripe_signature"].replace("t=", "t=1")},
        "does not match",
    ),
    "stripe, no time": ("stripe", ONE, {"stripe_signature": "v1=00"}, "does not match"),
    "stripe, a signed time that is none": (
        "stripe",
        ONE,
        {"stripe_signature": f"t=x,v1={signed(b'x.' + BODY).hex()}"},
        "no time",
    ),
    "stripe, signed without a time": (
        "stripe",
        ONE,
        {"stripe_signature": f"v1={signed(b'.' + BODY).hex()}"},
        "no time",
    ),
    "cut off": ("hmac_sha256", ONE, plain(signed(BODY).hex()[:-1]), "does not match"),
    "in another header": ("hmac_sha256", ONE, plain(signed(BODY).hex(), "x_other"), "X-Signature"),
}


@pytest.mark.parametrize(("scheme", "secret", "headers", "says"), BAD.values(), ids=BAD)
def test_a_bad_signature_is_refused(
    scheme: str, secret: Any, headers: dict[str, str], says: str
) -> None:
    checked = config(signature={"scheme": scheme, "secret": secret})
    with pytest.raises(RequestRefused, match=says) as refused:
        TRIGGER.accept(checked, request(**headers))
    assert refused.value.verdict == "bad_signature"
    assert SECRET not in str(refused.value.as_json())


def test_the_owner_learns_which_secret_is_missing_and_the_sender_does_not() -> None:
    checked = config(signature={"scheme": "github", "secret": "{{ vault.gone }}"})
    with pytest.raises(RequestRefused) as refused:
        TRIGGER.accept(checked, request(**github()))
    assert "'gone'" in refused.value.note
    assert "gone" not in refused.value.message


def test_the_signature_is_checked_before_the_body_is_read() -> None:
    checked = config(signature={"scheme": "github", "secret": ONE})
    with pytest.raises(RequestRefused) as refused:
        TRIGGER.accept(checked, request(b"{broken", content_type="application/json"))
    assert refused.value.verdict == "bad_signature"


# ---------------------------------------------------------------- bodies

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BODIES = {
    "json": (JSON, b'{"a": [1, 2.5, null, true]}', {"a": [1, 2.5, None, True]}),
    "json with a charset": (JSON + "; charset=UTF-8", '"é"'.encode(), "é"),
    "json in Latin-1": (JSON + '; charset="iso-8859-1"', '"é"'.encode("latin-1"), "é"),
    "json in UTF-16": (JSON + "; charset=utf-16", '{"a": "é"}'.encode("utf-16"), {"a": "é"}),
    "json with a byte order mark": (JSON, b"\xef\xbb\xbf[1]", [1]),
    "json of some vendor": ("application/vnd.github+json", b"[]", []),
    "json in capitals": ("Application/JSON", b"7", 7),
    "json that databases refuse": (JSON, b'"a\\u0000b\\ud800"', "a\ufffdb\ufffd"),
    "nothing": ("", b"", None),
    "nothing, said to be json": (JSON, b"", None),
    "nothing, said to be a form": (FORM, b"", None),
    "form": (FORM, b"a=1&b=x+y&b=%C3%A9&c=", {"a": "1", "b": ["x y", "é"], "c": ""}),
    "form three times": (FORM, b"a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
    "json that curl sends as a form": (FORM, b'{"a": 1}', {"a": 1}),
    "form that begins like json": (FORM, b"{a=1", {"{a": "1"}),
    "text": ("text/plain", b'{"a": 1}', '{"a": 1}'),
    "text in an unknown charset": ("text/plain; charset=idna", "é".encode(), "é"),
    "text in ISO 8859-99": ("text/plain; charset=iso-8859-99", "é".encode(), "é"),
    "json in Windows 1259": (JSON + "; charset=windows-1259", b"[1]", [1]),
    "json in UTF 16be": (JSON + "; charset=utf16be", '"é"'.encode(), "é"),
    "text with broken characters": ("text/plain", b"a\xffb", "a\ufffdb"),
    "xml": ("application/soap+xml", b"<a/>", "<a/>"),
    "json without a type": ("", b' {"a": 1}', {"a": 1}),
    "text without a type": ("", b"{a", "{a"),
    "a number without a type": ("", b"5", "5"),
    "text of another type": ("application/octet-stream", b"abc", "abc"),
    "binary": (
        "image/png",
        b"\x89PNG\0",
        {
            "base64": base64.b64encode(b"\x89PNG\0").decode(),
            "content_type": "image/png",
            "bytes": 5,
        },
    ),
    "a type that is none": (";;=\x00,", b"abc", "abc"),
}


@pytest.mark.parametrize(("content_type", "body", "seen"), BODIES.values(), ids=BODIES)
def test_a_body_is_read_by_its_type(content_type: str, body: bytes, seen: Any) -> None:
    assert TRIGGER.accept(config(), request(body, content_type=content_type))["body"] == seen


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        pytest.param(JSON, b"{broken", id="broken"),
        pytest.param(JSON, b"{} {}", id="two values"),
        pytest.param(JSON, b" ", id="a blank"),
        pytest.param(JSON, b"a=1", id="a form"),
        pytest.param(JSON, b'{"a": NaN}', id="NaN"),
        pytest.param(JSON, b'"\xff"', id="not UTF-8"),
        pytest.param(JSON + "; charset=ascii", '"é"'.encode(), id="not of its charset"),
        pytest.param(JSON, b"[" * 100_000, id="very deep, open"),
        pytest.param(JSON, b"[" * 500 + b"]" * 500, id="very deep"),
        pytest.param(JSON, b"1" * 5000, id="a number of 5,000 digits"),
        pytest.param(FORM, b"a=1&" * 1001, id="1,001 fields"),
    ],
)
def test_a_body_that_is_not_what_it_says_is_refused(content_type: str, body: bytes) -> None:
    with pytest.raises(RequestRefused, match="can not be read") as refused:
        TRIGGER.accept(config(), request(body, content_type=content_type))
    assert refused.value.verdict == "bad_json"


def test_the_payload_has_what_the_sample_shows() -> None:
    asked = request(
        b"{}", query="a=1&b=2&b=3&empty=", content_type=JSON, x_id="7", cookie="sessionid=s3cret"
    )
    payload = TRIGGER.accept(config(), asked)
    assert payload == {
        "body": {},
        "headers": {"content-type": JSON, "x-id": "7"},
        "query": {"a": "1", "b": ["2", "3"], "empty": ""},
        "method": "POST",
        "received_at": "2026-03-01T12:00:00.250000Z",
    }
    assert payload.keys() == TRIGGER.sample.keys()


def test_credentials_of_the_sender_are_not_kept() -> None:
    asked = request(authorization="Bearer alto_verysecret", proxy_authorization="Basic xyz")
    assert TRIGGER.accept(config(), asked)["headers"] == {"authorization": "Bearer •••"}


def test_a_query_of_too_many_fields_is_refused() -> None:
    with pytest.raises(RequestRefused) as refused:
        TRIGGER.accept(config(), request(query="a&" * 1001))
    assert refused.value.verdict == "unusable"


@given(
    body=st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    content_type=st.sampled_from([JSON, FORM, "text/plain", "", "image/png"])
    | st.text(max_size=60),
    query=st.text(max_size=100),
    signature=st.text(max_size=100),
    scheme=st.sampled_from(["none", "github", "stripe", "hmac_sha256"]),
)
def test_whatever_comes_is_taken_or_refused(
    body: bytes, content_type: str, query: str, signature: str, scheme: str
) -> None:
    secret = [] if scheme == "none" else ONE
    checked = config(signature={"scheme": scheme, "secret": secret, "header": "x-sig"})
    asked = request(body, query=query, content_type=content_type, x_sig=signature)
    try:
        json.dumps(TRIGGER.accept(checked, asked))
    except RequestRefused as refused:
        assert refused.verdict in {"bad_json", "bad_signature", "unusable"}


@pytest.mark.parametrize("kind", [JSON, FORM, "text/plain", ""])
def test_a_large_body_is_read_quickly(kind: str) -> None:
    body = b"[" + b'{"a": "b%3Dc"},' * 65_000 + b"{}]"
    start = time.perf_counter()
    TRIGGER.accept(config(), request(body, content_type=kind))
    assert time.perf_counter() - start < 2
