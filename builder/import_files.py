"""Files and texts that people drop: read, made into workflows together, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile

from builder.json_input import LONGEST, read_json
from workflows.errors import Problem, WorkflowError
from workflows.fields import FormError
from workflows.importing import MOST_WORKFLOWS, Draft, Made, parts_of, read_part, store
from workflows.node_type import Json

MOST_BYTES = 4 * LONGEST
"""In all files of one import together."""
MOST_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Input:
    """Something to import. `name` is how people know it."""

    name: str
    content: UploadedFile[bytes] | str

    @property
    def size(self) -> int:
        return len(self.content) if isinstance(self.content, str) else self.content.size or 0

    def text(self) -> str:
        """Raises FormError."""
        if isinstance(self.content, str):
            return self.content
        if self.size > LONGEST:
            raise _refused("too_large", f"It has more than {LONGEST // 1024 // 1024} MiB.")
        try:
            return bytes(self.content.read()).decode("utf-8-sig")
        except UnicodeDecodeError:
            raise _refused("no_text", "It is no text in UTF-8. JSON files are.") from None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What could not be used; `workflow` names one of several in the same file."""

    source: str
    message: str
    problems: Sequence[Problem] = ()
    workflow: str = ""


@dataclass(slots=True)
class Outcome:
    made: list[tuple[str, Made]] = field(default_factory=list)
    """With the name of the file it came from."""
    refused: list[Refusal] = field(default_factory=list)


def import_inputs(inputs: Iterable[Input], *, by: User | None = None) -> Outcome:
    """What can be read is stored, all of it together, so that workflows in several files find each
    other. What can not be used is told and harms nothing else."""
    outcome = Outcome()
    drafts: list[tuple[str, Draft]] = []
    left = MOST_BYTES
    for each in inputs:
        try:
            left -= each.size
            if left < 0:
                raise _refused("too_large", "These files are too much at once. Send it by itself.")
            parts = parts_of(read_json(each.text(), ""))
            if len(drafts) + len(parts) > MOST_WORKFLOWS:
                raise _refused("too_many", f"{MOST_WORKFLOWS} workflows are the limit at once.")
        except WorkflowError as error:
            outcome.refused.append(_refusal(each.name, error))
            continue
        for place, part in enumerate(parts):
            try:
                drafts.append((each.name, read_part(part)))
            except WorkflowError as error:
                name = _name_of(part, place) if len(parts) > 1 else ""
                outcome.refused.append(_refusal(each.name, error, name))
    made = store([draft for _, draft in drafts], by=by)
    outcome.made = [(name, each) for (name, _), each in zip(drafts, made, strict=True)]
    return outcome


def _refusal(source: str, error: WorkflowError, workflow: str = "") -> Refusal:
    problems = [Problem(**each) for each in error.details.get("errors", [])]
    if len(problems) == 1 and not problems[0].node and not problems[0].field:
        return Refusal(source, problems[0].message, (), workflow)
    if not problems:
        return Refusal(source, error.message, (), workflow)
    more = len(problems) - MOST_PROBLEMS
    message = "Its form is not what an import needs."
    if more > 0:
        message += f" These are the first {MOST_PROBLEMS} of {len(problems)} problems."
    return Refusal(source, message, problems[:MOST_PROBLEMS], workflow)


def _name_of(part: Json, place: int) -> str:
    name = part.get("name") if isinstance(part, dict) else None
    return name[:200] if isinstance(name, str) and name else f"Workflow {place + 1}"


def _refused(code: str, message: str) -> FormError:
    return FormError([Problem(code, message)])
