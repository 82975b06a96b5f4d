"""Properties over any data, and over threads."""

from __future__ import annotations

import json
import re
import timeit
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.workflows.templating.render import CONTEXT
from workflows.errors import TemplateError
from workflows.templating import compile_value

KEYS = st.text(max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
WORDS = st.from_regex(re.compile(r"\A[a-z_][a-z0-9_-]{0,10}\Z"))


def same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and json.dumps(left) == json.dumps(right)


@given(JSON)
def test_one_output_gives_any_value_back(value: Any) -> None:
    assert same(compile_value("{{ x }}").resolve({"x": value}).value, value)
    assert same(compile_value(" {{ x.y }} ").resolve({"x": {"y": value}}).value, value)


@given(JSON)
def test_the_filters_for_json_give_any_value_back(value: Any) -> None:
    assert same(compile_value("{{ x | json | parse_json }}").resolve({"x": value}).value, value)


@given(JSON, WORDS, WORDS.filter(lambda word: word != "vault"))
def test_a_path_finds_any_key(value: Any, key: str, root: str) -> None:
    context = {root: {key: [value]}}
    source = f"{{{{ {root}.{key}[0] }}}}{{{{ {root}['{key}'].0 }}}}"
    if root[0] == "-":
        return
    text = compile_value("{{ x }}{{ x }}").resolve({"x": value}).value
    assert compile_value(source).resolve(context).value == text


@given(JSON, JSON)
def test_text_is_the_same_by_every_way(left: Any, right: Any) -> None:
    context = {"a": left, "b": {"c": right}}
    direct = compile_value("<{{ a }}|{{ b.c }}>").resolve(context).value
    for source in (
        "{% assign x = b.c %}<{{ a }}|{{ x }}>",
        "{% capture x %}<{{ a }}{% endcapture %}{{ x }}|{{ b['c'] }}>",
        "<{{ a | append: '' }}|{{ '' | append: b.c }}>",
        "{% if true %}<{% echo a %}|{{ b.c }}>{% endif %}",
        "{% for i in (1..1) %}<{{ a }}|{{ b.c }}>{% endfor %}",
        "<{{ a }}|{{ b.c }}>{{ vault.k | slice: 0, 0 }}",
    ):
        assert compile_value(source).resolve({**context, "vault": {"k": "s"}}).value == direct


@given(JSON)
def test_a_masked_resolve_differs_only_in_secrets(value: Any) -> None:
    compiled = compile_value({"a": "{{ x }}", "b": "<{{ x }}{{ vault.k }}>"})
    context = {"x": value, "vault": {"k": "s3cret"}}
    real = compiled.resolve(context)
    masked = compiled.resolve(context, masked=True)
    assert same(real.value["a"], masked.value["a"])
    assert real.value["b"].replace("s3cret>", "•••>") == masked.value["b"]


@given(st.text(max_size=200) | st.text(alphabet="{}%-ab.|:'\"[]() \n", max_size=200))
def test_any_source_gives_a_value_or_a_template_error(source: str) -> None:
    try:
        compile_value(source).resolve(CONTEXT)
    except TemplateError as error:
        assert error.message


FRAGMENTS = (
    *("{{ ", " }}", "{% ", " %}", "if ", "endif", "for x in ", "endfor", "assign ", " = ", "else"),
    *("case ", "when ", "endcase", "capture y", "endcapture", "text", "users", "numbers", "x", "y"),
    *(".name", "[0]", "[x]", " | upcase", " | map: 'name'", " | sort", " | json", " | plus: 1"),
    *(" == ", " contains ", " and ", "(1..3)", " limit: 2", " reversed", "'a'", "5", "nil", "-"),
    *("liquid\n", "echo ", "raw", "endraw", "comment", "endcomment", "cycle ", ", ", "vault.k"),
)  # fmt: skip


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=25).map("".join))
def test_any_mix_of_liquid_gives_a_value_or_a_template_error(source: str) -> None:
    context = {**CONTEXT, "vault": {"k": "s"}}
    for options in ({}, {"masked": True}, {"strict": True}):
        try:
            compile_value(source).resolve(context, **options)
        except TemplateError as error:
            assert error.message


def test_one_compiled_value_serves_many_threads() -> None:
    compiled = compile_value(
        {
            "a": "{{ n }}",
            "b": "{% assign x = n %}{% for i in (1..50) %}{% assign x = x | plus: 1 %}"
            "{% increment c %},{% cycle 'p', 'q' %}{% endfor %}{{ x }}{{ nowhere }}",
            "c": "{% capture t %}{{ vault.k }}{% endcapture %}{{ t }}",
        }
    )

    def one(number: int) -> tuple[Any, Any]:
        context = {"n": number, "vault": {"k": f"secret{number}"}}
        masked = number % 3 == 0
        return number, compiled.resolve(context, masked=masked)

    expected = [one(number) for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(200))) == expected
    assert expected[1][1].value["b"].endswith("51")
    assert expected[2][1].exposed == {"secret2"}


@pytest.mark.parametrize("source", ["{{ x.y }}", "a {{ x.y }} b", "{{ x.y | upcase }}"])
def test_a_simple_template_is_quick(source: str) -> None:
    """A loose guard against a slow path; the bench has the numbers."""
    compiled = compile_value(source)
    context = {"x": {"y": "z"}}
    best = min(timeit.repeat(lambda: compiled.resolve(context), number=200, repeat=20)) / 200
    assert best < 50e-6
