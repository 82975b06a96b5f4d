"""axe-core, which looks for barriers in a page, from the npm package of this name."""

from playwright.sync_api import Page

from tests.environment.paths import NPM

SCRIPT = NPM / "node_modules" / "axe-core" / "axe.min.js"
FIND = """() => axe.run(document, {resultTypes: ["violations"]}).then((result) =>
    result.violations.flatMap((rule) =>
        rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")}`)))"""


def available() -> bool:
    return SCRIPT.exists()


def barriers(page: Page) -> list[str]:
    """What axe finds, as "rule: element". The script is evaluated, for no page would load it."""
    page.evaluate(SCRIPT.read_text())
    return [str(found) for found in page.evaluate(FIND)]
