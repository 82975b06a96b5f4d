"""JSON Schema with a bound on its work: nothing is ever fetched, patterns run in linear time (RE2),
and every keyword that is looked at is counted.

Draft 2020-12, or draft 7 where the schema names it in `$schema`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from itertools import islice
from time import thread_time
from typing import Any, ClassVar, TypeAlias

import referencing
from jsonschema import (
    Draft7Validator,
    Draft202012Validator,
    FormatChecker,
    SchemaError,
    ValidationError,
)
from jsonschema.validators import extend
from referencing.jsonschema import DRAFT7, DRAFT202012
from rest_framework import serializers

from workflows import plain_json
from workflows.errors import NodeError, shortened
from workflows.formats import FORMATS
from workflows.node_type import Json
from workflows.patterns import compile_pattern, is_found
from workflows.values import kind_of

Keyword: TypeAlias = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]

SCHEMA_CHARACTERS = 100_000
MOST_ERRORS = 100
MOST_WORK = 500_000
MOST_SECONDS = 3.0
"""Of processor time, because some steps cost a hundred times what others do: each reference is
looked up anew."""
WORK_OF_A_CHECK = 10_000
"""A schema is tried on null when it is saved, where only a chain of references can take long."""
_DRAFTS = {
    "https://json-schema.org/draft/2020-12/schema": Draft202012Validator,
    "http://json-schema.org/draft-07/schema": Draft7Validator,
}
_SPECIFICATIONS = {Draft202012Validator: DRAFT202012, Draft7Validator: DRAFT7}
_PLAIN_DATA = frozenset({"const", "default", "enum", "examples"})
_NAMED = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})
_REFERENCES = ("$ref", "$dynamicRef")


class JsonSchemaField(serializers.JSONField):
    """A JSON Schema that can be used here."""

    value_schema: ClassVar[dict[str, Any]] = {"type": ["object", "boolean"], "x-json-schema": True}

    def to_internal_value(self, data: Json) -> Json:
        schema = super().to_internal_value(data)
        check_schema(schema)
        return schema


def check_schema(schema: Json) -> None:
    """Raises serializers.ValidationError for what can not be used as a schema."""
    if not isinstance(schema, (dict, bool)):
        raise serializers.ValidationError('A JSON Schema is an object, like {"type": "object"}.')
    if len(plain_json.dump(schema)) > SCHEMA_CHARACTERS:
        raise serializers.ValidationError(
            f"The schema is longer than {SCHEMA_CHARACTERS:,} characters. Check less of the data."
        )
    try:
        draft, bare = _draft(schema)
        _check_parts(bare)
        draft.check_schema(bare, format_checker=_Work())
        _check_references(_SPECIFICATIONS[draft].create_resource(bare), bare)
        find_errors(schema, None, most_work=WORK_OF_A_CHECK)
    except SchemaError as error:
        place = _path(error.absolute_path) or "its top"
        raise serializers.ValidationError(
            f"This is no JSON Schema: at {place}: {shortened(error.message, 300)}."
        ) from None
    except NodeError as error:
        raise serializers.ValidationError(error.message) from None


def find_errors(schema: Json, value: Json, *, most_work: int = MOST_WORK) -> list[dict[str, str]]:
    """What is wrong with a value, as {path, message}, at most 100; the path reads like
    items[0].name. The messages quote the schema, never the value. Raises NodeError `bad_schema` or
    `too_much_work`."""
    validator = _validator(plain_json.dump(schema)).evolve(format_checker=_Work(most_work))
    try:
        errors = list(islice(validator.iter_errors(value), MOST_ERRORS))
    except NodeError:
        raise
    except referencing.exceptions.Unresolvable as error:
        raise _bad_schema(f"there is no {error.ref!r} in it") from None
    except RecursionError:
        raise _bad_schema("it leads back to itself without end") from None
    except (ArithmeticError, TypeError, ValueError) as error:
        raise _bad_schema(f"it can not be computed ({type(error).__name__})") from None
    return [{"path": _path(error.absolute_path), "message": _message(error)} for error in errors]


def _draft(schema: Json) -> tuple[Any, Json]:
    """The validator class of a schema, and the schema without the name of its draft."""
    if isinstance(schema, bool) or "$schema" not in schema:
        return Draft202012Validator, schema
    draft = _DRAFTS.get(str(schema["$schema"]).removesuffix("#"))
    if draft is None:
        raise serializers.ValidationError(
            f"The draft {schema['$schema']!r} is not known. Use {' or '.join(_DRAFTS)}."
        )
    return draft, {name: part for name, part in schema.items() if name != "$schema"}


def _check_parts(schema: Json) -> None:
    keywords: set[str] = set()
    for part in _parts(schema):
        keywords.update(part)
        if "$schema" in part:
            raise _bad_schema("only its top may name a draft in $schema")
        for name in _REFERENCES:
            reference = part.get(name)
            if isinstance(reference, str) and not reference.startswith("#"):
                raise _bad_schema(f"the reference {reference!r} leads out of it; use #/$defs/...")
        for pattern in [part.get("pattern"), *_names(part.get("patternProperties"))]:
            if isinstance(pattern, str):
                compile_pattern(pattern)
    if {"patternProperties", "unevaluatedProperties"} <= keywords:
        raise _bad_schema("patternProperties and unevaluatedProperties do not go together here")


def _names(value: Json) -> list[str]:
    return [*value] if isinstance(value, dict) else []


def _check_references(resource: Any, schema: Json) -> None:
    """Each reference leads somewhere. Where parts have addresses of their own, that is known only
    when they are used."""
    parts = [*_parts(schema)]
    if any("$id" in part for part in parts[1:]):
        return
    resolver = referencing.Registry().resolver_with_root(resource)
    for part in parts:
        for name in _REFERENCES:
            if isinstance(reference := part.get(name), str):
                try:
                    resolver.lookup(reference)
                except referencing.exceptions.Unresolvable:
                    raise _bad_schema(f"there is no {reference!r} in it") from None


def _parts(schema: Json) -> Iterator[dict[str, Json]]:
    """All schemas in a schema."""
    if isinstance(schema, list):
        for item in schema:
            yield from _parts(item)
    elif isinstance(schema, dict):
        yield schema
        for name, inner in schema.items():
            if name in _NAMED and isinstance(inner, dict):
                yield from _parts([*inner.values()])
            elif name not in _PLAIN_DATA:
                yield from _parts(inner)


# ---------------------------------------------------------------- the keywords


class _Work(FormatChecker):
    """Every part of a validation has the same format checker, so this one counts the work too."""

    def __init__(self, most: int = MOST_WORK) -> None:
        self.checkers = FORMATS.checkers
        self.left = most
        self.end = thread_time() + MOST_SECONDS

    def spend(self, amount: int) -> None:
        self.left -= amount
        if self.left < 0 or thread_time() > self.end:
            raise NodeError(
                "There is too much to check in this data. Check a smaller part of it, or use a "
                "simpler schema.",
                code="too_much_work",
            )


def _counted(keyword: Keyword) -> Keyword:
    def run(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        spend = validator.format_checker.spend
        spend(1 + (len(value) if isinstance(value, (list, dict)) else 0))
        for error in keyword(validator, value, instance, schema) or ():
            spend(len(error.message) // 16)
            yield error

    return run


def _quadratic(keyword: Keyword) -> Keyword:
    """The library looks for each name in a list of names."""

    def run(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if isinstance(instance, (list, dict)):
            validator.format_checker.spend(len(instance) ** 2 // 64)
        yield from keyword(validator, value, instance, schema) or ()

    return run


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str):
        validator.format_checker.spend(len(instance) // 100)
        if not is_found(pattern, instance):
            yield ValidationError("")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if isinstance(instance, dict):
        validator.format_checker.spend(len(patterns) * len(instance))
        for pattern, inner in patterns.items():
            for name, value in instance.items():
                if is_found(pattern, name):
                    yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    named, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    validator.format_checker.spend(len(instance) * (1 + len(patterns)))
    extra = [
        name
        for name in instance
        if name not in named and not any(is_found(pattern, name) for pattern in patterns)
    ]
    if allowed is False and extra:
        more = ", ..." if len(extra) > 5 else ""
        yield ValidationError(f"There is no {', '.join(map(repr, extra[:5]))}{more} allowed here.")
    elif isinstance(allowed, dict):
        for name in extra:
            yield from validator.descend(instance[name], allowed, path=name)


def _unique_items(
    validator: Any, unique: bool, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if unique and isinstance(instance, list):
        texts = [_canonical(item) for item in instance]
        validator.format_checker.spend(sum(len(text) for text in texts) // 100)
        if len(set(texts)) < len(texts):
            yield ValidationError("")


def _canonical(value: Json) -> str:
    """The same text for values that JSON Schema calls equal: 1 and 1.0 are, 1 and true are not."""
    return plain_json.dump(_sorted(value))


def _sorted(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


_OWN: dict[str, Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "uniqueItems": _unique_items,
}


def _guarded(draft: Any) -> Any:
    keywords = {**draft.VALIDATORS, **_OWN}
    for name in ("unevaluatedProperties", "unevaluatedItems"):
        if name in keywords:
            keywords[name] = _quadratic(keywords[name])
    counted = {name: _counted(keyword) for name, keyword in keywords.items()}
    return extend(draft, counted)  # type: ignore[no-untyped-call]


_GUARDED = {draft: _guarded(draft) for draft in _DRAFTS.values()}


@lru_cache(maxsize=128)
def _validator(text: str) -> Any:
    draft, bare = _draft(plain_json.loads(text))
    # An empty registry: what is not in the schema itself is not found.
    return _GUARDED[draft](bare, registry=referencing.Registry())


# ---------------------------------------------------------------- what users read


def _path(parts: Iterable[str | int]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def _message(error: ValidationError) -> str:
    describe = _MESSAGES.get(str(error.validator))
    if describe is not None:
        return describe(error)
    return f"It does not fit {error.validator!r}." if error.validator else "It is not allowed here."


def _said(error: ValidationError) -> str:
    return error.message


def _asked(sentence: str, error: ValidationError) -> str:
    return sentence.format(shortened(plain_json.dump(error.validator_value), 300))


def _wrong_type(error: ValidationError) -> str:
    wanted = error.validator_value
    names = " or ".join(wanted) if isinstance(wanted, list) else wanted
    return f"It has to be of the type {names}, but it is {kind_of(error.instance)}."


def _required(error: ValidationError) -> str:
    return f"The property {error.message.partition(' is a ')[0]} is missing."


_MESSAGES: dict[str, Callable[[ValidationError], str]] = {
    "type": _wrong_type,
    "required": _required,
    "additionalProperties": _said,
    "enum": partial(_asked, "It has to be one of {}."),
    "const": partial(_asked, "It has to be {}."),
    "minimum": partial(_asked, "It has to be at least {}."),
    "maximum": partial(_asked, "It has to be at most {}."),
    "exclusiveMinimum": partial(_asked, "It has to be greater than {}."),
    "exclusiveMaximum": partial(_asked, "It has to be less than {}."),
    "multipleOf": partial(_asked, "It has to be a multiple of {}."),
    "minLength": partial(_asked, "It has fewer characters than {}."),
    "maxLength": partial(_asked, "It has more characters than {}."),
    "pattern": partial(_asked, "It does not match the pattern {}."),
    "format": partial(_asked, "It has not the format {}."),
    "minItems": partial(_asked, "It has fewer items than {}."),
    "maxItems": partial(_asked, "It has more items than {}."),
    "uniqueItems": partial(_asked, "It has an item twice."),
    "contains": partial(_asked, "It does not contain the items that are needed."),
    "minProperties": partial(_asked, "It has fewer properties than {}."),
    "maxProperties": partial(_asked, "It has more properties than {}."),
    "anyOf": partial(_asked, "It fits none of the forms that are allowed."),
    "oneOf": partial(_asked, "It has to fit exactly one of the forms that are allowed."),
    "not": partial(_asked, "It fits a form that is not allowed."),
    "unevaluatedProperties": partial(_asked, "It has properties that are not allowed."),
    "unevaluatedItems": partial(_asked, "It has items that are not allowed."),
}


def _bad_schema(reason: str) -> NodeError:
    return NodeError(f"The JSON Schema can not be used: {reason}.", code="bad_schema")
