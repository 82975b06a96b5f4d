"""Regular expressions that run in linear time (RE2), compiled once and kept."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from workflows.errors import NodeError

PATTERN_CHARACTERS = 2_000
MOST_WORK = 2_000_000_000
"""Instructions times characters: about 7 s in the slowest case, where RE2 gives up its automaton.
No timer can interrupt it."""


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
    compiled = compile_pattern(pattern, case_sensitive)
    if compiled.programsize * len(text) > MOST_WORK:
        raise NodeError(
            f"The pattern is too costly for a text of {len(text):,} characters. "
            "Shorten the text, or use a pattern with smaller repetitions.",
            code="bad_pattern",
        )
    return compiled.search(text) is not None


def _bad_pattern(reason: str) -> NodeError:
    return NodeError(
        f"The regular expression can not be used: {reason}. It is written as RE2 has it: "
        "without look-around and back-references.",
        code="bad_pattern",
    )
