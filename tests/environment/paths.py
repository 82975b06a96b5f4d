"""Where `make test` keeps what it fetched: below .cache/, never committed."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent.parent
PINNED = REPOSITORY / "tests" / "environment" / "npm"
CACHE = REPOSITORY / ".cache"
NPM = CACHE / "npm"
CHROMIUM = CACHE / "chromium"
