"""What the demo's receiver answers: a shop, a chat and some services, the same on every day.

Nothing is kept but which keys of `/flaky/` were seen. GET / lists all of this.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any

from altoflow.demo_requests import Answer, Request

Page = Callable[["Answers", Request, str], Answer]

TEAMS = {"bug": "Repairs", "documentation": "Writers"}
FIRST_NAMES = ("Ada", "Grace", "Linus", "Mary", "Alan", "Edith", "Niels", "Rosa", "Hedy", "Karl")
PLANS = ("free", "team", "business")
GOODS = {"lamp": (4990, 12), "bulb": (690, 240), "cable": (1250, 0), "switch": (890, 35)}
"""Name -> price in cents, pieces in stock."""
SERVICES = {"shop": "ok", "mail": "ok", "search": "down"}
ORDERS = 23
ORDERS_A_PAGE = 5
APPROVED_UP_TO = 1000
MOST_KEYS = 1_000

_PAGES: list[tuple[str, re.Pattern[str], str, Page]] = []


def page(methods: str, pattern: str) -> Callable[[Page], Page]:
    """`pattern`: a path; `<id>` in it is the third argument of the page."""

    def add(function: Page) -> Page:
        regex = re.compile(re.escape(pattern).replace("<id>", r"(?P<id>[A-Za-z0-9_.-]{1,80})"))
        _PAGES.append((methods, regex, pattern, function))
        return function

    return add


class Answers:
    def __init__(self) -> None:
        self._keys: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def to(self, request: Request) -> Answer:
        """Any request gets one."""
        allowed: set[str] = set()
        for methods, regex, _, function in _PAGES:
            if found := regex.fullmatch(request.path):
                if request.method in methods.split():
                    return function(self, request, found.groupdict().get("id", ""))
                allowed.update(methods.split())
        if allowed:
            return 405, {"message": f"Use {' or '.join(sorted(allowed))} here."}
        return 404, {"message": "There is nothing here. GET / lists what is."}

    def is_new(self, key: str) -> bool:
        """Whether this key is seen for the first time; the oldest are forgotten."""
        with self._lock:
            if key in self._keys:
                return False
            self._keys[key] = None
            if len(self._keys) > MOST_KEYS:
                self._keys.popitem(last=False)
            return True


@page("GET", "/")
def index(_answers: Answers, _request: Request, _id: str) -> Answer:
    """This list."""
    return 200, {
        "paths": [
            {"methods": methods, "path": pattern, "what": function.__doc__}
            for methods, _, pattern, function in _PAGES
        ]
    }


# ---------------------------------------------------------------- messages


@page("POST", "/teams/")
def team(_answers: Answers, request: Request, _id: str) -> Answer:
    """The team that the first of `labels` belongs to; 404 where none does."""
    labels = _field(request, "labels")
    names = [str(each.get("name")) for each in _list(labels) if isinstance(each, dict)]
    found = next((TEAMS[name] for name in names if name in TEAMS), None)
    return (200, {"team": found}) if found else (404, {"message": "No team has these labels."})


@page("POST", "/issues/")
def issue(_answers: Answers, _request: Request, _id: str) -> Answer:
    """Takes anything."""
    return 200, {"ok": True}


@page("POST", "/chat/")
def chat(_answers: Answers, request: Request, _id: str) -> Answer:
    """Takes a message {channel, text}; 400 without a text."""
    text = _field(request, "text")
    if not isinstance(text, str) or not text.strip():
        return 400, {"message": "A message needs a text."}
    channel = _field(request, "channel") or "general"
    return 200, {"ok": True, "channel": channel, "text": text, "message_id": _id_of(request.body)}


# ---------------------------------------------------------------- the shop


@page("GET", "/orders/")
def orders(_answers: Answers, request: Request, _id: str) -> Answer:
    """Orders, five a page: ?page=1 to 5. Says how many pages there are; 404 for others."""
    pages = -(-ORDERS // ORDERS_A_PAGE)
    number = _whole(request.query.get("page", "1"))
    if not 1 <= number <= pages:
        return 404, {"message": f"There are the pages 1 to {pages}."}
    first = (number - 1) * ORDERS_A_PAGE + 1
    ids = range(first, min(first + ORDERS_A_PAGE, ORDERS + 1))
    return 200, {
        "page": number,
        "pages": pages,
        "total": ORDERS,
        "orders": [_order(1000 + each) for each in ids],
    }


@page("GET", "/orders/<id>/")
def order(_answers: Answers, _request: Request, order_id: str) -> Answer:
    """One order, 1001 to 1023; 404 for others."""
    number = _whole(order_id)
    if not 1000 < number <= 1000 + ORDERS:
        return 404, {"message": f"There is no order {order_id}."}
    return 200, _order(number)


@page("GET", "/customers/<id>/")
def customer(_answers: Answers, _request: Request, customer_id: str) -> Answer:
    """One customer, 1 to 10; 404 for others."""
    number = _whole(customer_id)
    if not 1 <= number <= len(FIRST_NAMES):
        return 404, {"message": f"There is no customer {customer_id}."}
    return 200, _customer(number)


@page("GET", "/prices/<id>/")
def price(_answers: Answers, _request: Request, name: str) -> Answer:
    """What a lamp, bulb, cable or switch costs, in cents; 404 for others."""
    if name not in GOODS:
        return 404, {"message": f"Nothing is called {name}."}
    return 200, {"sku": name, "cents": GOODS[name][0], "currency": "EUR"}


@page("GET", "/stock/<id>/")
def stock(_answers: Answers, _request: Request, name: str) -> Answer:
    """How many of them are there; 404 for others."""
    if name not in GOODS:
        return 404, {"message": f"Nothing is called {name}."}
    return 200, {"sku": name, "pieces": GOODS[name][1]}


@page("GET", "/shipping/<id>/")
def shipping(_answers: Answers, _request: Request, country: str) -> Answer:
    """Price in cents and days of a parcel to a country."""
    near = country.upper() in ("DE", "AT", "NL")
    return 200, {
        "country": country.upper(),
        "cents": 490 if near else 1290,
        "days": 2 + 3 * (not near),
    }


@page("POST", "/records/")
def records(_answers: Answers, request: Request, _id: str) -> Answer:
    """Takes {records: [...]} and says how many they were; 400 without a list."""
    sent = _field(request, "records")
    if not isinstance(sent, list):
        return 400, {"message": "Send a list of records."}
    return 200, {"stored": len(sent), "batch": _id_of(sent)}


# ---------------------------------------------------------------- services


@page("GET", "/health/")
def health(_answers: Answers, _request: Request, _id: str) -> Answer:
    """200: this receiver is up."""
    return 200, {"status": "ok"}


@page("GET", "/health/<id>/")
def service(_answers: Answers, _request: Request, name: str) -> Answer:
    """A service: shop and mail are up (200), search is down (503); 404 for others."""
    if name not in SERVICES:
        return 404, {"message": f"There is no service {name}."}
    state = SERVICES[name]
    return (200 if state == "ok" else 503), {"service": name, "status": state}


@page("GET POST", "/flaky/")
def flaky(answers: Answers, request: Request, _id: str) -> Answer:
    """503 the first time that a ?key= is seen, then 200."""
    if answers.is_new(request.query.get("key", "")[:200]):
        return 503, {"message": "Too busy. Try again."}
    return 200, {"ok": True}


@page("POST", "/approvals/")
def ask_for_approval(_answers: Answers, request: Request, _id: str) -> Answer:
    """Takes {amount} and gives the id of a decision to come; 400 without an amount."""
    amount = _field(request, "amount")
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount < 10**9:
        return 400, {"message": "Give a whole amount."}
    return 201, {"id": f"approval-{amount}"}


@page("GET", "/approvals/<id>/")
def approval(_answers: Answers, _request: Request, approval_id: str) -> Answer:
    """The decision: approved up to 1000, else declined."""
    amount = _whole(approval_id.removeprefix("approval-"))
    if amount < 0:
        return 404, {"message": f"There is no approval {approval_id}."}
    decision = "approved" if amount <= APPROVED_UP_TO else "declined"
    return 200, {"id": approval_id, "decision": decision, "by": "Grace"}


# ---------------------------------------------------------------- data


def _order(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "customer_id": number % len(FIRST_NAMES) + 1,
        "sku": list(GOODS)[number % len(GOODS)],
        "cents": number * 37 % 9000 + 500,
        "currency": "EUR",
        "status": "open" if number % 3 else "paid",
    }


def _customer(number: int) -> dict[str, Any]:
    name = FIRST_NAMES[number - 1]
    return {
        "id": number,
        "name": name,
        "email": f"{name.lower()}@example.com",
        "plan": PLANS[number % len(PLANS)],
    }


def _field(request: Request, name: str) -> Any:
    return request.body.get(name) if isinstance(request.body, dict) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _whole(text: str) -> int:
    """-1 for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _id_of(value: Any) -> str:
    """The same for the same content."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]
