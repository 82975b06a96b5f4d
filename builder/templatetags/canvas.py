"""Graphs in templates. The run page uses these too: a template may look up what Python code below
the builder may not import."""

from __future__ import annotations

from typing import Any

from django import template

from builder.drawing import draw
from runs.presentation import Track
from workflows.graph import Graph

register = template.Library()


@register.inclusion_tag("builder/_canvas.html")
def graph_canvas(graph: Graph, track: Track | None = None) -> dict[str, Any]:
    """The whole graph; with what a run did to it, its nodes lead to their steps."""
    return {"drawing": draw(graph, track), "track": track}


@register.inclusion_tag("builder/_canvas_changes.html")
def graph_changes(graph: Graph, track: Track) -> dict[str, Any]:
    """What changes in `graph_canvas` while a run goes on, for htmx."""
    return {"drawing": draw(graph, track), "track": track}
