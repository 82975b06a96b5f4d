"""Lists of names in which each name stands once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def repeated_names(names: Iterable[str]) -> list[str]:
    """Those that come more than once, in alphabetical order."""
    return sorted(name for name, count in Counter(names).items() if count > 1)
