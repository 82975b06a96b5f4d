"""`{{ a.b[0].c }}`: reading a path.

Only objects, lists and texts are read, by key and index; there is no way to a Python attribute.
A key of an object wins over the words `size`, `first` and `last`; else they mean the length of an
object, list or text and the ends of a list (of an object: the pair `[key, value]`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeAlias

from liquid.builtin.expressions import Path

from workflows.errors import TemplateError
from workflows.node_type import Json
from workflows.templating.budget import PATH_PARTS, TAG_CHARACTERS, check_integer, limit_error
from workflows.templating.scope import NameRead, Scope
from workflows.templating.state import MASK, MaskedRead, State, closest
from workflows.templating.text import text_of

Read: TypeAlias = Callable[[State], Json]
Key: TypeAlias = str | int | Read

_MISSING = object()
_PLAIN = frozenset((str, int, float, bool, type(None), dict, list))
_LONGEST_KEY = 60
_IDENTIFIER = re.compile(r"\w[\w-]*\??")
_CLOCK: dict[str, Callable[[], str]] = {
    "now": lambda: datetime.now(UTC).isoformat(),
    "today": lambda: datetime.now(UTC).date().isoformat(),
}


def compile_path(path: Path, scope: Scope, *, quiet: bool = False) -> Read:
    """`quiet`: the place deals with what is unknown, so nothing is said about it."""
    root, *rest = path.path
    if not isinstance(root, str):
        raise TemplateError(f"{path} does not start with the name of a variable.")
    if len(rest) > PATH_PARTS:
        raise limit_error(f"A path has at most {PATH_PARTS} parts.")
    keys = tuple(_compile_key(key, scope) for key in rest)
    token = path.token
    line = token.source.count("\n", 0, token.start_index) + 1 if "\n" in token.source else 0
    found = NameRead(root, root, token.start_index, line, quiet)
    if root == "vault":
        return _compile_secret(keys, scope, quiet, found)
    slot = scope.slot_of(root)
    if slot is None and root not in scope.defined:
        _note(root, keys, scope, found)
    if slot is not None:
        return _walker(_slot_reader(slot, scope), root, keys, quiet)
    if root in scope.assigned:
        return _walker(_local_reader(root, scope, quiet), root, keys, quiet)
    return _context_reader(root, keys, scope, quiet)


def path_text(root: str, keys: tuple[Json, ...], longest: int = _LONGEST_KEY) -> str:
    """`node_1.items[0].name`; keys that are no plain words as `node_1["a b"]`."""
    return root + "".join(_key_text(key, longest) for key in keys)


def _key_text(key: Json, longest: int = _LONGEST_KEY) -> str:
    if not isinstance(key, (str, int, float, type(None))):
        return "[...]"
    shown = key if isinstance(key, str) else text_of(key) or "null"
    shown = shown if len(shown) <= longest else shown[: longest - 3] + "..."
    if isinstance(key, str) and _IDENTIFIER.fullmatch(shown) and not shown.isdigit():
        return f".{shown}"
    return f'["{shown}"]' if isinstance(key, str) else f"[{shown}]"


def _compile_key(key: str | int | Path, scope: Scope) -> Key:
    if isinstance(key, Path):
        return compile_path(key, scope)
    return check_integer(key) if isinstance(key, int) else key


def _note(root: str, keys: tuple[Key, ...], scope: Scope, found: NameRead) -> None:
    if not keys and root in _CLOCK:
        return
    static: list[Json] = []
    for key in keys:
        if callable(key):
            break
        static.append(key)
    scope.reads.append(replace(found, path=path_text(root, tuple(static), TAG_CHARACTERS)))


def step(value: Json, key: Json) -> Json:
    """What `value` holds at `key`, or _MISSING."""
    if isinstance(value, Mapping):
        name = str(key) if key.__class__ is int else key
        if isinstance(name, str) and name in value:
            return value[name]
    elif isinstance(value, list) and key.__class__ is int:
        return value[key] if -len(value) <= key < len(value) else _MISSING
    if key == "size" and isinstance(value, (str, list, Mapping)):
        return len(value)
    if key in ("first", "last") and isinstance(value, list):
        return (value[0] if key == "first" else value[-1]) if value else None
    if key == "first" and isinstance(value, Mapping):
        return list(next(iter(value.items()))) if value else None
    return _MISSING


def _context_reader(root: str, keys: tuple[Key, ...], scope: Scope, quiet: bool) -> Read:
    others = scope.assigned

    def origin(state: State) -> Json:
        if root in state.context:
            return state.context[root]
        if root in _CLOCK:
            return _CLOCK[root]()
        if not quiet:
            state.unknown_name(root, *others)
        return _MISSING

    walk = _walker(origin, root, keys, quiet)
    if not all(isinstance(key, str) for key in keys):
        return walk

    def read(state: State) -> Json:
        # A text as key finds something in an object only; all else goes the careful way.
        try:
            value = state.context[root]
            for key in keys:
                value = value[key]
        except (KeyError, TypeError):
            return walk(state)
        return value if value.__class__ in _PLAIN else walk(state)

    return read


def _local_reader(name: str, scope: Scope, quiet: bool) -> Read:
    tracked, others = scope.tracked, scope.assigned

    def origin(state: State) -> Json:
        if name in state.locals:
            if tracked and name in state.tainted_names:
                _taint(state)
            return state.locals[name]
        if name in state.context:
            return state.context[name]
        if name in state.counters:
            return state.counters[name]
        if not quiet:
            state.unknown_name(name, *others)
        return _MISSING

    return origin


def _slot_reader(slot: int, scope: Scope) -> Read:
    tracked = scope.tracked
    item_slot = slot - slot % 2

    def origin(state: State) -> Json:
        if tracked and item_slot in state.tainted_slots:
            _taint(state)
        return state.slots[slot]

    return origin


def _taint(state: State) -> None:
    state.tainted = True
    if state.masked:
        raise MaskedRead


def _walker(origin: Read, root: str, keys: tuple[Key, ...], quiet: bool) -> Read:
    def walk(state: State) -> Json:
        value = origin(state)
        if value is _MISSING:
            return None
        passed: list[Json] = []
        for key in keys:
            name = key(state) if callable(key) else key
            shown = MASK if callable(key) and state.tainted else name
            found = step(value, name)
            if found is _MISSING:
                if not quiet:
                    before = path_text(root, tuple(passed))
                    state.unknown(before + _key_text(shown), value, before, shown)
                return None
            passed.append(shown)
            value = found
        return _plain(value, root, passed)

    return walk


def _plain(value: Json, root: str, passed: list[Json]) -> Json:
    if value.__class__ in _PLAIN or isinstance(value, (str, dict, list)):
        return value
    where = path_text(root, tuple(passed))
    raise TemplateError(f"{where} holds a {type(value).__name__}, which is no JSON value.")


def _compile_secret(keys: tuple[Key, ...], scope: Scope, quiet: bool, found: NameRead) -> Read:
    if not keys or isinstance(keys[0], int):
        raise TemplateError("Secrets are read one by one, by name: write {{ vault.name }}.")
    first, rest = keys[0], keys[1:]
    scope.uses_vault = True
    if isinstance(first, str):
        scope.vault_names.add(first)
        scope.reads.append(replace(found, path=path_text("vault", (first,), TAG_CHARACTERS)))

    def origin(state: State) -> Json:
        return _secret(state, first)

    shown = path_text("vault", (first if isinstance(first, str) else MASK,))
    return _walker(origin, shown, rest, quiet)


def _secret(state: State, key: str | Read) -> Json:
    name = key(state) if callable(key) else key
    vault = state.context.get("vault") or {}
    if not isinstance(name, str) or name not in vault:
        shown = MASK if state.tainted and callable(key) else str(name)[:_LONGEST_KEY]
        match = closest(shown, vault)
        raise TemplateError(
            f"There is no secret '{shown}': create it on the Secrets page"
            + (f", or use vault.{match}." if match else "."),
            code="unknown_secret",
            details={"secret": shown},
        )
    _taint(state)
    value = vault[name]
    state.exposed.add(value)
    return value
