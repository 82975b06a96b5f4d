"""The source of one template -> python-liquid's tokens, in linear time.

python-liquid's own scanner hangs on 19 KB of blanks or brackets, so sources are measured first and
cut here by plain searches. `raw`, `comment`, `doc` and inline comments end here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from workflows.errors import TemplateError
from workflows.templating.budget import (
    BLANKS,
    SOURCE_CHARACTERS,
    TAG_CHARACTERS,
    TAGS,
    limit_error,
)

SCANNED_TAGS = frozenset({"comment", "doc", "liquid", "raw"})
"""Those that end here; the parser never sees them."""
_OPENING = re.compile(r"\{[{%]")
_TOO_BLANK = re.compile(rf"\s{{{BLANKS + 1}}}")
_NAME = re.compile(r"#|\w+")
_END_RAW = re.compile(r"\{%-?\s*endraw\s*-?%\}")
_COMMENT = re.compile(r"\{%-?\s*(end)?comment\b[^%]*%\}")
_END_DOC = re.compile(r"\{%-?\s*enddoc\s*-?%\}")


def is_template(text: str) -> bool:
    return "{{" in text or "{%" in text


def check_source(source: str) -> None:
    """Raises TemplateError (`template_limit`)."""
    if len(source) > SOURCE_CHARACTERS:
        raise limit_error(f"A template has at most {SOURCE_CHARACTERS:,} characters.")
    if source.count("{{") + source.count("{%") > TAGS:
        raise limit_error(f"A template has at most {TAGS} outputs and tags.")
    if _TOO_BLANK.search(source):
        raise limit_error(f"A template has at most {BLANKS} blanks in a row.")


def line_of(source: str, index: int) -> str:
    """` (line 3)` for a source of several lines, else nothing."""
    return f" (line {source.count(chr(10), 0, index) + 1})" if "\n" in source else ""


def tokens(source: str) -> Iterator[Token]:
    """The tokens of a source that has passed check_source()."""
    return _Scanner(source).run()


class _Scanner:
    def __init__(self, source: str) -> None:
        self.source = source
        self.position = 0
        self.trim = False
        self.statements = 0

    def run(self) -> Iterator[Token]:
        while opening := _OPENING.search(self.source, self.position):
            start = opening.start()
            yield from self._content(start, self.source.startswith("-", start + 2))
            if opening.group() == "{{":
                yield from self._output(start)
            else:
                yield from self._tag(start)
        yield from self._content(len(self.source), False)

    def _content(self, end: int, trim_end: bool) -> Iterator[Token]:
        text = self.source[self.position : end]
        if self.trim:
            text = text.lstrip()
        if trim_end:
            text = text.rstrip()
        if text:
            yield Token(TOKEN_CONTENT, text, self.position, self.source)
        self.trim = False

    def _inside(self, start: int, closing: str) -> tuple[str, int]:
        """The text between the brackets that open at `start`, and where it begins."""
        end = self.source.find(closing, start + 2)
        if end < 0:
            opening = self.source[start : start + 2]
            raise TemplateError(
                f"'{opening}' is not closed by '{closing}'{line_of(self.source, start)}. "
                f"Text that holds '{opening}' goes between {{% raw %}} and {{% endraw %}}."
            )
        if end - start > TAG_CHARACTERS:
            raise limit_error(f"An output or tag has at most {TAG_CHARACTERS:,} characters.")
        self.position = end + 2
        begin = start + 3 if self.source.startswith("-", start + 2) else start + 2
        self.trim = end > begin and self.source[end - 1] == "-"
        text = self.source[begin : end - 1 if self.trim else end]
        return text.strip(), begin + len(text) - len(text.lstrip())

    def _output(self, start: int) -> Iterator[Token]:
        text, begin = self._inside(start, "}}")
        if not text:
            raise TemplateError(
                f"An output is empty{line_of(self.source, start)}: write {{{{ name }}}}."
            )
        yield Token(TOKEN_OUTPUT, "{{", start, self.source)
        yield Token(TOKEN_EXPRESSION, text, begin, self.source)

    def _tag(self, start: int) -> Iterator[Token]:
        text, begin = self._inside(start, "%}")
        name = _NAME.match(text)
        if not name:
            raise TemplateError(f"A tag has no name{line_of(self.source, start)}.")
        if name.group() == "raw":
            yield from self._raw()
        elif name.group() == "comment":
            self._skip_comment(start)
        elif name.group() == "doc":
            self._skip(_END_DOC, start, "doc")
        elif name.group() == "liquid":
            yield from self._lines(text[name.end() :], begin + name.end())
        elif name.group() != "#":
            yield from self._statement(text, begin)

    def _statement(self, text: str, begin: int) -> Iterator[Token]:
        name = _NAME.match(text)
        assert name is not None  # noqa: S101 - the callers have looked
        yield Token(TOKEN_TAG, name.group(), begin, self.source)
        expression = text[name.end() :].strip()
        if expression:
            yield Token(TOKEN_EXPRESSION, expression, begin + name.end(), self.source)

    def _lines(self, text: str, begin: int) -> Iterator[Token]:
        """`{% liquid %}`: one tag a line."""
        depth = 0
        for line in text.splitlines(keepends=True):
            stripped = line.strip()
            name = _NAME.match(stripped)
            word = name.group() if name else ""
            if word in ("comment", "endcomment"):
                depth += 1 if word == "comment" else -1
            elif stripped and word != "#" and depth == 0:
                self.statements += 1
                if self.statements > TAGS:
                    raise limit_error(f"A template has at most {TAGS} outputs and tags.")
                if not name:
                    raise TemplateError(
                        f"A line of the tag 'liquid' does not start with the name of a tag"
                        f"{line_of(self.source, begin)}."
                    )
                yield from self._statement(stripped, begin)
            begin += len(line)

    def _raw(self) -> Iterator[Token]:
        begin, trim = self.position, self.trim
        end = self._skip(_END_RAW, begin, "raw")
        text = self.source[begin : end.start()]
        text = text.lstrip() if trim else text
        text = text.rstrip() if end.group().startswith("{%-") else text
        if text:
            yield Token(TOKEN_CONTENT, text, begin, self.source)

    def _skip(self, ending: re.Pattern[str], start: int, name: str) -> re.Match[str]:
        end = ending.search(self.source, self.position)
        if not end:
            raise self._unclosed(name, start)
        self.position = end.end()
        self.trim = end.group().endswith("-%}")
        return end

    def _skip_comment(self, start: int) -> None:
        depth = 1
        for found in _COMMENT.finditer(self.source, self.position):
            depth += -1 if found.group(1) else 1
            if depth == 0:
                self.position = found.end()
                self.trim = found.group().endswith("-%}")
                return
        raise self._unclosed("comment", start)

    def _unclosed(self, name: str, start: int) -> TemplateError:
        return TemplateError(
            f"The tag '{name}'{line_of(self.source, start)} has no '{{% end{name} %}}'."
        )
