"""Fetch what the tests need beyond Python packages, and compile product and tests once, which all
of the first processes would do at the same time: `make test` runs this before pytest.

The second time there is nothing to do. What can not be fetched is said in one loud line: the tests
in a browser then fail, the tests on GitHub's examples are skipped.
"""

import compileall
import subprocess
import sys

from tests.environment import chromium, npm_packages, octokit
from tests.environment.paths import NPM, REPOSITORY
from tests.environment.run import remembering

PRODUCT = ("altoflow", "builder", "runs", "workflows")


def compile_tests() -> subprocess.Popen[bytes]:
    """pytest keeps a form of its own of each test module."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "--collect-only", "-q"],
        cwd=REPOSITORY,
        env=remembering(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def main() -> None:
    prepared = NPM / "prepared"
    compiling = None
    if not prepared.exists():
        for package in PRODUCT:
            compileall.compile_dir(REPOSITORY / package, quiet=1)
        compiling = compile_tests()
    own_browser = chromium.on_path() is None
    try:
        npm_packages.install(with_optional=own_browser)
        if own_browser:
            chromium.unpack()
    except npm_packages.NotReached as error:
        print(f"{error}\n", file=sys.stderr)
    if compiling:
        compiling.wait()
    NPM.mkdir(parents=True, exist_ok=True)
    prepared.touch()
    if chromium.find() is None:
        print("!!!! NO BROWSER: npm's registry was not reached, the browser tests will FAIL")
    if not octokit.available():
        print("!!!! NO EXAMPLES: npm's registry was not reached, tests on GitHub's are SKIPPED")


if __name__ == "__main__":
    main()
