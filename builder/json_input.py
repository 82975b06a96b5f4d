"""JSON that people paste or upload: read strictly, with sentences about what is wrong."""

from __future__ import annotations

import json

from workflows.api_parsers import ExactJsonParser
from workflows.errors import Problem
from workflows.fields import FormError
from workflows.node_type import Json

LONGEST = 5 * 1024 * 1024


def read_json(text: str, what: str) -> Json:
    """Raises FormError with line and column."""
    if len(text) > LONGEST:
        raise FormError([Problem("too_large", f"It has more than {LONGEST} characters.", "", what)])
    try:
        return ExactJsonParser().decoded(text.encode())
    except json.JSONDecodeError as error:
        message = f"This is no JSON: {error.msg}, in line {error.lineno}, column {error.colno}."
        raise FormError([Problem("no_json", message, "", what)]) from error
    except (ValueError, RecursionError) as error:
        message = f"This JSON can not be used: {error}"
        raise FormError([Problem("no_json", message, "", what)]) from error


def pretty(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
