"""Rules: questions about values, joined by `and` and `or`. The only place that evaluates them.

A rule is `{"kind": "number", "operator": "greater_than", "left": T, "right": T}` with the fields of
`workflows.comparisons`; a group is `{"combinator": "and" | "or", "rules": [...]}`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from rest_framework import serializers

from workflows.comparisons import FORMS, compare
from workflows.config_schema import json_schema
from workflows.errors import NodeError
from workflows.node_type import ItemTemplatesField, Json, JsonTemplateField

COMBINATORS = {"and": "All of them hold", "or": "At least one holds"}
KINDS = {
    "string": "Text",
    "number": "Number",
    "date": "Date",
    "boolean": "Yes or no",
    "array": "List",
}
DEEPEST = 10
"""How many groups may stand in each other, the outermost included."""
MOST_RULES = 500
_GROUP = {"combinator", "rules"}


class RulesField(JsonTemplateField):
    """A list of rules and groups; the field stands in a group itself. `x-rules` has the form of a
    rule for each kind; a rule is that object with its `kind`."""

    value_schema: ClassVar[dict[str, Any]] = {
        "type": "array",
        "items": {"type": "object"},
        "minItems": 1,
        "maxItems": MOST_RULES,
        "x-json-template": True,
        "x-rules": {
            "kinds": {
                kind: {**json_schema(form), "title": KINDS[kind]} for kind, form in FORMS.items()
            },
            "combinators": [*COMBINATORS],
            "x-labels": COMBINATORS,
            "deepest": DEEPEST,
        },
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(parse_text=False, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return checked_rules(super().to_internal_value(data))


class FilterField(RulesField):
    """One group, or a list of rules that must all hold. Nothing, and no rules, let all through."""

    value_schema = RulesField.value_schema | {"type": ["array", "object"], "minItems": 0}

    def to_internal_value(self, data: Any) -> Any:
        data = JsonTemplateField.to_internal_value(self, data)
        if data in (None, [], {}):
            return None
        return checked_rules([data] if isinstance(data, dict) else data, depth=0)


class ItemRulesField(RulesField, ItemTemplatesField):
    """Rules about each item of a list."""

    value_schema = RulesField.value_schema | {"x-scope": ["item"]}


def checked_rules(raw: Json, *, depth: int = 1) -> list[Json]:
    """The rules with their defaults; `depth` is the number of groups around them. Raises
    ValidationError."""
    rules = _checked_list(raw, depth)
    if (count := _count(rules)) > MOST_RULES:
        raise serializers.ValidationError(
            f"There are {count} rules, {MOST_RULES} is the limit. Split them over several nodes."
        )
    return rules


def evaluate(combinator: str, rules: Sequence[Json], now: datetime) -> tuple[bool, list[Json]]:
    """The answer, and that of each rule; null for those that were not needed: the first rule that
    decides is the last one asked, so a rule can guard the next. No rules hold. Raises NodeError
    with the place of the rule in front."""
    decides = combinator == "or"
    answers: list[Json] = [None] * len(rules)
    for place, rule in enumerate(rules):
        try:
            answers[place] = _answer(rule, now)
        except NodeError as error:
            raise error.at(f"rules[{place}]") from None
        if answers[place] is decides:
            return decides, answers
    return not decides or not rules, answers


def holds(rules: Sequence[Json], now: datetime) -> bool:
    """Whether all of them hold. Raises NodeError."""
    return evaluate("and", rules, now)[0]


def _answer(rule: Mapping[str, Json], now: datetime) -> bool:
    if "rules" in rule:
        return evaluate(rule["combinator"], rule["rules"], now)[0]
    return compare(rule["kind"], rule, now)["result"]


def _checked_list(raw: Json, depth: int) -> list[Json]:
    if not isinstance(raw, list):
        raise serializers.ValidationError("Rules are a list. Send one, like [{...}].")
    if not raw:
        raise serializers.ValidationError("There is no rule. Add at least one.")
    checked: list[Json] = []
    errors: dict[str, Any] = {}
    for place, rule in enumerate(raw):
        try:
            checked.append(_checked_rule(rule, depth))
        except serializers.ValidationError as error:
            errors[str(place)] = error.detail
    if errors:
        raise serializers.ValidationError(errors)
    return checked


def _checked_rule(raw: Json, depth: int) -> Json:
    if not isinstance(raw, dict):
        raise serializers.ValidationError(
            'A rule is an object like {"kind": "string", "operator": "equals", "left": ..., '
            '"right": ...}.'
        )
    if "rules" in raw or "combinator" in raw:
        return _checked_group(raw, depth + 1)
    kind = raw.get("kind")
    form_class = FORMS.get(kind) if isinstance(kind, str) else None
    if form_class is None:
        raise serializers.ValidationError(
            {"kind": f"There is no kind of rule {kind!r}. Use {', '.join(FORMS)}."}
        )
    form = form_class(data={name: value for name, value in raw.items() if name != "kind"})
    form.is_valid(raise_exception=True)
    return {"kind": kind, **form.validated_data}


def _checked_group(raw: dict[str, Json], depth: int) -> Json:
    if depth > DEEPEST:
        raise serializers.ValidationError(
            f"Groups are nested more than {DEEPEST} deep. Use fewer levels."
        )
    if unknown := sorted(set(raw) - _GROUP):
        raise serializers.ValidationError(
            {unknown[0]: f"A group has no field {unknown[0]!r}. Fields: combinator, rules."}
        )
    if (combinator := raw.get("combinator", "and")) not in COMBINATORS:
        raise serializers.ValidationError({"combinator": f"{combinator!r} is neither and nor or."})
    try:
        rules = _checked_list(raw.get("rules"), depth)
    except serializers.ValidationError as error:
        raise serializers.ValidationError({"rules": error.detail}) from None
    return {"combinator": combinator, "rules": rules}


def _count(rules: Sequence[Json]) -> int:
    return sum(1 + _count(rule.get("rules", ())) for rule in rules)
