"""How statuses, times and numbers look, the same on every page. static/js/times.js repeats the
words of `ago` and `lasting`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from lucide import IconDoesNotExist
from lucide.templatetags.lucide import lucide

from runs.models import Step
from runs.presentation.curl import NODE_TYPE, curl_command
from workflows.models import version_label
from workflows.nodes import registry

register = template.Library()

STATUS_ICONS: Mapping[str, str] = {
    "queued": "circle-dashed",
    "running": "loader",
    "waiting": "clock",
    "completed": "circle-check",
    "failed": "circle-x",
    "cancelled": "ban",
    "ignored": "circle-slash",
    "active": "circle-play",
    "inactive": "circle-pause",
}
UNKNOWN_ICON = "box"
AGO = ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h"), (86400 * 30, 86400, "d"))


@register.simple_tag
def icon(name: str, size: int = 16) -> str:
    """A lucide icon that says nothing to screen readers; a box where there is none of this name,
    as for a node type of a plug-in that is gone."""
    return _icon(name, size)


@lru_cache(maxsize=1024)
def _icon(name: str, size: int) -> str:
    try:
        found: str = lucide(name, size=size, aria_hidden="true")
    except IconDoesNotExist:
        found = lucide(UNKNOWN_ICON, size=size, aria_hidden="true")
    return found


@register.simple_tag
def status_chip(status: str) -> SafeString:
    """Icon and word, for runs, steps and workflows."""
    return format_html(
        '<span class="chip" data-state="{}">{}{}</span>',
        status,
        icon(STATUS_ICONS.get(status, UNKNOWN_ICON), 14),
        status.capitalize(),
    )


@register.simple_tag
def status_icon(status: str, size: int = 16) -> SafeString:
    """The icon alone; the word is there for screen readers."""
    return format_html(
        '<span class="state-icon" data-state="{}" title="{}">{}'
        '<span class="visually-hidden">{}</span></span>',
        status,
        status.capitalize(),
        icon(STATUS_ICONS.get(status, UNKNOWN_ICON), size),
        status.capitalize(),
    )


@register.filter
def exact(moment: datetime | None) -> str:
    return (
        f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d} UTC"
        if (moment)
        else ""
    )


@register.filter
def ago(moment: datetime | None) -> str | SafeString:
    """How long ago, with the exact time as title. The date itself after a month."""
    if moment is None:
        return ""
    seconds = max((timezone.now() - moment).total_seconds(), 0)
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        moment.astimezone(UTC).isoformat(timespec="milliseconds"),
        exact(moment),
        "just now" if seconds < 5 else _in_units(seconds) or f"{moment.astimezone(UTC):%Y-%m-%d}",
    )


def _in_units(seconds: float) -> str:
    found = ((size, unit) for below, size, unit in AGO if seconds < below)
    size, unit = next(found, (0, ""))
    return f"{int(seconds // size)} {unit} ago" if size else ""


@register.filter
def ahead(moment: datetime) -> SafeString:
    """How long from now, with the exact time as title; the day after a day."""
    seconds = max((moment - timezone.now()).total_seconds(), 0)
    utc = moment.astimezone(UTC)
    size, unit = next(((size, unit) for below, size, unit in AGO if seconds < below), (1, ""))
    near = "now" if seconds < 1 else f"in {int(seconds // size)} {unit}"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        utc.isoformat(timespec="milliseconds"),
        exact(moment),
        near if seconds < 86400 else f"{utc:%a %d %b, %H:%M} UTC",
    )


@register.filter
def clock(moment: datetime | None) -> str | SafeString:
    """The time of day to the millisecond, with the exact time as title."""
    if moment is None:
        return ""
    utc = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        utc.isoformat(timespec="milliseconds"),
        exact(moment),
        f"{utc:%H:%M:%S}.{utc.microsecond // 1000:03d}",
    )


@register.filter
def lasting(milliseconds: float | None) -> str:
    """A duration in the two units that matter."""
    if milliseconds is None:
        return ""
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole // 60 % 60:02d} min"


@register.simple_tag
def running_time(item: Any) -> str | SafeString:
    """The duration of a run or step; while it goes on, a clock that the page keeps ticking."""
    began = getattr(item, "attempt_started_at", None) or item.started_at
    if item.duration_ms is not None or began is None:
        return lasting(item.duration_ms)
    passed = (timezone.now() - began).total_seconds() * 1000
    return format_html(
        '<span data-since="{}">{}</span>',
        began.astimezone(UTC).isoformat(timespec="milliseconds"),
        lasting(max(passed, 0.0)),
    )


@register.filter
def step_label(step: Step) -> str:
    """What tells it from the other steps of its attempt: a [2.0], try 2"""
    text = f"{step.node_id} [{step.iteration}]" if step.iteration else step.node_id
    return f"{text}, try {step.try_number}" if step.try_number > 1 else text


@register.filter
def as_curl(step: Step) -> str:
    """The request of an HTTP step for a shell; empty for other steps."""
    return curl_command(step.input) if step.node_type == NODE_TYPE else ""


@register.filter
def short_id(value: UUID | str) -> str:
    """The end of an id: its beginning is the time, the same for many."""
    return str(value)[-8:]


register.filter("version_label", version_label)


@register.filter
def spaced(number: int | float | None) -> str:
    return "" if number is None else f"{number:,}"


@register.filter
def words(value: str) -> str:
    """bad_json -> Bad JSON"""
    return str(value).replace("_", " ").capitalize().replace("json", "JSON")


@register.filter
def percent(share: float | None) -> str:
    """0 to 1, without ever rounding up to 100 %."""
    if share is None:
        return "–"
    return f"{int(share * 1000) / 10:g} %"


@register.simple_tag
def type_icon(node_type: str, size: int = 16) -> str:
    known = registry().get(node_type)
    return icon(known.icon if known else UNKNOWN_ICON, size)


@register.simple_tag
def type_label(node_type: str) -> str:
    known = registry().get(node_type)
    return known.label if known else node_type


@register.simple_tag
def trigger_label(node_type: str) -> SafeString:
    return format_html(
        '<span class="row-icon">{}{}</span>', type_icon(node_type, 15), type_label(node_type)
    )


@register.simple_tag
def verdict_chip(verdict: str) -> SafeString:
    state, name = {
        "accepted": ("accepted", "circle-check"),
        "duplicate": ("duplicate", "copy-check"),
    }.get(verdict, ("refused", "circle-x"))
    return format_html(
        '<span class="chip" data-state="{}">{}{}</span>', state, icon(name, 14), words(verdict)
    )
