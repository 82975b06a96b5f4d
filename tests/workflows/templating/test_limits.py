"""No template and no data brings a worker down: limits end each resolve soon and small."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from tests.workflows.templating.attacks import ALL, SOURCES
from tests.workflows.templating.render import render
from workflows.errors import TemplateError
from workflows.templating import compile_value
from workflows.templating.budget import OUTPUT_BYTES, RAW_BYTES, SECONDS
from workflows.templating.text import size_of


def measured(value: Any, context: dict[str, Any]) -> tuple[Any, float]:
    """What came out (a TemplateError included), and the processor time of this thread."""
    start = time.thread_time()
    try:
        result: Any = compile_value(value).resolve(context).value
    except TemplateError as error:
        result = error
    return result, time.thread_time() - start


@pytest.mark.parametrize(
    ("value", "context"), [case[1:] for case in ALL], ids=[case[0] for case in ALL]
)
def test_attack_ends_soon_and_small(value: Any, context: dict[str, Any]) -> None:
    result, seconds = measured(value, context)
    # The deadline is one second of processor time; a busy machine overruns it by its last slice.
    assert seconds < SECONDS + 0.5
    if isinstance(result, TemplateError):
        assert result.code in ("template_limit", "template_error")
        assert len(result.message) < 1_000
    else:
        assert size_of(result, RAW_BYTES) <= RAW_BYTES


def test_the_attacks_are_many() -> None:
    assert len(ALL) >= 140


LIMITS = {
    "source": ("{{ a }}" + "x" * 19_994, "at most 20,000 characters"),
    "tags": ("{{ a }}" * 501, "at most 500"),
    "tag": ("{{ a" + "a" * 2_000 + "}}", "at most 2,000"),
    "blanks": ("{{ a }}" + " " * 61 + "x", "at most 60 blanks"),
    "range": ("{{ (1..10001) | size }}", "at most 10,000 items"),
    "list": ("{{ list | reverse }}", "at most 10,000 items"),
    "loop": ("{% for x in list %}{% endfor %}", "at most 10,000 items"),
    "passes": ("{% for x in (1..6667) %}.{% endfor %}" * 3, "20,000 passes"),
    "integer": ("{{ big | times: big }}", "at most 1024 bits"),
    "text": ("{{ text | append: text }}", "at most 1,048,576 characters"),
    "output": ("{{ text }}{{ text }}", "larger than 1,048,576 bytes"),
    "output in bytes": ("{{ umlauts }}!", "larger than 1,048,576 bytes"),
}
INSIDE = {
    "source": "{{ a }}" + "x" * 19_993,
    "tags": "{{ a }}" * 500,
    "tag": "{{ a" + "a" * 1_990 + "}}",
    "blanks": "{{ a }}" + " " * 60 + "x",
    "range": "{{ (1..10000) | size }}",
    "list": "{{ list | size }}{{ list | first }}",
    "part of a list": "{% for x in list limit: 10 offset: 5000 %}{% endfor %}",
    "passes": "{% for x in (1..6666) %}.{% endfor %}" * 3,
    "integer": "{{ big | times: 2 }}",
    "text": "{{ text | append: 'x' | size }}",
    "output": "{{ text }}{{ 'x' }}",
}
DATA = {
    "list": [0] * 10_001,
    "big": 1 << 600,
    "text": "x" * 600_000,
    "umlauts": "ä" * 600_000,
}


@pytest.mark.parametrize(("source", "message"), LIMITS.values(), ids=LIMITS.keys())
def test_one_over_the_limit(source: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message) as caught:
        render(source, DATA)
    assert caught.value.code == "template_limit"
    assert not caught.value.retryable


@pytest.mark.parametrize("source", INSIDE.values(), ids=INSIDE.keys())
def test_at_the_limit(source: str) -> None:
    render(source, DATA)


def test_limits_are_for_all_leaves_together() -> None:
    loop = "{% for x in (1..9000) %}.{% endfor %}"
    assert len(render([loop, loop])) == 2
    for leaves in ([loop] * 3, {"a": loop, "b": [loop, {"c": loop}]}):
        with pytest.raises(TemplateError, match="passes"):
            render(leaves)
    with pytest.raises(TemplateError, match="larger than"):
        render(["{{ text }}!", "{{ text }}!"], DATA)


def test_a_second_resolve_starts_anew() -> None:
    compiled = compile_value("{% for x in (1..9000) %}.{% endfor %}" * 2)
    for _ in range(3):
        assert len(compiled.resolve({}).value) == 18_000


def test_large_values_go_through_as_they_are() -> None:
    body = {"text": "x" * OUTPUT_BYTES, "list": [0] * 50_000}
    assert render({"body": "{{ body }}"}, {"body": body})["body"] is body


def test_the_deadline_counts_processor_time_and_not_waiting(monkeypatch: Any) -> None:
    compiled = compile_value("{% for x in (1..100) %}{{ x | plus: 1 }}{% endfor %}")
    real = time.monotonic
    passed = iter(range(10_000_000))
    monkeypatch.setattr(
        "workflows.templating.budget.monotonic", lambda: real() + 2 * SECONDS * next(passed)
    )
    assert compiled.resolve({}).value.startswith("2345")


def test_the_deadline_ends_what_no_other_limit_ends(monkeypatch: Any) -> None:
    monkeypatch.setattr("workflows.templating.budget.WORK", sys.maxsize)
    slow = "{% for i in a %}{% assign x = b | json %}{% endfor %}"
    result, seconds = measured(slow, {"a": list(range(10_000)), "b": [list(range(5_000))] * 10})
    assert isinstance(result, TemplateError)
    assert "more than 1 s" in result.message
    assert seconds < 1.5


def test_deep_data_is_no_crash() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    try:
        assert render("{{ a }}", {"a": deep}) is deep
        for source in (
            "<{{ a }}>",
            "{{ a | json }}",
            "{{ a | uniq }}",
            "{% if a == b %}{% endif %}",
        ):
            result, seconds = measured(source, {"a": deep, "b": [deep]})
            assert isinstance(result, TemplateError) or source.startswith("{%")
            assert seconds < 1.0
    finally:
        while deep:
            deep = deep.pop()


@pytest.mark.parametrize("case", [case for case in SOURCES if isinstance(case[1], str)],
                         ids=lambda case: case[0])  # fmt: skip
def test_sources_are_refused_or_read_quickly_when_compiled(case: Any) -> None:
    start = time.thread_time()
    try:
        compile_value(case[1])
    except TemplateError as error:
        assert len(error.message) < 1_000
    assert time.thread_time() - start < 0.5
