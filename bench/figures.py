"""What was measured, and the lines it makes in the table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles


class Measures:
    """One value a round for each name; what counts is their median, because machines drift."""

    def __init__(self) -> None:
        self._kept: dict[str, list[float]] = defaultdict(list)

    def add(self, name: str, value: float) -> None:
        self._kept[name].append(value)

    def add_latencies(self, name: str, seconds: Iterable[float]) -> None:
        """p50, p95 and p99 of one round, in milliseconds."""
        values = [1000 * value for value in seconds]
        for percent in (50, 95, 99):
            self.add(f"{name} p{percent}", percentile(values, percent))

    def __getitem__(self, name: str) -> float:
        return median(self._kept[name])


def percentile(values: Sequence[float], percent: int) -> float:
    if len(values) < 2:
        return values[0]
    return quantiles(values, n=100, method="inclusive")[percent - 1]


@dataclass(frozen=True)
class Row:
    """One figure, the raw limit it is held against, and its goal."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    limit_name: str = ""
    goal: float | None = None
    more_is_better: bool = False

    @property
    def ratio(self) -> float | None:
        return self.value / self.limit if self.limit else None

    @property
    def is_met(self) -> bool | None:
        """None: there is no goal."""
        if self.goal is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal
