"""What the pages of somebody who has just begun offer."""

from __future__ import annotations

from typing import Any

from django import template

from builder import gallery, tour
from builder.miniature import Miniature

register = template.Library()


@register.inclusion_tag("builder/_miniature.html")
def miniature(drawing: Miniature) -> dict[str, Any]:
    return {"drawing": drawing}


@register.simple_tag
def featured_templates() -> list[gallery.Template]:
    """A few good ones that can run here."""
    return [each for each in gallery.templates() if each.featured and gallery.can_run(each)]


@register.simple_tag
def template_count() -> int:
    return len(gallery.templates())


@register.simple_tag(takes_context=True)
def tour_steps(context: template.Context) -> list[tour.TourStep]:
    return tour.tour_steps(context["request"])
