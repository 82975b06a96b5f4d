"""The template language as its documentation shows it; FILTERS has the filters. A test makes every
example, and finds every tag that is not described here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from workflows.node_type import Json
from workflows.templating import budget
from workflows.templating.filters import EXAMPLE_DATA
from workflows.templating.state import MASK

ORDER: Mapping[str, Json] = MappingProxyType(
    {
        "trigger": {
            "order": {
                "id": 42,
                "paid": True,
                "note": None,
                "lines": [{"name": "Lamp", "price": 79}, {"name": "Bulb", "price": 4.5}],
            },
            "headers": {"x-request-id": "a1"},
        },
        "vault": {"shop_key": "a secret"},
    }
)
"""What the examples of this file see."""


@dataclass(frozen=True, slots=True)
class Example:
    """`template` gives `result`, with these warnings. `error` is the message where it fails."""

    template: str
    result: Json = None
    warnings: tuple[str, ...] = ()
    error: str = ""
    data: Mapping[str, Json] = field(default_factory=lambda: ORDER)


@dataclass(frozen=True, slots=True)
class Rule:
    title: str
    text: str
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class TagDoc:
    """`parts` are the tags that only stand inside of it."""

    name: str
    summary: str
    example: Example
    parts: tuple[str, ...] = ()


RULES = (
    Rule(
        "One output alone keeps its type",
        "A field that holds one output and nothing else becomes the value itself: an object, a "
        "list, a number, true, false or null. Blanks around it do not count, filters may follow.",
        (
            Example("{{ trigger.order.id }}", 42),
            Example(" {{ trigger.order.lines | first }} ", {"name": "Lamp", "price": 79}),
            Example("{{ trigger.order.paid }}", True),
            Example("{{ trigger.order.note }}", None),
        ),
    ),
    Rule(
        "In more text, a value becomes text",
        "Objects and lists are written as JSON, null and what is unknown as nothing, booleans as "
        "true and false.",
        (
            Example("Order {{ trigger.order.id }}", "Order 42"),
            Example("paid: {{ trigger.order.paid }}", "paid: true"),
            Example("lines: {{ trigger.order.lines | map: 'name' }}", 'lines: ["Lamp", "Bulb"]'),
            Example("note: {{ trigger.order.note }}!", "note: !"),
        ),
    ),
    Rule(
        "Names and paths",
        "trigger is what the run was started with; every node that ran before is there by its id, "
        "and run.id, run.attempt, workflow.id and workflow.name always are. In the body of a "
        "For each: item, index and loop. A dot goes into an object, brackets take a position or a "
        "key; size, first and last work on lists and texts.",
        (
            Example("{{ trigger.order.lines[0].name }}", "Lamp"),
            Example("{{ trigger.order.lines[-1].name }}", "Bulb"),
            Example("{{ trigger.headers.x-request-id }}", "a1"),
            Example('{{ trigger.headers["x-request-id"] }}', "a1"),
            Example("{{ trigger.order.lines.size }}", 2),
        ),
    ),
    Rule(
        "What is unknown is empty, and leaves a warning",
        "It is never an error, unless the workflow is strict about variables: then the step fails. "
        "The filter default deals with it without a warning.",
        (
            Example(
                "{{ trigger.ordr.id }}",
                None,
                ("trigger.ordr is unknown: did you mean trigger.order?",),
            ),
            Example("{{ trigger.coupon | default: 'none' }}", "none"),
        ),
    ),
    Rule(
        "Secrets are joined in last",
        "vault.name is the secret itself where the step needs it. In everything that is stored or "
        f"shown it reads {MASK}, also where a filter changed it. A secret that does not exist or "
        "has expired fails the step.",
        (Example("Bearer {{ vault.shop_key }}", f"Bearer {MASK}"),),
    ),
    Rule(
        "JSON fields are resolved leaf by leaf",
        "The JSON is read first, then each text in it is a template of its own. So no quote in a "
        "value can break the JSON around it, and “{{ … }}” in quotes still gives any type.",
        (),
    ),
    Rule(
        "Mistakes are told with their place",
        "What can not be read fails at save where that is possible, else the step fails with a "
        "sentence that says what to do.",
        (
            Example(
                "{{ trigger.order.id | divided_by: 0 }}",
                error="The filter 'divided_by' failed: can not divide by zero.",
            ),
        ),
    ),
)

TAGS = (
    TagDoc(
        "if",
        "Writes what is inside where a condition holds. Compare by ==, !=, <, >, <=, >= and "
        "contains, join by and and or.",
        Example(
            "{% if trigger.order.paid and trigger.order.id > 40 %}paid{% else %}open{% endif %}",
            "paid",
        ),
        ("elsif", "else", "endif"),
    ),
    TagDoc(
        "unless",
        "The contrary of if.",
        Example("{% unless trigger.order.note %}no note{% endunless %}", "no note"),
        ("elsif", "else", "endunless"),
    ),
    TagDoc(
        "case",
        "Compares one value with several.",
        Example(
            "{% case trigger.order.id %}{% when 1, 2 %}old{% when 42 %}new{% else %}?{% endcase %}",
            "new",
        ),
        ("when", "else", "endcase"),
    ),
    TagDoc(
        "for",
        "Goes through a list or a range. limit, offset and reversed choose; forloop has index, "
        "index0, first, last and length; else is for an empty list.",
        Example(
            "{% for line in trigger.order.lines %}{{ forloop.index }}. {{ line.name }} "
            "{% endfor %}",
            "1. Lamp 2. Bulb ",
        ),
        ("else", "endfor"),
    ),
    TagDoc(
        "break",
        "Leaves the loop.",
        Example(
            "{% for n in (1..9) %}{% if n > 3 %}{% break %}{% endif %}{{ n }}{% endfor %}", "123"
        ),
    ),
    TagDoc(
        "continue",
        "Goes on with the next item.",
        Example(
            "{% for n in (1..4) %}{% if n == 2 %}{% continue %}{% endif %}{{ n }}{% endfor %}",
            "134",
        ),
    ),
    TagDoc(
        "assign",
        "Gives a value a name of its own.",
        Example("{% assign sum = trigger.order.lines | sum: 'price' %}Sum: {{ sum }}", "Sum: 83.5"),
    ),
    TagDoc(
        "capture",
        "Gives what is written inside a name.",
        Example(
            "{% capture title %}Order {{ trigger.order.id }}{% endcapture %}{{ title | upcase }}",
            "ORDER 42",
        ),
        ("endcapture",),
    ),
    TagDoc(
        "echo",
        "Writes a value, as an output does. For use in liquid.",
        Example("No {% echo trigger.order.id %}", "No 42"),
    ),
    TagDoc(
        "cycle",
        "Writes one of several texts after the other, one each time.",
        Example("{% for n in (1..3) %}{% cycle 'odd', 'even' %} {% endfor %}", "odd even odd "),
    ),
    TagDoc(
        "increment",
        "Writes a counter and adds one to it; it begins with 0.",
        Example("{% increment n %}{% increment n %}", "01"),
    ),
    TagDoc(
        "decrement",
        "Takes one from a counter and writes it; it begins with -1.",
        Example("{% decrement n %}{% decrement n %}", "-1-2"),
    ),
    TagDoc(
        "ifchanged",
        "Writes what is inside where it is not the same as the last time.",
        Example(
            "{% assign kinds = 'a,a,b' | split: ',' %}{% for k in kinds %}"
            "{% ifchanged %}{{ k }}{% endifchanged %}{% endfor %}",
            "ab",
        ),
        ("endifchanged",),
    ),
    TagDoc(
        "tablerow",
        "Writes the cells of an HTML table, with cols in a row.",
        Example(
            "{% tablerow n in (1..2) cols: 2 %}{{ n }}{% endtablerow %}",
            '<tr class="row1">\n<td class="col1">1</td><td class="col2">2</td></tr>\n',
        ),
        ("endtablerow",),
    ),
    TagDoc(
        "raw",
        "Leaves what is inside as it is written.",
        Example("{% raw %}{{ not a template }}{% endraw %}", "{{ not a template }}"),
        ("endraw",),
    ),
    TagDoc(
        "comment",
        "Writes nothing. {% # ... %} is a comment in one tag.",
        Example("a{% comment %} for the next reader {% endcomment %}b{% # and here %}", "ab"),
        ("endcomment",),
    ),
    TagDoc(
        "doc",
        "A comment that says what the template is for.",
        Example("{% doc %} A title {% enddoc %}Title", "Title"),
        ("enddoc",),
    ),
    TagDoc(
        "liquid",
        "Several tags, one a line, without their signs.",
        Example("{% liquid\nassign n = 2\necho n | times: 3\n%}", "6"),
    ),
)

LIMITS = (
    ("characters in a template", budget.SOURCE_CHARACTERS),
    ("outputs and tags in a template", budget.TAGS),
    ("items in a list or range", budget.ITEMS),
    ("passes of all loops of a step", budget.PASSES),
    ("bytes of text that a step writes", budget.OUTPUT_BYTES),
    ("bits of a whole number", budget.INTEGER_BITS),
    ("second of computing for a step", int(budget.SECONDS)),
)

TRY_DATA: Mapping[str, Json] = MappingProxyType(
    {
        **ORDER,
        **EXAMPLE_DATA,
        "run": {"id": "0198c9a4-7d2e-7c41-9f0b-3a5d6e7f8091", "attempt": 1},
        "workflow": {"id": "0198c9a3-02b1-7f60-8a11-c2d3e4f50617", "name": "Order intake"},
    }
)
"""What all examples together see."""
