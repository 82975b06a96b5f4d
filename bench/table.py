"""The figures as a table: for a terminal, or in Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from bench.figures import Row

HEAD = ("figure", "value", "unit", "ratio", "raw limit", "goal", "met")
LEFT = (0, 2, 4, 6)
"""Columns of words; the others are numbers."""


def cells(row: Row) -> tuple[str, ...]:
    sign = "≥" if row.more_is_better else "≤"
    return (
        row.name,
        number(row.value),
        row.unit,
        ratio(row),
        "" if row.limit is None else f"{number(row.limit)} {row.limit_name}".strip(),
        "" if row.goal is None else f"{sign} {number(row.goal)}",
        {None: "", True: "yes", False: "NO"}[row.is_met],
    )


def ratio(row: Row) -> str:
    """Of a rate the share of the limit that is reached, of a time or size how many times it is."""
    if row.ratio is None:
        return ""
    return f"{row.ratio:.0%}" if row.more_is_better else f"{number(row.ratio)}×"


def number(value: float) -> str:
    """Three digits that count."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def plain(rows: Sequence[Row]) -> str:
    lines = [HEAD, *map(cells, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEAD))]
    lines.insert(1, tuple("-" * width for width in widths))
    return "\n".join("  ".join(_aligned(line, widths)).rstrip() for line in lines)


def _aligned(line: tuple[str, ...], widths: list[int]) -> list[str]:
    return [
        text.ljust(width) if place in LEFT else text.rjust(width)
        for place, (text, width) in enumerate(zip(line, widths, strict=True))
    ]


def markdown(rows: Sequence[Row]) -> str:
    rule = ["---" if place in LEFT else "---:" for place in range(len(HEAD))]
    lines = [HEAD, rule, *map(cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
