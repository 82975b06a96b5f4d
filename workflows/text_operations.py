"""What can be done to a text, one operation after the other.

After `split` the value is a list and each operation works on all of its texts; `join` makes it one
text again. Every operation is measured before it is done.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import thread_time
from typing import Any, TypeAlias

from workflows.errors import NodeError
from workflows.node_type import Json
from workflows.patterns import replaced
from workflows.values import to_text

Value: TypeAlias = str | list[str]

MOST_CHARACTERS = 2_000_000
"""Of all texts together, after each operation."""
MOST_ITEMS = 100_000
MOST_LENGTH = 100_000
MOST_SECONDS = 10.0
"""Of processor time, for one operation on all texts of a list."""
_WORD = re.compile(r"\S+")
_NO_SLUG = re.compile(r"[^a-z0-9]+")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l", "þ": "th"})


@dataclass(frozen=True, slots=True)
class Operation:
    """`fields` are the settings that it needs, `optional` those with a default."""

    run: Callable[[str, Mapping[str, Any]], Value]
    help: str
    fields: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()


def apply(value: Value, operations: list[Mapping[str, Json]]) -> Value:
    """Raises NodeError with the place of the operation in front."""
    for place, asked in enumerate(operations):
        try:
            value = _apply_one(value, asked)
            _check_size(value)
        except NodeError as error:
            raise error.at(f"operations[{place}]") from None
    return value


def _apply_one(value: Value, asked: Mapping[str, Json]) -> Value:
    if asked["op"] == "join":
        texts = value if isinstance(value, list) else [value]
        separator = to_text(asked["separator"], "separator")
        _check_length(sum(map(len, texts)) + len(separator) * len(texts))
        return separator.join(texts)
    run = OPERATIONS[str(asked["op"])].run
    if isinstance(value, str):
        return run(value, asked)
    done: list[str] = []
    size, end = 0, thread_time() + MOST_SECONDS
    for text in value:
        if thread_time() > end:
            raise NodeError(
                f"The operation took more than {MOST_SECONDS:g} s. Work with fewer texts.",
                code="too_much_work",
            )
        made = run(text, asked)
        done += [made] if isinstance(made, str) else made
        size += len(made) if isinstance(made, str) else sum(map(len, made))
        _check_length(size)
    return done


def _check_size(value: Value) -> None:
    if isinstance(value, str):
        return _check_length(len(value))
    if len(value) > MOST_ITEMS:
        raise NodeError(
            f"The list would have more than {MOST_ITEMS:,} texts. Split a shorter text.",
            code="text_too_large",
        )
    return _check_length(sum(map(len, value)))


def _check_length(characters: int) -> None:
    if characters > MOST_CHARACTERS:
        raise NodeError(
            f"The text would be longer than {MOST_CHARACTERS:,} characters. "
            "Work with a shorter text.",
            code="text_too_large",
        )


def _trim(text: str, asked: Mapping[str, Json]) -> str:
    characters = to_text(asked.get("characters"), "characters")
    return text.strip(characters or None)


def _title(text: str, asked: Mapping[str, Json]) -> str:
    return _WORD.sub(lambda found: found[0][:1].upper() + found[0][1:].lower(), text)


def _replace(text: str, asked: Mapping[str, Json]) -> str:
    search = to_text(asked["search"], "search")
    replacement = to_text(asked.get("replacement"), "replacement")
    if not search:
        raise NodeError("There is nothing to search for. Fill in the field 'search'.")
    _check_length(len(text) + text.count(search) * (len(replacement) - len(search)))
    return text.replace(search, replacement)


def _regex_replace(text: str, asked: Mapping[str, Json]) -> str:
    return replaced(
        to_text(asked["pattern"], "pattern"),
        to_text(asked.get("replacement"), "replacement"),
        text,
        case_sensitive=bool(asked["case_sensitive"]),
        most=MOST_CHARACTERS,
    )


def _slugify(text: str, asked: Mapping[str, Json]) -> str:
    """`Crème brûlée!` becomes creme-brulee."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(_LETTERS))
    marked = "".join(char for char in plain if not unicodedata.combining(char))
    separator = to_text(asked.get("separator", "-"), "separator")
    return separator.join(part for part in _NO_SLUG.split(marked) if part)


def _pad(text: str, asked: Mapping[str, Json]) -> str:
    length, character = asked["length"], to_text(asked["character"], "character")
    if len(character) != 1:
        raise NodeError("A text is padded with one character. Give one in 'character'.")
    side = asked["side"]
    if side == "both":
        return text.center(length, character)
    return text.rjust(length, character) if side == "left" else text.ljust(length, character)


def _split(text: str, asked: Mapping[str, Json]) -> list[str]:
    separator = to_text(asked["separator"], "separator")
    return text.split(separator, MOST_ITEMS) if separator else list(text[: MOST_ITEMS + 1])


def _truncate(text: str, asked: Mapping[str, Json]) -> str:
    length, ending = asked["length"], to_text(asked["ending"], "ending")
    if len(text) <= length:
        return text
    return text[: max(0, length - len(ending))] + ending[:length]


OPERATIONS: dict[str, Operation] = {
    "trim": Operation(
        _trim, "Takes blanks, or these characters, from both ends.", optional=("characters",)
    ),
    "upper": Operation(lambda text, _: text.upper(), "All in capitals."),
    "lower": Operation(lambda text, _: text.lower(), "All in small letters."),
    "title": Operation(_title, "Each word with a capital first."),
    "replace": Operation(_replace, "Every occurrence of a text.", ("search",), ("replacement",)),
    "regex_replace": Operation(
        _regex_replace,
        "Every match of a regular expression (RE2); $1 is its first group.",
        ("pattern",),
        ("replacement", "case_sensitive"),
    ),
    "slugify": Operation(
        _slugify, "Small letters and digits with - between, for addresses.", (), ("separator",)
    ),
    "pad": Operation(_pad, "Filled up to a length.", ("length",), ("side", "character")),
    "split": Operation(_split, "A list of the parts between a separator.", ("separator",)),
    "join": Operation(lambda text, _: text, "One text of a list.", (), ("separator",)),
    "truncate": Operation(
        _truncate, "Cut to a length, its ending included.", ("length",), ("ending",)
    ),
}
