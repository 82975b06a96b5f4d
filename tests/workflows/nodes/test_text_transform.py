from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import output, problems

DATA = {
    "node_1": {"name": "Ada", "labels": [{"name": "bug"}, {"name": "ui"}], "count": 3, "ok": True}
}
TEXTS = {
    "plain": ("Hello", "Hello"),
    "variable in a text": ("Hello {{ node_1.name }}!", "Hello Ada!"),
    "loop": (
        "{% for label in node_1.labels %}#{{ label.name }} {% endfor %}",
        "#bug #ui ",
    ),
    "condition": ("{% if node_1.ok %}yes{% else %}no{% endif %}", "yes"),
    "filter": ("{{ node_1.name | upcase }}", "ADA"),
    "one list alone": ("{{ node_1.labels }}", '[{"name": "bug"}, {"name": "ui"}]'),
    "one list in a text": ("= {{ node_1.labels }}", '= [{"name": "bug"}, {"name": "ui"}]'),
    "one number alone": ("{{ node_1.count }}", "3"),
    "one boolean alone": ("{{ node_1.ok }}", "true"),
    "unknown alone": ("{{ node_1.nobody }}", ""),
    "unknown in a text": ("[{{ node_1.nobody }}]", "[]"),
    "blank": ("", ""),
    "literal number": (5, "5"),
    "literal object": ({"a": "{{ node_1.name }}"}, '{"a": "Ada"}'),
}


@pytest.mark.parametrize(("template", "expected"), TEXTS.values(), ids=TEXTS)
def test_text(template: Any, expected: str) -> None:
    assert output("text_transform", {"template": template}, DATA) == {"text": expected}


@pytest.mark.parametrize("config", [{}, {"template": None}], ids=["missing", "null"])
def test_the_template_is_needed(config: dict[str, Any]) -> None:
    assert "template" in problems("text_transform", config)
