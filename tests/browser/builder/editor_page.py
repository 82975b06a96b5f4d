"""The page of the builder: its address, and `editor` in it."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

from workflows.models import Workflow

READY = "html[data-builder=ready]"
CODE = """async (args) => {{
    const {{ editor, panel }} = await import("/static/js/builder/main.js");
    return ({});
}}"""


def page_of(workflow: Workflow, part: str = "") -> str:
    return f"/workflows/{workflow.pk}/{part}"


def in_editor(tab: Page, expression: str, *args: Any) -> Any:
    """The value of an expression with `editor`, `panel` and `args`."""
    return tab.evaluate(CODE.format(expression), list(args))
