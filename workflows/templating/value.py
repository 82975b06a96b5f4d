"""Any JSON value whose texts are templates: compiled once, resolved against each run's data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from workflows.errors import TemplateError, WorkflowError
from workflows.node_type import ItemTemplates, Json
from workflows.templating.budget import ALL_SOURCES, TEMPLATES, VALUE_DEPTH, limit_error
from workflows.templating.scope import NameRead
from workflows.templating.source import is_template
from workflows.templating.state import State
from workflows.templating.template import Template, compile_template

Run = Callable[[State], Json]


@dataclass(frozen=True, slots=True)
class Resolved:
    """`warnings`: one sentence for each unknown variable. `exposed`: every secret that was read,
    and every text that an output made of one: what must not be stored or logged."""

    value: Json
    warnings: tuple[str, ...] = ()
    exposed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fixed:
    """In a value to compile: a part that holds no templates, whatever its texts look like. It is
    resolved to `value` itself. With it a config of template fields and others is one value, under
    one set of limits."""

    value: Json


@dataclass(frozen=True, slots=True)
class AsHtml:
    """In a value to compile: a part that is HTML. What its outputs write into more text is
    escaped."""

    value: Json


@dataclass(frozen=True, slots=True)
class PerItem:
    """In a value to compile: a list whose templates wait for an `item`. It is resolved to
    ItemTemplates, and reads no secrets."""

    value: list[Json]


@dataclass(frozen=True)
class CompiledValue:
    """Safe to use from several threads at once.

    `variables` are the paths that are read from the context: `node_1.user.name`,
    `node_1.items[0]`, `trigger.headers.x-event`, `node_1["a key"]`, `vault.github`; where a part
    is only known at run time (`a[b.c]`), the path ends before it. Names that the template sets
    itself are left out. `reads`: each of them with the field it stands in, like
    `headers[0].value`.
    """

    is_literal: bool
    reads: tuple[tuple[str, NameRead], ...]
    uses_vault: bool
    vault_names: frozenset[str]
    _run: Run
    _timed: bool

    @property
    def variables(self) -> frozenset[str]:
        return frozenset(read.path for _, read in self.reads)

    def resolve(
        self, context: Mapping[str, Json], *, strict: bool = False, masked: bool = False
    ) -> Resolved:
        """The value with every template replaced by what it gives. Literal parts, and data that a
        template hands on as it is, are shared with the input: change neither.

        `strict`: an unknown variable is an error (`unknown_variable`). `masked`: each output that
        reads the vault is `•••`, and so is each whole text with a branch on a secret; only the
        names in `context["vault"]` are looked at. Raises TemplateError: `template_limit`,
        `unknown_secret` (in both modes), `template_error`."""
        state = State(context, strict=strict, masked=masked, timed=self._timed)
        value = _guarded(self._run, state)
        return Resolved(value, tuple(state.warnings.values()), frozenset(state.exposed))


def compile_value(value: Json) -> CompiledValue:
    """Compile all texts of a JSON value, whose parts may be marked as Fixed, AsHtml or PerItem; the
    keys of objects stay as they are. Raises TemplateError, whose `details["path"]` names the place,
    like `headers[0].value`."""
    compiler = _Compiler()
    run = compiler.compile(value, "", 0)
    templates = compiler.templates
    return CompiledValue(
        is_literal=run is None,
        reads=tuple(compiler.reads),
        uses_vault=any(item.uses_vault for item in templates),
        vault_names=frozenset().union(*(item.vault_names for item in templates)),
        _run=run or (lambda state: value),
        _timed=any(item.timed for item in templates),
    )


def variables(value: Json) -> frozenset[str]:
    """The `variables` of compile_value(value)."""
    return compile_value(value).variables


class _Compiler:
    def __init__(self) -> None:
        self.html = False
        self.templates: list[Template] = []
        self.reads: list[tuple[str, NameRead]] = []
        self.characters = 0

    def compile(self, value: Json, path: str, depth: int) -> Run | None:
        """None where nothing in the value is a template."""
        if depth > VALUE_DEPTH:
            raise limit_error(f"A value with templates is at most {VALUE_DEPTH} deep.")
        if isinstance(value, Fixed):
            fixed = value.value
            return lambda state: fixed
        if isinstance(value, AsHtml):
            return self._as_html(value.value, path, depth)
        if isinstance(value, PerItem):
            return self._per_item(value.value, path)
        if isinstance(value, str):
            return self._text(value, path) if is_template(value) else None
        if not isinstance(value, (dict, list)):
            return None
        parts = [
            (key, run)
            for key, item in _entries(value)
            if (run := self.compile(item, _join(path, key), depth + 1))
        ]
        return _container(value, parts) if parts else None

    def _as_html(self, value: Json, path: str, depth: int) -> Run:
        self.html = True
        run = self.compile(value, path, depth)
        self.html = False
        return run or (lambda state: value)

    def _per_item(self, value: list[Json], path: str) -> Run:
        inner = _Compiler()
        run = inner.compile(value, path, 0)
        self.templates += inner.templates
        self.reads += [(at, replace(read, given=read.root == "item")) for at, read in inner.reads]
        if any(item.uses_vault for item in inner.templates):
            raise TemplateError(
                f"{path}: A secret can not be used in what is asked of each item. "
                "Make the list without it in a step before.",
                details={"path": path},
            )
        timed = any(item.timed for item in inner.templates)

        def bound(state: State) -> Json:
            return _for_items(value, run, state, timed) if run else ItemTemplates(value)

        return bound

    def _text(self, source: str, path: str) -> Run:
        if len(self.templates) >= TEMPLATES:
            raise limit_error(f"A value holds at most {TEMPLATES:,} templates.")
        self.characters += len(source)
        if self.characters > ALL_SOURCES:
            raise limit_error(
                f"The templates of a value have at most {ALL_SOURCES:,} characters together."
            )
        try:
            template = compile_template(source, html=self.html)
        except TemplateError as error:
            raise _located(error, path) from None
        self.templates.append(template)
        self.reads += [(path, read) for read in template.reads]
        return _locating(template.run, path) if path else template.run


def _for_items(value: list[Json], run: Run, outer: State, timed: bool) -> ItemTemplates:
    """Each item has the limits of a step of its own."""
    context = dict(outer.context)

    def resolve(item: Json) -> tuple[Json, Iterable[str]]:
        context["item"] = item
        state = State(context, strict=outer.strict, masked=False, timed=timed)
        return _guarded(run, state), state.warnings.values()

    return ItemTemplates(value, resolve)


def _guarded(run: Run, state: State) -> Json:
    try:
        return run(state)
    except WorkflowError:
        raise
    except RecursionError:
        raise limit_error("A value in a template is nested too deeply.") from None
    except Exception as error:  # noqa: BLE001 - no template may end in anything else
        raise TemplateError(
            f"The template failed ({type(error).__name__}). Check the kinds of its values."
        ) from None


def _entries(value: dict[str, Json] | list[Json]) -> Iterator[tuple[str | int, Json]]:
    return iter(value.items()) if isinstance(value, dict) else enumerate(value)


def _join(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def _container(value: Json, parts: list[tuple[Json, Run]]) -> Run:
    def run(state: State) -> Json:
        made = value.copy()
        for key, part in parts:
            made[key] = part(state)
        return made

    return run


def _locating(run: Run, path: str) -> Run:
    def located(state: State) -> Json:
        try:
            return run(state)
        except TemplateError as error:
            raise _located(error, path) from None

    return located


def _located(error: TemplateError, path: str) -> TemplateError:
    if not path or "path" in error.details:
        return error
    return TemplateError(
        f"{path}: {error.message}", code=error.code, details={**error.details, "path": path}
    )
