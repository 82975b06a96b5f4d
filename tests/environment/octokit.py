"""GitHub's own examples of webhook payloads, from the npm package @octokit/webhooks-examples."""

import json
from functools import cache
from typing import Any

from tests.environment.paths import NPM

INDEX = NPM / "node_modules" / "@octokit" / "webhooks-examples" / "api.github.com" / "index.json"


def available() -> bool:
    return INDEX.exists()


@cache
def examples() -> list[tuple[str, dict[str, Any]]]:
    """(event name, payload) of every example, in the package's order: the events by name."""
    return [
        (event["name"], payload)
        for event in json.loads(INDEX.read_text())
        for payload in event["examples"]
    ]
