"""Templates that do not work: the fields they stand in, and what is to be said about them there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Broken:
    """`part` of the message; `level`: error, warning or hint."""

    name: str
    type: str
    config: dict[str, Any]
    field: str
    part: str
    level: str = "warning"
    after: str = "join"


def text(
    name: str, template: str, part: str, level: str = "warning", after: str = "join"
) -> Broken:
    config = {"template": template}
    return Broken(name, "text_transform", config, "config.template", part, level, after)


def request(name: str, field: str, part: str, level: str = "warning", **config: Any) -> Broken:
    return Broken(name, "http_request", {"url": "https://a.example", **config}, field, part, level)


BROKEN = (
    text("typing_error", "{{ ordr.body }}", "did you mean 'order'"),
    text("deleted", "{{ removed.body.id }}", "There is no 'removed'"),
    text("comes_later", "{{ last.text }}", "'last' does not come before"),
    text("itself", "{{ itself.text }}", "'itself' is this node itself"),
    text("other_branch", "{{ paid.body }}", "'paid' does not run on every way"),
    text("item_outside", "{{ item.name }}", "'item' is known in the body"),
    text("index_outside", "{{ index }}", "'index' is known in the body"),
    text("loop_outside", "{{ loop.number }}", "'loop' is known in the body"),
    text("body_from_outside", "{{ inner.text }}", "'inner' does not come before", after="each"),
    text("iterator_in_body", "{{ each.count }}", "'each' has not ended here", after="each:item"),
    text("open_output", "Hello {{ order.body", "is not closed", "error"),
    text("open_tag", "{% if order.body %} yes", "if", "error"),
    text("no_filter", "{{ order.method | upcas }}", "did you mean 'upcase'", "error"),
    text("too_many", "{{ order.method | upcase: 1, 2 }}", "takes 0 values", "error"),
    text("no_tag", "{% include 'x' %}", "There is no tag 'include'", "error"),
    text("empty_output", "a {{ }} b", "An output is empty", "error"),
    text("whole_vault", "{{ vault }}", "Secrets are read one by one", "error"),
    text("no_secret", "{{ vault.tokn }}", "did you mean 'vault.token'", "hint"),
    text("no_such_key", "{{ order.bdy }}", "did you mean order.body", "hint"),
    text("loop_source", "{% for x in ordrs.lines %}{{ x }}{% endfor %}", "no 'ordrs'"),
    text("condition", "{% if order %}{% elsif usr.vip %}{% endif %}", "There is no 'usr'"),
    text("assigned", "{% assign a = ordr.id %}{{ a }}", "There is no 'ordr'"),
    text("argument", "{{ order.method | append: sufix }}", "There is no 'sufix'"),
    text("in_brackets", "{{ order[kee] }}", "There is no 'kee'"),
    text("liquid_tag", "{% liquid\n echo order.method\n echo tottal\n%}", "'tottal'"),
    text("a_case", "{% case knd %}{% when 1 %}a{% endcase %}", "There is no 'knd'"),
    text("second_line", "a\nb {{ nobody }}", "(line 2)"),
    request(
        "a_header",
        "config.headers[1].value",
        "There is no 'tken'",
        headers=[{"name": "A", "value": "b"}, {"name": "B", "value": "{{ tken }}"}],
    ),
    request(
        "a_parameter", "config.query[0].value", "'pge'", query=[{"name": "p", "value": "{{ pge }}"}]
    ),
    request(
        "in_json",
        "config.body.lines[1].text",
        "There is no 'nme'",
        method="POST",
        body={"lines": ["a", {"text": "{{ nme }}"}]},
    ),
    request(
        "no_json", "config.body", "no valid JSON", "error", method="POST", body='{"a": {{ b }}'
    ),
    Broken(
        "a_rule",
        "logical_group",
        {
            "rules": [
                {"kind": "boolean", "left": "{{ order.method }}", "operator": "is_true"},
                {"rules": [{"kind": "string", "left": "{{ stts }}", "operator": "is_empty"}]},
            ]
        },
        "config.rules[1].rules[0].left",
        "There is no 'stts'",
    ),
    Broken(
        "a_case_of_switch",
        "switch",
        {"value": 1, "cases": [{"port": "a", "operator": "equals", "right": "{{ limt }}"}]},
        "config.cases[0].right",
        "There is no 'limt'",
    ),
    Broken(
        "a_mapping",
        "data_mapper",
        {"mappings": [{"target": "a", "value": "{{ frst }} x"}]},
        "config.mappings[0].value",
        "There is no 'frst'",
    ),
    Broken(
        "an_operation",
        "string_transform",
        {"input": "a", "operations": [{"op": "replace", "search": "{{ wht }}", "replacement": ""}]},
        "config.operations[0].search",
        "There is no 'wht'",
    ),
)


def broken_graph() -> dict[str, Any]:
    """One workflow with a node for each of them."""
    nodes: list[dict[str, Any]] = [
        {"id": "order", "type": "webhook_trigger"},
        {
            "id": "known",
            "type": "boolean_condition",
            "config": {"value": "{{ order.body.known }}"},
        },
        {"id": "paid", "type": "http_request", "config": {"url": "https://a.example"}},
        {"id": "late", "type": "text_transform", "config": {"template": "late"}},
        {"id": "join", "type": "text_transform", "config": {"template": "both"}},
        {"id": "each", "type": "iterator", "config": {"items": "{{ order.body.lines }}"}},
        {"id": "inner", "type": "text_transform", "config": {"template": "{{ item }}"}},
        {"id": "last", "type": "text_transform", "config": {"template": "end"}},
    ]
    edges = [
        "order:default known",
        "known:true paid",
        "known:false late",
        "paid:default join",
        "late:default join",
        "join:default each",
        "each:item inner",
        "comes_later:default last",
    ]
    for each in BROKEN:
        nodes.append({"id": each.name, "type": each.type, "config": each.config})
        source, _, port = each.after.partition(":")
        edges.append(f"{source}:{port or 'default'} {each.name}")
    return {"nodes": nodes, "edges": [edge_of(each) for each in edges]}


def edge_of(text: str) -> dict[str, str]:
    start, target = text.split(" ")
    source, _, port = start.partition(":")
    return {"source": source, "port": port or "default", "target": target}
