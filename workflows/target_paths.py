"""Where a value goes in an object that is being built: `customer.emails[0].address`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, TypeAlias

from rest_framework.serializers import ValidationError

from workflows.errors import NodeError
from workflows.node_type import Json
from workflows.values import kind_of

Key: TypeAlias = str | int
Keys: TypeAlias = tuple[Key, ...]

TARGET_CHARACTERS = 500
TARGET_DEPTH = 50
LAST_INDEX = 9_999
MOST_GAPS = 100_000
"""In one object; deep targets with high indexes would fill the memory."""
_PART = re.compile(r"([^.\[\]]*[^.\[\]\s][^.\[\]]*)((?:\[\d{1,9}\])*)", re.ASCII)


@lru_cache(maxsize=4096)
def parse_target(target: str) -> Keys:
    """ "a.b[0]" -> ("a", "b", 0). Raises ValidationError."""
    keys: list[Key] = []
    for part in target.split("."):
        found = _PART.fullmatch(part)
        if not found:
            raise ValidationError(
                f"{target!r} is no target. Write names with dots between them and list places in "
                "brackets, like customer.emails[0].address."
            )
        keys.append(found[1])
        keys.extend(int(index) for index in re.findall(r"\d+", found[2]))
    if any(isinstance(key, int) and key > LAST_INDEX for key in keys):
        raise ValidationError(f"{LAST_INDEX:,} is the last place of a list that can be set.")
    if len(keys) > TARGET_DEPTH:
        raise ValidationError(f"A target is at most {TARGET_DEPTH} levels deep.")
    return tuple(keys)


class Tree:
    """An object that grows. Values that are put in are never changed: they belong to other nodes,
    so what another target reaches into is copied first."""

    def __init__(self) -> None:
        self.root: dict[str, Json] = {}
        self._own = {id(self.root)}
        self._gaps_left = MOST_GAPS

    def put(self, target: str, value: Json) -> None:
        """Raises NodeError `conflict` when something else is in the way."""
        keys = parse_target(target)
        place: Any = self.root
        for depth, key in enumerate(keys[:-1]):
            place = self._step(place, key, keys[depth + 1], keys[: depth + 1], target)
        key = keys[-1]
        self._make_room(place, key)
        if (there := _get(place, key)) is not None:
            raise _conflict(target, keys, there)
        place[key] = value

    def _step(self, place: Any, key: Key, next_key: Key, path: Keys, target: str) -> Any:
        """The container at `key`, made or copied where needed, fit to hold `next_key`."""
        self._make_room(place, key)
        there = _get(place, key)
        wanted = list if isinstance(next_key, int) else dict
        if there is not None and not isinstance(there, wanted):
            raise _conflict(target, path, there)
        if there is None or id(there) not in self._own:
            there = wanted(there or ())
            self._own.add(id(there))
            place[key] = there
        return there

    def _make_room(self, place: Any, key: Key) -> None:
        if isinstance(key, int) and (missing := key + 1 - len(place)) > 0:
            self._gaps_left -= missing
            if self._gaps_left < 0:
                raise NodeError(
                    f"The targets open more than {MOST_GAPS:,} list places. Use lower indexes.",
                    code="too_large",
                )
            place.extend([None] * missing)


def _get(place: Any, key: Key) -> Json:
    return place[key] if isinstance(key, int) else place.get(key)


def _conflict(target: str, keys: Keys, there: Json) -> NodeError:
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)[1:]
    return NodeError(
        f"The target {target} can not be set: {path} is {kind_of(there)} "
        "already. Give the targets different names, or change their order.",
        code="conflict",
        details={"target": target, "at": path},
    )
