"""What a graph means, by recursion over it: no frames, no queues, no waiting.

It knows the few node types of `tests.runs.random_graphs`. Every step that could run is worked out
as if nothing stopped it early; `endings` are the steps that may end the run, and what depends on
which of several things happens first is in `racy`: an end of the run in an iteration that fails
too is a `racing_ending`. The words of errors, times and ids of runs can not be known: those are
`seen`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Key = tuple[str, str]
"""(node id, iteration)"""
DEAD = "dead"


class Failure(Exception):
    def __init__(self, code: str, tries: int = 1) -> None:
        self.code, self.tries = code, tries


@dataclass
class Done:
    """`port`: None where nothing behind the step goes on."""

    output: Any
    port: str | None = "default"
    status: str = "completed"
    code: str = ""
    tries: int = 1

    @property
    def is_fatal(self) -> bool:
        return self.status == "failed" and self.port is None


@dataclass
class Naive:
    """`fails(node id, iteration)`: how many tries of an effect go wrong. `seen(key)`: the Step row
    of the engine, or None."""

    graph: Mapping[str, Any]
    payload: Any
    fails: Callable[[str, str], float]
    seen: Callable[[Key], Any]
    steps: dict[Key, Done] = field(default_factory=dict)
    endings: set[Key] = field(default_factory=set)
    racing_endings: set[Key] = field(default_factory=set)
    racy: set[Key] = field(default_factory=set)
    because: dict[Key, Key] = field(default_factory=dict)
    """The step that failed each iterator which failed."""

    def __post_init__(self) -> None:
        self.nodes = {node["id"]: node for node in self.graph["nodes"]}
        self.output, failed = self.level(
            [self.graph["nodes"][0]["id"]], "", {"trigger": self.payload}
        )
        self.endings |= set(failed)

    def level(self, firsts: list[str], path: str, known: dict[str, Any]) -> tuple[Any, list[Key]]:
        """One pass over all that can be reached from `firsts`: its output, and what failed it."""
        ports: dict[str, str | None] = {}
        edges = [edge for edge in self.graph["edges"] if edge["port"] != "item"]
        within = self.reached(firsts)

        def visit(name: str) -> str | None:
            if name not in ports:
                into = [e for e in edges if e["target"] == name and e["source"] in within]
                came = [(visit(edge["source"]), edge["port"]) for edge in into]
                if any(taken is None for taken, _ in came):
                    ports[name] = None
                elif name in firsts or any(taken == port for taken, port in came):
                    ports[name] = self.step((name, path), known)
                else:
                    ports[name] = DEAD
            return ports[name]

        for name in within:
            visit(name)
        drawn = {(edge["source"], edge["port"]) for edge in edges}
        going = {name: port for name, port in ports.items() if port not in (None, DEAD)}
        ends = [n for n in self.nodes if n in going and (n, going[n]) not in drawn]
        output = known[ends[0]] if len(ends) == 1 else {name: known[name] for name in ends} or None
        mine = [key for key in self.steps if key[1] == path and key[0] in within]
        return output, [k for k in mine if self.steps[k].is_fatal]

    def step(self, key: Key, known: dict[str, Any]) -> str | None:
        node = self.nodes[key[0]]
        try:
            done: Done = getattr(self, node["type"])(key, filled(node["config"], known), known)
        except Failure as failure:
            error = {"error": True, "message": self.shown(key, "error").get("message")}
            goes_on = bool(node.get("continue_on_error"))
            output = {**error, "code": failure.code} if goes_on else None
            port = "error" if goes_on else None
            done = Done(output, port, "failed", failure.code, failure.tries)
        self.steps[key] = done
        known[key[0]] = done.output
        return done.port

    def reached(self, firsts: list[str]) -> list[str]:
        found = list(firsts)
        for name in found:
            following = [e["target"] for e in self.graph["edges"]
                         if e["source"] == name and e["port"] != "item"]  # fmt: skip
            found += [target for target in dict.fromkeys(following) if target not in found]
        return found

    def shown(self, key: Key, column: str) -> dict[str, Any]:
        return getattr(self.seen(key), column, None) or {}

    # ------------------------------------------------------------ node types

    def manual_trigger(self, key: Key, config: Any, known: Any) -> Done:
        return Done(self.payload)

    def probe_pure(self, key: Key, config: Any, known: Any) -> Done:
        if config.get("behave") == "fail":
            raise Failure("told_to")
        return Done(config["value"])

    def probe_effect(self, key: Key, config: Any, known: Any) -> Done:
        wrong = self.fails(*key)
        most = (self.nodes[key[0]].get("retry") or {"max_attempts": 1})["max_attempts"]
        if wrong >= most:
            raise Failure("busy", most)
        return Done(config["value"], tries=int(wrong) + 1)

    def boolean_condition(self, key: Key, config: Any, known: Any) -> Done:
        value = config["value"]
        if not isinstance(value, (bool, int)) or value not in (0, 1):
            raise Failure("wrong_type")
        result = {"result": bool(value), "left": bool(value), "right": True}
        return Done(result, "true" if value else "false")

    def number_condition(self, key: Key, config: Any, known: Any) -> Done:
        left, right = number(config["left"]), config["right"]
        result = {"result": left > right, "left": left, "right": right}
        return Done(result, "true" if left > right else "false")

    def delay(self, key: Key, config: Any, known: Any) -> Done:
        return Done(self.shown(key, "output"))

    def trigger_workflow(self, key: Key, config: Any, known: Any) -> Done:
        """Of the workflow CHILD in `random_graphs`."""
        given = config["inputs"]["v"]
        try:
            is_big = number(given) > 1
        except Failure:
            raise Failure("child_failed") from None
        small = {"result": False, "left": given, "right": 1}
        run_id = self.shown(key, "output").get("run_id")
        output = f"big {given}" if is_big else small
        return Done({"run_id": run_id, "status": "completed", "output": output})

    def terminate(self, key: Key, config: Any, known: Any) -> Done:
        self.endings.add(key)
        return Done({"status": config["status"], "message": config["message"]}, None)

    def iterator(self, key: Key, config: Any, known: dict[str, Any]) -> Done:
        name, path = key
        items, outputs = config["items"], []
        if not isinstance(items, list):
            raise Failure("wrong_type")
        firsts = [e["target"] for e in self.graph["edges"]
                  if e["source"] == name and e["port"] == "item"]  # fmt: skip
        before, endings = set(self.steps), set(self.endings)
        failed: list[Key] = []
        for index, item in enumerate(items):
            if failed and config["mode"] == "sequential":
                break
            before |= set(self.steps) if config["mode"] == "sequential" else set()
            loop = {"index": index, "parent": known.get("loop")}
            around = {**known, "item": item, "index": index, "loop": loop}
            output, wrong = self.level(firsts, f"{path}.{index}".lstrip("."), around)
            outputs.append(output)
            failed += wrong
        if failed:
            self.racy |= set(self.steps) - before
            self.racing_endings |= self.endings & self.racy
            self.endings -= self.racy
            self.because[key] = self.first_of(key, failed)
            raise Failure(self.steps[self.because[key]].code)
        if self.endings - endings:
            return Done(None, None)
        return Done({"items": outputs, "count": len(items)})

    def first_of(self, key: Key, failed: list[Key]) -> Key:
        """Which of the failures the engine came upon first; it has to be one of them."""
        details = self.shown(key, "error").get("details")
        if not details:
            return failed[0]
        first = (details["step"], f"{key[1]}.{details['index']}".lstrip("."))
        assert first in failed, f"{key} failed at {first}, which can not fail; {failed} can"
        return first


def number(value: Any) -> int:
    if type(value) is not int:
        raise Failure("wrong_type")
    return value


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: filled(inner, known) for name, inner in value.items()}
    if not isinstance(value, str):
        return value
    if alone := re.fullmatch(r"\{\{ ([\w.]+) \}\}", value):
        return found(alone[1], known)
    return re.sub(r"\{\{ ([\w.]+) \}\}", lambda match: text(found(match[1], known)), value)


def found(path: str, known: Any) -> Any:
    for name in path.split("."):
        known = known.get(name) if isinstance(known, dict) else None
    return known


def text(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)
