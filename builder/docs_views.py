"""The documentation: node types from their classes, the template language from its code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_safe

from builder import reference
from builder.json_input import pretty
from builder.try_template import kind_of, try_template
from runs.pages import missing_is_404
from workflows.access import require_role
from workflows.models import Role
from workflows.node_type import Json
from workflows.plain_json import clean
from workflows.templating import EXAMPLE_DATA, FILTERS, Argument, FilterDoc, compile_value
from workflows.templating.reference import LIMITS, RULES, TAGS, TRY_DATA, Example, TagDoc

GROUPS = {
    "texts": "Texts",
    "lists": "Lists",
    "numbers": "Numbers",
    "dates": "Dates",
    "data": "Data, encodings and signatures",
}
TAKES = {"any": "value", "text": "text", "number": "number", "list": "list"}
LONGEST_LINE = 60
FIRST_TRY = "Order {{ trigger.order.id }}: {{ trigger.order.lines | map: 'name' | join: ', ' }}"


@dataclass(frozen=True, slots=True)
class Shown:
    """An example and what it gives. `value` is JSON unless it is a text."""

    template: str
    value: str
    kind: str
    warnings: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A tag or a filter; `usage` is how it is written."""

    name: str
    usage: str
    summary: str
    example: Shown


@require_safe
@require_role(Role.VIEWER)
def docs_index(request: HttpRequest) -> HttpResponse:
    q = clean(request.GET.get("q", "").strip()[:200])
    context = {"section": "docs", "q": q, "categories": reference.catalogue(q), **_found_words(q)}
    return render(request, "docs/index.html", context)


@require_safe
@require_role(Role.VIEWER)
def node_docs(request: HttpRequest) -> HttpResponse:
    q = clean(request.GET.get("q", "").strip()[:200])
    context = {"section": "docs", "q": q, "categories": reference.catalogue(q), "only_nodes": True}
    return render(request, "docs/index.html", context)


@require_safe
@require_role(Role.VIEWER)
@missing_is_404
def node_doc(request: HttpRequest, node_type: str) -> HttpResponse:
    node = reference.node_reference(node_type)
    category, _ = reference.CATEGORIES[node.category]
    return render(
        request, "docs/node.html", {"section": "docs", "node": node, "category": category}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require_role(Role.VIEWER, change=Role.VIEWER)
def template_docs(request: HttpRequest) -> HttpResponse:
    """POST tries a template, and so does a link with one; nothing is kept."""
    sent = request.POST if request.method == "POST" else request.GET
    template = sent.get("template", "").replace("\r\n", "\n")
    sample = pretty(dict(TRY_DATA))
    data = sent.get("data", sample)
    if request.method != "POST" and "template" not in sent:
        template = FIRST_TRY
    trial = try_template(template, data)
    if request.headers.get("HX-Request"):
        return render(request, "docs/_trial.html", {"trial": trial})
    context = {
        "section": "docs",
        "template": template,
        "data": data,
        "sample": sample,
        "trial": trial,
        "language": language(),
        "limits": LIMITS,
    }
    return render(request, "docs/templates.html", context)


def _found_words(q: str) -> dict[str, Any]:
    """Tags and filters that a search finds; without one they stand on a page of their own."""
    words = q.lower().split()

    def is_found(entry: TagDoc | FilterDoc) -> bool:
        text = f"{entry.name} {entry.summary}".lower()
        return bool(words) and all(word in text for word in words)

    return {
        "tags": [tag for tag in TAGS if is_found(tag)],
        "filters": [doc for doc in FILTERS.values() if is_found(doc)],
    }


@cache
def language() -> dict[str, Any]:
    """It does not change while the process lives."""
    filters = [(FILTERS[name].group, _filter_entry(FILTERS[name])) for name in sorted(FILTERS)]
    return {
        "rules": [(rule, [_shown(example) for example in rule.examples]) for rule in RULES],
        "tags": [_tag_entry(tag) for tag in TAGS],
        "groups": [
            (group, title, [entry for where, entry in filters if where == group])
            for group, title in GROUPS.items()
        ],
    }


def _shown(example: Example) -> Shown:
    value = example.result
    text = value if isinstance(value, str) else _short(value)
    return Shown(example.template, text, kind_of(value), example.warnings, example.error)


def _short(value: Json) -> str:
    """JSON in one line, unless that is long."""
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= LONGEST_LINE else pretty(value)


def _tag_entry(tag: TagDoc) -> Entry:
    usage = " … ".join(f"{{% {part} %}}" for part in (tag.name, *tag.parts))
    return Entry(tag.name, usage, tag.summary, _shown(tag.example))


def _filter_entry(doc: FilterDoc) -> Entry:
    """The example's value is what it gives as a field of its own, with its type."""
    value = compile_value(doc.example).resolve(EXAMPLE_DATA).value
    arguments = [_argument(each) for each in doc.arguments]
    usage = f"{TAKES[doc.takes]} | {doc.name}" + (f": {', '.join(arguments)}" if arguments else "")
    return Entry(doc.name, usage, doc.summary, _shown(Example(doc.example, value)))


def _argument(argument: Argument) -> str:
    """`key`, `[key]` where it may be left out, `length = 50`, `allow_false: false`"""
    name, default = argument.name, argument.default
    if argument.is_keyword:
        return f"[{name}: …]" if default == "null" else f"{name}: {default}"
    if default is None:
        return name
    return f"[{name}]" if default == "null" else f"{name} = {default}"
