"""What one resolve() may use, and who counts it.

A template that passes a limit ends with a TemplateError of the code `template_limit`; what is
inside the limits costs well under a second and a few megabytes. Sizes are counted before the work
is done wherever the work could be large.
"""

from __future__ import annotations

import math
from time import monotonic, thread_time

from workflows.errors import TemplateError

SOURCE_CHARACTERS = 20_000
TAGS = 500
TAG_CHARACTERS = 2_000
BLANKS = 60
"""How many blanks may stand in a row in a source."""
NESTED_BRACKETS = 16
PATH_PARTS = 100
CONDITION_OPERATORS = 50
TEMPLATES = 2_000
"""How many texts of one value may be templates."""
ALL_SOURCES = 200_000
"""How many characters all templates of one value may have."""
VALUE_DEPTH = 100
ITEMS = 10_000
PASSES = 20_000
SECONDS = 1.0
OUTPUT_BYTES = 1024 * 1024
RAW_BYTES = 8 * 1024 * 1024
"""How much data all raw outputs of one value may repeat, as JSON."""
KEPT_BYTES = 2 * 1024 * 1024
"""How much text and data `assign` and `capture` may hold at once."""
WORK = 32 * 1024 * 1024
"""Characters that all filters together may read; an item of a list counts as ITEM_WORK."""
ITEM_WORK = 64
STEP_WORK = 96
"""What an output, a condition, a filter or a pass costs at the least."""
JSON_WORK = 4
CONTAINER_WORK = 96
"""What an object or list costs that is read from JSON."""
"""What a character costs that is written as JSON."""
INTEGER_BITS = 1_024


def limit_error(message: str) -> TemplateError:
    return TemplateError(message, code="template_limit")


def _too_much_work() -> TemplateError:
    return limit_error(
        "The templates of this step have too much to do. Use smaller texts or lists, "
        "or fewer outputs and filters in a loop."
    )


def check_integer(number: int) -> int:
    if number.bit_length() > INTEGER_BITS:
        raise limit_error(f"A whole number in a template has at most {INTEGER_BITS} bits.")
    return number


class Budget:
    """Counts the use of one resolve(). `timed` is false where nothing can take long."""

    passes = 0
    work = 0
    written = 0
    raw = 0
    kept = 0

    def __init__(self, timed: bool) -> None:
        self.deadline = math.inf
        if timed:
            self.cpu_start = thread_time()
            self.deadline = monotonic() + SECONDS

    def tick(self) -> None:
        """Before each output, condition, filter and pass."""
        self.work += STEP_WORK
        if self.work > WORK:
            raise _too_much_work()
        if monotonic() > self.deadline:
            self._overtime()

    def _overtime(self) -> None:
        """The deadline counts this thread's own time, so that a machine that was busy or asleep
        fails no template."""
        left = SECONDS - (thread_time() - self.cpu_start)
        if left <= 0:
            raise limit_error(
                f"The templates of this step ran for more than {SECONDS:g} s. "
                "Use fewer or smaller loops."
            )
        self.deadline = monotonic() + left

    def loop_pass(self) -> None:
        self.passes += 1
        if self.passes > PASSES:
            raise limit_error(
                f"The loops of this step made more than {PASSES:,} passes. Loop over fewer items."
            )
        self.tick()

    def spend(self, characters: int) -> None:
        self.work += characters
        if self.work > WORK:
            raise _too_much_work()

    def text(self, characters: int) -> None:
        """Announce a text before it is made."""
        if characters > OUTPUT_BYTES:
            raise limit_error(f"A text in a template has at most {OUTPUT_BYTES:,} characters.")
        self.spend(characters)

    def items(self, count: int) -> None:
        """Announce a list before it is made or walked."""
        if count > ITEMS:
            raise limit_error(f"A list or range in a template has at most {ITEMS:,} items.")
        self.spend(count * ITEM_WORK)

    def write(self, out: list[str], text: str) -> None:
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
        self.written += size
        if self.written > OUTPUT_BYTES:
            raise limit_error(f"The texts of this step are larger than {OUTPUT_BYTES:,} bytes.")
        out.append(text)

    def repeat(self, size: int) -> None:
        """Count data that leaves as a raw value."""
        self.raw += size
        if self.raw > RAW_BYTES:
            raise limit_error(f"The values of this step are larger than {RAW_BYTES:,} bytes.")

    def keep(self, change: int) -> None:
        """Count what variables hold, as the change against before."""
        self.kept += change
        if self.kept > KEPT_BYTES:
            raise limit_error(
                f"The variables of this template hold more than {KEPT_BYTES:,} bytes."
            )
