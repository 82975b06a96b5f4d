"""`make screenshots`: the pictures of the README, taken of the demo in a fresh installation."""

import re
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.environment import chromium
from tests.environment.installation import Installation
from tests.environment.paths import REPOSITORY

PASSWORD = "a-long-enough-password"
SIZE = {"width": 1440, "height": 900}


def sign_up_and_install_demo(page: Page, installation: Installation) -> str:
    """Returns the link of the run that the demo resumed."""
    page.goto(installation.setup_link)
    page.get_by_label("Username").fill("ada")
    for field in page.locator("input[type=password]").all():
        field.fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.get_by_role("button", name=re.compile("demo", re.IGNORECASE)).first.click()
    page.wait_for_url("**/workflows/*-*/")
    told = installation.manage("demo", "--url", installation.url)
    assert told.returncode == 0, told.stderr
    return re.findall(r"http\S+/runs/\S+", told.stdout)[-1]


def take(page: Page, url: str, name: str) -> None:
    page.goto(url)
    page.wait_for_load_state("networkidle")
    save(page, name)


def save(page: Page, name: str) -> None:
    page.screenshot(path=REPOSITORY / "docs" / f"{name}.png")


def take_builder(page: Page, url: str) -> None:
    """With the last run on the canvas, and the settings of one node."""
    page.goto(url)
    page.get_by_title("Show last run on the canvas").first.click()
    page.locator(".node[data-state=completed]").first.wait_for()
    page.locator(".node[data-node=summary]").click()
    page.locator("#side-node [data-path='config.template']").wait_for()
    page.mouse.move(700, 850)
    page.wait_for_load_state("networkidle")
    save(page, "builder")


def main() -> int:
    executable = chromium.find()
    if executable is None:
        print("There is no Chromium: run `make test` once.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        installation = Installation(Path(folder))
        installation.start()
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=chromium.LAUNCH_FLAGS,
            env=chromium.environment(executable),
        )
        try:
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            run = sign_up_and_install_demo(page, installation)
            workflow = page.url
            take(page, run, "run")
            take_builder(page, workflow)
            take(page, installation.url + "/", "dashboard")
        finally:
            browser.close()
            installation.stop()
            installation.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
