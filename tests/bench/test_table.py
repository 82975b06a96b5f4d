"""Figures are medians of rounds, and the table says what they mean."""

import pytest

from bench.figures import Measures, Row
from bench.table import markdown, plain


def test_what_counts_is_the_median_of_the_rounds() -> None:
    measures = Measures()
    for milliseconds in (5, 1, 100):
        measures.add_latencies("accept", [milliseconds / 1000])
    assert measures["accept p50"] == measures["accept p99"] == 5


def test_percentiles_of_one_round() -> None:
    measures = Measures()
    measures.add_latencies("accept", [number / 1000 for number in range(101)])
    assert [measures[f"accept p{percent}"] for percent in (50, 95, 99)] == [50, 95, 99]


ROWS = {
    "a time within its goal": (
        Row("accept", 12.0, "ms", limit=4.0, limit_name="bare", goal=15.0),
        "accept | 12.0 | ms | 3.00× | 4.00 bare | ≤ 15.0 | yes",
    ),
    "a time over its goal": (
        Row("accept", 15.5, "ms", goal=15.0),
        "accept | 15.5 | ms |  |  | ≤ 15.0 | NO",
    ),
    "a rate that reaches its goal": (
        Row("runs", 1320.0, "/s", limit=2640.0, goal=300.0, more_is_better=True),
        "runs | 1,320 | /s | 50% | 2,640 | ≥ 300 | yes",
    ),
    "a rate below its goal": (
        Row("runs", 299.0, "/s", goal=300.0, more_is_better=True),
        "runs | 299 | /s |  |  | ≥ 300 | NO",
    ),
    "a figure without goal or limit": (Row("calls", 64.0, ""), "calls | 64.0 |  |  |  |  | "),
}


@pytest.mark.parametrize(("row", "line"), ROWS.values(), ids=ROWS)
def test_a_row_of_the_table(row: Row, line: str) -> None:
    assert markdown([row]).splitlines()[2] == f"| {line} |"
    assert plain([row]).splitlines()[2].split() == line.replace("|", " ").split()
