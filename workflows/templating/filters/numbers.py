"""Filters that calculate. Decimal fractions are exact: 0.1 plus 0.2 is 0.3."""

from __future__ import annotations

import math
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from babel.numbers import format_currency

from workflows.node_type import Json
from workflows.templating.budget import INTEGER_BITS, Budget, limit_error
from workflows.templating.filters.registry import FilterError, number_filter, value_filter
from workflows.templating.filters.values import exact, integer_of, number_of
from workflows.templating.text import text_of

Number = int | float

_MOST_PLACES = 12
_ALWAYS_WHOLE = 1e15
"""Floats from here on have no digits after the point that mean anything."""
_CURRENCY = re.compile(r"[A-Z]{3}")
_LOCALES = frozenset(
    (
        *("ar_AE", "ar_EG", "ar_SA", "bg_BG", "cs_CZ", "da_DK", "de_AT", "de_CH", "de_DE", "el_GR"),
        *("en_AU", "en_CA", "en_GB", "en_IE", "en_IN", "en_NZ", "en_SG", "en_US", "en_ZA"),
        *("es_AR", "es_CL", "es_CO", "es_ES", "es_MX", "et_EE", "fi_FI", "fr_BE", "fr_CA", "fr_CH"),
        *("fr_FR", "he_IL", "hi_IN", "hr_HR", "hu_HU", "id_ID", "is_IS", "it_CH", "it_IT", "ja_JP"),
        *("ko_KR", "lt_LT", "lv_LV", "ms_MY", "nb_NO", "nl_BE", "nl_NL", "pl_PL", "pt_BR", "pt_PT"),
        *("ro_RO", "ru_RU", "sk_SK", "sl_SI", "sr_RS", "sv_SE", "th_TH", "tr_TR", "uk_UA", "vi_VN"),
        *("zh_CN", "zh_HK", "zh_TW"),
    )
)
"""Not all that Babel knows: it keeps each locale that was ever used, 200 MB for all of them."""


def _whole(left: Number, right: Number) -> bool:
    return isinstance(left, int) and isinstance(right, int)


@number_filter("{{ -3 | abs }}", "3", "abs")
def abs_(budget: Budget, number: Number) -> Number:
    """The number without its sign."""
    return abs(number)


@number_filter("{{ 3 | plus: 4 }}", "7")
def plus(budget: Budget, number: Number, other: Json) -> Number:
    """Adds."""
    right = number_of(other)
    return number + right if _whole(number, right) else float(exact(number) + exact(right))


@number_filter("{{ 3 | minus: 4 }}", "-1")
def minus(budget: Budget, number: Number, other: Json) -> Number:
    """Subtracts."""
    right = number_of(other)
    return number - right if _whole(number, right) else float(exact(number) - exact(right))


@number_filter("{{ 3 | times: 4 }}", "12")
def times(budget: Budget, number: Number, other: Json) -> Number:
    """Multiplies."""
    right = number_of(other)
    if isinstance(number, int) and isinstance(right, int):
        if number.bit_length() + right.bit_length() > INTEGER_BITS + 1:
            raise limit_error(f"A whole number in a template has at most {INTEGER_BITS} bits.")
        return number * right
    return float(exact(number) * exact(right))


@number_filter("{{ 7 | divided_by: 2 }}", "3")
def divided_by(budget: Budget, number: Number, other: Json) -> Number:
    """Divides; two whole numbers give a whole number, rounded down. Divide by 2.0 for 3.5."""
    right = number_of(other)
    if right == 0:
        raise FilterError("can not divide by zero")
    return number // right if _whole(number, right) else float(exact(number) / exact(right))


@number_filter("{{ 7 | modulo: 3 }}", "1")
def modulo(budget: Budget, number: Number, other: Json) -> Number:
    """The remainder of a division."""
    right = number_of(other)
    if right == 0:
        raise FilterError("can not divide by zero")
    if _whole(number, right):
        return number % right
    try:
        remainder = exact(number) % exact(right)
    except InvalidOperation:
        return math.fmod(number, right)
    # As for whole numbers, the remainder has the sign of the divisor.
    wrong_sign = remainder and (remainder < 0) != (right < 0)
    return float(remainder + exact(right) if wrong_sign else remainder)


@number_filter("{{ 3 | at_least: 5 }}", "5")
def at_least(budget: Budget, number: Number, other: Json) -> Number:
    """The larger of two numbers."""
    return max(number, number_of(other))


@number_filter("{{ 7 | at_most: 5 }}", "5")
def at_most(budget: Budget, number: Number, other: Json) -> Number:
    """The smaller of two numbers."""
    return min(number, number_of(other))


@number_filter("{{ 1.2 | ceil }}", "2")
def ceil(budget: Budget, number: Number) -> int:
    """Rounds up."""
    return math.ceil(number)


@number_filter("{{ 1.8 | floor }}", "1")
def floor(budget: Budget, number: Number) -> int:
    """Rounds down."""
    return math.floor(number)


@number_filter("{{ 1.256 | round: 2 }}", "1.26", "round")
def round_(budget: Budget, number: Number, digits: Json = 0) -> Number:
    """Rounds to a number of digits after the point, halves away from zero; without one to a whole
    number."""
    places = max(-_MOST_PLACES, min(integer_of(digits, 0), _MOST_PLACES))
    if places > 0:
        return number if isinstance(number, int) else float(_rounded(number, places))
    whole = number if isinstance(number, int) else int(_rounded(number, 0))
    unit: int = 10**-places
    size: int = (abs(whole) + unit // 2) // unit * unit
    return size if whole >= 0 else -size


def _rounded(number: float, places: int) -> Decimal:
    if abs(number) >= _ALWAYS_WHOLE:
        return exact(number)
    return exact(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


@value_filter("""{{ 1234.5 | currency: "EUR" }}""", "€1,234.50")
def currency(budget: Budget, value: Json, code: Json = "USD", locale: Json = "en_US") -> str:
    """Writes an amount of money as people in a country do. The currency is an ISO 4217 code
    (default USD), the locale a language and country (default en_US: `$1,234.50`; de_DE:
    `1.234,50 €`)."""
    if not isinstance(code, str) or not _CURRENCY.fullmatch(code):
        raise FilterError("the currency is a code like USD or EUR", code)
    name = text_of(locale)[:8].replace("-", "_")
    if name not in _LOCALES:
        raise FilterError(f"the locale is one of {', '.join(sorted(_LOCALES))}", locale)
    return format_currency(exact(number_of(value)), code, locale=name)
