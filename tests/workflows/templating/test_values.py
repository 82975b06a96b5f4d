"""What becomes of outputs, alone and in text; paths; JSON values; variables."""

from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.templating.render import CONTEXT, render
from workflows.errors import TemplateError
from workflows.templating import Fixed, compile_value

ISSUE = CONTEXT["trigger"]["body"]["issue"]
RESERVED = (
    *("true", "false", "nil", "null", "empty", "blank", "and", "or", "contains", "not", "in"),
    *("offset", "limit", "reversed", "cols", "continue", "with", "for", "as", "if", "else"),
    *("required", "partial", "size", "first", "last"),
)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("{{ trigger.body.issue }}", ISSUE, id="object"),
        pytest.param("{{trigger.body.issue.labels}}", ["bug", "ui"], id="list"),
        pytest.param("{{ trigger.body.issue.number }}", 7, id="number"),
        pytest.param("{{ trigger.body.price }}", 12.5, id="fraction"),
        pytest.param("{{ trigger.body.open }}", True, id="true"),
        pytest.param("{{ trigger.body.closed }}", False, id="false"),
        pytest.param("{{ trigger.body.nothing }}", None, id="null"),
        pytest.param("{{ trigger.body.no_text }}", "", id="empty text"),
        pytest.param("  \n{{ trigger.body.open }}\t ", True, id="blanks around"),
        pytest.param("{{- trigger.body.open -}}", True, id="dashes"),
        pytest.param("{{ trigger.body.issue.labels | size }}", 2, id="filter keeps the type"),
        pytest.param("{{ '5' | plus: 0 }}", 5, id="text to number"),
        pytest.param("{{ (1..3) }}", [1, 2, 3], id="range is a list"),
        pytest.param("{{ 5 }}", 5, id="literal"),
        pytest.param("{{ nil }}", None, id="nil"),
        pytest.param("{{ true }}", True, id="literal true"),
        pytest.param("{{ 'a }} b' }}", TemplateError, id="closing brackets in a text"),
    ],
)
def test_one_output_alone_is_the_raw_value(source: str, expected: Any) -> None:
    if expected is TemplateError:
        with pytest.raises(TemplateError):
            compile_value(source)
        return
    result = render(source)
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("<{{ trigger.body.issue.labels }}>", '<["bug", "ui"]>', id="list"),
        pytest.param(
            "<{{ trigger.body.issue }}>",
            '<{"title": "Quote \\" and \\\\", "number": 7, "labels": ["bug", "ui"]}>',
            id="object",
        ),
        pytest.param(
            "<{{ trigger.body.open }}{{ trigger.body.closed }}>", "<truefalse>", id="bool"
        ),
        pytest.param("<{{ trigger.body.nothing }}>", "<>", id="null"),
        pytest.param("<{{ trigger.body.missing }}>", "<>", id="unknown"),
        pytest.param("<{{ trigger.body.price }}>", "<12.5>", id="fraction"),
        pytest.param("{{ trigger.body.issue.number }}{{ 1 }}", "71", id="two outputs"),
        pytest.param("{% if true %}{{ 1 }}{% endif %}", "1", id="in a tag it is text"),
        pytest.param("<{{ text }}>", "<one\ntwo>", id="lines"),
        pytest.param("ä{{ '€' }}", "ä€", id="letters of all languages"),
        pytest.param("{{ true | append: '!' }}", "true!", id="boolean in a filter"),
        pytest.param("{{ nil | append: '!' }}", "!", id="null in a filter"),
        pytest.param("{{ more | append: '!' }}", '["c"]!', id="list in a filter"),
        pytest.param("{{ '!' | append: more }}", '!["c"]', id="list as an argument"),
        pytest.param("{{ 'a' | append: true }}", "atrue", id="boolean as an argument"),
        pytest.param("a {{- ' b ' -}} c", "a b c", id="trimmed"),
        pytest.param("{{ 1 }}%} }}", "1%} }}", id="closing brackets alone are text"),
    ],
)
def test_in_text_a_value_becomes_text(source: str, expected: str) -> None:
    assert render(source) == expected


@pytest.mark.parametrize("word", RESERVED)
def test_reserved_words_are_plain_keys(word: str) -> None:
    context = {"a": {word: {word: 1}}, word: {"b": 2}}
    assert render(f"{{{{ a.{word}.{word} }}}}", context) == 1
    assert render(f"{{{{ {word}.b }}}}", context) == 2
    assert render(f"<{{{{ a.{word}.{word} | plus: a.{word}.{word} }}}}>", context) == "<2>"
    assert (
        render(f"{{% if a.{word}.{word} == 1 and {word}.b == 2 %}}y{{% endif %}}", context) == "y"
    )
    loop = f"{{% for x in a.{word} limit: 1 %}}{{{{ x[0] }}}}{{% endfor %}}"
    assert render(loop, context) == word


@pytest.mark.parametrize("word", ["limit", "offset", "cols", "with", "as", "if", "for", "partial"])
def test_words_of_tags_are_names_of_variables_too(word: str) -> None:
    context = {word: [5, 6]}
    assert render(f"{{{{ {word} }}}}", context) == [5, 6]
    assert render(f"{{% for {word} in {word} limit: 1 %}}{{{{ {word} }}}}{{% endfor %}}", context)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param("{{ trigger.headers.x-github-event }}", "issues", id="hyphens"),
        pytest.param('{{ trigger.headers["x-github-event"] }}', "issues", id="quoted"),
        pytest.param("{{ trigger['headers']['x y'] }}", "spaced", id="key with a blank"),
        pytest.param("{{ ['trigger'].body.open }}", True, id="quoted root"),
        pytest.param("{{ node_1.items[1].id }}", 2, id="index"),
        pytest.param("{{ node_1.items.1.id }}", 2, id="index with a dot"),
        pytest.param("{{ node_1.items[-1].id }}", 3, id="index from the end"),
        pytest.param("{{ node_1.items[trigger.body.issue.labels.size].id }}", 3, id="computed"),
        pytest.param("{{ node_1[trigger.headers.key] }}", None, id="computed unknown"),
        pytest.param("{{ node_1.items.size }}", 3, id="length of a list"),
        pytest.param("{{ node_1.text.size }}", 5, id="length of a text"),
        pytest.param("{{ trigger.headers.size }}", 2, id="length of an object"),
        pytest.param("{{ node_1.user.size }}", "L", id="the key size wins"),
        pytest.param("{{ node_1.user.first }}", "A", id="the key first wins"),
        pytest.param("{{ node_1.items.first.id }}", 1, id="first"),
        pytest.param("{{ node_1.items.last.id }}", 3, id="last"),
        pytest.param("{{ users.first.name }}", "Ada", id="first and on"),
        pytest.param("{{ trigger.body.none.first }}", None, id="first of nothing"),
        pytest.param("{{ trigger.headers.first }}", ["x-github-event", "issues"], id="first pair"),
        pytest.param("{{ node_1.text[0] }}", None, id="texts have no index"),
    ],
)
def test_paths(source: str, expected: Any) -> None:
    assert render(source) == expected


def test_digits_are_keys_of_objects_too() -> None:
    assert render("{{ a.0.b }}{{ a[0].b }}", {"a": {"0": {"b": 1}}}) == "11"


def test_a_json_value_is_resolved_leaf_by_leaf() -> None:
    value = {
        "title": "{{ trigger.body.issue.title }}",
        "{{ key }}": [1, None, True, "plain", {"n": "no {{ trigger.body.issue.number }}"}],
        "labels": "{{ trigger.body.issue.labels }}",
    }
    assert render(value) == {
        "title": 'Quote " and \\',
        "{{ key }}": [1, None, True, "plain", {"n": "no 7"}],
        "labels": ["bug", "ui"],
    }


def test_literal_parts_are_kept_as_they_are() -> None:
    literal = {"a": [1, {"b": "c"}]}
    compiled = compile_value({"x": literal, "y": "{{ text }}"})
    assert not compiled.is_literal
    assert compiled.resolve(CONTEXT).value["x"] is literal
    whole = compile_value(literal)
    assert whole.is_literal
    assert whole.resolve({}).value is literal


def test_fixed_parts_are_no_templates() -> None:
    inner = {"b": "{{ text }}"}
    compiled = compile_value({"a": Fixed(inner), "c": ["{{ text.size }}", Fixed("{% if %}")]})
    assert compiled.variables == {"text.size"}
    result = compiled.resolve(CONTEXT).value
    assert result == {"a": inner, "c": [7, "{% if %}"]}
    assert result["a"] is inner


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "text", "}} %}", "a { b", [], {}])
def test_values_without_templates_are_literal(value: Any) -> None:
    compiled = compile_value(value)
    assert compiled.is_literal
    assert compiled.resolve({}).value == value
    assert compiled.variables == frozenset()


def test_a_value_is_not_changed_by_resolving() -> None:
    value = {"a": ["{{ text }}"]}
    assert render(value) == {"a": ["one\ntwo"]}
    assert value == {"a": ["{{ text }}"]}


def test_data_is_never_rendered_again() -> None:
    context = {"a": "{{ b }}{% if true %}x{% endif %}", "b": "no", "vault": {"key": "secret"}}
    for source in (
        "{{ a }}",
        "{{ a | append: '' }}",
        "{% assign c = a %}{{ c }}",
        "{{ a }}{{ '' }}",
    ):
        assert render(source, context) == context["a"]
    assert render("{{ a | json }}", {"a": "{{ vault.key }}"}) == '"{{ vault.key }}"'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param("{{ a.b.c }}", {"a.b.c"}, id="path"),
        pytest.param("{{ a[0].b }}{{ a.1 }}", {"a[0].b", "a[1]"}, id="index"),
        pytest.param("{{ a['x-y'] }}{{ a['x y'] }}", {"a.x-y", 'a["x y"]'}, id="keys"),
        pytest.param("{{ a[b.c].d }}", {"a", "b.c"}, id="computed"),
        pytest.param("{{ vault.github }}", {"vault.github"}, id="secret"),
        pytest.param("{{ a | append: b.c | default: d }}", {"a", "b.c", "d"}, id="arguments"),
        pytest.param(
            "{% for x in a.items %}{{ x.b }}{{ forloop.index }}{% endfor %}{{ x.c }}",
            {"a.items", "x.c"},
            id="loop",
        ),
        pytest.param("{% assign x = x.y %}{{ x.z }}", {"x.y"}, id="assign"),
        pytest.param("{% capture x %}{{ a }}{% endcapture %}{{ x }}", {"a"}, id="capture"),
        pytest.param("{% increment x %}{{ x }}", set(), id="counter"),
        pytest.param("{% if a == b and c %}{% elsif d %}{% endif %}", set("abcd"), id="conditions"),
        pytest.param("{% case a %}{% when b, c %}{% endcase %}", set("abc"), id="case"),
        pytest.param("{% for x in (a..b) limit: c offset: d %}{% endfor %}", set("abcd"), id="for"),
        pytest.param(
            "{% tablerow x in a cols: b %}{{ x }}{% endtablerow %}", set("ab"), id="table"
        ),
        pytest.param("{% cycle a: b, c %}", set("abc"), id="cycle"),
        pytest.param("{{ now }}{{ today }}", set(), id="clock"),
        pytest.param(
            "{% comment %}{{ a }}{% endcomment %}{% raw %}{{ b }}{% endraw %}", set(), id="no"
        ),
        pytest.param({"x": ["{{ a }}", {"y": "{{ b }}"}]}, set("ab"), id="nested"),
    ],
)
def test_variables(value: Any, expected: set[str]) -> None:
    assert compile_value(value).variables == expected


def test_only_json_data_is_read() -> None:
    class Thing:
        secret = "s"

        def __getitem__(self, key: str) -> str:
            return "got"

    context: dict[str, Any] = {"thing": Thing(), "text": "t", "list": [1], "object": {"a": 1}}
    with pytest.raises(TemplateError, match="no JSON value"):
        render("{{ thing }}", context)
    with pytest.raises(TemplateError):
        render("<{{ thing }}>", context)
    for path in ("text", "list", "object"):
        for name in ("__class__", "__class__.__mro__", "keys", "append", "format", "__init__"):
            assert render(f"{{{{ {path}.{name} }}}}", context) is None
            assert render(f"{{{{ {path}['{name}'] }}}}", context) is None
