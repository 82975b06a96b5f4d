"""One node, executed for whoever draws it. Nothing is stored, but its effects are really made.

What the engine would do with the result (wait, loop, start a run) is told, not done.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from django.db import connection

from runs.engine import children
from runs.engine.outcomes import node_timeout, storable
from runs.http_error import Seats
from runs.memory.run_state import ERROR_PORT, StepContext
from runs.worker.effects import crashed
from workflows import masking, plain_json, vault
from workflows.compiled import CompiledConfig, config_of
from workflows.errors import GraphError, NodeError, Problem
from workflows.graph import Graph, Node
from workflows.ids import uuid7
from workflows.limits import limits
from workflows.node_type import Call, End, ForEach, Json, NodeType, Output, Respond, Result, Wait
from workflows.nodes import registry
from workflows.templating import Resolved
from workflows.vault import VaultSnapshot

logger = logging.getLogger("altoflow.try_node")

MOST_AT_ONCE = 4
"""Each holds a thread of the web server; one that hangs holds its place until it ends."""
UNNAMED = "node"


@dataclass(frozen=True, slots=True)
class Trial:
    """`status`: completed, waiting or failed, as that of a step; `error` only for the last."""

    status: str
    output: Json
    port: str
    warnings: list[str]
    error: Json = None

    def as_json(self) -> dict[str, Json]:
        shown = {
            "status": self.status,
            "output": self.output,
            "port": self.port,
            "warnings": self.warnings,
        }
        return {**shown, "error": self.error} if self.error else shown


def try_node(*, node: Json, context: Mapping[str, Json]) -> Trial:
    """Execute a node of a graph (its `id` may be missing) with `context` as what its templates see.
    Raises GraphError for a node that can not be used, HttpError when too many are tried."""
    drawn = _read(node)
    node_type, config = _compiled(drawn)
    secrets, warnings = vault.snapshot(), list[str]()
    known = {**_surroundings(), **context, "vault": secrets.values}
    exposed: frozenset[str] = frozenset()
    try:
        shown = config.resolve(known, masked=True).value if config.uses_vault else None
        resolved = config.resolve(known)
        warnings, exposed = list(resolved.warnings), resolved.exposed
        result = _executed(node_type, resolved, shown, _context(drawn, context))
        return _told(result, warnings, secrets, exposed)
    except NodeError as error:
        port = ERROR_PORT if drawn.continue_on_error else ""
        told = error.as_json(lambda text: secrets.redact(text, exposed))
        told, _ = secrets.redact_json(*plain_json.encode(told), exposed)
        warned = [secrets.redact(text, exposed) for text in warnings]
        return Trial("failed", None, port, warned, told)


def _told(
    result: Result, warnings: list[str], secrets: VaultSnapshot, exposed: frozenset[str]
) -> Trial:
    """Raises NodeError for an output that no step could have."""
    status, port = "completed", "default"
    output: Json = None
    match result:
        case Output():
            port, output = result.port, result.value
            warnings = [*warnings, *result.warnings]
        case Wait():
            status, port, output = "waiting", "", {"seconds": result.seconds}
        case ForEach():
            output = {"count": len(result.items)}
        case Call():
            children.check_call(children.target(result.workflow), result.inputs)
            output = {
                "workflow": result.workflow,
                "inputs": result.inputs,
                "wait": result.wait,
            }
        case Respond():
            output = {"status": result.status, "headers": result.headers, "body": result.body}
        case End():
            port, output = "", {"status": result.status, "message": result.message}
    value, _ = storable(output, secrets, exposed)
    return Trial(status, value, port, [secrets.redact(text, exposed) for text in warnings])


# ---------------------------------------------------------------- the node


def _read(raw: Json) -> Node:
    """Raises GraphError."""
    named = {"id": UNNAMED, **raw} if isinstance(raw, Mapping) else raw
    return next(iter(Graph.from_json({"nodes": [named], "edges": []}).nodes.values()))


def _compiled(node: Node) -> tuple[NodeType, CompiledConfig]:
    """Raises GraphError."""
    node_type = registry().get(node.type)
    if node_type is None:
        message = f"There is no node type {node.type!r}. Choose one from the palette."
        raise GraphError([Problem("unknown_type", message, node.id, "type")])
    return node_type, config_of(node, node_type)


def _surroundings() -> dict[str, Json]:
    return {"run": {"id": str(uuid7()), "attempt": 1}, "workflow": {"id": "", "name": ""}}


def _context(node: Node, known: Mapping[str, Json]) -> StepContext:
    now = time.time()
    return StepContext(
        run_id=str(uuid7()),
        node_id=node.id,
        iteration="",
        trigger=known.get("trigger"),
        now_seconds=now,
        deadline=now + limits().node_seconds,
    )


# ---------------------------------------------------------------- the thread


_seats = Seats("too_many_trials", "Other nodes are being tried already. Try again in a moment.")


def _executed(node_type: NodeType, resolved: Resolved, shown: Json, context: StepContext) -> Result:
    """In a thread, since there is no other way to be rid of a node that hangs. Raises NodeError,
    HttpError."""
    outcomes: SimpleQueue[Result | Exception] = SimpleQueue()

    def work() -> None:
        try:
            outcomes.put(masking.execute(node_type, resolved.value, shown, context))
        except Exception as error:  # noqa: BLE001 - raised in the thread that waits
            outcomes.put(error)
        finally:
            connection.close()
            _seats.give_back()

    _seats.take(MOST_AT_ONCE)
    threading.Thread(target=work, name="try-node", daemon=True).start()
    try:
        outcome = outcomes.get(timeout=context.seconds_left)
    except Empty:
        raise node_timeout(context) from None
    if isinstance(outcome, NodeError):
        raise outcome
    if isinstance(outcome, Exception):
        logger.error("The node type %s raised", node_type.type, exc_info=outcome)
        raise crashed(node_type, outcome) from outcome
    return outcome
