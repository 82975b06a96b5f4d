"""A history as a busy installation has it: many runs of many workflows, with payloads of webhooks.

Written as rows, not executed. Steps are left out: no list reads them.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from bench.database import Database

HOURS = 24 * 30
BATCH = 5_000
RARE_TEXT = "needle-in-the-haystack"
"""In one payload only, at two thirds of the way back."""
STATUSES = {"completed": 900, "failed": 80, "cancelled": 19, "waiting": 1}
TRIGGERS = {"webhook_trigger": 800, "schedule_trigger": 190, "manual_trigger": 9, "api_trigger": 1}
FAILURES = (
    ("http_status", "The server answered with the status 503, which is not expected here."),
    ("http_connection", "No connection to https://api-{n}.example.com/orders/{n}: it timed out."),
    ("wrong_type", 'The value "{n}" of "amount" is no number. Give a number.'),
    ("run_timeout", "The run took longer than 3600 s."),
)
WORDS = (
    "order",
    "customer",
    "invoice",
    "delay",
    "parcel",
    "address",
    "refund",
    "warehouse",
    "label",
    "signature",
    "sensor",
    "reply",
)


def store_many_runs(
    database: Database, workflows: Sequence[tuple[UUID, int]], number: int, now: datetime
) -> None:
    """`workflows`: id of each, with the id of its version; the first ones run more often."""
    made: list[dict[str, Any]] = []
    for run in many_runs(workflows, number, now):
        made.append(run)
        if len(made) == BATCH:
            _insert(database, made)
            made = []
    if made:
        _insert(database, made)


def _insert(database: Database, runs: list[dict[str, Any]]) -> None:
    rows = [[_stored(database, value) for value in run.values()] for run in runs]
    database.insert("runs_run", list(runs[0]), rows)


def _stored(database: Database, value: Any) -> Any:
    if isinstance(value, datetime) and not database.is_postgresql:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return database.stored(value)


def many_runs(
    workflows: Sequence[tuple[UUID, int]], number: int, now: datetime
) -> Iterator[dict[str, Any]]:
    """Oldest first, spread over HOURS; the same at each call but for their ids' last bits."""
    chance = random.Random(7)
    places = range(len(workflows))
    weights = [1 / (place + 1) for place in places]
    for place in range(number):
        at = now - timedelta(hours=HOURS) * ((number - place) / number)
        workflow, version = workflows[chance.choices(places, weights)[0]]
        status = _one_of(STATUSES, chance)
        error = _error(chance) if status == "failed" else None
        text = RARE_TEXT if place == number // 3 else ""
        yield {
            "id": _id(at, place),
            "workflow_id": workflow,
            "version_id": version,
            "status": status,
            "attempt": 1,
            "trigger_type": _one_of(TRIGGERS, chance),
            "payload": json.dumps(_payload(chance, place, text), separators=(",", ":")),
            "output": None,
            "error": error and json.dumps(error, separators=(",", ":")),
            "call_stack": "[]",
            "created_at": at,
            "started_at": at,
            "attempt_started_at": at,
            "finished_at": None
            if status == "waiting"
            else at + timedelta(milliseconds=chance.lognormvariate(6, 1)),
        }


def _id(moment: datetime, place: int) -> UUID:
    """As it is made at this moment (UUID version 7)."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0x2 << 62 | place * 2_654_435_761 % (1 << 62))


def _one_of(weights: dict[str, int], chance: random.Random) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]


def _error(chance: random.Random) -> dict[str, Any]:
    code, message = chance.choice(FAILURES)
    node = chance.choice(("call", "notify", "convert"))
    text = message.replace("{n}", str(chance.randrange(1000)))
    return {"code": code, "message": text, "details": {"node": node}}


def _payload(chance: random.Random, place: int, text: str) -> dict[str, Any]:
    """What a webhook brings: headers, and a body of 0.5 to 6 kB."""
    lines = [
        {
            "sku": f"A-{chance.randrange(10_000):05}",
            "title": " ".join(chance.choices(WORDS, k=6)).capitalize(),
            "amount": chance.randrange(1, 500),
            "url": f"https://shop.example.com/items/{chance.randrange(100_000)}",
        }
        for _ in range(chance.randrange(3, 40))
    ]
    return {
        "body": {
            "id": place,
            "note": text or " ".join(chance.choices(WORDS, k=30)),
            "lines": lines,
        },
        "headers": {
            "content-type": "application/json",
            "user-agent": "shop-webhooks/2.4",
            "x-request-id": f"{chance.getrandbits(64):016x}",
        },
        "query": {},
        "method": "POST",
        "received_at": "2026-01-31T12:00:00.000Z",
    }
