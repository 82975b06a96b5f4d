"""The library's icons as symbols, many at a time: it opens its archive once for each, and a page's
worth of them takes a second."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from io import BytesIO
from zipfile import ZipFile

_SVG = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)


def symbols(names: Iterable[str]) -> Mapping[str, str]:
    """What is inside each icon, as SVG. Names that the library does not have are left out."""
    return _read(frozenset(names) & icon_names())


@cache
def icon_names() -> frozenset[str]:
    with _archive() as archive:
        return frozenset(name.removesuffix(".svg") for name in archive.namelist())


@lru_cache(maxsize=256)
def _read(names: frozenset[str]) -> Mapping[str, str]:
    with _archive() as archive:
        texts = {name: archive.read(f"{name}.svg").decode() for name in sorted(names)}
    found = {name: _SVG.search(text) for name, text in texts.items()}
    return {name: match[1].strip() for name, match in found.items() if match}


def _archive() -> ZipFile:
    return ZipFile(BytesIO(files("lucide").joinpath("lucide.zip").read_bytes()))
