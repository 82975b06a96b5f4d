"""Removing HTML tags in linear time; Python's own HTML parser is quadratic on unclosed tags."""

from __future__ import annotations

import re

_CLOSINGS = (
    ("script", re.compile(r"</script", re.IGNORECASE)),
    ("style", re.compile(r"</style", re.IGNORECASE)),
)


def strip_tags(text: str) -> str:
    """The text without tags and comments, and without what scripts and styles hold. A `<` that
    no `>` follows stays."""
    kept: list[str] = []
    position = 0
    missing: set[str] = set()
    while (start := text.find("<", position)) >= 0:
        end = _end_of(text, start, missing)
        if end < 0:
            break
        kept.append(text[position:start])
        position = end
    kept.append(text[position:])
    return "".join(kept)


def _end_of(text: str, start: int, missing: set[str]) -> int:
    """Where the tag, comment, script or style at `start` ends, or -1. `missing` remembers what
    the rest of the text is known not to hold, so that nothing is searched twice in vain."""
    if text.startswith("<!--", start) and "-->" not in missing:
        end = text.find("-->", start + 4)
        if end >= 0:
            return end + 3
        missing.add("-->")
    name = text[start + 1 : start + 7].lower()
    for word, closing in _CLOSINGS:
        if name.startswith(word) and word not in missing:
            found = closing.search(text, start)
            if found:
                start = found.start()
                break
            missing.add(word)
    return text.find(">", start) + 1 or -1
