from __future__ import annotations

import time
from typing import Any

import pytest

from tests.workflows.nodes.support import checked, error, output, problems
from workflows.errors import NodeError
from workflows.text_operations import OPERATIONS


def made(text: Any, *operations: dict[str, Any], data: dict[str, Any] | None = None) -> Any:
    config = {"input": "{{ n }}", "operations": list(operations)}
    return output("string_transform", config, {"n": text, **(data or {})})


TEXTS: dict[str, tuple[str, dict[str, Any], str]] = {
    "trim": (" a b\n", {"op": "trim"}, "a b"),
    "trim, characters": ("--a-b-", {"op": "trim", "characters": "-"}, "a-b"),
    "upper": ("straße", {"op": "upper"}, "STRASSE"),
    "lower": ("ÀB", {"op": "lower"}, "àb"),
    "title": ("they're  NEW york-based", {"op": "title"}, "They're  New York-based"),
    "replace": ("a.b.c", {"op": "replace", "search": ".", "replacement": "-"}, "a-b-c"),
    "replace, by nothing": ("a.b", {"op": "replace", "search": "."}, "ab"),
    "replace, is no pattern": (
        "a.b",
        {"op": "replace", "search": "a.", "replacement": "$1"},
        "$1b",
    ),
    "regex_replace": (
        "a1b22",
        {"op": "regex_replace", "pattern": "[0-9]+", "replacement": "#"},
        "a#b#",
    ),
    "regex_replace, group": (
        "Lovelace, Ada",
        {"op": "regex_replace", "pattern": "(\\w+), (\\w+)", "replacement": "$2 $1"},
        "Ada Lovelace",
    ),
    "regex_replace, name": (
        "key=value",
        {"op": "regex_replace", "pattern": "(?P<k>\\w+)=(?P<v>\\w+)", "replacement": "${v}=${k}"},
        "value=key",
    ),
    "regex_replace, match and dollar": (
        "5",
        {"op": "regex_replace", "pattern": "[0-9]", "replacement": "$$$0"},
        "$5",
    ),
    "regex_replace, group that is not there": (
        "ab",
        {"op": "regex_replace", "pattern": "(x)?b", "replacement": "[$1]"},
        "a[]",
    ),
    "regex_replace, backslashes are themselves": (
        "a",
        {"op": "regex_replace", "pattern": "a", "replacement": "\\1\\n"},
        "\\1\\n",
    ),
    "regex_replace, other letters": (
        "é1é",
        {"op": "regex_replace", "pattern": "é", "replacement": "ü"},
        "ü1ü",
    ),
    "regex_replace, empty matches": (
        "abc",
        {"op": "regex_replace", "pattern": "x*", "replacement": "-"},
        "-a-b-c-",
    ),
    "regex_replace, case": (
        "aA",
        {"op": "regex_replace", "pattern": "a", "replacement": "b", "case_sensitive": False},
        "bb",
    ),
    "slugify": ("  Crème Brûlée & Ærø -- 2! ", {"op": "slugify"}, "creme-brulee-aero-2"),
    "slugify, separator": ("A b", {"op": "slugify", "separator": "_"}, "a_b"),
    "slugify, nothing is left": ("!!!", {"op": "slugify"}, ""),
    "pad": ("7", {"op": "pad", "length": 3, "character": "0"}, "007"),
    "pad, left by blanks": ("7", {"op": "pad", "length": 3}, "  7"),
    "pad, right": ("7", {"op": "pad", "length": 3, "side": "right", "character": "."}, "7.."),
    "pad, both": ("7", {"op": "pad", "length": 3, "side": "both", "character": "."}, ".7."),
    "pad, long enough": ("1234", {"op": "pad", "length": 3}, "1234"),
    "join of a text": ("a", {"op": "join"}, "a"),
    "truncate": ("abcdef", {"op": "truncate", "length": 4}, "abc…"),
    "truncate, ending": ("abcdef", {"op": "truncate", "length": 5, "ending": ".."}, "abc.."),
    "truncate, no ending": ("abcdef", {"op": "truncate", "length": 4, "ending": ""}, "abcd"),
    "truncate, short enough": ("abcd", {"op": "truncate", "length": 4}, "abcd"),
    "truncate, shorter than its ending": (
        "abcdef",
        {"op": "truncate", "length": 2, "ending": "..."},
        "..",
    ),
}


@pytest.mark.parametrize(("text", "operation", "expected"), TEXTS.values(), ids=TEXTS)
def test_operation(text: str, operation: dict[str, Any], expected: str) -> None:
    assert made(text, operation) == {"text": expected}


def test_each_operation_is_in_the_table_and_documented() -> None:
    assert {operation["op"] for _, operation, _ in TEXTS.values()} | {"split"} == set(OPERATIONS)
    assert all(operation.help.endswith(".") for operation in OPERATIONS.values())


def test_one_after_the_other() -> None:
    assert made(
        "  Ada Lovelace ", {"op": "trim"}, {"op": "upper"}, {"op": "truncate", "length": 4}
    ) == {"text": "ADA…"}


SPLIT, COMMA = {"op": "split", "separator": ","}, {"op": "join", "separator": ", "}
LISTS: dict[str, tuple[Any, list[dict[str, Any]], dict[str, Any]]] = {
    "split": ("a,b,,c", [SPLIT], {"items": ["a", "b", "", "c"]}),
    "split, no separator in it": ("a", [SPLIT], {"items": ["a"]}),
    "split, nothing": ("", [SPLIT], {"items": [""]}),
    "split into characters": ("aé", [{"op": "split", "separator": ""}], {"items": ["a", "é"]}),
    "on each": (" a , b ", [SPLIT, {"op": "trim"}, {"op": "upper"}], {"items": ["A", "B"]}),
    "split again": (
        "a-b,c",
        [SPLIT, {"op": "split", "separator": "-"}],
        {"items": ["a", "b", "c"]},
    ),
    "join": ("a,b", [SPLIT, COMMA], {"text": "a, b"}),
    "join, default": ("a,b", [SPLIT, {"op": "join"}], {"text": "a, b"}),
    "a list as input": (["a", 5, None], [COMMA], {"text": "a, 5, "}),
    "a list stays one": (["a"], [{"op": "upper"}], {"items": ["A"]}),
}


@pytest.mark.parametrize(("value", "operations", "expected"), LISTS.values(), ids=LISTS)
def test_lists(value: Any, operations: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    assert made(value, *operations) == expected


INPUTS: dict[str, tuple[Any, str]] = {
    "number": (5, "5"),
    "boolean": (True, "TRUE"),
    "nothing": (None, ""),
}


@pytest.mark.parametrize(("value", "text"), INPUTS.values(), ids=INPUTS)
def test_input_becomes_a_text(value: Any, text: str) -> None:
    assert made(value, {"op": "upper"}) == {"text": text}


@pytest.mark.parametrize("value", [{"a": 1}, [[1]]], ids=str)
def test_wrong_type(value: Any) -> None:
    config = {"input": "{{ n }}", "operations": [{"op": "trim"}]}
    assert error("string_transform", config, {"n": value}).code == "wrong_type"


def test_settings_are_templates() -> None:
    operation = {"op": "replace", "search": "{{ m.a }}", "replacement": "{{ m.b }}"}
    assert made("x-y", operation, data={"m": {"a": "-", "b": 5}}) == {"text": "x5y"}


FAILURES: dict[str, tuple[dict[str, Any], Any, str]] = {
    "nothing to search for": ({"op": "replace", "search": "{{ m }}"}, "", "nothing to search"),
    "a list to search for": ({"op": "replace", "search": "{{ m }}"}, ["a"], "'search' has to be"),
    "broken pattern": ({"op": "regex_replace", "pattern": "{{ m }}"}, "(", "regular expression"),
    "unknown group": (
        {"op": "regex_replace", "pattern": "a", "replacement": "{{ m }}"},
        "$1",
        "no group $1",
    ),
    "unknown name": (
        {"op": "regex_replace", "pattern": "a", "replacement": "{{ m }}"},
        "${x}",
        "no group ${x}",
    ),
    "two characters": ({"op": "pad", "length": 9, "character": "{{ m }}"}, "ab", "one character"),
}


@pytest.mark.parametrize(("operation", "value", "says"), FAILURES.values(), ids=FAILURES)
def test_failure_names_the_operation(operation: dict[str, Any], value: Any, says: str) -> None:
    config = {"input": "abc", "operations": [{"op": "trim"}, operation]}
    caught = error("string_transform", config, {"m": value})
    assert caught.message.startswith("operations[1]: ")
    assert says in caught.message


LONG = "ab" * 100_000
ATTACKS: dict[str, tuple[Any, list[dict[str, Any]]]] = {
    "replace grows": (LONG, [{"op": "replace", "search": "a", "replacement": LONG}]),
    "replace grows again and again": (
        "a",
        [{"op": "replace", "search": "a", "replacement": "a" * 100}] * 10,
    ),
    "regex_replace grows": (
        LONG,
        [{"op": "regex_replace", "pattern": "a", "replacement": "x" * 10_000}],
    ),
    "groups grow": (
        LONG,
        [{"op": "regex_replace", "pattern": "(.*)", "replacement": "$1" * 100}],
    ),
    "join grows": (LONG, [{"op": "split", "separator": "a"}, {"op": "join", "separator": LONG}]),
    "pad grows": (
        LONG,
        [{"op": "split", "separator": "a"}, {"op": "pad", "length": 100_000}],
    ),
    "too many parts": (LONG, [{"op": "split", "separator": ""}]),
}


@pytest.mark.parametrize(("text", "operations"), ATTACKS.values(), ids=ATTACKS)
def test_no_text_grows_without_end(text: str, operations: list[dict[str, Any]]) -> None:
    start = time.thread_time()
    config = {"input": "{{ n }}", "operations": operations}
    assert error("string_transform", config, {"n": text}).code == "text_too_large"
    assert time.thread_time() - start < 2


PATTERNS = {
    "goes back": "(a+)+$",
    "looks to the end for each match": "a|a.*c",
    "many alternatives": "(a|b|ab)*c",
    "large repetition": "([ab]{1,500}){2}c",
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
def test_no_pattern_holds_up_a_worker(pattern: str) -> None:
    start = time.thread_time()
    config = {
        "input": "{{ n }}",
        "operations": [{"op": "regex_replace", "pattern": pattern, "replacement": ""}],
    }
    try:
        output("string_transform", config, {"n": "a" * 200_000})
    except NodeError as failure:
        assert failure.code == "bad_pattern"
    assert time.thread_time() - start < 10


def one(**operation: Any) -> dict[str, Any]:
    return {"input": "a", "operations": [operation]}


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "input is missing": ({"operations": [{"op": "trim"}]}, "input"),
    "no operations": ({"input": "a", "operations": []}, "operations"),
    "op is missing": (one(search="a"), "op"),
    "unknown op": (one(op="reverse"), "op"),
    "unknown field": (one(op="trim", chars="a"), "chars"),
    "field of another op": (one(op="upper", search="a"), "search"),
    "replace needs search": (one(op="replace", replacement="a"), "search"),
    "replace by searching nothing": (one(op="replace", search=""), "search"),
    "regex_replace needs pattern": (one(op="regex_replace"), "pattern"),
    "broken pattern": (one(op="regex_replace", pattern="("), "pattern"),
    "look-ahead": (one(op="regex_replace", pattern="(?=a)"), "pattern"),
    "unknown group": (one(op="regex_replace", pattern="a", replacement="$1"), "no group $1"),
    "pad needs length": (one(op="pad"), "length"),
    "pad to nothing": (one(op="pad", length=0), "length"),
    "pad too far": (one(op="pad", length=100_001), "length"),
    "pad at the top": (one(op="pad", length=5, side="top"), "side"),
    "split needs separator": (one(op="split"), "separator"),
    "truncate needs length": (one(op="truncate"), "length"),
    "51 operations": ({"input": "a", "operations": [{"op": "trim"}] * 51}, "operations"),
}


@pytest.mark.parametrize(("config", "says"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], says: str) -> None:
    assert says in str(problems("string_transform", config))


def test_checked_operations_can_be_checked_again() -> None:
    operations = [
        {
            "op": name,
            **{field: 5 if field == "length" else "a" for field in OPERATIONS[name].fields},
        }
        for name in OPERATIONS
    ]
    config = checked("string_transform", {"input": "a", "operations": operations})
    assert checked("string_transform", config) == config
