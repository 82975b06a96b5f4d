"""Set (Edit Fields) of n8n -> data_mapper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from rest_framework.serializers import ValidationError

from workflows.n8n.data import Data, Path, written
from workflows.n8n.javascript import Untranslatable
from workflows.n8n.making import Made, NoMatch, Work
from workflows.node_type import Json
from workflows.target_paths import parse_target

Field: TypeAlias = tuple[str, Json]
"""(name, value)"""
_OLD = ("string", "number", "boolean")


def set_node(work: Work) -> Made:
    node = work.node
    if node.version >= 3 and node.option("mode", "manual") == "raw":
        fields = _raw(work)
        return _made(work, fields, _includes(work), dots=False)
    dots = node.group("options").get("dotNotation") is not False
    fields = _typed(work) if node.version >= 3 else _old(work)
    return _made(work, fields, _includes(work), dots=dots)


def _includes(work: Work) -> bool:
    """Whether all other fields of the input are handed on."""
    node = work.node
    if node.version < 3:
        return not node.flag("keepOnlySet") and node.parameters.get("keepOnlySet") is not True
    default = "all" if node.version < 3.3 else "none"
    if node.version >= 3.3 and node.parameters.get("includeOtherFields") is True:
        default = "all"
    elif node.version >= 3.3:
        return False
    include = node.option("include", default)
    if include not in ("all", "none"):
        raise NoMatch(f"of its input it takes {include} fields, which has no match here")
    return include == "all"


def _old(work: Work) -> list[Field]:
    """Versions 1 and 2: the values are what they are, whatever list they stand in."""
    return [
        (_name(row), work.fields.text(f"{kind}.{_name(row)}", row.get("value")))
        for kind in _OLD
        for row in work.node.rows("values", kind)
    ]


def _typed(work: Work) -> list[Field]:
    if rows := work.node.rows("assignments", "assignments"):
        kinds = [str(row.get("type", "string")) for row in rows]
        values = [row.get("value") for row in rows]
    else:
        rows = work.node.rows("fields", "values")
        names = [str(row.get("type", "stringValue")) for row in rows]
        kinds = [name.removesuffix("Value") for name in names]
        values = [row.get(name) for row, name in zip(rows, names, strict=True)]
    return [
        (_name(row), _value(work, _name(row), kind, value))
        for row, kind, value in zip(rows, kinds, values, strict=True)
    ]


def _name(row: Mapping[str, Json]) -> str:
    name = row.get("name")
    if not isinstance(name, str) or not name.strip() or name.startswith("="):
        raise NoMatch("a field has no name, or one that is computed")
    return name.strip()


def _value(work: Work, name: str, kind: str, value: Json) -> Json:
    is_code = isinstance(value, str) and value.startswith("=")
    if kind == "string":
        value = "" if value is None else value
        return work.fields.text(name, value, "text") if is_code else _fixed(work, name, value)
    if kind in ("array", "object"):
        made = work.fields.json(name, value)
        is_output = is_code and isinstance(made, str) and made.startswith("{{")
        return work.fields.text(name, value, "json") if is_output else made
    if is_code:
        return work.fields.text(name, value, "number" if kind == "number" else "")
    return _LITERALS[kind](value) if kind in _LITERALS else work.fields.json(name, value)


def _fixed(work: Work, name: str, value: Json) -> Json:
    return work.fields.text(name, value if isinstance(value, str) else _as_text(value))


def _as_text(value: Json) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


def _literal_number(value: Json) -> Json:
    if isinstance(value, str):
        try:
            return float(value) if "." in value or "e" in value.lower() else int(value)
        except ValueError:
            raise NoMatch(f"{value!r} is no number") from None
    return value


def _literal_truth(value: Json) -> Json:
    known = {"true": True, "false": False}
    return known.get(value.lower(), value) if isinstance(value, str) else value


_LITERALS: Mapping[str, Callable[[Json], Json]] = {
    "number": _literal_number,
    "boolean": _literal_truth,
}


def _raw(work: Work) -> list[Field]:
    source = work.node.parameters.get("jsonOutput", "{}")
    made = work.fields.json("jsonOutput", source)
    if isinstance(made, dict):
        return list(made.items())
    raise NoMatch("its JSON is computed as a whole")


# ---------------------------------------------------------------- the node


def _made(work: Work, fields: list[Field], includes: bool, *, dots: bool) -> Made:
    paths = [_path(name) if dots else (name,) for name, _ in fields]
    copied = _copied(work, paths) if includes else []
    if includes and not copied and work.input.keys != ():
        _tell_of_the_rest(work)
    everything = [*copied, *zip(paths, (value for _, value in fields), strict=True)]
    if not everything:
        raise NoMatch("it sets no field")
    config = _config(everything)
    own = {path: work.id + written(path) for path in paths}
    if includes and work.input.keys is None:
        return Made("data_mapper", config, work.input.with_fields(own))
    return Made("data_mapper", config, Data(whole=work.id, keys=tuple(p for p, _ in everything)))


def _copied(work: Work, paths: list[Path]) -> list[tuple[Path, Json]]:
    """The fields that n8n would hand on, where all of them are known."""
    keys = work.input.keys or ()
    free = [
        key for key in keys if not any(key[: len(p)] == p or p[: len(key)] == key for p in paths)
    ]
    mixed = [key for key in keys if any(len(p) > len(key) and p[: len(key)] == key for p in paths)]
    if mixed:
        raise NoMatch("it changes a part of an object that it gets")
    try:
        return [(key, f"{{{{ {work.input.at(key)} }}}}") for key in free]
    except Untranslatable as reason:
        raise NoMatch(str(reason)) from None


def _tell_of_the_rest(work: Work) -> None:
    work.note(
        "In n8n it also hands on the other fields that it gets. Here its output has only the "
        "fields that it sets; later nodes read the others where they come from."
    )


def _path(name: str) -> Path:
    try:
        return parse_target(name)
    except ValidationError:
        raise NoMatch(f"the name {name!r} can not be used as a target here") from None


def _config(fields: list[tuple[Path, Json]]) -> dict[str, Json]:
    """Field by field where each value is one template or literal, else one JSON template."""
    plain = all(isinstance(key, int) or _is_plain(key) for path, _ in fields for key in path)
    nested = any(_holds_template(value) for _, value in fields if isinstance(value, (dict, list)))
    if plain and not nested:
        return {"mappings": [{"target": _target(p), "value": value} for p, value in fields]}
    if any(len(path) > 1 for path, _ in fields):
        raise NoMatch("it sets fields within others and has JSON with expressions in it")
    return {"template": {str(path[0]): value for path, value in fields}}


def _target(path: Path) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)[1:]


def _is_plain(key: str) -> bool:
    return not any(sign in key for sign in ".[]\"'") and bool(key.strip()) and "{" not in key


def _holds_template(value: Json) -> bool:
    if isinstance(value, dict):
        return any(_holds_template(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds_template(item) for item in value)
    return isinstance(value, str) and ("{{" in value or "{%" in value)
