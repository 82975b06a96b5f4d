"""Room for the bodies of iterators in a layout: what does not belong to one goes above it or below
it, so that the ground of a body holds its own nodes only."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

MARGIN = 22
TITLE = 14
CLEAR = 14
"""Between the ground of a body and others. MARGIN and TITLE as in static/js/builder/bodies.js."""
PASSES = 4

K = TypeVar("K", bound=Hashable)


def make_room(
    tops: Mapping[K, float],
    heights: Mapping[K, float],
    layers: Mapping[K, int],
    bodies: Sequence[Collection[K]],
) -> dict[K, float]:
    """The tops with the space that bodies need, inner ones first. All that moves moves as far, and
    only away from a body: what did not overlap does not overlap afterwards."""
    moved = dict(tops)
    for _ in range(PASSES):
        if not any([_clear(moved, heights, layers, set(body)) for body in bodies]):
            break
    return moved


def _clear(
    tops: dict[K, float], heights: Mapping[K, float], layers: Mapping[K, int], body: set[K]
) -> bool:
    """Whether anything had to move."""
    first, last = min(layers[key] for key in body), max(layers[key] for key in body)
    top = min(tops[key] for key in body) - MARGIN - TITLE - CLEAR
    bottom = max(tops[key] + heights[key] for key in body) + MARGIN + CLEAR
    others = [key for key in tops if key not in body]
    inside = [
        key
        for key in others
        if first <= layers[key] <= last and tops[key] < bottom and tops[key] + heights[key] > top
    ]
    middle = (top + bottom) / 2
    above = [key for key in inside if tops[key] + heights[key] / 2 < middle]
    below = [key for key in inside if key not in above]
    if below:
        start = min(tops[key] for key in below)
        _shift(tops, (key for key in others if tops[key] >= start), bottom - start)
    if above:
        end = max(tops[key] + heights[key] for key in above)
        _shift(tops, (key for key in others if tops[key] + heights[key] <= end), top - end)
    return bool(inside)


def _shift(tops: dict[K, float], keys: Iterable[K], by: float) -> None:
    for key in list(keys):
        tops[key] += by
