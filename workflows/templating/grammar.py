"""The Liquid that is spoken here: python-liquid's parser behind our own scanners.

Only the parser is used. The tree that it makes is compiled to closures (`expressions.py`,
`blocks.py`); python-liquid's rendering, filters and loaders never run.
"""

from __future__ import annotations

from collections.abc import Iterator

from liquid import Environment
from liquid.ast import Node
from liquid.builtin.content import Literal
from liquid.builtin.expressions import FilteredExpression
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags.assign_tag import AssignTag
from liquid.builtin.tags.capture_tag import CaptureTag
from liquid.builtin.tags.case_tag import CaseTag
from liquid.builtin.tags.cycle_tag import CycleTag
from liquid.builtin.tags.decrement_tag import DecrementTag
from liquid.builtin.tags.echo_tag import EchoTag
from liquid.builtin.tags.for_tag import BreakTag, ContinueTag, ForTag
from liquid.builtin.tags.if_tag import IfTag
from liquid.builtin.tags.ifchanged_tag import IfChangedTag
from liquid.builtin.tags.increment_tag import IncrementTag
from liquid.builtin.tags.tablerow_tag import TablerowTag
from liquid.builtin.tags.unless_tag import UnlessTag
from liquid.exceptions import LiquidError
from liquid.parser import Parser
from liquid.stream import TokenStream
from liquid.token import TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG, Token

from workflows.errors import TemplateError
from workflows.templating.budget import limit_error
from workflows.templating.source import SCANNED_TAGS, check_source, line_of, tokens
from workflows.templating.tokens import expression_tokens


class _Stream(TokenStream):
    """A token stream that reads expressions with our own scanner."""

    def into_inner(self, *, tag: Token | None = None, eat: bool = True) -> TokenStream:
        token = self.expect(TOKEN_EXPRESSION)
        if eat:
            next(self)
        return TokenStream(expression_tokens(token, tag.value if tag else ""))


class _Output(Output):
    def parse(self, stream: TokenStream) -> OutputNode:
        token = stream.eat(TOKEN_OUTPUT)
        inner = stream.into_inner(eat=False)
        return self.node_class(token, FilteredExpression.parse(self.env, inner))


_TAGS = (
    Literal,
    _Output,
    Illegal,
    AssignTag,
    BreakTag,
    CaptureTag,
    CaseTag,
    ContinueTag,
    CycleTag,
    DecrementTag,
    EchoTag,
    ForTag,
    IfChangedTag,
    IfTag,
    IncrementTag,
    TablerowTag,
    UnlessTag,
)


class _Environment(Environment):
    """Holds the tags. No loader, no filters: nothing here renders."""

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in _TAGS:
            self.add_tag(tag)


_environment = _Environment()
_parser = Parser(_environment)


def tag_names() -> list[str]:
    """All that a template may use, without those that only stand inside of others."""
    return sorted((set(_environment.tags) - {"content", "output", "illegal"}) | SCANNED_TAGS)


def parse(source: str) -> list[Node]:
    """The tree of a template. Raises TemplateError, with the code `template_limit` where the
    source is too large."""
    check_source(source)
    try:
        return _parser.parse(_Stream(_known_tags(tokens(source))))
    except LiquidError as error:
        raise _explain(error, source) from None
    except RecursionError:
        raise limit_error("The template is nested too deeply.") from None


def _known_tags(stream: Iterator[Token]) -> Iterator[Token]:
    inner = ("else", "elsif", "when")
    for token in stream:
        name = token.value
        known = name in _environment.tags or name in inner or name.startswith("end")
        if token.kind == TOKEN_TAG and not known:
            raise TemplateError(
                f"There is no tag '{name}' here{line_of(token.source, token.start_index)}. "
                f"Tags: {', '.join(tag_names())}."
            )
        yield token


def _explain(error: LiquidError, source: str) -> TemplateError:
    message = str(error.message).replace("end of expression", "the end").rstrip(".")
    where = line_of(source, error.token.start_index) if error.token else ""
    if "nesting limit" in message:
        return limit_error("The blocks of a template are at most 30 deep.")
    return TemplateError(f"The template can not be read{where}: {message}.")
