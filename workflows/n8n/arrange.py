"""Positions: n8n's nodes are squares on a grid, ours are cards of 216 x 56 pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

WIDTH, HEIGHT = 216, 56
GAP_X, GAP_Y = 44, 24
SCALE_X, SCALE_Y = 1.45, 0.8


def arrange(places: Mapping[str, tuple[float, float] | None]) -> Mapping[str, dict[str, float]]:
    """Upper left corners in whole pixels from (0, 0), no card over another. All at one point where
    n8n says nothing of them: they are laid out when they are drawn."""
    known = {name: place for name, place in places.items() if place is not None}
    if not known:
        return {name: {"x": 0, "y": 0} for name in places}
    left, top = min(x for x, _ in known.values()), min(y for _, y in known.values())
    bottom = max(y for _, y in known.values())
    column: list[tuple[float, float]] = []
    found: dict[str, tuple[float, float]] = {}
    order = sorted(places, key=lambda name: known.get(name, (left, bottom + 1)))
    for name in order:
        x, y = known.get(name, (left, bottom + HEIGHT * 2))
        found[name] = _free(round((x - left) * SCALE_X), round((y - top) * SCALE_Y), column)
        column.append(found[name])
    return {name: {"x": found[name][0], "y": found[name][1]} for name in places}


def _free(x: float, y: float, taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The place itself, or the next one below that is free. Cards come from the left, so only the
    last columns can be in the way."""
    near = sorted(other_y for other_x, other_y in taken if abs(other_x - x) < WIDTH + GAP_X)
    for other in near:
        if abs(other - y) < HEIGHT + GAP_Y:
            y = other + HEIGHT + GAP_Y
    return x, y
