"""The tags and rules of standard Liquid: our closures against python-liquid's own rendering."""

from __future__ import annotations

import liquid
import pytest

from tests.workflows.templating.render import CONTEXT, render
from workflows.errors import TemplateError
from workflows.templating import compile_value

STANDARD = liquid.Environment()

SAME = {
    "text": "plain {{ text }} text",
    "if": "{% if trigger.body.open %}a{% elsif users %}b{% else %}c{% endif %}",
    "elsif": "{% if trigger.body.closed %}a{% elsif users %}b{% else %}c{% endif %}",
    "else": "{% if trigger.body.closed %}a{% elsif nil %}b{% else %}c{% endif %}",
    "unless": "{% unless trigger.body.closed %}a{% else %}b{% endunless %}",
    "unless elsif": "{% unless trigger.body.open %}a{% elsif users %}b{% endunless %}",
    "empty text is true": "{% if trigger.body.no_text %}a{% endif %}",
    "zero is true": "{% if 0 %}a{% endif %}",
    "and or from the right": "{% if true or false and false %}a{% endif %}",
    "and or from the right 2": "{% if false and false or true %}a{% else %}b{% endif %}",
    "equal": "{% if trigger.body.issue.number == 7 %}a{% endif %}",
    "not equal": "{% if trigger.body.issue.number != 8 %}a{% endif %}",
    "other not equal": "{% if 1 <> 2 %}a{% endif %}",
    "true is not one": "{% if true == 1 %}a{% else %}b{% endif %}",
    "one is 1.0": "{% if 1 == 1.0 %}a{% else %}b{% endif %}",
    "less": "{% if 1 < 2 and 2 <= 2 and 2 > 1 and 2 >= 2 %}a{% endif %}",
    "less of texts": "{% if 'a' < 'b' %}a{% endif %}",
    "less of nothing": "{% if nil < 1 %}a{% else %}b{% endif %}",
    "nothing is no less or equal": "{% if nil <= 1 %}a{% else %}b{% endif %}",
    "contains text": "{% if node_1.text contains 'ell' %}a{% endif %}",
    "contains item": "{% if more contains 'c' %}a{% endif %}",
    "contains key": "{% if node_1 contains 'user' %}a{% endif %}",
    "contains nothing": "{% if more contains nil %}a{% else %}b{% endif %}",
    "is empty": "{% if trigger.body.none == empty and trigger.body.no_text == empty %}a{% endif %}",
    "is not empty": "{% if users != empty %}a{% endif %}",
    "blank": "{% if trigger.body.no_text == blank %}a{% endif %}",
    "is nil": "{% if trigger.body.nothing == nil %}a{% endif %}",
    "case": "{% case node_1.text %}{% when 'x' %}a{% when 'y', 'hello' %}b{% else %}c{% endcase %}",
    "case or": "{% case 2 %}{% when 1 or 2 %}a{% endcase %}",
    "case else": "{% case 9 %}{% when 1 %}a{% else %}c{% endcase %}",
    "for": "{% for x in numbers %}{{ x }},{% endfor %}",
    "for else": "{% for x in trigger.body.none %}{{ x }}{% else %}none{% endfor %}",
    "for over nothing": "{% for x in nowhere %}{{ x }}{% else %}none{% endfor %}",
    "for over a number": "{% for x in 5 %}{{ x }}{% else %}none{% endfor %}",
    "for over a text": "{% for x in text %}{{ x }};{% endfor %}",
    "for over an object": "{% for p in trigger.headers %}{{ p[0] }}={{ p[1] }};{% endfor %}",
    "for limit offset": "{% for x in (1..9) limit: 3 offset: 2 %}{{ x }}{% endfor %}",
    "for reversed": "{% for x in numbers reversed %}{{ x }}{% endfor %}",
    "for reversed with limit": "{% for x in (1..5) reversed limit: 2 %}{{ x }}{% endfor %}",
    "for continue": "{% for x in (1..5) limit: 2 %}{{ x }}{% endfor %}-"
    "{% for x in (1..5) limit: 2 offset: continue %}{{ x }}{% endfor %}",
    "forloop": "{% for x in numbers %}{{ forloop.index }}{{ forloop.index0 }}{{ forloop.rindex }}"
    "{{ forloop.rindex0 }}{{ forloop.first }}{{ forloop.last }}{{ forloop.length }};{% endfor %}",
    "parentloop": "{% for x in numbers %}{% for y in more %}{{ forloop.parentloop.index }}"
    "{% endfor %}{% endfor %}",
    "break": "{% for x in (1..5) %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "continue": "{% for x in (1..5) %}{% if x == 3 %}{% continue %}{% endif %}{{ x }}{% endfor %}",
    "item hides a variable": "{% assign x = 9 %}{% for x in numbers %}{{ x }}{% endfor %}{{ x }}",
    "assign in a loop": "{% for x in numbers %}{% assign y = x %}{% endfor %}{{ y }}",
    "assign of the item's name": "{% for x in more %}{% assign x = 9 %}{{ x }}{% endfor %}{{ x }}",
    "assign hides the context": "{% assign text = 'mine' %}{{ text }}",
    "assign from itself": "{% assign text = text | upcase %}{{ text }}",
    "capture": "{% capture x %}a{{ text }}b{% endcapture %}<{{ x }}>",
    "increment": "{% increment x %}{% increment x %}{{ x }}",
    "decrement": "{% decrement x %}{% decrement x %}{{ x }}",
    "cycle": "{% for x in (1..5) %}{% cycle 'a', 'b', 'c' %}{% endfor %}",
    "cycle groups": "{% for x in (1..4) %}{% cycle 'g': 'a', 'b' %}{% cycle 'h': 'a', 'b' %}"
    "{% endfor %}",
    "tablerow": "{% tablerow x in (1..5) cols: 2 %}{{ x }}{{ tablerowloop.col }}{% endtablerow %}",
    "tablerow without cols": "{% tablerow x in numbers %}{{ tablerowloop.row }}{% endtablerow %}",
    "tablerow last": "{% tablerow x in numbers cols: 2 %}{{ tablerowloop.last }}{% endtablerow %}",
    "raw": "{% raw %}{{ a }} {% if %}{% endraw %}b",
    "comment": "a{% comment %} {{ x }} {% if %} {% endcomment %}b",
    "nested comment": "a{% comment %}{% comment %}x{% endcomment %}y{% endcomment %}b",
    "inline comment": "a{% # nothing here %}b",
    "echo": "{% echo text | upcase %}",
    "liquid": "{% liquid\n  assign x = 3\n  # a note\n  if x == 3\n    echo 'three'\n  endif\n%}",
    "ifchanged": "{% for x in (1..3) %}{% ifchanged %}{{ text }}{% endifchanged %}{% endfor %}",
    "trim": "a  {%- if true -%}  b  {%- endif -%}  c",
    "trim outputs": "a \n {{- text -}} \n b",
    "blank blocks write nothing": "a{% if true %}   {% endif %}b{% for x in more %} {% endfor %}c",
    "blank block with assign": "a{% if true %} {% assign x = 1 %} {% endif %}{{ x }}",
    "arguments from variables": "{{ text | append: node_1.text | replace: 'o', more[0] }}",
    "range of variables": "{% for x in (1..trigger.body.issue.number) %}{{ x }}{% endfor %}",
    "empty range": "{% for x in (3..1) %}{{ x }}{% else %}none{% endfor %}",
    "break outside": "a{% liquid\necho 'b'\n%}c",
}


@pytest.mark.parametrize("source", SAME.values(), ids=SAME.keys())
def test_as_standard_liquid(source: str) -> None:
    assert render(source) == STANDARD.from_string(source).render(**CONTEXT)


BETTER = {
    "limit 0": ("{% for x in numbers limit: 0 %}{{ x }}{% else %}none{% endfor %}", "none"),
    "when of equal values": ("{% case 1 %}{% when 1, 1 %}a{% endcase %}", "a"),
    "nothing is blank": ("{% if trigger.body.nothing == blank %}a{% endif %}", "a"),
    "break outside of a loop": ("a{% break %}b", "a"),
    "list in a list": ("{% if more contains more %}a{% else %}b{% endif %}", "b"),
    "true is not in a list of 1": ("{% if numbers contains true %}a{% else %}b{% endif %}", "b"),
    "map of a missing key": ("{{ users | map: 'nope' | json }}", "[null, null]"),
    "case with an output of objects": ("{% cycle users, more %}", '[{"name": "Ada", "age": 36}, '
     '{"name": "Bob", "age": 41}]'),
    "echo of an object": ("{% echo more %}!", '["c"]!'),
    "forloop helper of two loops": (
        "{% for x in numbers %}{% for y in more %}{% endfor %}{{ forloop.index }}{% endfor %}",
        "123",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), BETTER.values(), ids=BETTER.keys())
def test_where_standard_liquid_surprises(source: str, expected: str) -> None:
    assert render(source) == expected


WRONG = {
    "unclosed output": ("{{ a", "'{{' is not closed"),
    "unclosed tag": ("{% if a", "'{%' is not closed"),
    "empty output": ("a {{ }}", "empty"),
    "no name": ("{% %}", "no name"),
    "unknown tag": ("{% nope %}", "no tag 'nope'"),
    "include": ("{% include 'a' %}", "no tag 'include'"),
    "render": ("{% render 'a' %}", "no tag 'render'"),
    "extends": ("{% extends 'a' %}", "no tag 'extends'"),
    "unknown filter": ("{{ a | upcas }}", "did you mean 'upcase'"),
    "safe": ("{{ a | safe }}", "no filter 'safe'"),
    "too few arguments": ("{{ a | append }}", "takes 1 values"),
    "too many arguments": ("{{ a | upcase: 1, 2 }}", "takes 0 values"),
    "unknown keyword": ("{{ a | default: 1, allow: 2 }}", "no argument 'allow'"),
    "no endif": ("{% if a %}", "endif"),
    "no endfor": ("{% for a in b %}", "endfor"),
    "wrong end": ("{% if a %}{% endfor %}", "endfor"),
    "operator": ("{% if a === b %}{% endif %}", "no operator|can not be read"),
    "parentheses": ("{% if (a or b) and c %}{% endif %}", "can not be read"),
    "two words": ("{{ a b }}", "can not be read"),
    "minus": ("{{ a - b }}", "not expected"),
    "line": ("a\nb\n{{ x | nope }}\n{% if %}", "line 4|no filter"),
    "vault alone": ("{{ vault }}", "write {{ vault.name }}"),
    "vault as a variable": ("{% assign vault = 1 %}", "taken"),
    "vault as an item": ("{% for vault in a %}{% endfor %}", "taken"),
    "computed root": ("{{ [a].b }}", "does not start"),
}


@pytest.mark.parametrize(("source", "message"), WRONG.values(), ids=WRONG.keys())
def test_what_can_not_be_read_says_why(source: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        compile_value(source)
    assert caught.value.code == "template_error"


def test_the_place_of_an_error_is_named() -> None:
    with pytest.raises(TemplateError, match=r"^headers\[1\]\.value: There is no filter") as caught:
        compile_value({"headers": [{"value": "a"}, {"value": "{{ a | nope }}"}]})
    assert caught.value.details["path"] == "headers[1].value"
    compiled = compile_value({"a": {"b": "{{ 1 | divided_by: 0 }}"}})
    with pytest.raises(TemplateError, match=r"^a\.b: .*divide by zero"):
        compiled.resolve({})


def test_values_of_two_kinds_are_not_compared() -> None:
    with pytest.raises(TemplateError, match="A number and a text can not be compared"):
        render("{% if '5' > 3 %}{% endif %}")
