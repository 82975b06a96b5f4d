"""If and Filter of n8n: its conditions as rules of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workflows.n8n.making import Made, NoMatch, Work
from workflows.node_type import Json

_PATTERN = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)

# n8n's operation -> ours, and whether the answer is turned round.
_TEXT = {
    "equals": ("equals", False),
    "notEquals": ("not_equals", False),
    "contains": ("contains", False),
    "notContains": ("not_contains", False),
    "startsWith": ("starts_with", False),
    "notStartsWith": ("starts_with", True),
    "endsWith": ("ends_with", False),
    "notEndsWith": ("ends_with", True),
    "regex": ("matches", False),
    "notRegex": ("matches", True),
}
_NUMBER = {
    "equals": ("equals", False),
    "notEquals": ("not_equals", False),
    "gt": ("greater_than", False),
    "gte": ("greater_or_equal", False),
    "lt": ("less_than", False),
    "lte": ("less_or_equal", False),
}
_DATE = {
    "equals": ("between", False),
    "notEquals": ("between", True),
    "after": ("after", False),
    "before": ("before", False),
    "afterOrEquals": ("before", True),
    "beforeOrEquals": ("after", True),
}
_LIST = {
    "contains": ("contains", False),
    "notContains": ("not_contains", False),
    "lengthEquals": ("length_equals", False),
    "lengthNotEquals": ("length_equals", True),
    "lengthGt": ("length_greater_than", False),
    "lengthLt": ("length_less_than", False),
    "lengthGte": ("length_less_than", True),
    "lengthLte": ("length_greater_than", True),
}
_TABLES: Mapping[str, tuple[str, Mapping[str, tuple[str, bool]]]] = {
    "string": ("string", _TEXT),
    "number": ("number", _NUMBER),
    "dateTime": ("date", _DATE),
    "array": ("array", _LIST),
}
_EMPTY = {"empty": False, "notEmpty": True, "exists": True, "notExists": False}
_OLD_NAMES = {
    "equal": "equals",
    "notEqual": "notEquals",
    "smaller": "lt",
    "smallerEqual": "lte",
    "larger": "gt",
    "largerEqual": "gte",
    "isEmpty": "empty",
    "isNotEmpty": "notEmpty",
}
_OLD_DEFAULTS = {"string": "equal", "number": "smaller", "boolean": "equal", "dateTime": "after"}


@dataclass(frozen=True, slots=True)
class Rule:
    kind: str
    operator: str
    left: Json
    right: Json = None
    has_right: bool = True
    case_sensitive: bool = True
    turned: bool = False
    """Holds where our operator does not."""

    def as_json(self) -> dict[str, Json]:
        made: dict[str, Json] = {"kind": self.kind, "operator": self.operator, "left": self.left}
        if self.has_right:
            made["right"] = self.right
        if self.operator == "between":
            made["right2"] = self.right
        if self.kind == "string" and not self.case_sensitive:
            made["case_sensitive"] = False
        return made


def if_node(work: Work) -> Made:
    combinator, rules = _rules_of(work)
    if not rules:
        raise NoMatch("it has no condition")
    if len(rules) == 1:
        return _single(rules[0])
    if any(rule.turned for rule in rules):
        raise NoMatch("one of its conditions says not in a way that a group has no match for")
    config = {"combinator": combinator, "rules": [rule.as_json() for rule in rules]}
    return Made("logical_group", config, outputs=(("true",), ("false",)))


def filter_node(work: Work) -> Made:
    """Only what matches goes on."""
    return if_node(work)


def _single(rule: Rule) -> Made:
    config = rule.as_json()
    kind = config.pop("kind")
    if kind == "boolean":
        config["value"] = config.pop("left")
    ports = (("false",), ("true",)) if rule.turned else (("true",), ("false",))
    return Made(f"{kind}_condition", config, outputs=ports)


def _rules_of(work: Work) -> tuple[str, list[Rule]]:
    node = work.node
    if node.version >= 2:
        ignore_case = node.group("options").get("ignoreCase")
        return group_of(work, node.group("conditions"), "", ignore_case)
    combinator = "or" if node.option("combineOperation", "all") == "any" else "and"
    return combinator, [
        old_rule(work, kind, row, f"{kind}[{place}]")
        for kind in _OLD_DEFAULTS
        for place, row in enumerate(node.rows("conditions", kind))
    ]


def group_of(
    work: Work, group: Mapping[str, Any], place: str, ignore_case: Json = None
) -> tuple[str, list[Rule]]:
    """A group of conditions of the newer form."""
    options = group.get("options")
    options = options if isinstance(options, Mapping) else {}
    sensitive = not ignore_case if isinstance(ignore_case, bool) else options.get("caseSensitive")
    rows = group.get("conditions")
    rows = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    combinator = "or" if group.get("combinator") == "or" else "and"
    return combinator, [
        _rule(work, row, f"{place}conditions[{number}]", sensitive is not False)
        for number, row in enumerate(rows)
    ]


def _rule(work: Work, row: Mapping[str, Json], place: str, case_sensitive: bool) -> Rule:
    operator = row.get("operator")
    operator = operator if isinstance(operator, Mapping) else {}
    kind, operation = str(operator.get("type", "string")), str(operator.get("operation", ""))
    return _made(
        work, kind, operation, row.get("leftValue"), row.get("rightValue"), place, case_sensitive
    )


def old_rule(
    work: Work, kind: str, row: Mapping[str, Json], place: str, *, left: Json = None
) -> Rule:
    """A condition of the first form: {value1, operation, value2}."""
    operation = str(row.get("operation", _OLD_DEFAULTS.get(kind, "equal")))
    default: Json = {"number": 0, "boolean": False}.get(kind, "")
    value1 = row.get("value1", default) if left is None else left
    value2 = row.get("value2", default)
    operation = _OLD_NAMES.get(operation, operation)
    return _made(work, kind, operation, value1, value2, place, True)


def _made(
    work: Work,
    kind: str,
    operation: str,
    left: Json,
    right: Json,
    place: str,
    case_sensitive: bool,
) -> Rule:
    first = work.fields.text(f"{place}.left", left)
    if operation in _EMPTY:
        if operation in ("exists", "notExists"):
            work.note(
                "Whether a value exists is asked as whether it is empty: an empty text, list "
                "or object counts as missing here."
            )
        name = "is_not_empty" if _EMPTY[operation] else "is_empty"
        return Rule("string", name, first, has_right=False)
    if kind == "boolean":
        return _boolean(work, operation, first, right, place)
    if kind not in _TABLES or operation not in _TABLES[kind][1]:
        raise NoMatch(f"the condition {kind} {operation} has no match here")
    ours, table = _TABLES[kind]
    name, turned = table[operation]
    if name == "matches":
        right, case_sensitive = _pattern(right, case_sensitive)
    second = work.fields.text(f"{place}.right", right)
    return Rule(ours, name, first, second, True, case_sensitive, turned)


def _boolean(work: Work, operation: str, left: Json, right: Json, place: str) -> Rule:
    if operation in ("true", "false"):
        return Rule("boolean", f"is_{operation}", left, has_right=False)
    if operation not in ("equals", "notEquals"):
        raise NoMatch(f"the condition boolean {operation} has no match here")
    if isinstance(right, bool):
        wanted = right == (operation == "equals")
        return Rule("boolean", "is_true" if wanted else "is_false", left, has_right=False)
    name = "equals" if operation == "equals" else "not_equals"
    return Rule("string", name, left, work.fields.text(f"{place}.right", right))


def _pattern(value: Json, case_sensitive: bool) -> tuple[Json, bool]:
    """`/pattern/i`, or the pattern alone."""
    found = _PATTERN.fullmatch(value) if isinstance(value, str) else None
    if not found:
        return value, True
    if set(found[2]) - set("ig"):
        raise NoMatch(f"the flags {found[2]} of a regular expression have no match here")
    return found[1], "i" not in found[2]
