"""Graphs in templates. The run page uses these too: a template may look up what Python code below
the builder may not import."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from builder.comparison import Comparison
from builder.drawing import draw
from builder.icons import icon_names, symbols
from runs.presentation.shown_steps import Track
from runs.templatetags.display import STATUS_ICONS, UNKNOWN_ICON
from workflows.graph import Graph

register = template.Library()


@register.inclusion_tag("builder/_canvas.html")
def graph_canvas(graph: Graph, track: Track | None = None) -> dict[str, Any]:
    """The whole graph; with what a run did to it, its nodes lead to their steps."""
    return {"drawing": draw(graph, track), "track": track}


@register.inclusion_tag("builder/_canvas.html")
def compared_canvas(comparison: Comparison) -> dict[str, Any]:
    """Two graphs in one picture."""
    return {"drawing": draw(comparison.graph, marks=comparison.marks), "track": None}


@register.inclusion_tag("builder/_canvas_changes.html")
def graph_changes(graph: Graph, track: Track) -> dict[str, Any]:
    """What changes in `graph_canvas` while a run goes on, for htmx."""
    return {"drawing": draw(graph, track), "track": track}


@register.simple_tag
def icon_sprite(names: Iterable[str] = ()) -> SafeString:
    """The icons of these names and those of all states, each once, for `sprite_icon`."""
    found = symbols({*names, *STATUS_ICONS.values(), UNKNOWN_ICON})
    inside = format_html_join(
        "",
        '<symbol id="icon-{}" viewBox="0 0 24 24">{}</symbol>',
        ((name, mark_safe(svg)) for name, svg in found.items()),  # noqa: S308 - the library's own
    )
    return format_html(
        '<svg class="sprite" width="0" height="0" aria-hidden="true">{}</svg>', inside
    )


@register.simple_tag
def sprite_icon(name: str, size: int = 16) -> SafeString:
    """An icon of the page's sprite; a box where the library has none of this name."""
    known = name if name in icon_names() else UNKNOWN_ICON
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" aria-hidden="true">'
        '<use href="#icon-{1}"/></svg>',
        size,
        known,
    )
