"""Filters that work on texts."""

from __future__ import annotations

import html
import re
from urllib.parse import quote_plus

from workflows.node_type import Json
from workflows.templating.budget import Budget
from workflows.templating.filters.markup import strip_tags
from workflows.templating.filters.registry import text_filter, value_filter
from workflows.templating.filters.values import integer_of
from workflows.templating.text import text_of

_NEWLINE = re.compile(r"\r?\n")
_ENCODED = re.compile(r"(?:%[0-9a-fA-F]{2})+")
_UNESCAPED = re.compile(r"""["'<>]|&(?!(?:[a-zA-Z]{1,32}|#[0-9]{1,8});)""")


@text_filter("""{{ "a" | append: "b" }}""", "ab")
def append(budget: Budget, text: str, tail: Json) -> str:
    """Adds a text at the end."""
    return text + text_of(tail)


@text_filter("""{{ "b" | prepend: "a" }}""", "ab")
def prepend(budget: Budget, text: str, head: Json) -> str:
    """Adds a text at the front."""
    return text_of(head) + text


@text_filter("""{{ "hello WORLD" | capitalize }}""", "Hello world")
def capitalize(budget: Budget, text: str) -> str:
    """The first letter in upper case, the rest in lower case."""
    return text.capitalize()


@text_filter("""{{ "Hello" | downcase }}""", "hello")
def downcase(budget: Budget, text: str) -> str:
    """All letters in lower case."""
    return text.lower()


@text_filter("""{{ "Hello" | upcase }}""", "HELLO")
def upcase(budget: Budget, text: str) -> str:
    """All letters in upper case."""
    return text.upper()


@text_filter("""{{ "<b>" | escape }}""", "&lt;b&gt;")
def escape(budget: Budget, text: str) -> str:
    """Makes a text safe inside of HTML."""
    return html.escape(text)


@text_filter("""{{ "&lt; &" | escape_once }}""", "&lt; &amp;")
def escape_once(budget: Budget, text: str) -> str:
    """As `escape`, but leaves what is escaped already."""
    return _UNESCAPED.sub(lambda found: html.escape(found.group()), text)


@text_filter("""{{ "<p>Hi <b>you</b></p>" | strip_html }}""", "Hi you")
def strip_html(budget: Budget, text: str) -> str:
    """Removes HTML tags, comments, scripts and styles."""
    return strip_tags(text)


@text_filter("""{{ "  a " | strip }}""", "a")
def strip(budget: Budget, text: str) -> str:
    """Removes blanks at both ends."""
    return text.strip()


@text_filter("""{{ "  a" | lstrip }}""", "a")
def lstrip(budget: Budget, text: str) -> str:
    """Removes blanks at the front."""
    return text.lstrip()


@text_filter("""{{ "a  " | rstrip }}""", "a")
def rstrip(budget: Budget, text: str) -> str:
    """Removes blanks at the end."""
    return text.rstrip()


@text_filter("""{{ " a   b " | squish }}""", "a b")
def squish(budget: Budget, text: str) -> str:
    """One blank where there were several, none at the ends."""
    return " ".join(text.split())


@text_filter("""{{ text | newline_to_br }}""", "one<br />\ntwo")
def newline_to_br(budget: Budget, text: str) -> str:
    """Writes `<br />` before each line break."""
    return _NEWLINE.sub("<br />\n", text)


@text_filter("""{{ text | strip_newlines }}""", "onetwo")
def strip_newlines(budget: Budget, text: str) -> str:
    """Removes line breaks."""
    return _NEWLINE.sub("", text)


@text_filter("""{{ "a-b-c" | replace: "-", "+" }}""", "a+b+c")
def replace(budget: Budget, text: str, old: Json, new: Json = "") -> str:
    """Replaces each occurrence of a text."""
    before, after = text_of(old), text_of(new)
    budget.text(len(text) + text.count(before) * max(0, len(after) - len(before)))
    return text.replace(before, after)


@text_filter("""{{ "a-b-c" | replace_first: "-", "+" }}""", "a+b-c")
def replace_first(budget: Budget, text: str, old: Json, new: Json = "") -> str:
    """Replaces the first occurrence of a text."""
    return text.replace(text_of(old), text_of(new), 1)


@text_filter("""{{ "a-b-c" | replace_last: "-", "+" }}""", "a-b+c")
def replace_last(budget: Budget, text: str, old: Json, new: Json = "") -> str:
    """Replaces the last occurrence of a text."""
    # Searched from the front in the reversed text: Python's search from the back is quadratic.
    before = text_of(old)
    found = text[::-1].find(before[::-1])
    if found < 0:
        return text
    end = len(text) - found
    return text[: end - len(before)] + text_of(new) + text[end:]


@text_filter("""{{ "a-b-c" | remove: "-" }}""", "abc")
def remove(budget: Budget, text: str, part: Json) -> str:
    """Removes each occurrence of a text."""
    return text.replace(text_of(part), "")


@text_filter("""{{ "a-b-c" | remove_first: "-" }}""", "ab-c")
def remove_first(budget: Budget, text: str, part: Json) -> str:
    """Removes the first occurrence of a text."""
    return text.replace(text_of(part), "", 1)


@text_filter("""{{ "a-b-c" | remove_last: "-" }}""", "a-bc")
def remove_last(budget: Budget, text: str, part: Json) -> str:
    """Removes the last occurrence of a text."""
    return replace_last(budget, text, part, "")


@text_filter("""{{ "a long title" | truncate: 9 }}""", "a long...")
def truncate(budget: Budget, text: str, length: Json = 50, end: Json = "...") -> str:
    """Shortens a text to a length that includes the end (`...` if none is given)."""
    most, tail = integer_of(length, 50), text_of(end)
    return text if len(text) <= most else text[: max(0, most - len(tail))] + tail


@text_filter("""{{ "one two three" | truncatewords: 2 }}""", "one two...")
def truncatewords(budget: Budget, text: str, count: Json = 15, end: Json = "...") -> str:
    """Shortens a text to a number of words."""
    most = min(max(1, integer_of(count, 15)), len(text) + 1)
    words = text.split(None, most)
    return " ".join(words[:most]) + (text_of(end) if len(words) > most else "")


@value_filter("""{{ "abcdef" | slice: 1, 3 }}""", "bcd", "slice")
def slice_(budget: Budget, value: Json, start: Json, length: Json = 1) -> Json:
    """Part of a text or list: from a position (negative: from the end), so many characters."""
    whole = value if isinstance(value, list) else text_of(value)
    budget.spend(len(whole))
    begin = integer_of(start)
    begin = begin + len(whole) if begin < 0 else begin
    if begin < 0:
        return whole[:0]
    return whole[begin : begin + max(0, integer_of(length, 1))]


@text_filter("""{{ "a,b" | split: "," | json }}""", '["a", "b"]')
def split(budget: Budget, text: str, separator: Json) -> list[str]:
    """Cuts a text into a list. By `" "`: at any blanks. By an empty text: into characters."""
    mark = text_of(separator)
    if not text or text == mark:
        return []
    if not mark:
        budget.items(len(text))
        return list(text)
    parts = text.split(None if mark == " " else mark, 10_001)
    budget.items(len(parts))
    return parts


@text_filter("""{{ "a b&c" | url_encode }}""", "a+b%26c")
def url_encode(budget: Budget, text: str) -> str:
    """Makes a text safe inside of a URL."""
    return quote_plus(text)


@text_filter("""{{ "a+b%26c" | url_decode }}""", "a b&c")
def url_decode(budget: Budget, text: str) -> str:
    """Undoes `url_encode`."""
    return _ENCODED.sub(_decoded, text.replace("+", " "))


def _decoded(found: re.Match[str]) -> str:
    return bytes.fromhex(found.group().replace("%", "")).decode("utf-8", "replace")
