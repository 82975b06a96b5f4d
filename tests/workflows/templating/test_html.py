"""Templates that write HTML: what comes from data is escaped, what the author wrote is not."""

from __future__ import annotations

from typing import Any

import pytest

from workflows.templating import AsHtml, Fixed, compile_value

DATA = {
    "name": "<b>Ada & 'Co'</b>",
    "list": ["<i>", 5],
    "safe": "plain",
    "lines": "a\n<b>",
    "vault": {"key": "k<1>"},
}
ADA = "&lt;b&gt;Ada &amp; &#x27;Co&#x27;&lt;/b&gt;"


def html(source: Any, *, masked: bool = False) -> Any:
    return compile_value(AsHtml(source)).resolve(DATA, masked=masked)


WRITTEN: dict[str, tuple[str, str]] = {
    "an output": ("<p>{{ name }}</p>", f"<p>{ADA}</p>"),
    "in an attribute": ('<a title="{{ name }}">', f'<a title="{ADA}">'),
    "a filter": (
        "<p>{{ name | upcase | downcase }}</p>",
        f"<p>{ADA.lower()}</p>",
    ),
    "a list": ("<p>{{ list }}</p>", "<p>[&quot;&lt;i&gt;&quot;, 5]</p>"),
    "in a loop": (
        "{% for x in list %}<li>{{ x }}</li>{% endfor %}",
        "<li>&lt;i&gt;</li><li>5</li>",
    ),
    "in a branch": ("{% if true %}{{ name }}{% endif %}", ADA),
    "escaped by its author": ("<p>{{ name | escape }}</p>", f"<p>{ADA}</p>"),
    "escaped once": ("<p>{{ name | escape_once }}</p>", f"<p>{ADA}</p>"),
    "lines": ("<p>{{ lines | escape | newline_to_br }}</p>", "<p>a<br />\n&lt;b&gt;</p>"),
    "escaped too early": ("<p>{{ 'a' | escape | append: name }}</p>", f"<p>a{ADA}</p>"),
    "captured": (
        "{% capture x %}<p>{{ name }}</p>{% endcapture %}{{ x }}{{ x }}",
        f"<p>{ADA}</p>" * 2,
    ),
    "captured and changed": (
        "{% capture x %}<p>{{ safe }}</p>{% endcapture %}{{ x | append: '' }}",
        "&lt;p&gt;plain&lt;/p&gt;",
    ),
    "assigned": ("{% assign x = name %}{{ x }}.", f"{ADA}."),
    "in a cycle": ("{% cycle name, safe %}.", f"{ADA}."),
    "nothing in it": ("<p>fixed</p>", "<p>fixed</p>"),
}


@pytest.mark.parametrize(("source", "expected"), WRITTEN.values(), ids=WRITTEN)
def test_what_is_written(source: str, expected: str) -> None:
    assert html(source).value == expected


def test_one_output_alone_is_the_value_itself() -> None:
    assert html("{{ name }}").value == DATA["name"]


def test_other_parts_of_a_config_are_not_escaped() -> None:
    value = {"text": "a {{ name }}", "html": AsHtml("a {{ name }}"), "more": Fixed("{{ name }}")}
    assert compile_value(value).resolve(DATA).value == {
        "text": f"a {DATA['name']}",
        "html": f"a {ADA}",
        "more": "{{ name }}",
    }


def test_a_secret_is_masked_and_both_of_its_forms_are_known() -> None:
    assert html("<p>{{ vault.key }}</p>", masked=True).value == "<p>•••</p>"
    resolved = html("<p>{{ vault.key }}</p>")
    assert resolved.value == "<p>k&lt;1&gt;</p>"
    assert {"k<1>", "k&lt;1&gt;"} <= resolved.exposed


def test_escaping_counts_towards_the_limit() -> None:
    compiled = compile_value(AsHtml("<p>{{ n }}</p>"))
    assert len(compiled.resolve({"n": "&" * 1000}).value) == 5_007
    with pytest.raises(Exception, match="larger than"):
        compiled.resolve({"n": '"' * 300_000})
