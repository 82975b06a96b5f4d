"""Iterations are folded: the page of a long run stays short."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from runs.models import Run, Step
from runs.presentation import step_marks
from runs.presentation.folding import fold_of, steps_of_iteration
from runs.presentation.run_page import read_page
from tests.runs.driver import graph, node, publish, run
from tests.runs.records import run_of, step_of
from tests.visitors import text_of
from workflows.models import Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture
def nested() -> Workflow:
    return publish(
        graph(
            node("outer", "iterator", items="{{ trigger }}"),
            node("a"),
            node("middle", "iterator", items="{{ item }}"),
            node("b"),
            node("last"),
            "start -> outer",
            "outer:item -> a",
            "a -> middle",
            "middle:item -> b",
            "outer -> last",
        )
    )


def nested_run(workflow: Workflow, status: str = "completed") -> Run:
    """Three outer iterations of two inner ones; the last inner one of the second failed."""
    made = run_of(workflow, status)
    step_of(made, "start")
    step_of(made, "outer", node_type="iterator")
    for outer in range(3):
        step_of(made, "a", iteration=f"{outer}")
        step_of(made, "middle", iteration=f"{outer}", node_type="iterator")
        for inner in range(2):
            bad = (outer, inner) == (1, 1)
            error = {"code": "x", "message": "It broke here.", "details": {}} if bad else None
            step_of(
                made,
                "b",
                "failed" if bad else "completed",
                iteration=f"{outer}.{inner}",
                error=error,
            )
    return made


def test_folds_know_their_iterations(nested: Workflow) -> None:
    marks = read_page(nested_run(nested), 1).marks
    fold = fold_of(marks, "outer", "")
    assert [(each.key, each.status, each.steps) for each in fold.iterations] == [
        ("0", "completed", 4),
        ("1", "failed", 4),
        ("2", "completed", 4),
    ]
    assert fold.counts == [("failed", 1), ("completed", 2)]
    assert fold.first_failed and fold.first_failed.index == "1"
    assert list(fold.nodes) == ["a", "middle", "b"]
    inner = fold_of(marks, "middle", "1")
    assert [(each.key, each.status) for each in inner.iterations] == [
        ("1.0", "completed"),
        ("1.1", "failed"),
    ]
    assert [m.node_id for m in steps_of_iteration(marks, "outer", "1")] == ["a", "middle"]
    assert [m.node_id for m in steps_of_iteration(marks, "middle", "1.1")] == ["b"]


def test_the_page_opens_the_first_failed_iteration(viewer: Client, nested: Workflow) -> None:
    made = nested_run(nested, "failed")
    page = viewer.get(f"/runs/{made.pk}/")
    shown = text_of(page)
    assert "First failed: iteration 1" in shown
    assert "3 iterations 1 failed 2 completed" in shown
    content = page.content.decode()
    listed = re.findall(r'data-step="(\d+)"', content)
    names = list(Step.objects.filter(pk__in=listed).values_list("node_id", "iteration"))
    assert set(names) == {("start", ""), ("outer", ""), ("a", "1"), ("middle", "1")}


def get(viewer: Client, address: str) -> Any:
    answer = viewer.get(address)
    assert answer.status_code == 200, address
    return answer


def test_folds_open_level_by_level(viewer: Client, nested: Workflow) -> None:
    made = nested_run(nested)
    page = get(viewer, f"/runs/{made.pk}/").content.decode()
    (address,) = re.findall(rf'hx-get="(/runs/{made.pk}/iterations/outer/\?[^"]*)"', page)
    iterations = get(viewer, html.unescape(address))
    assert text_of(iterations).count("Iteration") == 3
    (second,) = re.findall(
        rf'hx-get="(/runs/{made.pk}/iterations/outer/1/[^"]*)"', iterations.content.decode()
    )
    steps = get(viewer, html.unescape(second)).content.decode()
    assert re.findall(r'<li id="([\w-]+)"', steps) == ["a-1", "middle-1"]
    (inner,) = re.findall(rf'hx-get="(/runs/{made.pk}/iterations/middle/\?[^"]*)"', steps)
    found = get(viewer, html.unescape(inner))
    assert "Failed Iteration 1" in text_of(found)
    (last,) = re.findall(r'hx-get="([^"]*/middle/1.1/[^"]*)"', found.content.decode())
    assert "It broke here." in text_of(get(viewer, html.unescape(last)))


def test_only_the_failed_ones(viewer: Client, nested: Workflow) -> None:
    made = nested_run(nested)
    address = f"/runs/{made.pk}/iterations/outer/"
    assert "Failed ones only" in text_of(viewer.get(address))
    shown = text_of(viewer.get(f"{address}?only=failed"))
    assert shown.count("Iteration") == 1
    assert "All iterations" in shown


@pytest.mark.parametrize(
    "path",
    [
        "outer/9/",
        "outer/x/",
        "outer/1.1/",
        "nothing/0/",
        "outer/?within=a",
        "outer/?within=1..2",
    ],
)
def test_what_there_is_not(viewer: Client, nested: Workflow, path: str) -> None:
    made = nested_run(nested)
    assert viewer.get(f"/runs/{made.pk}/iterations/{path}").status_code == 404


def test_a_loop_that_was_really_run(viewer: Client) -> None:
    done = run(
        graph(
            node("each", "iterator", items="{{ trigger }}"),
            node("a", value="{{ item }}"),
            "start -> each",
            "each:item -> a",
        ),
        list(range(60)),
    )
    page = get(viewer, f"/runs/{done.pk}/")
    assert "60 iterations 60 completed" in text_of(page)
    assert page.content.decode().count('<details class="step"') == 2
    pieces = [get(viewer, f"/runs/{done.pk}/iterations/each/?start={n}") for n in (0, 50)]
    assert [text_of(piece).count("Iteration ") for piece in pieces] == [50, 10]
    assert "Show more of the 10 other iterations" in text_of(pieces[0])


@pytest.mark.parametrize(
    ("items", "status"), [("{{ trigger.nothing.at.all }}", "failed"), ([], "completed")]
)
def test_an_iterator_that_ended_before_its_first_item_has_no_fold(
    viewer: Client, items: Any, status: str
) -> None:
    done = run(
        graph(node("each", "iterator", items=items), node("a"), "start -> each", "each:item -> a"),
        {},
    )
    assert done.steps.get(node_id="each").status == status
    assert "iteration" not in text_of(get(viewer, f"/runs/{done.pk}/"))


def test_a_live_loop_counts_on(viewer: Client, nested: Workflow) -> None:
    started = run_of(nested, "running", timezone.now())
    loop = step_of(started, "outer", "running", node_type="iterator")
    page = viewer.get(f"/runs/{started.pk}/").content.decode()
    (address,) = re.findall(r'id="run-live" data-polls hx-get="([^"]+)"', page)
    step_of(started, "a", iteration="0")
    answer = viewer.get(html.unescape(address))
    assert 'hx-swap-oob="innerHTML:#fold-outer-head"' in answer.content.decode()
    assert "1 iteration 1 completed" in text_of(answer)
    assert 'id="timeline"' in answer.content.decode()
    assert f'id="step-{loop.pk}"' not in answer.content.decode()


# ---------------------------------------------------------------- size


def chain(length: int) -> Workflow:
    names = [f"n{number}" for number in range(length)]
    edges = [f"{a} -> {b}" for a, b in zip(["start", *names], names, strict=False)]
    return publish(graph(*(node(name) for name in names), *edges))


def steps_for(made: Run, rows: list[dict[str, Any]]) -> None:
    now = timezone.now()
    shared = {"run": made, "status": "completed", "port": "default", "input": {"a": 1}}
    Step.objects.bulk_create(
        Step(
            sequence=place,
            started_at=now,
            finished_at=now,
            output={"text": "x" * 100},
            **{"node_type": "probe_pure", **shared, **row},
        )
        for place, row in enumerate(rows)
    )


def queries_and_size(viewer: Client, made: Run) -> tuple[int, int]:
    viewer.get("/runs/")
    with CaptureQueriesContext(connection) as queries:
        page = get(viewer, f"/runs/{made.pk}/")
    return len(queries), len(page.content)


def test_long_runs_cost_no_more_queries(viewer: Client, nested: Workflow) -> None:
    """3 queries are who looks; 6 are the run, its steps' columns, those that are shown, their
    data, the run's children, and the vault's state, by which the payload is masked."""
    long = run_of(chain(300))
    steps_for(long, [{"node_id": "start"}, *({"node_id": f"n{n}"} for n in range(299))])
    looped = run_of(nested, "failed")
    iterations = [
        {
            "node_id": name,
            "iteration": str(number),
            "status": "failed" if number == 400 else "completed",
        }
        for number in range(1000)
        for name in ("a", "middle", "c")
    ]
    steps_for(looped, [{"node_id": "outer", "node_type": "iterator"}, *iterations])
    for made in (long, looped):
        queries, size = queries_and_size(viewer, made)
        assert queries <= 9
        assert size < 1_200_000


def test_a_run_with_too_many_steps_says_so(
    viewer: Client, nested: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_marks, "MOST_READ", 5)
    monkeypatch.setattr("runs.views.one_run.MOST_READ", 5)
    made = nested_run(nested)
    assert "Graph, timeline and counts show the first 5." in text_of(
        viewer.get(f"/runs/{made.pk}/")
    )
