"""One tree for everything that can go wrong in a way a user can act on.

Each message is a sentence that says what to do. Each error has a stable `code`; `details` is plain
JSON. What may be tried again is data (`retryable`), never a class to guess from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

QUOTED_CHARACTERS = 200
DETAIL_CHARACTERS = 2_000


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _cut_leaves(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return shortened(redact(value), DETAIL_CHARACTERS)
    if isinstance(value, dict):
        return {name: _cut_leaves(item, redact) for name, item in value.items()}
    if isinstance(value, list):
        return [_cut_leaves(item, redact) for item in value]
    return value


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in a graph: `node` and `field` are empty where the graph as a whole is meant."""

    code: str
    message: str
    node: str = ""
    field: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


class WorkflowError(Exception):
    """Base of the tree."""

    code = "workflow_error"

    def __init__(
        self, message: str, *, code: str = "", details: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details = details or {}

    def as_json(self, redact: Callable[[str], str] = str) -> dict[str, Any]:
        """`redact` takes secrets out of a text. It has to see whole texts, before they are cut:
        half a secret would not be recognised."""
        details = _cut_leaves(self.details, redact)
        return {"code": self.code, "message": self.shown(redact), "details": details}

    def shown(self, redact: Callable[[str], str] = str) -> str:
        return redact(self.message)


class GraphError(WorkflowError):
    """The graph can not be used as it is; `problems` names each node and field."""

    code = "invalid_graph"

    def __init__(self, problems: Sequence[Problem], message: str = "") -> None:
        first = problems[0].message if problems else "The graph is not valid."
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            message or first + more, details={"errors": [p.as_json() for p in problems]}
        )
        self.problems = tuple(problems)


class CircularWorkflowError(GraphError):
    """Workflows that call each other in a circle."""

    code = "circular_workflow"


class NodeError(WorkflowError):
    """A step failed. `retryable` says whether the same call may succeed later; `retry_after` is the
    number of seconds that the other side asked us to wait, if it did.

    `quoted` is the value that is to blame, in full length; the message ends with its beginning.
    Texts in `details` may have any length too: `as_json` cuts them.
    """

    code = "node_failed"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        details: dict[str, Any] | None = None,
        retryable: bool = False,
        retry_after: float | None = None,
        quoted: str = "",
    ) -> None:
        self._sentence, self._quoted = message, quoted
        super().__init__(self.shown(), code=code, details=details)
        self.retryable = retryable
        self.retry_after = retry_after

    def at(self, place: str) -> NodeError:
        """The same error with its place in front: `rules[1]: The field 'left' has to be ...`."""
        self._sentence = f"{place}: {self._sentence}"
        self.message = self.shown()
        self.args = (self.message,)
        return self

    def shown(self, redact: Callable[[str], str] = str) -> str:
        if not self._quoted:
            return redact(self._sentence)
        return f"{redact(self._sentence)} {shortened(redact(self._quoted), QUOTED_CHARACTERS)}"


class TemplateError(NodeError):
    """A template that can not be parsed, or passes a limit while it is rendered."""

    code = "template_error"


class NotFoundError(WorkflowError):
    """What was asked for does not exist, or may not be seen."""

    code = "not_found"


class ConflictError(WorkflowError):
    """The thing is in a state in which this can not be done now."""

    code = "conflict"
