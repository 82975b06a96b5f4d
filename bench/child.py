"""A helper process that answers questions: one JSON document a line, in and out.

It ends by itself when the bench does, killed or not: its standard input is at its end then.
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any, Self

from tests.environment.paths import REPOSITORY

START_SECONDS = 30.0
STOP_SECONDS = 5.0


class ChildError(Exception):
    """What went wrong in a helper process, as one sentence."""


def serve(answer: Callable[[Any], Any]) -> None:
    """The child's side: answer each question until there are no more."""
    for line in sys.stdin:
        try:
            reply = {"answer": answer(json.loads(line))}
        except (ChildError, OSError) as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


class Child:
    """The bench's side of `python -m <module>`; use it in a `with`."""

    def __init__(self, module: str, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self.module = module
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=REPOSITORY,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, question: Any, within: float = START_SECONDS) -> Any:
        self.begin(question)
        return self.answer(within)

    def begin(self, question: Any) -> None:
        """Ask, and go on with something else until `answer`."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self, within: float = START_SECONDS) -> Any:
        """The next answer. Raises ChildError when there is none."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], within)[0]:
            raise ChildError(f"{self.module} said nothing for {within:g} s.")
        line = self.process.stdout.readline()
        if not line:
            raise ChildError(f"{self.module} ended with the code {self.process.wait()}.")
        reply = json.loads(line)
        if "error" in reply:
            raise ChildError(f"{self.module}: {reply['error']}")
        return reply["answer"]

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
