"""Workflows from documents: ours, of one or of many, a graph alone, and those of n8n.

1. `parts_of` recognises a document by its form and takes it apart
2. `read_part` makes a Draft of each part, or says why not
3. `store` makes workflows of them; what one of them starts is found among the others
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction

from workflows import n8n, services
from workflows.calls import CALL
from workflows.errors import Problem, WorkflowError
from workflows.fields import AnyJson, FormError, Text, WholeNumber, checked
from workflows.graph import joined
from workflows.ids import uuid7
from workflows.models import Workflow
from workflows.n8n import Note
from workflows.node_type import Json, NodeConfig
from workflows.plain_json import encode
from workflows.workflow_settings import WorkflowSettings, settings_of

MOST_WORKFLOWS = 500
"""In one import."""
NAMELESS = "Imported workflow"
FORMS = (
    "This is no workflow. Use an export of Altoflow, a graph, or a workflow that was exported or "
    "copied from n8n."
)


class WorkflowPart(NodeConfig):
    """A workflow in a document of many. By its `id` others of the document start it."""

    id = Text(max_length=64, default="", allow_blank=True)
    name = Text(max_length=200)
    description = Text(allow_blank=True, default="", max_length=10_000)
    settings = WorkflowSettings(default=dict)
    graph = AnyJson()


class WorkflowsDocument(NodeConfig):
    """Many workflows as one JSON document, without their secrets and webhook addresses."""

    altoflow = WholeNumber(min_value=services.DOCUMENT_FORM, max_value=services.DOCUMENT_FORM)
    workflows = WorkflowPart(many=True)


@dataclass(frozen=True, slots=True)
class Draft:
    """A workflow that is not stored yet. `id` is the one it had where it comes from."""

    name: str
    graph: dict[str, Json]
    description: str = ""
    settings: Mapping[str, Json] | None = None
    notes: tuple[Note, ...] = ()
    id: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A stored workflow, and what is to be said about it."""

    workflow: Workflow
    notes: tuple[Note, ...]


# ---------------------------------------------------------------- documents of many


def export_workflows(workflows: Iterable[Workflow]) -> dict[str, Json]:
    """Their drafts as a WorkflowsDocument."""
    return {
        "altoflow": services.DOCUMENT_FORM,
        "workflows": [
            {
                "id": str(workflow.pk),
                "name": workflow.name,
                "description": workflow.description,
                "settings": settings_of(workflow),
                "graph": workflow.draft,
            }
            for workflow in workflows
        ],
    }


def import_document(document: Json, *, by: User | None = None) -> list[Made]:
    """All workflows of a document, or none. Raises FormError, GraphError; of many the first that
    can not be used, with its place."""
    parts = parts_of(document)
    drafts = []
    for place, part in enumerate(parts):
        try:
            drafts.append(read_part(part))
        except WorkflowError as error:
            raise error if len(parts) == 1 else _at(error, place, part) from error
    return store(drafts, by=by)


def is_list(document: Json) -> bool:
    """Whether a document may hold several workflows; one alone is answered without a list."""
    return isinstance(document, list) or (isinstance(document, Mapping) and "workflows" in document)


# ---------------------------------------------------------------- reading


def parts_of(document: Json) -> list[Json]:
    """The workflows in it, each a document of its own. Raises FormError."""
    parts = [document]
    if isinstance(document, list):
        parts = document
    elif isinstance(document, Mapping) and isinstance(document.get("workflows"), list):
        rest = {name: value for name, value in document.items() if name != "workflows"}
        checked(WorkflowsDocument(data={**rest, "workflows": []}))
        parts = [_own_part(part) for part in document["workflows"]]
    if not parts:
        raise _refused("empty", "There is no workflow in it.")
    if len(parts) > MOST_WORKFLOWS:
        message = f"It holds {len(parts)} workflows, {MOST_WORKFLOWS} is the limit. Split it."
        raise _refused("too_many_workflows", message)
    return parts


def _own_part(part: Json) -> Json:
    """In a document of many, its head says for all of them that they are ours."""
    if isinstance(part, Mapping) and "graph" in part:
        return {"altoflow": services.DOCUMENT_FORM, **part}
    return part


def read_part(document: Json) -> Draft:
    """Raises FormError, GraphError, and NodeError for what is nested too deep to be stored."""
    if n8n.is_n8n(document):
        found = n8n.convert(document)
        draft = Draft(found.name, found.graph, found.description, {}, found.notes, found.id)
    elif isinstance(document, Mapping) and {"nodes", "edges"} <= set(document):
        draft = Draft(NAMELESS, dict(document))
    elif isinstance(document, Mapping) and {"altoflow", "graph"} & set(document):
        draft = _own(document)
    else:
        raise _refused("unknown_form", FORMS)
    services.read_graph(draft.graph)
    encode(draft.graph)
    return draft


def _own(document: Mapping[str, Json]) -> Draft:
    own_id = document.get("id", "")
    if not isinstance(own_id, str) or len(own_id) > 64:
        raise FormError([Problem("invalid", "An id is a text of at most 64 signs.", field="id")])
    rest = {name: value for name, value in document.items() if name != "id"}
    form = checked(services.WorkflowDocument(data=rest))
    form.pop("altoflow")
    return Draft(**form, id=own_id)


def _refused(code: str, message: str) -> FormError:
    return FormError([Problem(code, message)])


def _at(error: WorkflowError, place: int, part: Json) -> WorkflowError:
    """The same error, with the workflow that it is about."""
    name = part.get("name") if isinstance(part, Mapping) else None
    shown = f"{name!r}" if isinstance(name, str) and name else f"Workflow {place + 1}"
    found: Any = error.details.get("errors") or [Problem(error.code, error.message).as_json()]
    problems = [
        Problem(**{**each, "field": joined(f"workflows[{place}]", each["field"])}) for each in found
    ]
    made = FormError(problems)
    made.message = f"{shown} can not be imported: {error.message}"
    return made


# ---------------------------------------------------------------- storing


def store(drafts: Sequence[Draft], *, by: User | None = None) -> list[Made]:
    """All of them, inactive, in one transaction. What one of them starts is found by the ids that
    they had; ids of workflows that are not among them stay as they are."""
    ids = [uuid7() for _ in drafts]
    known = {draft.id: new for draft, new in zip(drafts, ids, strict=True) if draft.id}
    calls = _Calls()
    made = []
    with transaction.atomic():
        for draft, new in zip(drafts, ids, strict=True):
            graph, settled = calls.pointed(draft.graph, new, known)
            notes = _left(draft.notes, settled)
            if notes:
                graph = n8n.with_notes(graph, notes)
            workflow = services.create_workflow(
                id=new,
                name=draft.name,
                description=draft.description,
                settings=draft.settings,
                graph=graph,
                by=by,
            )
            made.append(Made(workflow, notes))
    return made


class _Calls:
    """Which of the new workflows starts which. Calls that would go round for ever are left open."""

    def __init__(self) -> None:
        self._starts: dict[UUID, set[UUID]] = {}

    def pointed(
        self, graph: dict[str, Json], caller: UUID, known: Mapping[str, UUID]
    ) -> tuple[dict[str, Json], set[str]]:
        """The graph with the new ids, and the nodes that have one."""
        settled: set[str] = set()
        nodes = [self._node(node, caller, known, settled) for node in graph["nodes"]]
        return {**graph, "nodes": nodes}, settled

    def _node(self, node: Json, caller: UUID, known: Mapping[str, UUID], settled: set[str]) -> Json:
        config = node.get("config")
        named = config.get("workflow") if node["type"] == CALL and config else None
        target = known.get(named) if isinstance(named, str) else None
        if target is None or self._leads(target, caller):
            return node
        self._starts.setdefault(caller, set()).add(target)
        settled.add(node["id"])
        return {**node, "config": {**config, "workflow": str(target)}}

    def _leads(self, start: UUID, end: UUID) -> bool:
        todo, seen = [start], {start}
        while todo:
            if (each := todo.pop()) == end:
                return True
            following = self._starts.get(each, set()) - seen
            seen |= following
            todo += following
        return False


def _left(notes: Iterable[Note], settled: set[str]) -> tuple[Note, ...]:
    return tuple(note for note in notes if not (note.asks_for_workflow and note.node in settled))
