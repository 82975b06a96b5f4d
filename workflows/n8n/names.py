"""Names of nodes -> ids: unique, valid, and none that Liquid reads as something else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from workflows.graph import NODE_ID, RESERVED_IDS

LONGEST = 64
_OTHER = re.compile(r"[^a-z0-9]+")
_WORDS_OF_LIQUID = frozenset(
    [
        "and",
        "or",
        "not",
        "contains",
        "true",
        "false",
        "nil",
        "null",
        "empty",
        "blank",
        "now",
        "today",
        "if",
        "unless",
        "case",
        "when",
        "for",
        "in",
        "with",
        "as",
        "cycle",
        "limit",
        "offset",
        "reversed",
        "cols",
        "required",
        "partial",
        "else",
        "elsif",
        "end",
        "forloop",
        "tablerowloop",
    ]
)


def ids_for(names: Iterable[str]) -> Mapping[str, str]:
    ids: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        ids[name] = _free(_id(name), taken)
        taken.add(ids[name])
    return ids


def _id(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    made = _OTHER.sub("_", plain).strip("_")[:LONGEST].rstrip("_")
    if not NODE_ID.fullmatch(made):
        made = f"node_{made}"[:LONGEST].rstrip("_")
    if made in RESERVED_IDS or made in _WORDS_OF_LIQUID:
        made = f"{made}_node"
    return made


def _free(wanted: str, taken: set[str]) -> str:
    if wanted not in taken:
        return wanted
    number = 2
    while (made := f"{wanted[: LONGEST - 5]}_{number}") in taken:
        number += 1
    return made
