"""The text inside an output or a tag -> python-liquid's tokens, in linear time.

python-liquid takes 22 words for keywords wherever they stand, so that `a.limit` or `a.for` fail
there. Here a word is a keyword only in the one place where its tag reads it as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from liquid.token import (
    TOKEN_COLON,
    TOKEN_COMMA,
    TOKEN_DOT,
    TOKEN_FLOAT,
    TOKEN_IDENTINDEX,
    TOKEN_IDENTSTRING,
    TOKEN_INTEGER,
    TOKEN_LBRACKET,
    TOKEN_PIPE,
    TOKEN_RANGE,
    TOKEN_RANGE_LITERAL,
    TOKEN_RBRACKET,
    TOKEN_RPAREN,
    TOKEN_STRING,
    TOKEN_WORD,
    Token,
    operators,
)

from workflows.errors import TemplateError
from workflows.templating.budget import CONDITION_OPERATORS, NESTED_BRACKETS, limit_error

_TOKEN = re.compile(
    r"""(?P<blank>\s+)
    |\[\s*(?P<index>-?[0-9]+)\s*\]
    |\[\s*(?:"(?P<key>[^"]*)"|'(?P<key_single>[^']*)')\s*\]
    |"(?P<text>[^"]*)"
    |'(?P<text_single>[^']*)'
    |(?P<range>\.\.)
    |\.\s*(?P<member>\w[\w-]*\??)
    |(?P<float>-?[0-9]+\.[0-9]+)
    |(?P<integer>-?[0-9]+\b)
    |(?P<word>\w[\w-]*\??)
    |(?P<operator>[!=<>]{1,2})
    |(?P<sign>[()\[\]:,|])
    """,
    re.VERBOSE,
)
_SIGNS = {
    "(": TOKEN_RANGE_LITERAL,
    ")": TOKEN_RPAREN,
    "[": TOKEN_LBRACKET,
    "]": TOKEN_RBRACKET,
    ":": TOKEN_COLON,
    ",": TOKEN_COMMA,
    "|": TOKEN_PIPE,
}
_KINDS = {
    "index": TOKEN_IDENTINDEX,
    "key": TOKEN_IDENTSTRING,
    "key_single": TOKEN_IDENTSTRING,
    "text": TOKEN_STRING,
    "text_single": TOKEN_STRING,
    "range": TOKEN_RANGE,
    "float": TOKEN_FLOAT,
    "integer": TOKEN_INTEGER,
}
_LITERALS = frozenset(("true", "false", "nil", "null", "empty", "blank"))
_LOGIC = frozenset(("and", "or", "contains"))
_CONDITIONS = frozenset(("if", "elsif", "unless", "when"))
_LOOPS = frozenset(("for", "tablerow"))
_LOOP_ARGUMENTS = frozenset(("limit", "offset", "cols"))


def expression_tokens(parent: Token, tag: str) -> Iterator[Token]:
    """The tokens of the expression token `parent`, which belongs to `tag` ("" for an output)."""
    text = parent.value
    position = operators_seen = 0
    before: Token | None = None
    _check_depth(text)
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found:
            raise TemplateError(f"{text[position]!r} was not expected in {_around(text)}.")
        position = found.end()
        for token in _tokens(found, parent, tag, before):
            operators_seen += token.kind in ("and", "or")
            before = token
            yield token
    if operators_seen > CONDITION_OPERATORS:
        raise limit_error(f"A condition has at most {CONDITION_OPERATORS} times 'and' or 'or'.")


def _check_depth(text: str) -> None:
    depth = 0
    for sign in text:
        depth += (sign in "[(") - (sign in "])")
        if depth > NESTED_BRACKETS:
            raise limit_error(f"Brackets in a template are at most {NESTED_BRACKETS} deep.")


def _tokens(found: re.Match[str], parent: Token, tag: str, before: Token | None) -> Iterator[Token]:
    group = found.lastgroup or ""
    value: str = found.group(group)
    start = parent.start_index + found.start()

    def token(kind: str) -> Token:
        return Token(kind, value, start, parent.source)

    if group == "member":
        if value.isascii() and value.isdigit():
            yield token(TOKEN_IDENTINDEX)
        else:
            yield Token(TOKEN_DOT, ".", start, parent.source)
            yield token(TOKEN_WORD)
    elif group == "word":
        yield token(_word_kind(value, tag, before, found.string[found.end() : found.end() + 64]))
    elif group == "operator":
        if value not in operators:
            raise TemplateError(f"{value!r} is no operator: use == != < > <= >= or contains.")
        yield token(operators[value])
    elif group == "sign":
        yield token(_SIGNS[value])
    elif group != "blank":
        yield token(_KINDS[group])


def _word_kind(word: str, tag: str, before: Token | None, rest: str) -> str:
    """The word itself where it is a keyword, else TOKEN_WORD."""
    if rest.startswith((".", "[")) and not rest.startswith(".."):
        return TOKEN_WORD
    if word in _LITERALS:
        return word
    if tag in _CONDITIONS and word in _LOGIC and before is not None:
        return word
    return word if tag in _LOOPS and _is_loop_word(word, before, rest) else TOKEN_WORD


def _is_loop_word(word: str, before: Token | None, rest: str) -> bool:
    if before is None:
        return False
    if word in _LOOP_ARGUMENTS:
        return rest.lstrip().startswith(":")
    if word == "continue":
        return before.kind == TOKEN_COLON
    return word in ("in", "reversed") and before.kind != "in"


def _around(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
