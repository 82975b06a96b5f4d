"""What the documentation says of the template language is complete, and true."""

from __future__ import annotations

import re

import pytest

from tests.workflows.templating.render import resolve
from workflows.errors import TemplateError
from workflows.templating import FILTERS, FilterDoc
from workflows.templating.grammar import tag_names
from workflows.templating.reference import LIMITS, RULES, TAGS, TRY_DATA, Example, TagDoc

EXAMPLES = {example.template: example for rule in RULES for example in rule.examples} | {
    tag.name: tag.example for tag in TAGS
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_an_example_gives_what_is_shown(example: Example) -> None:
    data = dict(example.data)
    if example.error:
        with pytest.raises(TemplateError) as caught:
            resolve(example.template, data)
        assert caught.value.message == example.error
        return
    made = resolve(example.template, data, masked=True)
    assert (made.value, made.warnings) == (example.result, example.warnings)
    assert type(made.value) is type(example.result)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES)
def test_an_example_gives_the_same_where_people_try_it(example: Example) -> None:
    if example.error:
        return
    made = resolve(example.template, dict(TRY_DATA), masked=True)
    assert (made.value, made.warnings) == (example.result, example.warnings)


@pytest.mark.parametrize("doc", FILTERS.values(), ids=FILTERS)
def test_a_filter_gives_the_same_where_people_try_it(doc: FilterDoc) -> None:
    assert resolve(f"{doc.example}{{{{ '' }}}}", dict(TRY_DATA)).value == doc.result
    assert not resolve(doc.example, dict(TRY_DATA)).warnings


@pytest.mark.parametrize("doc", FILTERS.values(), ids=FILTERS)
def test_every_filter_says_what_it_does_and_takes(doc: FilterDoc) -> None:
    assert re.fullmatch(r"\S.*\.", doc.summary)
    assert doc.group in {"texts", "lists", "numbers", "dates", "data"}
    assert doc.takes in {"any", "text", "list", "number"}
    positional = [each for each in doc.arguments if not each.is_keyword]
    assert len(positional) == doc.most
    assert sum(each.default is None for each in positional) == doc.least
    assert {each.name for each in doc.arguments if each.is_keyword} == doc.keywords


def test_every_tag_is_described() -> None:
    names = [tag.name for tag in TAGS]
    assert len(set(names)) == len(names)
    assert sorted(names) == tag_names()


@pytest.mark.parametrize("tag", TAGS, ids=[tag.name for tag in TAGS])
def test_a_tag_shows_itself_and_its_parts(tag: TagDoc) -> None:
    assert f"{{% {tag.name}" in tag.example.template
    assert tag.summary.endswith(".")


def test_the_limits_are_numbers_above_nothing() -> None:
    assert all(most > 0 for _, most in LIMITS)
