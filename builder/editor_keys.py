"""What the canvas does by keys, as the dialog of the builder lists it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

Row: TypeAlias = tuple[Sequence[str], str]

WALKING: Sequence[Row] = (
    (("→",), "Follow the edge to the next node"),
    (("←",), "Back to the node before"),
    (("↑", "↓"), "To the node above or below"),
    (("Home",), "To the first node"),
    (("f",), "Find a node by its name"),
    (("o",), "Show the outline"),
    (("Enter",), "Open the node's settings"),
)
CHANGING: Sequence[Row] = (
    (("a",), "Add a node after this one"),
    (("/",), "Add a node"),
    (("c",), "Connect the node to another"),
    (("x",), "Take an edge of the node away"),
    (("Alt", "arrow"), "Move what is selected"),
    (("Delete",), "Delete what is selected"),
    (("t",), "Tidy up all nodes"),
)
SELECTING: Sequence[Row] = (
    (("Space",), "Select the node too, or no longer"),
    (("Shift", "arrow"), "Walk, and select on the way"),
    (("Ctrl", "A"), "Select all"),
    (("Escape",), "Select nothing, or stop"),
)
EDITING: Sequence[Row] = (
    (("Ctrl", "Z"), "Undo"),
    (("Ctrl", "Shift", "Z"), "Redo, as Ctrl-Y does"),
    (("Ctrl", "C"), "Copy; X cuts, V pastes"),
    (("Ctrl", "D"), "Duplicate"),
    (("Ctrl", "S"), "Save now"),
)
LOOKING: Sequence[Row] = (
    (("1",), "Show all"),
    (("0",), "Full size"),
    (("+", "-"), "Closer, farther"),
    (("Space", "drag"), "Move the view, as the wheel does"),
    (("Ctrl", "wheel"), "Zoom to the pointer"),
)
VIEWER_KEYS = (("Walk", WALKING), ("Select", SELECTING), ("Look", LOOKING))
EDITOR_KEYS = (
    ("Walk", WALKING),
    ("Change", CHANGING),
    ("Select", SELECTING),
    ("Edit", EDITING),
    ("Look", LOOKING),
)
