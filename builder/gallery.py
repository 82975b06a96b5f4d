"""Workflows to start from: each file in `builder/gallery/` is one; nothing else lists them.

A document has `name`, `description`, `learn` (what one learns from it), `category`, `icon`,
`order`, `graph` and, where it needs them, `featured`, `secrets` (name -> description; made when
they are missing) and `helpers`: further workflows by key, which `@key` in the graph stands for.
`http://receiver.demo` stands for the demo's receiver. The trigger has the payload for the button
Run.
"""

from __future__ import annotations

import json
import secrets as randomness
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from builder.miniature import Miniature, shrink
from workflows import services, vault
from workflows.errors import ConflictError, NotFoundError
from workflows.graph import Graph
from workflows.models import Workflow
from workflows.node_type import NodeType
from workflows.nodes import is_trigger, registry

FOLDER = Path(__file__).parent / "gallery"
RECEIVER = "http://receiver.demo"
NOTE = "From the template {}"


@dataclass(frozen=True)
class Helper:
    """A workflow that another one of the same template calls."""

    name: str
    description: str
    graph: dict[str, Any]


@dataclass(frozen=True)
class Template:
    slug: str
    name: str
    description: str
    learn: str
    category: str
    icon: str
    order: int
    graph: dict[str, Any]
    featured: bool = False
    secrets: Mapping[str, str] = field(default_factory=dict)
    helpers: Mapping[str, Helper] = field(default_factory=dict)

    @property
    def graphs(self) -> list[dict[str, Any]]:
        return [*(helper.graph for helper in self.helpers.values()), self.graph]

    @cached_property
    def node_types(self) -> frozenset[str]:
        return frozenset(node["type"] for graph in self.graphs for node in graph["nodes"])

    @cached_property
    def trigger(self) -> NodeType:
        return next(registry()[n["type"]] for n in self.graph["nodes"] if is_trigger(n["type"]))

    @cached_property
    def calls_receiver(self) -> bool:
        return RECEIVER in json.dumps(self.graphs)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Sentences without a full stop."""
        return tuple(self._needs())

    def _needs(self) -> Iterator[str]:
        if self.calls_receiver:
            yield "The demo receiver, which is built in"
        if "send_email" in self.node_types:
            yield "E-mail settings; without them it is written to the console"
        for name in self.secrets:
            yield f"The secret {name}, made for you when it is missing"
        for helper in self.helpers.values():
            yield f"The workflow {helper.name}, which comes with it"

    @cached_property
    def drawing(self) -> Miniature:
        return shrink(Graph.from_json(self.graph))

    def mentions(self, words: str) -> bool:
        text = " ".join(
            [self.name, self.description, self.learn, self.category, self.trigger.label]
        )
        return all(word in text.casefold() for word in words.casefold().split())


@lru_cache(maxsize=1)
def templates() -> tuple[Template, ...]:
    """All of them, in their order."""
    found = [_read(path) for path in FOLDER.glob("*.json")]
    return tuple(sorted(found, key=lambda template: template.order))


def _read(path: Path) -> Template:
    document = json.loads(path.read_text(encoding="utf-8"))
    helpers = {key: Helper(**helper) for key, helper in document.pop("helpers", {}).items()}
    return Template(slug=path.stem, helpers=helpers, **document)


def categories() -> tuple[str, ...]:
    return tuple(dict.fromkeys(template.category for template in templates()))


def find_templates(*, category: str = "", words: str = "") -> list[Template]:
    return [
        template
        for template in templates()
        if category in ("", template.category) and template.mentions(words)
    ]


def can_run(template: Template) -> bool:
    """Whether what it calls is there."""
    return settings.DEMO or not template.calls_receiver


def install_template(*, slug: str, user: User | None) -> Workflow:
    """A new workflow, published and ready for the button Run. Those that it calls are switched on,
    it itself is not. Raises NotFoundError, ConflictError where the demo is switched off."""
    template = next((each for each in templates() if each.slug == slug), None)
    if template is None:
        raise NotFoundError(f"There is no template {slug!r}. Choose one from the list.")
    if not can_run(template):
        raise ConflictError(
            "This template calls the demo's receiver, and the demo is switched off here. "
            "Set ALTOFLOW_DEMO=true to have it.",
            code="no_demo",
        )
    with transaction.atomic():
        _make_secrets(template)
        ending = _free_ending(template)
        ids: dict[str, str] = {}
        for key, helper in template.helpers.items():
            made = _create(template, helper, ids, ending, user)
            ids[key] = str(services.activate_workflow(workflow=made).pk)
        return _create(template, template, ids, ending, user)


def _make_secrets(template: Template) -> None:
    known = vault.snapshot().values if template.secrets else {}
    for name, description in template.secrets.items():
        if name not in known:
            vault.set_secret(name=name, value=randomness.token_hex(20), description=description)


def _free_ending(template: Template) -> str:
    """Behind its names, so that they are new: nothing, or a number from 2."""
    names = [template.name, *(helper.name for helper in template.helpers.values())]
    alike = Workflow.objects.filter(archived_at=None)
    taken: set[str] = set()
    for name in names:
        taken.update(alike.filter(name__startswith=name).values_list("name", flat=True))
    number, ending = 1, ""
    while any(name + ending in taken for name in names):
        number += 1
        ending = f" {number}"
    return ending


def _create(
    template: Template,
    part: Template | Helper,
    ids: Mapping[str, str],
    ending: str,
    user: User | None,
) -> Workflow:
    workflow = services.create_workflow(
        name=part.name + ending,
        description=part.description,
        graph=_filled_in(part.graph, ids),
        by=user,
    )
    note = NOTE.format(template.name)
    services.publish_workflow(workflow=workflow, note=note, by=user)
    return workflow


def _filled_in(graph: dict[str, Any], ids: Mapping[str, str]) -> Any:
    text = json.dumps(graph).replace(RECEIVER, f"http://{settings.DEMO_RECEIVER}")
    for key, workflow in ids.items():
        text = text.replace(f'"@{key}"', f'"{workflow}"')
    return json.loads(text)
