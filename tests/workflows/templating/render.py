"""Shorthands for the tests of templates."""

from __future__ import annotations

from typing import Any

from workflows.templating import Resolved, compile_value

CONTEXT: dict[str, Any] = {
    "trigger": {
        "body": {
            "issue": {"title": 'Quote " and \\', "number": 7, "labels": ["bug", "ui"]},
            "open": True,
            "closed": False,
            "nothing": None,
            "price": 12.5,
            "no_text": "",
            "none": [],
        },
        "headers": {"x-github-event": "issues", "x y": "spaced"},
    },
    "node_1": {
        "user": {"name": "Ada", "size": "L", "first": "A"},
        "items": [{"id": 1}, {"id": 2}, {"id": 3}],
        "text": "hello",
    },
    "users": [{"name": "Ada", "age": 36}, {"name": "Bob", "age": 41}],
    "text": "one\ntwo",
    "more": ["c"],
    "numbers": [3, 1, 2],
}


def resolve(value: Any, context: dict[str, Any] | None = None, **options: Any) -> Resolved:
    return compile_value(value).resolve(CONTEXT if context is None else context, **options)


def render(value: Any, context: dict[str, Any] | None = None) -> Any:
    return resolve(value, context).value
