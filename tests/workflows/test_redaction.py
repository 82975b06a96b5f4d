"""Secrets are found in every form that software gives them, and JSON stays JSON."""

from __future__ import annotations

import base64
import html
import json
import re
import time
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.redaction import MASK, Redactor
from workflows.vault import VaultSnapshot

PLAIN = "s3cret-Value/with+more=x"
NASTY = "p\"a'ss\\w<o>r&d \n ü🔑%"
PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n+/AbCd==\n-----END KEY-----\n"
SECRETS = {
    "plain": PLAIN,
    "nasty": NASTY,
    "pem": PEM,
    "digits": "4711081500",
    "punctuation": '{"":[]}',
}


def base64_in_middle(value: str) -> str:
    return base64.b64encode(f"user:{value}".encode()).decode()


FORMS = {
    "plain": str,
    "json": lambda v: json.dumps(v)[1:-1],
    "json utf-8": lambda v: json.dumps(v, ensure_ascii=False)[1:-1],
    "json upper-case hex": lambda v: json.dumps(v)[1:-1].replace("\\ud83d", "\\uD83D"),
    "json with escaped slashes": lambda v: json.dumps(v)[1:-1].replace("/", "\\/"),
    "json in json": lambda v: json.dumps(json.dumps(v)[1:-1])[1:-1],
    "quote": lambda v: quote(v, safe=""),
    "quote, slashes kept": quote,
    "quote_plus": quote_plus,
    "quote, lower-case": lambda v: quote(v, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
    "quote as browsers do": lambda v: quote(v, safe="!'()*"),
    "quote of quote": lambda v: quote(quote(v, safe=""), safe=""),
    "html": html.escape,
    "html without quotes": lambda v: html.escape(v, quote=False),
    "html decimal": lambda v: "".join(c if c.isalnum() else f"&#{ord(c)};" for c in v),
    "html decimal of all": lambda v: "".join(f"&#{ord(c)};" for c in v),
    "html hex of all": lambda v: "".join(f"&#x{ord(c):X};" for c in v),
    "json escapes of all": lambda v: re.sub("(....)", r"\\u\1", v.encode("utf-16-be").hex()),
    "quote of all": lambda v: "".join(f"%{byte:02X}" for byte in v.encode()),
    "quote of quote of all": lambda v: "".join(f"%25{byte:02X}" for byte in v.encode()),
    "bytes of a program": lambda v: "".join(f"\\x{byte:02x}" for byte in v.encode()),
    "hex with colons": lambda v: v.encode().hex(":"),
    "hex with blanks": lambda v: v.encode().hex(" ").upper(),
    "HTML upper-case": lambda v: html.escape(v.swapcase()),
    "hex": lambda v: v.encode().hex(),
    "HEX": lambda v: v.encode().hex().upper(),
    "base64": lambda v: base64.b64encode(v.encode()).decode(),
    "base64 without padding": lambda v: base64.b64encode(v.encode()).decode().rstrip("="),
    "base64 for URLs": lambda v: base64.urlsafe_b64encode(v.encode()).decode(),
    "base64 in a URL": lambda v: quote(base64.b64encode(v.encode()).decode(), safe=""),
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_each_form_is_masked_in_plain_text_and_in_json(form: Any, secret: str) -> None:
    found = form(secret)
    redactor = Redactor([secret])
    assert redactor.mask(f"before:{found}:after") == f"before:{MASK}:after"
    value = {"note": [f"before:{found}:after"], "other": 1}
    masked, text = redactor.mask_json(value, json.dumps(value, ensure_ascii=False))
    assert masked == {"note": [f"before:{MASK}:after"], "other": 1}
    assert json.loads(text) == masked


@pytest.mark.parametrize("before", ["a", "ab", "abc", "user:"], ids=len)
@pytest.mark.parametrize("after", ["", "z", "yz", "xyz"], ids=len)
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_base64_of_a_longer_text_shows_nothing_of_the_secret(
    before: str, after: str, encode: Any
) -> None:
    text = encode(f"{before}{PLAIN}{after}".encode()).decode()
    masked = Redactor([PLAIN]).mask(f"Basic {text}")
    assert MASK in masked
    start, end = masked.removeprefix("Basic ").split(MASK)
    whole = base64.b64decode(start[: len(start) // 4 * 4]).decode()
    assert before.startswith(whole)
    assert len(start) * 6 <= len(before) * 8
    assert len(end) <= 8


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        pytest.param({"pin": 123456}, {"pin": MASK}, id="number"),
        pytest.param({"pin": [-123456]}, {"pin": [MASK]}, id="negative number"),
        pytest.param({"pin": 9123456.5}, {"pin": MASK}, id="digits inside a number"),
        pytest.param({"pin": 12345}, {"pin": 12345}, id="another number"),
        pytest.param({"123456": True}, {MASK: True}, id="key"),
        pytest.param({"123456": 1, "x123456": 2}, {MASK: 1, f"x{MASK}": 2}, id="two keys"),
        pytest.param(
            {"123456": 1, "313233343536": 2}, {MASK: 1, f"{MASK} (2)": 2}, id="keys that meet"
        ),
        pytest.param("123456", MASK, id="the whole text"),
        pytest.param(123456, MASK, id="the whole value"),
        pytest.param(
            '{"pin": 123456, "ok": true}', f'{{"pin":"{MASK}","ok":true}}', id="a JSON text inside"
        ),
        pytest.param('{"pin": 123456', f'{{"pin": {MASK}', id="a broken JSON text inside"),
    ],
)
def test_a_secret_of_digits_never_breaks_json(value: Any, masked: Any) -> None:
    found, text = Redactor(["123456"]).mask_json(value, json.dumps(value, ensure_ascii=False))
    assert found == masked
    assert json.loads(text) == masked


def test_a_number_that_was_read_from_the_secret_is_masked() -> None:
    value = {"code": 123456}
    assert Redactor(["00123456"]).mask_json(value, json.dumps(value))[0] == {"code": MASK}


@pytest.mark.parametrize(
    "secret",
    ['","b":"', '":"', "}, {", "[true]", "null", '"}'],
    ids=str,
)
def test_a_secret_that_looks_like_punctuation_leaves_the_structure(secret: str) -> None:
    value = {"a": "x", "b": "y", "c": [{}, {"d": None}], "e": f"here: {secret}."}
    text = json.dumps(value, separators=(",", ":"))
    masked, masked_text = Redactor([secret]).mask_json(value, text)
    assert masked == {**value, "e": f"here: {MASK}."}
    assert json.loads(masked_text) == masked
    assert json.loads(Redactor([secret]).mask(text)) == masked


def test_nothing_found_gives_the_same_objects() -> None:
    value, text = {"a": [1, "b"]}, '{"a":[1,"b"]}'
    found = VaultSnapshot({}).redact_json(value, text, extra=["absent-value"])
    assert found[0] is value
    assert found[1] is text


def test_overlapping_secrets_leave_no_rest() -> None:
    assert Redactor(["abcdef", "defghijkl"]).mask("-abcdefghijkl-") == f"-{MASK}-"
    assert Redactor(["secret", "secret-and-more"]).mask("secret-and-more") == MASK


def test_short_values_are_masked_where_they_are_named() -> None:
    seen = VaultSnapshot({"pin": "4711"}, {}, Redactor(["long-secret"]))
    assert seen.redact("pin 4711, long-secret") == f"pin 4711, {MASK}"
    assert seen.redact("pin 4711, long-secret", extra=["4711", ""]) == f"pin {MASK}, {MASK}"
    assert seen.redact_json(4711, "4711", ["4711"]) == (MASK, f'"{MASK}"')
    assert seen.redact_json(14711, "14711", ["4711"]) == (14711, "14711")


def test_an_empty_vault_changes_nothing() -> None:
    assert VaultSnapshot({}).redact("any text") == "any text"


def test_a_form_body_is_masked() -> None:
    body = urlencode({"user": "a", "password": NASTY, "next": "/"})
    assert Redactor([NASTY]).mask(body) == f"user=a&password={MASK}&next=%2F"


@given(
    secret=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=6),
    leaf=st.text(st.characters(exclude_categories=["Cs"])),
)
def test_any_secret_anywhere_is_masked_and_json_stays_json(secret: str, leaf: str) -> None:
    value = {"a": leaf + secret, secret: [secret, {"b": leaf}], "c": json.dumps({"d": secret})}
    redactor = Redactor([secret])
    masked, text = redactor.mask_json(value, json.dumps(value, ensure_ascii=False))
    assert json.loads(text) == masked
    assert MASK in masked["a"]
    assert secret not in masked
    assert masked.get(MASK, [None])[0] == MASK or secret in MASK
    assert MASK in masked["c"]


@pytest.mark.parametrize(
    "secret",
    ["\\" * 500, "&" * 500, "%25" * 300, "aaaaaa" * 100, " +" * 400],
    ids=["backslashes", "ampersands", "percents", "letters", "blanks"],
)
def test_no_secret_makes_the_search_slow(secret: str) -> None:
    text = json.dumps([secret[:-1] + "!"] * 20)
    start = time.perf_counter()
    Redactor([secret]).mask(text)
    assert time.perf_counter() - start < 2


def test_the_usual_case_is_cheap() -> None:
    """Nothing to mask in 1 KB, ten secrets of 40 characters: about 5 us; the bound is generous."""
    redactor = Redactor([f"{number:02}-secret/with+some~characters " * 2 for number in range(10)])
    text = json.dumps(
        [{"id": n, "name": "A name", "url": "https://example.com/x"} for n in range(18)]
    )
    redactor.finds(text)
    start = time.perf_counter()
    for _ in range(1000):
        redactor.mask_json(None, text)
    assert (time.perf_counter() - start) / 1000 < 100e-6
