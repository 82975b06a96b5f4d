"""Secrets are joined in, and masked in what is stored."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.templating.render import resolve
from workflows.errors import TemplateError
from workflows.templating import MASK, compile_value

CONTEXT = {
    "vault": {"github": "ghp_12345", "login": '{"user": "ada", "pin": 99}', "list": "a1,b2"},
    "text": "plain",
    "yes": True,
    "no": False,
    "map": {"ghp_12345": "found"},
}

CASES = {
    "alone": ("{{ vault.github }}", "ghp_12345", MASK),
    "in text": ("Bearer {{ vault.github }}!", "Bearer ghp_12345!", f"Bearer {MASK}!"),
    "quoted": ('{{ vault["github"] }}', "ghp_12345", MASK),
    "quoted vault": ("{{ ['vault']['github'] }}", "ghp_12345", MASK),
    "filter": ("{{ vault.github | upcase }}", "GHP_12345", MASK),
    "filters": ("<{{ vault.github | slice: 0, 3 | append: '?' }}>", "<ghp?>", f"<{MASK}>"),
    "argument": ("{{ 'Bearer ' | append: vault.github }}", "Bearer ghp_12345", MASK),
    "default": ("{{ vault.github | default: 'x' }}", "ghp_12345", MASK),
    "length": ("{{ vault.github.size }}", 9, MASK),
    "length by filter": ("<{{ vault.github | size }}>", "<9>", f"<{MASK}>"),
    "as a key": ("{{ map[vault.github] }}", "found", MASK),
    "assign": ("{% assign a = vault.github %}<{{ a }}>", "<ghp_12345>", f"<{MASK}>"),
    "assign of assign": (
        "{% assign a = vault.github %}{% assign b = a | upcase %}<{{ b }}{{ text }}>",
        "<GHP_12345plain>",
        f"<{MASK}plain>",
    ),
    "assigned anew": (
        "{% assign a = vault.github %}{% assign a = text %}<{{ a }}>", "<plain>", "<plain>"),
    "capture": (
        "{% capture a %}x{{ vault.github }}{% endcapture %}<{{ a }}>",
        "<xghp_12345>",
        f"<{MASK}>",
    ),
    "capture without": (
        "{% capture a %}x{% endcapture %}<{{ a }}{{ vault.github }}>",
        "<xghp_12345>",
        f"<x{MASK}>",
    ),
    "loop": (
        "{% assign l = vault.list | split: ',' %}{% for x in l %}[{{ x }}]{% endfor %}",
        "[a1][b2]",
        f"[{MASK}]",
    ),
    "loop over a secret": ("{% for x in vault.list %}[{{ x }}]{% endfor %}",
        "[a1,b2]",
        f"[{MASK}]"),
    "length of a loop": (
        "{% assign l = vault.list | split: ',' %}{% for x in l %}{{ forloop.length }}{% endfor %}",
        "22",
        MASK,
    ),
    "loop after a secret one": (
        "{% for x in vault.list %}{% endfor %}{% for x in text %}[{{ x }}]{% endfor %}",
        "[plain]",
        "[plain]",
    ),
    "item of a secret object": (
        "{% assign o = vault.login | parse_json %}<{{ o.user }}>", "<ada>", f"<{MASK}>"),
    "raw object": ("{{ vault.login | parse_json }}", {"user": "ada", "pin": 99}, MASK),
    "cycle": ("<{% cycle vault.github, 'x' %}>", "<ghp_12345>", f"<{MASK}>"),
    "echo": ("<{% echo vault.github %}>", "<ghp_12345>", f"<{MASK}>"),
    "if": ("a{% if vault.github == 'ghp_12345' %}b{% endif %}", "ab", MASK),
    "elsif": ("a{% if no %}x{% elsif vault.github %}b{% endif %}", "ab", MASK),
    "unless": ("a{% unless vault.github == 'x' %}b{% endunless %}", "ab", MASK),
    "case": ("a{% case vault.github %}{% when 'ghp_12345' %}b{% endcase %}", "ab", MASK),
    "when": ("a{% case 'x' %}{% when vault.github %}b{% else %}c{% endcase %}", "ac", MASK),
    "if on a variable": ("{% assign a = vault.github %}{% if a %}b{% endif %}", "b", MASK),
    "if in a capture": (
        "{% capture a %}{% if vault.github %}b{% endif %}{% endcapture %}x{{ a }}", "xb", MASK),
    "if in a loop": (
        "{% for i in (1..2) %}{% if vault.github %}b{% endif %}{% endfor %}", "bb", MASK),
    "branch not reached": (
        "{% if no %}{% if vault.github %}b{% endif %}{% endif %}c", "c", "c"),
    "condition that is not read": ("{% if no and vault.github %}b{% endif %}c", "c", "c"),
    "branch with a secret inside": (
        "{% if yes %}<{{ vault.github }}>{% endif %}", "<ghp_12345>", f"<{MASK}>"),
    "leaves": (
        {"a": "{{ vault.github }}", "b": ["{{ text }}", "x{{ vault.github }}"], "c": 1},
        {"a": "ghp_12345", "b": ["plain", "xghp_12345"], "c": 1},
        {"a": MASK, "b": ["plain", f"x{MASK}"], "c": 1},
    ),
    "the word only": ("{{ 'vault' }} {{ text }}", "vault plain", "vault plain"),
}  # fmt: skip


@pytest.mark.parametrize(("value", "real", "masked"), CASES.values(), ids=CASES.keys())
def test_real_and_masked(value: Any, real: Any, masked: Any) -> None:
    compiled = compile_value(value)
    assert compiled.resolve(CONTEXT).value == real
    names_only = {**CONTEXT, "vault": dict.fromkeys(CONTEXT["vault"])}
    assert compiled.resolve(CONTEXT, masked=True).value == masked
    assert compiled.resolve(names_only, masked=True).value == masked
    assert compiled.resolve(CONTEXT, masked=True).exposed == frozenset()


@pytest.mark.parametrize(
    ("value", "exposed"),
    [
        pytest.param("{{ vault.github }}", {"ghp_12345"}, id="alone"),
        pytest.param("a {{ vault.github }} b", {"ghp_12345"}, id="in text"),
        pytest.param("{{ vault.github | upcase }}", {"ghp_12345", "GHP_12345"}, id="filter"),
        pytest.param("{{ 'B ' | append: vault.github }}", {"ghp_12345", "B ghp_12345"}, id="arg"),
        pytest.param(
            "{% assign a = vault.github | upcase %}{{ a | append: text }}",
            {"ghp_12345", "GHP_12345plain"},
            id="assign",
        ),
        pytest.param(
            "{% assign l = vault.list | split: ',' %}{% for x in l %}{{ x }}{% endfor %}",
            {"a1,b2", "a1", "b2"},
            id="loop",
        ),
        pytest.param(
            "{{ vault.login | parse_json }}",
            {CONTEXT["vault"]["login"], "ada", "99"},
            id="object",
        ),
        pytest.param("{{ vault.github | size }}", {"ghp_12345", "9"}, id="number"),
        pytest.param("{{ text }}", set(), id="no secret"),
        pytest.param("{{ text }}{{ vault.github | slice: 0, 0 }}", {"ghp_12345"}, id="empty"),
    ],
)
def test_exposed_is_what_a_log_must_not_hold(value: str, exposed: set[str]) -> None:
    assert resolve(value, CONTEXT).exposed == exposed


def test_what_a_compiled_value_says_about_secrets() -> None:
    compiled = compile_value({"a": "{{ vault.github }}", "b": "{{ vault['my key'] }}{{ text }}"})
    assert compiled.uses_vault
    assert compiled.vault_names == {"github", "my key"}
    assert not compile_value("{{ text }} vault").uses_vault
    dynamic = compile_value("{{ vault[text] }}")
    assert dynamic.uses_vault
    assert dynamic.vault_names == frozenset()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("source", ["{{ vault.gthub }}", "a{{ vault['gthub'] | default: 'x' }}"])
def test_an_unknown_secret_fails(source: str, masked: bool) -> None:
    with pytest.raises(TemplateError, match="create it on the Secrets page") as caught:
        resolve(source, CONTEXT, masked=masked)
    assert caught.value.code == "unknown_secret"
    assert "vault.github" in caught.value.message
    with pytest.raises(TemplateError):
        resolve(source, {}, masked=masked)


@pytest.mark.parametrize(
    "source",
    [
        "{{ vault.github | parse_json }}",
        "{{ vault.github | base64_decode }}",
        "{{ 'now' | carbon_date: vault.github }}",
        "{{ 'now' | date: '%Y', vault.github }}",
        "{{ 5 | currency: vault.github }}",
        "{% assign a = vault.github %}{{ a | parse_json }}",
        "{{ more | concat: vault.github }}",
        "{{ vault[vault.github] }}",
    ],
)
def test_error_messages_hold_no_secret(source: str) -> None:
    with pytest.raises(TemplateError) as caught:
        resolve(source, CONTEXT)
    shown = repr(caught.value.as_json()) + repr(caught.value.__cause__)
    assert "ghp_12345" not in shown


@pytest.mark.parametrize(
    "source",
    ["{{ text[vault.github] }}", "{{ map[vault.list].x }}", "{{ map[vault.github].x.y }}"],
)
def test_warnings_hold_no_secret(source: str) -> None:
    for masked in (False, True):
        shown = repr(resolve(source, CONTEXT, masked=masked).warnings)
        assert "ghp_12345" not in shown
        assert "a1,b2" not in shown


def test_the_real_value_is_not_needed_for_masking() -> None:
    class Names(dict[str, str]):
        def __getitem__(self, key: str) -> str:
            raise AssertionError("a masked resolve reads no secret")

    names = Names.fromkeys(["github"], "")
    assert resolve("{{ vault.github }}!", {"vault": names}, masked=True).value == f"{MASK}!"
