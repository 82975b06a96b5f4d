"""Regular expressions that run in linear time (RE2), compiled once and kept."""

from __future__ import annotations

import re
from functools import lru_cache
from time import thread_time
from typing import Any

import re2

from workflows.errors import NodeError

PATTERN_CHARACTERS = 2_000
MOST_WORK = 2_000_000_000
"""Instructions times characters: about 7 s in the slowest case, where RE2 gives up its automaton.
No timer can interrupt it."""
REPLACE_SECONDS = 2.0
"""Of processor time for all matches. Each search is linear, but a text can have many matches, and
every search may look to the end of the text."""
_GROUP = re.compile(r"\$(\$|[0-9]{1,2}|\{[A-Za-z0-9_]{1,64}\})", re.ASCII)


@lru_cache(maxsize=64)
def compile_pattern(pattern: str, case_sensitive: bool = True) -> Any:
    """Raises NodeError `bad_pattern`."""
    if len(pattern) > PATTERN_CHARACTERS:
        raise _bad_pattern(f"it is longer than {PATTERN_CHARACTERS:,} characters")
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = case_sensitive
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else "it is not understood"
        raise _bad_pattern(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
    except UnicodeEncodeError:
        raise _bad_pattern("it holds half of a character") from None


def is_found(pattern: str, text: str, case_sensitive: bool = True) -> bool:
    """Whether the pattern matches anywhere in the text."""
    return _affordable(pattern, text, case_sensitive).search(text) is not None


def replaced(
    pattern: str, replacement: str, text: str, *, case_sensitive: bool = True, most: int
) -> str:
    """The text with all matches replaced. In the replacement $1 and ${name} are groups, $0 is the
    match and $$ a dollar. Raises NodeError `bad_pattern`, and `text_too_large` when more than
    `most` characters would be written."""
    compiled = _affordable(pattern, text, case_sensitive)
    parts = _replacement_parts(replacement, compiled)
    end, deadline = 0, thread_time() + REPLACE_SECONDS
    written: list[str] = []
    size = len(text)
    for match in compiled.finditer(text):
        made = "".join(
            part if isinstance(part, str) else match.group(part[0]) or "" for part in parts
        )
        size += len(made)
        if size > most:
            raise NodeError(
                f"The text would be longer than {most:,} characters. Work with a shorter text.",
                code="text_too_large",
            )
        if thread_time() > deadline:
            raise _too_costly(text)
        written += (text[end : match.start()], made)
        end = match.end()
    return "".join([*written, text[end:]])


def check_replacement(pattern: str, replacement: str) -> None:
    """Raises NodeError `bad_pattern`."""
    _replacement_parts(replacement, compile_pattern(pattern))


def _replacement_parts(replacement: str, compiled: Any) -> list[str | tuple[int]]:
    """Texts, and groups as (number,)."""
    parts: list[str | tuple[int]] = []
    end = 0
    for found in _GROUP.finditer(replacement):
        parts.append(replacement[end : found.start()])
        end = found.end()
        name = found[1]
        if name == "$":
            parts.append("$")
            continue
        name = name.strip("{}")
        number = int(name) if name.isdigit() else compiled.groupindex.get(name)
        if number is None or number > compiled.groups:
            raise _bad_pattern(f"it has no group {found[0]} (a dollar is written $$)")
        parts.append((number,))
    return [*parts, replacement[end:]]


def _affordable(pattern: str, text: str, case_sensitive: bool) -> Any:
    compiled = compile_pattern(pattern, case_sensitive)
    if compiled.programsize * len(text) > MOST_WORK:
        raise _too_costly(text)
    return compiled


def _too_costly(text: str) -> NodeError:
    return NodeError(
        f"The pattern is too costly for a text of {len(text):,} characters. "
        "Shorten the text, or use a pattern with smaller repetitions.",
        code="bad_pattern",
    )


def _bad_pattern(reason: str) -> NodeError:
    return NodeError(
        f"The regular expression can not be used: {reason}. It is written as RE2 has it: "
        "without look-around and back-references.",
        code="bad_pattern",
    )
