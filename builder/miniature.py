"""A graph so small that only its shape is told: a square with an icon for each node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from builder.drawing import Drawing, draw
from builder.layout import GAP_X, GAP_Y, NODE_HEIGHT, NODE_WIDTH
from workflows.graph import Graph

SIDE = 40
STEP_X = 68
STEP_Y = 56
EDGE = 4


@dataclass(frozen=True, slots=True)
class Square:
    x: float
    y: float
    icon: str
    category: str
    side: int = SIDE


@dataclass(frozen=True, slots=True)
class Miniature:
    width: float
    height: float
    squares: Sequence[Square]
    paths: Sequence[str]


def shrink(graph: Graph) -> Miniature:
    """Where the cards of the whole drawing are, the squares are nearer together."""
    drawing = draw(graph)
    places = {card.id: _place(card.x, card.y, drawing) for card in drawing.cards}
    squares = [Square(*places[card.id], card.icon, card.category) for card in drawing.cards]
    paths = [_path(places[edge.source], places[edge.target]) for edge in graph.edges]
    right = max((square.x for square in squares), default=0.0) + SIDE
    bottom = max((square.y for square in squares), default=0.0) + SIDE
    return Miniature(right + EDGE, bottom + EDGE, squares, paths)


def _place(x: float, y: float, drawing: Drawing) -> tuple[float, float]:
    left = min(card.x for card in drawing.cards)
    top = min(card.y for card in drawing.cards)
    return (
        EDGE + round((x - left) * STEP_X / (NODE_WIDTH + GAP_X), 1),
        EDGE + round((y - top) * STEP_Y / (NODE_HEIGHT + GAP_Y), 1),
    )


def _path(source: tuple[float, float], target: tuple[float, float]) -> str:
    """From the middle of a right side to the middle of a left one."""
    x1, y1 = source[0] + SIDE, source[1] + SIDE / 2
    x2, y2 = target[0], target[1] + SIDE / 2
    reach = (x2 - x1) / 2
    return f"M{x1:g} {y1:g}C{x1 + reach:g} {y1:g} {x2 - reach:g} {y2:g} {x2:g} {y2:g}"
