"""The workflows of the bench can be published, and it is known how many steps they have."""

from __future__ import annotations

import pytest

from bench import graphs, loop_graphs
from bench.graphs import Graph as Drawn
from bench.loop_graphs import LoopCase
from workflows.graph import Graph
from workflows.validation import check_graph

URL = "http://127.0.0.1:9/"
LOOPS = {
    "three pure nodes": (loop_graphs.three_pure_nodes(), 3_002),
    "a call each": (loop_graphs.a_call_each(URL), 1_002),
    "five levels": (loop_graphs.five_levels(), 1 + 341 + 1_024),
}
GRAPHS = {
    "three steps": graphs.three_steps(),
    "forty steps": graphs.forty_steps(),
    "one call": graphs.one_call(URL),
    "a delay": graphs.delayed(2),
    "a delay by payload": graphs.delayed("{{ trigger.body.seconds }}"),
    "called": graphs.called(),
    "answering": graphs.answering(),
    **{name: case.graph for name, (case, _) in LOOPS.items()},
}


@pytest.mark.parametrize("drawn", GRAPHS.values(), ids=GRAPHS)
def test_a_graph_is_valid(drawn: Drawn) -> None:
    assert check_graph(Graph.from_json(drawn)).errors == ()


@pytest.mark.parametrize(("case", "steps"), LOOPS.values(), ids=LOOPS)
def test_the_steps_of_an_iterator_are_known(case: LoopCase, steps: int) -> None:
    assert case.steps == steps
    assert case.counts.keys() == {node["id"] for node in case.graph["nodes"]}
