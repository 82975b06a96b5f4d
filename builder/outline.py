"""A JSON value cut down to what a picker can show: kinds, keys, the first items, short texts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import Any

from workflows.node_type import Json

DEEPEST = 8
KEYS = 100
ITEMS = 10
TEXT = 200
PARTS = 1500
"""Of one value altogether."""


def outline(value: Json, *, parts: int = PARTS) -> dict[str, Any]:
    """`{"kind", "text"}` of a leaf, `{"kind", "count", "children": [[key, outline], ...]}` of an
    object or a list; `cut` where something was left out."""
    return _Outliner(parts).of(value, 0)


def kind_of(value: Json) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes or no"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "object"


@dataclass(slots=True)
class _Outliner:
    left: int

    def of(self, value: Json, depth: int) -> dict[str, Any]:
        self.left -= 1
        kind = kind_of(value)
        if kind not in ("list", "object"):
            text = value if isinstance(value, str) else json.dumps(value)
            return {"kind": kind, "text": text[:TEXT]} | self._cut(len(text) > TEXT)
        entries = value.items() if kind == "object" else enumerate(value)
        most = min(KEYS if kind == "object" else ITEMS, max(self.left, 0))
        children: list[Any] = []
        if depth < DEEPEST:
            for key, inner in islice(entries, most):
                if self.left <= 0:
                    break
                children.append([key, self.of(inner, depth + 1)])
        shown = {"kind": kind, "count": len(value), "children": children}
        return shown | self._cut(len(children) < len(value))

    @staticmethod
    def _cut(is_cut: bool) -> dict[str, bool]:
        return {"cut": True} if is_cut else {}
