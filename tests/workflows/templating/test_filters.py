"""Every filter: its documented example, and the cases around it."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import liquid
import pytest

from tests.workflows.templating.render import CONTEXT, render
from workflows.errors import TemplateError
from workflows.templating import FILTERS, FilterDoc

STANDARD = liquid.Environment()
OURS = {
    "json",
    "parse_json",
    "currency",
    "sha256",
    "hmac_sha256",
    "carbon_date",
    "carbon_condition",
}
NOT_TAKEN = {"safe", "escapejs"}


def test_the_filters_are_those_of_standard_liquid_and_our_own() -> None:
    assert set(FILTERS) == (set(STANDARD.filters) - NOT_TAKEN) | OURS


@pytest.mark.parametrize("doc", FILTERS.values(), ids=FILTERS.keys())
def test_the_documented_example_is_true(doc: FilterDoc) -> None:
    assert render(f"{doc.example}{{{{ '' }}}}") == doc.result
    assert doc.summary.endswith(".")
    assert f"| {doc.name}" in doc.example


SAME = """
{{ 'a' | append: 'b' | prepend: 'c' }}   {{ 'HELLO wORLD' | capitalize }}   {{ '' | capitalize }}
{{ 'ß' | upcase }}                       {{ '<a href="x">&</a>' | escape }} {{ "1 < 2 &amp; 3" | escape_once }}
{{ 'a<b>c</b>' | strip_html }}           {{ 'a-b-a' | replace: 'a', 'x' }}  {{ 'a-b-a' | replace: 'a' }}
{{ 'ab' | replace: '', '-' }}            {{ 'aa' | replace_first: 'a', 'b' }}
{{ 'a-b-a' | replace_last: 'a', 'x' }}   {{ 'a-b-a' | remove: 'a' }}        {{ 'aab' | remove_first: 'a' }}
{{ 'abcdefghij' | truncate: 5 }}         {{ 'abc' | truncate: 5 }}          {{ 'abcdefghij' | truncate: 5, '' }}
{{ 'abcdefghij' | truncate: 5, '--' }}   {{ 'a b c d' | truncatewords: 2 }} {{ 'a b c' | truncatewords: 2, '!' }}
{{ 'abc' | slice: 1 }}                   {{ 'abc' | slice: -2, 2 }}         {{ 'abc' | slice: 5 }}
{{ 'a, b' | split: ', ' | join: '+' }}   {{ 'abc' | split: '' | join: '-' }} {{ ' a  b ' | split: ' ' | join: '-' }}
{{ 'a b/c?d=e' | url_encode }}           {{ 'a+b%2Fc' | url_decode }}       {{ 'hi' | base64_encode }}
{{ 5 | plus: 2 | minus: 4 | times: 3 }}  {{ 0.1 | plus: 0.2 }}              {{ '3' | plus: '4.5' }}
{{ 20 | divided_by: 7 }}                 {{ 20 | divided_by: 7.0 }}         {{ -7 | divided_by: 2 }}
{{ 7 | modulo: 4 }}                      {{ -7 | modulo: 4 }}               {{ 183.357 | modulo: 12 }}
{{ 4.6 | round }}                        {{ 4.567 | round: 2 }}             {{ '4.2' | ceil }}
{{ -4.2 | floor }}                       {{ '-5' | abs }}                   {{ 5 | at_most: 3 | at_least: 4 }}
{{ 'x' | plus: 1 }}                      {{ nil | plus: 1 }}                {{ numbers | sort | join: ',' }}
{{ users | map: 'name' | join: ',' }}    {{ users | sum: 'age' }}           {{ numbers | sum }}
{{ numbers | first }}                    {{ numbers | last }}               {{ numbers | reverse | join }}
{{ users | where: 'name', 'Bob' | map: 'age' | first }}                     {{ users | find_index: 'age', 41 }}
{{ users | has: 'age', 41 }}             {{ numbers | concat: more | join }} {{ 'b,B,a' | split: ',' | uniq | join }}
{{ 'b,A,c' | split: ',' | sort_natural | join }}                            {{ 'abc' | size }}
{{ users | size }}                       {{ 5 | size }}                     {{ nil | default: 'd' }}
{{ false | default: 'd' }}               {{ false | default: 'd', allow_false: true }}
{{ 0 | default: 'd' }}                   {{ '' | default: 'd' }}            {{ trigger.body.none | default: 'd' }}
"""  # noqa: E501


@pytest.mark.parametrize(
    "source", [part.strip() + "}}" for part in SAME.split("}}") if part.strip()]
)
def test_as_standard_liquid(source: str) -> None:
    assert render(f"{source}!") == STANDARD.from_string(f"{source}!").render(**CONTEXT)


OBJECTS = {
    "objects": [{"a": 2, "b": "x"}, {"a": 1, "b": None}, {"a": 3}, "text", None],
    "mixed": [1, "a"],
    "nulls": [3, None, 1],
    "same": [1, True, 1.0, "1", None, {"a": 1, "b": 2}, {"b": 2, "a": 1}, [], 1],
    "nested": [[1, [2]], 3],
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("{{ objects | map: 'a' }}", [2, 1, 3, None, None], id="map of anything"),
        pytest.param("{{ objects | where: 'b' | map: 'a' }}", [2], id="where there is something"),
        pytest.param("{{ objects | reject: 'a' }}", ["text", None], id="reject"),
        pytest.param("{{ objects | find: 'a', 9 }}", None, id="find nothing"),
        pytest.param("{{ objects | find_index: 'a', 9 }}", None, id="find_index of nothing"),
        pytest.param("{{ objects | has: 'a', 9 }}", False, id="has not"),
        pytest.param("{{ objects | sort: 'a' | map: 'a' }}", [1, 2, 3, None, None], id="sort key"),
        pytest.param("{{ objects | compact | size }}", 4, id="compact"),
        pytest.param("{{ objects | compact: 'b' | size }}", 1, id="compact by key"),
        pytest.param("{{ objects | uniq: 'b' | map: 'a' }}", [2, 1], id="uniq by key"),
        pytest.param("{{ objects | sum: 'a' }}", 6, id="sum by key"),
        pytest.param("{{ nulls | sort }}", [1, 3, None], id="null sorts last"),
        pytest.param("{{ same | uniq | size }}", 5, id="uniq keeps what is not equal"),
        pytest.param("{{ nested | join: ',' }}", "1,2,3", id="lists in lists are flattened"),
        pytest.param("{{ 'a' | join: ',' }}", "a", id="join of a text"),
        pytest.param("{{ objects | join: ';' }}",
                     '{"a": 2, "b": "x"};{"a": 1, "b": null};{"a": 3};text;', id="join of objects"),
        pytest.param("{{ nulls | slice: 1, 5 }}", [None, 1], id="slice of a list"),
        pytest.param("{{ 'abc' | slice: -5, 2 }}", "", id="slice before the start"),
        pytest.param("{{ 2.5 | round }}", 3, id="halves go up"),
        pytest.param("{{ -2.5 | round }}", -3, id="negative halves go down"),
        pytest.param("{{ 1234 | round: -2 }}", 1200, id="round to hundreds"),
        pytest.param("{{ 1e | plus: 1 }}", 1, id="unknown counts as 0"),
        pytest.param("{{ true | plus: 1 }}", 1, id="true is no number"),
        pytest.param("{{ '1e3' | plus: 1 }}", 1001.0, id="exponent"),
        pytest.param("{{ -7.5 | modulo: 2 }}", 0.5, id="modulo has the divisor's sign"),
        pytest.param("{{ 'aGk' | base64_decode }}", "hi", id="base64 without padding"),
        pytest.param("{{ 'aG\nk=' | base64_decode }}", "hi", id="base64 in lines"),
        pytest.param("{{ '[1, {\"a\": null}]' | parse_json }}", [1, {"a": None}], id="parse_json"),
        pytest.param("{{ objects | parse_json | size }}", 5, id="parse_json of data"),
        pytest.param("{{ nulls | json: 1 }}", "[\n 3,\n null,\n 1\n]", id="json with indent"),
        pytest.param("{{ '\"ä' | json }}", '"\\"ä"', id="json of a text"),
        pytest.param("{{ 'a' | json | json | parse_json | parse_json }}", "a", id="json both ways"),
        pytest.param("{{ nested | sum }}", 6, id="sum is whole"),
        pytest.param("{{ '0.1,0.2' | split: ',' | sum }}", 0.3, id="sum is exact"),
        pytest.param("{{ '<p>a<!-- > -->b<script>c</script>d<br' | strip_html }}", "abd<br",
                     id="strip_html"),
        pytest.param("{{ '<STYLE a>b</Style >c' | strip_html }}", "c", id="strip_html style"),
        pytest.param("{{ 'a < b' | strip_html }}", "a < b", id="no tag"),
        pytest.param("{{ 'aXbXc' | replace_last: 'X', '' }}", "aXbc", id="replace_last"),
        pytest.param("{{ 'abc' | replace_last: 'z', 'y' }}", "abc", id="replace_last of nothing"),
        pytest.param("{{ 'ab' | replace_last: '', 'y' }}", "aby", id="replace_last of empty"),
        pytest.param("{{ 'Xa' | remove_last: 'X' }}", "a", id="remove_last at the start"),
    ],
)  # fmt: skip
def test_cases(source: str, expected: Any) -> None:
    result = render(source, OBJECTS)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("{{ 1234.5 | currency }}", "$1,234.50"),
        ("{{ '1234.567' | currency: 'EUR' }}", "€1,234.57"),
        ("{{ 1234.5 | currency: 'EUR', 'de_DE' }}", "1.234,50\xa0€"),
        ("{{ 1234.5 | currency: 'EUR', 'de-DE' }}", "1.234,50\xa0€"),
        ("{{ 1234 | currency: 'JPY' }}", "¥1,234"),
        ("{{ -5 | currency: 'GBP' }}", "-£5.00"),
        ("{{ nil | currency }}", "$0.00"),
        ("{{ 12345678901234567890 | currency }}", "$12,345,678,901,234,567,890.00"),
    ],
)
def test_currency(source: str, expected: str) -> None:
    assert render(source) == expected


def test_hashes() -> None:
    assert render("{{ 'ä' | sha256 }}") == hashlib.sha256("ä".encode()).hexdigest()
    signed = hmac.new(b"key", "ä".encode(), hashlib.sha256).hexdigest()
    assert render("{{ 'ä' | hmac_sha256: 'key' }}") == signed
    assert render("{{ a | sha256 }}", {"a": {"b": 1}}) == hashlib.sha256(b'{"b": 1}').hexdigest()
    assert render("{{ 'ä' | base64_encode }}") == base64.b64encode("ä".encode()).decode()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ 1 | divided_by: 0 }}", "'divided_by' failed: can not divide by zero"),
        ("{{ 1 | modulo: 'x' }}", "divide by zero"),
        ("{{ mixed | sort }}", "can be sorted"),
        ("{{ objects | sort }}", "can be sorted"),
        ("{{ mixed | concat: 5 }}", "no list; it got 5"),
        ("{{ 'no json' | parse_json }}", 'no JSON .*; it got "no json"'),
        ("{{ '!' | base64_decode }}", "no base64"),
        ("{{ '/w==' | base64_decode }}", "no base64 of a text"),
        ("{{ 1 | currency: 'euro' }}", "USD or EUR"),
        ("{{ 1 | currency: 'EUR', 'xx_YY' }}", "locale"),
        ("{{ 'a' | hmac_sha256: '' }}", "key is empty"),
        ("{{ 'x' | carbon_date: '+1 day' }}", "a date is needed"),
        ("{{ 'now' | carbon_date: 'some day' }}", "not understood"),
        ("{{ 'now' | carbon_condition: 'is_nice' }}", "the questions are"),
        ("{{ 'now' | carbon_condition: 'before' }}", "a date is needed"),
        ("{{ 'now' | date: '%Y', 'Mars' }}", "time zone is not known"),
    ],
)
def test_what_a_filter_can_not_do_it_says(source: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        render(source, OBJECTS)
    assert caught.value.code == "template_error"
