"""A Chromium without a GPU that is logged in to a product, and what its main thread spends."""

from __future__ import annotations

from contextlib import ExitStack

from playwright.sync_api import Page, sync_playwright

from bench.product import Product
from tests.environment import chromium

SIZE = {"width": 1440, "height": 900}
PASSWORD = "a-long-enough-password"
COSTS = ("ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


class RealBrowser:
    def __init__(self, product: Product) -> None:
        executable = chromium.find()
        if executable is None:
            raise FileNotFoundError("There is no Chromium: run `make test` once.")
        with ExitStack() as stack:
            playwright = stack.enter_context(sync_playwright())
            browser = playwright.chromium.launch(
                executable_path=executable,
                args=chromium.LAUNCH_FLAGS,
                env=chromium.environment(executable),
            )
            stack.callback(browser.close)
            self.page = browser.new_page(viewport=SIZE)
            self._log_in(product)
            self._client = self.page.context.new_cdp_session(self.page)
            self._client.send("Performance.enable", {"timeDomain": "threadTicks"})
            self._stack = stack.pop_all()

    def _log_in(self, product: Product) -> None:
        page: Page = self.page
        page.goto(product.installation.setup_link)
        page.get_by_label("Username").fill("ada")
        for field in page.locator("input[type=password]").all():
            field.fill(PASSWORD)
        page.get_by_role("button", name="Create account").click()
        page.wait_for_load_state("networkidle")

    def spent(self) -> float:
        """Milliseconds of script, style and layout so far, without what others had the core for."""
        found = self._client.send("Performance.getMetrics")["metrics"]
        return 1000 * sum(each["value"] for each in found if each["name"] in COSTS)

    def close(self) -> None:
        self._stack.close()
