"""Random graphs for property tests: branches, joins, dead ends, errors that are caught and errors
that are not, conditions on data, retries, waits, calls, iterators in iterators."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import altoflow_probe
from hypothesis import strategies as st

from runs.models import Run
from tests.runs.calling import callable_one
from tests.runs.driver import node
from workflows.errors import NodeError
from workflows.models import Workflow
from workflows.node_type import Context, Json

FOR_EVER = 9
DEEPEST = 3
MOST_NODES = 14
KINDS = {
    "probe_pure": 5,
    "probe_effect": 4,
    "number_condition": 2,
    "boolean_condition": 2,
    "iterator": 5,
    "fails": 1,
    "delay": 1,
    "trigger_workflow": 1,
}
WEIGHTED = [kind for kind, weight in KINDS.items() for _ in range(weight)]
SHOWS = {
    "probe_pure": ("",),
    "probe_effect": ("",),
    "number_condition": ("", ".result", ".left"),
    "boolean_condition": (".result",),
    "iterator": ("", ".items", ".count"),
    "trigger_workflow": (".output", ".status"),
    "fails": (".error", ".code"),
}
NUMBERS = {"trigger.n", "index", "loop.parent.index"}
CONDITIONS = ("number_condition", "boolean_condition")
SCALARS = st.sampled_from([0, 1, 2, 3, True, False, None, "x", "y z"])
WORDS = st.lists(SCALARS, max_size=3)
Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]


@dataclass
class Drawn:
    """`fails`: of an effect, how many tries go wrong, and for which index (None for every)."""

    graph: dict[str, Any]
    payload: dict[str, Any]
    fails: dict[str, tuple[int, int | None]]

    def failing_tries(self, name: str, iteration: str) -> int:
        times, index = self.fails.get(name, (0, None))
        last = int(iteration.rpartition(".")[2] or -1)
        return times if index in (None, last) else 0

    def __repr__(self) -> str:
        edges = [f"{e['source']}:{e['port']} -> {e['target']}" for e in self.graph["edges"]]
        nodes = [json.dumps(node) for node in self.graph["nodes"]]
        return "\n  ".join(["", *nodes, *edges, f"payload {self.payload}", f"fails {self.fails}"])


@dataclass
class Effects:
    """Makes the effects of a drawn graph; `made`: (run, node, iteration, key) of each. A killed
    worker of an earlier run may still be at one."""

    drawn: Drawn
    made: list[tuple[str, str, str, str]] = field(default_factory=list)
    broken: str = ""
    """A node whose effect goes wrong whatever is tried."""
    _tries: Counter[str] = field(default_factory=Counter)

    def __enter__(self) -> Effects:
        names = [n["id"] for n in self.drawn.graph["nodes"] if n["type"] == "probe_effect"]
        altoflow_probe.on_step.update(dict.fromkeys(names, self.make))
        return self

    def __exit__(self, *_: object) -> None:
        altoflow_probe.on_step.clear()

    def of(self, run: Run) -> list[tuple[str, str, str]]:
        return [made for run_id, *made in self.made if run_id == run.pk.hex]  # type: ignore[misc]

    def make(self, context: Context, value: Json) -> Json:
        name, key = context.node_id, context.idempotency_key
        iteration: str = context.iteration  # type: ignore[attr-defined]
        self.made.append((context.run_id, name, iteration, key))
        self._tries[key] += 1
        if name == self.broken:
            raise NodeError("It is down.", code="down")
        if self._tries[key] <= self.drawn.failing_tries(name, iteration):
            raise NodeError("It is busy.", code="busy", retryable=True)
        return value


@st.composite
def drawings(draw: Draw, *, sound: bool = False) -> Drawn:
    """`sound`: every failure is caught at its node, and no node ends the run."""
    pen = Pen(draw, sound)
    pen.level([("start", "default")], ["trigger.n", "trigger.flag", "trigger.words"], 0, (3, 7))
    graph = {"nodes": pen.nodes, "edges": pen.edges}
    payload = {
        "n": draw(st.integers(0, 3)),
        "flag": draw(st.booleans()),
        "words": draw(WORDS),
        "rows": draw(st.lists(WORDS | SCALARS, min_size=1, max_size=3)),
    }
    return Drawn(graph, payload, pen.fails)


class Pen:
    def __init__(self, draw: Draw, sound: bool) -> None:
        self.draw = draw
        self.sound = sound
        self.ends_early = not sound and draw(st.integers(0, 4)) == 4
        self.nodes: list[dict[str, Any]] = [{"id": "start", "type": "manual_trigger", "config": {}}]
        self.edges: list[dict[str, str]] = []
        self.fails: dict[str, tuple[int, int | None]] = {}
        self.before: dict[str, set[str]] = {"start": set()}
        """What comes before each node on its level."""
        self.kinds: dict[str, str] = {}

    def level(
        self, outlets: list[tuple[str, str]], outer: list[str], depth: int, size: tuple[int, int]
    ) -> None:
        """Nodes that hang on `outlets` (node, port) and on each other; `outer`: what they may refer
        to besides."""
        for _ in range(self.draw(st.integers(*size))):
            if len(self.nodes) > MOST_NODES:
                return
            sources = self.draw(
                st.lists(st.sampled_from(outlets), min_size=1, max_size=3, unique=True)
            )
            outlets = [*outlets, *self.put(sources, outer, depth)]

    def put(
        self, sources: list[tuple[str, str]], outer: list[str], depth: int
    ) -> list[tuple[str, str]]:
        """One node with its edges; returns its outlets."""
        name = f"n{len(self.nodes)}"
        for source, port in sources:
            self.edges.append({"source": source, "port": port, "target": name})
        within = [source for source, port in sources if port != "item"]
        before = set(within).union(*(self.before[source] for source in within))
        self.before[name] = before
        kinds = [k for k in WEIGHTED if k != "iterator" or depth < DEEPEST]
        kinds += ["terminate"] if self.ends_early else []
        kind = self.kinds[name] = self.draw(st.sampled_from(kinds))
        shown = [
            f"{one}{part}"
            for one in sorted(before - {"start"})
            for part in SHOWS.get(self.kinds[one], ())
        ]
        refs = [*outer, *shown]
        drawn = getattr(self, f"draw_{kind}")(name, refs, depth)
        if kind != "terminate" and (self.sound or self.draw(st.integers(0, 4)) < 3):
            drawn["continue_on_error"] = True
        self.nodes.append(drawn)
        if kind == "iterator":
            inner = [*refs, "item", "index", *(["loop.parent.index"] if depth else [])]
            if self.draw(st.integers(0, 9)) < 9:
                self.level([(name, "item")], inner, depth + 1, (1, 4))
        ports = ["true", "false"] if kind in CONDITIONS else ["default"]
        ports += ["error"] if drawn.get("continue_on_error") else []
        return [] if kind == "terminate" else [(name, port) for port in ports]

    def value(self, refs: list[str]) -> Any:
        ref = f"{{{{ {self.draw(st.sampled_from(refs))} }}}}"
        form = self.draw(st.integers(0, 5))
        if form == 0:
            return self.draw(SCALARS)
        return {1: f"a {ref}, b", 2: {"v": ref, "w": 1}}.get(form, ref)

    def draw_probe_pure(self, name: str, refs: list[str], depth: int) -> dict[str, Any]:
        return node(name, value=self.value(refs))

    def draw_fails(self, name: str, refs: list[str], depth: int) -> dict[str, Any]:
        return node(name, behave="fail")

    def draw_probe_effect(self, name: str, refs: list[str], depth: int) -> dict[str, Any]:
        times = self.draw(st.sampled_from([0, 0, 0, 1, 2, FOR_EVER]))
        index = self.draw(st.sampled_from([None, 0, 1, 2])) if depth else None
        self.fails[name] = (times, index)
        attempts = self.draw(st.integers(1, 3))
        if times >= attempts:
            self.fails[name] = (FOR_EVER, index)
        policy = {"max_attempts": attempts, "wait_seconds": 0} if attempts > 1 else None
        return node(name, "probe_effect", value=self.value(refs), retry=policy)

    def draw_number_condition(self, name: str, refs: list[str], depth: int) -> dict[str, Any]:
        right = self.draw(st.integers(0, 3))
        left = self.value([*NUMBERS.intersection(refs)] * 4 + refs)
        return node(name, "number_condition", left=left, operator="greater_than", right=right)

    def draw_boolean_condition(self, name: str, refs: list[str], depth: int) -> dict[str, Any]:
        flags = [ref for ref in refs if ref.endswith((".flag", ".result", "index"))]
        return node(name, "boolean_condition", value=self.value([*flags * 3, *refs]))

    def draw_delay(self, name: str, refs: list[str], depth: int) -> dict[str, Any]:
        return node(name, "delay", duration=0)

    def draw_trigger_workflow(self, name: str, refs: list[str], depth: int) -> dict[str, Any]:
        inputs = {"v": self.value([*NUMBERS.intersection(refs)] * 4 + refs)}
        return node(name, "trigger_workflow", workflow="CHILD", inputs=inputs, wait=True)

    def draw_terminate(self, name: str, refs: list[str], depth: int) -> dict[str, Any]:
        status = self.draw(st.sampled_from(["completed", "failed"]))
        return node(name, "terminate", status=status, message="a b c")

    def draw_iterator(self, name: str, refs: list[str], depth: int) -> dict[str, Any]:
        lists = [ref for ref in refs if ref.endswith((".items", ".words", "item"))]
        items = self.draw(st.sampled_from([*lists * 3, *["trigger.rows"] * 4, *refs]))
        mode = self.draw(st.sampled_from(["parallel", "sequential"]))
        most = self.draw(st.integers(1, 4))
        return node(name, "iterator", items=f"{{{{ {items} }}}}", mode=mode, concurrency=most)


def child() -> Workflow:
    """CHILD: says that a number is big, and fails for what is no number."""
    return callable_one(
        node("big", "number_condition", left="{{ trigger.v }}", operator="greater_than", right=1),
        node("yes", value="big {{ trigger.v }}"),
        "start -> big",
        "big:true -> yes",
    )


def with_child(graph: dict[str, Any], workflow: Workflow) -> dict[str, Any]:
    """The graph with the id of a workflow in place of CHILD."""
    drawn: dict[str, Any] = json.loads(json.dumps(graph).replace('"CHILD"', f'"{workflow.pk}"'))
    return drawn
