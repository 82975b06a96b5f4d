"""Looking at one node while it is being edited: what is wrong, and what a template gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from builder.outline import kind_of, outline
from builder.variables import Source, context_of, own_source, sources_for
from workflows.compiled import CompiledConfig, config_of
from workflows.errors import GraphError, Problem, WorkflowError
from workflows.graph import Graph, joined
from workflows.models import Workflow
from workflows.node_type import Json
from workflows.nodes import is_trigger, registry
from workflows.suggestions import did_you_mean
from workflows.templating import AsHtml, compile_value
from workflows.validation import Findings, check_node

LONGEST_PREVIEW = 2000


@dataclass(frozen=True, slots=True)
class NodeFindings:
    """`hints`: what the known data has not; the next run may have it."""

    findings: Findings
    hints: tuple[Problem, ...]

    def as_json(self) -> dict[str, Json]:
        return {
            "errors": [each.as_json() for each in self.findings.errors],
            "warnings": [each.as_json() for each in self.findings.warnings],
            "hints": [each.as_json() for each in self.hints],
        }


def check_settings(workflow: Workflow, graph: Graph, node_id: str) -> NodeFindings:
    """The findings of one node, with hints about data that is known."""
    findings = check_node(graph, node_id)
    config = _compiled(graph, node_id)
    if config is None:
        return NodeFindings(findings, ())
    roots = {read.root for _, read in config.reads}
    sources = sources_for(workflow, graph, node_id, roots=roots) if roots else []
    hints = (*_unknown_secrets(config, node_id, sources), *_unknown_paths(config, node_id, sources))
    return NodeFindings(findings, hints)


def _compiled(graph: Graph, node_id: str) -> CompiledConfig | None:
    node = graph.nodes[node_id]
    node_type = registry().get(node.type)
    try:
        return config_of(node, node_type) if node_type else None
    except GraphError:
        return None


def _unknown_secrets(
    config: CompiledConfig, node_id: str, sources: list[Source]
) -> Iterator[Problem]:
    known = {each.root for each in sources if each.group == "secrets"}
    for field, path in dict.fromkeys((f, r.path) for f, r in config.reads if r.root == "vault"):
        if path not in known:
            message = f"There is no secret {path.removeprefix('vault.')!r}"
            message += f"{did_you_mean(path, known)}. The step will fail."
            yield Problem("unknown_secret", message, node_id, joined("config", field))


def _unknown_paths(
    config: CompiledConfig, node_id: str, sources: list[Source]
) -> Iterator[Problem]:
    known = {each.root: each for each in sources if each.origin}
    context = context_of(sources)
    asked = ((f, r.root, r.path) for f, r in config.reads if not r.handled and not r.given)
    for field, root, path in dict.fromkeys(asked):
        if root not in known or path == root:
            continue
        try:
            told = compile_value(f"{{{{ {path} }}}}").resolve(context, masked=True).warnings
        except WorkflowError:
            continue
        if told:
            message = f"{told[0].removesuffix('.')} ({_ORIGINS[known[root].origin]})"
            yield Problem("unknown_path", message, node_id, joined("config", field))


_ORIGINS = {
    "pinned": "by the pinned sample",
    "run": "by the last run",
    "sample": "by the sample payload",
    "example": "by an example of this type",
    "derived": "by what is known now",
}


def preview(
    workflow: Workflow, graph: Graph, node_id: str, value: Json, *, is_html: bool = False
) -> dict[str, Any]:
    """What a field with templates gives with the data that is known. Secrets stay masked. What
    check_settings says is not said again; of settings that are not complete yet, it knows no names.
    """
    try:
        compiled = compile_value(AsHtml(value) if is_html else value)
        roots = {read.root for _, read in compiled.reads}
        sources = sources_for(workflow, graph, node_id, roots=roots)
        resolved = compiled.resolve(context_of(sources), masked=True)
    except WorkflowError as error:
        return {"error": error.message}
    known = {each.root: each for each in sources if each.origin}
    missing = sorted(
        each.root
        for each in sources
        if each.root in roots and each.root not in known
        if each.group != "secrets"
    )
    is_checked = _compiled(graph, node_id) is not None
    reads = [read for _, read in compiled.reads] if is_checked else []
    checked = {name for read in reads for name in (read.path, read.root)}
    told = [text for text in resolved.warnings if text.split(" is unknown")[0] not in checked]
    origins = {known[root].origin for root in roots if root in known}
    return {
        "kind": kind_of(resolved.value),
        "text": _shown(resolved.value),
        "outline": outline(resolved.value),
        "warnings": told,
        "missing": missing,
        "origins": sorted(origins),
    }


def _shown(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    return text if len(text) <= LONGEST_PREVIEW else text[:LONGEST_PREVIEW] + "…"


def trial_context(workflow: Workflow, graph: Graph, node_id: str) -> dict[str, Any]:
    """The data that the templates of a node read, to try the node with. `missing`: names whose data
    nobody knows yet."""
    config = _compiled(graph, node_id)
    roots = {read.root for _, read in config.reads if not read.given} if config else set()
    sources = sources_for(workflow, graph, node_id, roots=roots)
    named = [each for each in sources if each.root in roots and each.group != "secrets"]
    if is_trigger(graph.nodes[node_id].type):
        own = own_source(workflow, graph.nodes[node_id])
        named = [replace(own, root="trigger")]
    return {
        "context": {each.root: each.value for each in named},
        "missing": [each.root for each in named if not each.origin],
    }
