from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from workflows.errors import NodeError
from workflows.values import (
    as_text,
    shown_number,
    to_boolean,
    to_exact,
    to_list,
    to_number,
    to_object,
    to_text,
)

CONVERTED = {
    "text stays": (to_text, " a ", " a "),
    "nothing is an empty text": (to_text, None, ""),
    "integer to text": (to_text, 5, "5"),
    "float to text": (to_text, 2.50, "2.5"),
    "true to text": (to_text, True, "true"),
    "false to text": (to_text, False, "false"),
    "integer stays": (to_number, 5, 5),
    "float stays": (to_number, 0.1, 0.1),
    "text to integer": (to_number, "5", 5),
    "text with blanks around": (to_number, " 5 ", 5),
    "text with a sign": (to_number, "+5", 5),
    "negative text": (to_number, "-0.25", -0.25),
    "text without leading zero": (to_number, ".5", 0.5),
    "text in scientific form": (to_number, "1e3", 1000),
    "text with zeros behind the point": (to_number, "5.00", 5),
    "very long integer": (
        to_number,
        "123456789012345678901234567890",
        123456789012345678901234567890,
    ),
    "true": (to_boolean, True, True),
    "false": (to_boolean, False, False),
    "one": (to_boolean, 1, True),
    "zero": (to_boolean, 0, False),
    "text TRUE": (to_boolean, "TRUE", True),
    "text yes": (to_boolean, " yes ", True),
    "text on": (to_boolean, "on", True),
    "text 1": (to_boolean, "1", True),
    "text False": (to_boolean, "False", False),
    "text no": (to_boolean, "no", False),
    "text off": (to_boolean, "off", False),
    "text 0": (to_boolean, "0", False),
    "list stays": (to_list, [1], [1]),
    "JSON list": (to_list, ' [1, "a"]', [1, "a"]),
    "object stays": (to_object, {"a": 1}, {"a": 1}),
    "JSON object": (to_object, '{"a": 1}', {"a": 1}),
}


@pytest.mark.parametrize(("convert", "value", "expected"), CONVERTED.values(), ids=CONVERTED)
def test_is_converted_where_nothing_is_lost(convert: Any, value: Any, expected: Any) -> None:
    converted = convert(value, "left")
    assert converted == expected
    assert type(converted) is type(expected)


REFUSED = {
    "list as text": (to_text, [1, 2], "a text", "a list: [1,2]"),
    "object as text": (to_text, {"a": 1}, "a text", 'an object: {"a":1}'),
    "word as number": (to_number, "five", "a number", 'a text: "five"'),
    "boolean as number": (to_number, True, "a number", "a boolean: true"),
    "nothing as number": (to_number, None, "a number", "nothing is there"),
    "blank as number": (to_number, "", "a number", "nothing is there"),
    "thousands separator": (to_number, "1,000", "a number", '"1,000"'),
    "underscore": (to_number, "1_000", "a number", '"1_000"'),
    "other digits": (to_number, "٣", "a number", '"٣"'),
    "hexadecimal": (to_number, "0x10", "a number", '"0x10"'),
    "infinity": (to_number, "inf", "a number", '"inf"'),
    "NaN": (to_number, "nan", "a number", '"nan"'),
    "more digits than a float has": (to_number, "0.12345678901234567890", "15 digits", "0.123"),
    "too large for a float": (to_number, "1.5e400", "15 digits", "1.5e400"),
    "exponent without end": (to_number, "1e99999999999", "a number", "1e99"),
    "other number as boolean": (to_boolean, 2, "true or false", "a number: 2"),
    "word as boolean": (to_boolean, "maybe", "true or false", '"maybe"'),
    "nothing as boolean": (to_boolean, None, "true or false", "nothing is there"),
    "blank as boolean": (to_boolean, "", "true or false", "nothing is there"),
    "list as boolean": (to_boolean, [], "true or false", "a list: []"),
    "object as list": (to_list, {"a": 1}, "a list", "an object"),
    "text as list": (to_list, "a, b", "a list", '"a, b"'),
    "broken JSON as list": (to_list, "[1,", "a list", '"[1,"'),
    "nothing as list": (to_list, None, "a list", "nothing is there"),
    "list as object": (to_object, [1], "an object", "a list: [1]"),
    "number as object": (to_object, 5, "an object", "a number: 5"),
}


@pytest.mark.parametrize(("convert", "value", "wanted", "shown"), REFUSED.values(), ids=REFUSED)
def test_is_refused_with_the_value_and_what_was_wanted(
    convert: Any, value: Any, wanted: str, shown: str
) -> None:
    with pytest.raises(NodeError) as caught:
        convert(value, "left")
    error = caught.value
    assert error.code == "wrong_type"
    assert error.details["field"] == "left"
    assert "'left'" in error.message
    assert wanted in error.message
    assert shown in error.message
    assert not error.retryable


def test_long_values_are_shortened() -> None:
    with pytest.raises(NodeError) as caught:
        to_number("x" * 100_000, "left")
    assert len(caught.value.message) < 400
    assert len(caught.value.as_json()["details"]["value"]) < 2_100


def test_secrets_are_taken_out_before_the_value_is_shortened() -> None:
    secret = "s3cret" * 20
    with pytest.raises(NodeError) as caught:
        to_number("x" * 190 + secret, "left")
    error = caught.value.as_json(lambda text: text.replace(secret, "•••"))
    assert "s3c" not in str(error)
    assert "•••" in error["message"]


AS_TEXT = {
    "text": ("a", "a"),
    "nothing": (None, ""),
    "boolean": (True, "true"),
    "number": (1.5, "1.5"),
    "list": ([1, "é"], '[1, "é"]'),
    "object": ({"a": None}, '{"a": null}'),
}


@pytest.mark.parametrize(("value", "expected"), AS_TEXT.values(), ids=AS_TEXT)
def test_any_value_has_a_text(value: Any, expected: str) -> None:
    assert as_text(value) == expected


EXACT = {
    "float as it is written": (0.1, Decimal("0.1")),
    "text": ("0.10", Decimal("0.1")),
    "large float": (1e23, 10**23),
    "beyond a float": ("9007199254740993", 9007199254740993),
}


@pytest.mark.parametrize(("value", "expected"), EXACT.values(), ids=EXACT)
def test_exact_numbers(value: Any, expected: Any) -> None:
    assert to_exact(value) == expected


SHOWN = {
    "number": (0.1, 0.1),
    "text that is an integer": ("5", 5),
    "text that is a float": ("0.25", 0.25),
    "text with too many digits": ("0.12345678901234567890", "0.12345678901234567890"),
}


@pytest.mark.parametrize(("value", "expected"), SHOWN.values(), ids=SHOWN)
def test_shown_numbers_lose_no_digit(value: Any, expected: Any) -> None:
    assert shown_number(value, to_exact(value)) == expected
