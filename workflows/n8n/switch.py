"""Switch of n8n: by rules or by the number of an output, in its versions 1 to 3."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from workflows.n8n.conditions import Rule, group_of, old_rule
from workflows.n8n.making import Made, NoMatch, Work
from workflows.node_type import Json

_OTHER = re.compile(r"[^a-z0-9]+")
_TAKEN = frozenset({"default", "error", "item"})
LONGEST_PORT = 40
MOST_CASES = 100


def switch(work: Work) -> Made:
    if work.node.option("mode", "rules") == "expression":
        return _by_number(work)
    return _by_rules(work) if work.node.version >= 3 else _by_old_rules(work)


def _by_number(work: Work) -> Made:
    count = work.node.parameters.get("numberOutputs", work.node.parameters.get("outputsAmount", 4))
    if not isinstance(count, int) or not 0 < count <= MOST_CASES:
        raise NoMatch("how many outputs it has is not known")
    value = work.fields.text("value", work.node.parameters.get("output", ""))
    cases = [
        {"port": f"output_{n}", "label": str(n), "operator": "equals", "right": n}
        for n in range(count)
    ]
    ports = [(str(case["port"]),) for case in cases]
    return Made("switch", {"value": value, "cases": cases}, outputs=ports)


def _by_rules(work: Work) -> Made:
    node = work.node
    rows = node.rows("rules", "values") or node.rows("rules", "rules")
    options = node.group("options")
    if options.get("allMatchingOutputs"):
        raise NoMatch("it sends to all outputs that match, a switch here to the first")
    rules, labels = [], []
    for place, row in enumerate(rows):
        group = row.get("conditions")
        group = group if isinstance(group, Mapping) else {}
        _, found = group_of(work, group, f"rules[{place}].", options.get("ignoreCase"))
        if len(found) != 1:
            raise NoMatch("one of its rules has several conditions")
        rules.append(found[0])
        labels.append(str(row.get("outputKey") or "") if row.get("renameOutput") else "")
    return _made(rules, labels, list(range(len(rules))), options.get("fallbackOutput", "none"))


def _by_old_rules(work: Work) -> Made:
    node = work.node
    kind = node.option("dataType", "number")
    left = node.parameters.get("value1", {"number": 0, "boolean": False}.get(kind, ""))
    rows = node.rows("rules", "rules")
    rules = [
        old_rule(work, kind, row, f"rules[{place}]", left=left) for place, row in enumerate(rows)
    ]
    labels = [str(row.get("outputKey") or "") for row in rows]
    outputs = [_output(row, place, node.version) for place, row in enumerate(rows)]
    return _made(rules, labels, outputs, node.parameters.get("fallbackOutput", -1))


def _output(row: Mapping[str, Json], place: int, version: float) -> int:
    """In version 1 a rule names its output, later each rule has its own."""
    output = row.get("output", 0) if version < 2 else place
    if not isinstance(output, int) or not 0 <= output < MOST_CASES:
        raise NoMatch("a rule names an output that is not known")
    return output


def _made(
    rules: Sequence[Rule], labels: Sequence[str], outputs: Sequence[int], fallback: Json
) -> Made:
    if not rules:
        raise NoMatch("it has no rule")
    if any(rule.left != rules[0].left for rule in rules):
        raise NoMatch("its rules look at different values")
    value, cases = rules[0].left, []
    ports: list[list[str]] = [[] for _ in range(max(outputs) + 1)]
    ignores_case = not all(rule.case_sensitive for rule in rules)
    taken: set[str] = set(_TAKEN)
    for rule, label, output in zip(rules, labels, outputs, strict=True):
        port = _port(label or f"output_{output}", taken)
        taken.add(port)
        ports[output].append(port)
        cases.append(_case(rule, port, label, ignores_case))
    if ignores_case:
        value = _lower(value)
    _add_fallback(ports, fallback, len(rules))
    return Made("switch", {"value": value, "cases": cases}, outputs=ports)


def _add_fallback(ports: list[list[str]], fallback: Json, count: int) -> None:
    """To an output of its own behind the others, or to one of them."""
    if fallback in ("extra", "last"):
        ports.extend([] for _ in range(count - len(ports)))
        ports.append(["default"])
    elif isinstance(fallback, int) and not isinstance(fallback, bool) and fallback >= 0:
        ports.extend([] for _ in range(min(fallback, MOST_CASES) + 1 - len(ports)))
        ports[min(fallback, MOST_CASES)].append("default")


def _case(rule: Rule, port: str, label: str, ignores_case: bool) -> dict[str, Json]:
    if rule.turned or rule.kind in ("date", "array"):
        raise NoMatch("one of its rules has no match in a switch here")
    if rule.kind == "boolean":
        return _row(port, label, "equals", "true" if rule.operator == "is_true" else "false")
    if not rule.has_right:
        return {"port": port, "label": label, "operator": rule.operator}
    return _row(port, label, rule.operator, _lower(rule.right) if ignores_case else rule.right)


def _row(port: str, label: str, operator: str, right: Json) -> dict[str, Json]:
    return {"port": port, "label": label, "operator": operator, "right": right}


def _lower(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    if value.startswith("{{ ") and value.endswith(" }}") and value.count("{{") == 1:
        return f"{value[:-3]} | downcase }}}}"
    if "{{" in value or "{%" in value:
        raise NoMatch("upper and lower case do not differ, and a value is put together")
    return value.lower()


def _port(label: str, taken: set[str]) -> str:
    made = _OTHER.sub("_", label.lower()).strip("_")[:LONGEST_PORT] or "output"
    number, port = 2, made
    while port in taken:
        number, port = number + 1, f"{made}_{number}"
    return port
