"""Unknown variables are empty and leave a warning; in a strict resolve they are an error."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.templating.render import resolve
from workflows.errors import TemplateError

WARNINGS = {
    "suggestion": ("{{ node_1.usr }}", ["node_1.usr is unknown: did you mean node_1.user?"]),
    "suggestion for a node": ("{{ node1.user }}", ["node1 is unknown: did you mean node_1?"]),
    "suggestion in another case": (
        "{{ trigger.body.ISSUE }}",
        ["trigger.body.ISSUE is unknown: did you mean trigger.body.issue?"],
    ),
    "the part that fails": (
        "{{ node_1.usr.name.first }}",
        ["node_1.usr is unknown: did you mean node_1.user?"],
    ),
    "nothing alike": ("{{ zzz }}", ["zzz is unknown."]),
    "in text": ("a {{ zzz }} b", ["zzz is unknown."]),
    "once for each path": ("{{ zzz }}{{ zzz }}{{ yyy }}", ["zzz is unknown.", "yyy is unknown."]),
    "index": (
        "{{ node_1.items[5].id }}",
        ["node_1.items[5] is unknown: node_1.items is a list of 3 items."],
    ),
    "in null": (
        "{{ trigger.body.nothing.more }}",
        ["trigger.body.nothing.more is unknown: trigger.body.nothing is empty."],
    ),
    "in a number": (
        "{{ trigger.body.price.more }}",
        ["trigger.body.price.more is unknown: trigger.body.price is no object."],
    ),
    "key with blanks": ("{{ node_1['q q'] }}", ['node_1["q q"] is unknown.']),
    "computed key": ("{{ node_1[text] }}", ['node_1["one\ntwo"] is unknown.']),
    "argument": ("{{ text | append: zzz }}", ["zzz is unknown."]),
    "condition": ("{% if zzz %}{% endif %}", ["zzz is unknown."]),
    "comparison": ("{% if zzz == 1 %}{% endif %}", ["zzz is unknown."]),
    "loop": ("{% for x in zzz %}{% endfor %}", ["zzz is unknown."]),
    "item of a loop": (
        "{% for x in users %}{{ x.nam }}{% endfor %}",
        ["x.nam is unknown: did you mean x.name?"],
    ),
    "own variable": ("{% assign title = 1 %}{{ titel }}",
                     ["titel is unknown: did you mean title?"]),
    "null is known": ("{{ trigger.body.nothing }}", []),
    "false is known": ("{{ trigger.body.closed }}", []),
    "ends of an empty list": ("{{ trigger.body.none.first }}{{ trigger.body.none.last }}", []),
    "default": ("{{ node_1.usr | default: 'x' }}", []),
    "default later": ("{{ node_1.usr | upcase | default: 'x' }}", []),
    "default in assign": ("{% assign a = zzz | default: 1 %}", []),
    "default's own argument": ("{{ zzz | default: yyy }}", []),
    "is nil": ("{% if zzz == nil %}{% endif %}", []),
    "is not empty": ("{% if zzz != empty %}{% endif %}", []),
    "is blank": ("{% if node_1.usr == blank %}{% endif %}", []),
    "assigned in a branch not taken": ("{% if false %}{% assign a = 1 %}{% endif %}{{ a }}",
                                       ["a is unknown."]),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), WARNINGS.values(), ids=WARNINGS.keys())
def test_warnings(source: str, expected: list[str]) -> None:
    assert list(resolve(source).warnings) == expected


@pytest.mark.parametrize(("source", "expected"), WARNINGS.values(), ids=WARNINGS.keys())
def test_a_strict_resolve_fails_instead(source: str, expected: list[str]) -> None:
    if not expected:
        assert resolve(source, strict=True).warnings == ()
        return
    with pytest.raises(TemplateError) as caught:
        resolve(source, strict=True)
    assert caught.value.code == "unknown_variable"
    assert caught.value.message == expected[0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("{{ zzz }}", None, id="alone"),
        pytest.param("<{{ zzz.a.b }}>", "<>", id="in text"),
        pytest.param({"a": "{{ zzz }}", "b": "{{ text.size }}"}, {"a": None, "b": 7}, id="leaf"),
        pytest.param("{{ zzz | default: 5 }}", 5, id="default"),
        pytest.param("{{ zzz | upcase }}", "", id="text filter"),
        pytest.param("{{ zzz | plus: 1 }}", 1, id="number filter"),
        pytest.param("{{ zzz | map: 'a' }}", [], id="list filter"),
        pytest.param("{{ zzz | json }}", "null", id="json"),
        pytest.param("{{ zzz | date: '%Y' }}", None, id="date"),
    ],
)
def test_an_unknown_variable_is_empty(value: Any, expected: Any) -> None:
    assert resolve(value).value == expected


def test_warnings_of_all_leaves_are_gathered_once() -> None:
    value = [["{{ zzz }}", "{{ zzz }} {{ yyy }}"], "{{ zzz }}"]
    assert resolve(value).warnings == ("zzz is unknown.", "yyy is unknown.")


def test_there_is_an_end_to_warnings_and_to_their_length() -> None:
    context = {"a": {}, "n": list(range(1000)), "k": "x" * 100_000}
    many = resolve("{% for i in n %}{{ a[i] }}{% endfor %}", context).warnings
    assert len(many) == 50
    assert len(resolve("{{ a[k] }}", context).warnings[0]) < 200
