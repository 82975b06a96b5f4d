"""Typed, limited Liquid: compile once, resolve against each run's data.

    compiled = compile_value({"title": "New: {{ trigger.body.issue.title }}"})
    compiled.resolve({"trigger": payload}).value

- A text that is one output only, `{{ expr }}`, becomes the raw value: object, list, number,
  boolean, null. Blanks around it are ignored and filters allowed.
- In more text a value becomes text: objects and lists as JSON text with the separators `, ` and
  `: `, null and unknown as nothing, booleans as `true` and `false`. The same holds inside of the
  filters that work on texts.
- An unknown variable is empty and leaves a warning, once for each path; in a strict resolve it is
  an error. `| default: x` and a comparison with nil, empty or blank deal with what is unknown, so
  there it leaves none.
- `budget.py` has the limits, `filters/` the filters; FILTERS documents them.
"""

from workflows.templating.filters import EXAMPLE_DATA, FILTERS, Argument, FilterDoc
from workflows.templating.scope import NameRead
from workflows.templating.state import MASK
from workflows.templating.value import (
    AsHtml,
    CompiledValue,
    Fixed,
    PerItem,
    Resolved,
    compile_value,
    variables,
)

__all__ = [
    "EXAMPLE_DATA",
    "FILTERS",
    "MASK",
    "Argument",
    "AsHtml",
    "CompiledValue",
    "FilterDoc",
    "Fixed",
    "NameRead",
    "PerItem",
    "Resolved",
    "compile_value",
    "variables",
]
