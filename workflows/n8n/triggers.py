"""Triggers of n8n."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.n8n.data import Data, Path
from workflows.n8n.making import Made, NoMatch, Work
from workflows.node_type import Json

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PAYLOAD = Data(whole="trigger")
REQUEST = Data(whole="trigger", only=frozenset({"body", "headers", "query"}))
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_UNITS = ("seconds", "minutes", "hours", "days", "weeks")
_DEFAULTS = {"seconds": 30, "minutes": 5}


def manual(work: Work) -> Made:
    items = _pinned_items(work.pinned)
    if len(items) > 1:
        data = Data(several="there are several items", items="trigger")
        return Made("manual_trigger", {"sample": items}, data)
    data = Data(whole="trigger", items="trigger")
    return Made("manual_trigger", {"sample": items[0]} if items else {}, data)


def _pinned_items(pinned: Json) -> list[Json]:
    rows = pinned if isinstance(pinned, list) else []
    items = [row.get("json", row) for row in rows if isinstance(row, Mapping)]
    return [item for item in items if isinstance(item, dict)]


def webhook(work: Work) -> Made:
    node = work.node
    wanted = node.parameters.get("httpMethod", "GET")
    methods = wanted if isinstance(wanted, list) else [wanted]
    known = [method for method in METHODS if method in methods]
    if not known:
        raise NoMatch(f"a webhook here does not take {wanted}")
    if missing := [str(method) for method in methods if method not in METHODS]:
        work.note(f"The method {', '.join(missing)} was left out: webhooks here do not take it.")
    _tell_of_webhook(work)
    if work.answers:
        work.note(
            "Its caller waits for an answer, so this became an API call: it is called with "
            "POST at /api/v1/workflows/<id>/call/ and an API key."
        )
        return Made("api_trigger", {}, REQUEST)
    return Made("webhook_trigger", {"methods": known}, REQUEST)


def _tell_of_webhook(work: Work) -> None:
    node = work.node
    path = node.option("path")
    if not work.answers:
        work.note(f"The webhook has a new address, on the page of the workflow (was: {path!r}).")
        answers = node.option("responseMode", "onReceived")
        options = node.group("options")
        if answers != "onReceived":
            work.note("It answers 202 with the id of the run at once, not with data of the run.")
        elif "responseCode" in node.parameters or "responseData" in options:
            work.note("It answers 202 with the id of the run, whatever was set in n8n.")
    if (authentication := node.option("authentication", "none")) != "none":
        work.note(
            f"n8n checked {authentication}. Here a request is checked by its signature: choose a "
            "scheme, and put the secret into the vault."
        )
    if left := sorted(set(node.group("options")) - {"responseCode", "responseData"}):
        work.note(f"Options without a match were left out: {', '.join(left)}.")


def called(work: Work) -> Made:
    rows = work.node.rows("workflowInputs", "values")
    names = [name for row in rows if isinstance(name := row.get("name"), str) and name]
    inputs = [{"name": name, "required": False} for name in dict.fromkeys(names)]
    return Made("workflow_trigger", {"inputs": inputs} if inputs else {}, PAYLOAD)


# ---------------------------------------------------------------- schedules


def schedule(work: Work) -> Made:
    rules = work.node.rows("rule", "interval") or [{"field": "days"}]
    return _scheduled(work, [_rule(rule) for rule in rules])


def cron(work: Work) -> Made:
    times = work.node.rows("triggerTimes", "item")
    return _scheduled(work, [_cron_time(time) for time in times])


def interval(work: Work) -> Made:
    unit = work.node.option("unit", "seconds")
    return _scheduled(
        work, [("interval", f"{_number(work.node.parameters, 'interval', 1)} {unit}")]
    )


def _scheduled(work: Work, rules: list[tuple[str, str]]) -> Made:
    if not rules:
        raise NoMatch("it has no time")
    if len(rules) > 1:
        raise NoMatch("a schedule here has one rule; make a workflow for each of them")
    kind, value = rules[0]
    config = {"kind": kind, "value": value}
    if work.zone:
        config["timezone"] = work.zone
    elif kind != "interval":
        work.note("Its times are in UTC. n8n used the time zone of its server: choose yours.")
    times: dict[Path, str] = {("timestamp",): "trigger.fired_at"}
    return Made("schedule_trigger", config, Data(fields=times, only=frozenset({"timestamp"})))


def _rule(rule: Mapping[str, Json]) -> tuple[str, str]:
    field = rule.get("field", "days")
    if field == "cronExpression":
        return "cron", _five_parts(str(rule.get("expression", "")).strip())
    if field not in (*_UNITS, "months"):
        raise NoMatch(f"a schedule by {field} is not known")
    every = _number(rule, f"{field}Interval", _DEFAULTS.get(str(field), 1))
    hour, minute = _number(rule, "triggerAtHour", 0), _number(rule, "triggerAtMinute", 0)
    if field in ("seconds", "minutes"):
        return "interval", f"{every} {field}"
    if field == "hours":
        return "cron", f"{minute} {'*' if every == 1 else f'*/{every}'} * * *"
    clock = f"{hour:02d}:{minute:02d}"
    if field == "days":
        return ("daily", clock) if every == 1 else ("cron", f"{minute} {hour} */{every} * *")
    if field == "weeks":
        return _weekly(rule, every, hour, minute)
    day = _number(rule, "triggerAtDayOfMonth", 1)
    if every == 1 and day <= 28:
        return "monthly", f"{day} {clock}"
    return "cron", f"{minute} {hour} {day} {'*' if every == 1 else f'*/{every}'} *"


def _weekly(rule: Mapping[str, Json], every: int, hour: int, minute: int) -> tuple[str, str]:
    if every != 1:
        raise NoMatch(f"a schedule of every {every} weeks has no match here")
    days = rule.get("triggerAtDay", [0])
    days = days if isinstance(days, list) else [days]
    if not all(isinstance(day, int) and 0 <= day <= 6 for day in days):
        raise NoMatch("its days of the week are not known")
    if len(days) == 1:
        return "weekly", f"{_DAYS[days[0]]} {hour:02d}:{minute:02d}"
    return "cron", f"{minute} {hour} * * {','.join(map(str, days)) or '*'}"


def _cron_time(time: Mapping[str, Json]) -> tuple[str, str]:
    hour, minute = _number(time, "hour", 14), _number(time, "minute", 0)
    clock = f"{hour:02d}:{minute:02d}"
    match time.get("mode", "everyDay"):
        case "everyMinute":
            return "cron", "* * * * *"
        case "everyHour":
            return "cron", f"{minute} * * * *"
        case "everyDay":
            return "daily", clock
        case "everyWeek":
            day = _number(time, "weekday", 1)
            return "weekly", f"{_DAYS[day % 7]} {clock}"
        case "everyMonth":
            day = _number(time, "dayOfMonth", 1)
            return (
                ("monthly", f"{day} {clock}")
                if day <= 28
                else ("cron", f"{minute} {hour} {day} * *")
            )
        case "everyX":
            unit = time.get("unit", "hours")
            return "interval", f"{_number(time, 'value', 2)} {unit}"
        case "custom":
            return "cron", _five_parts(str(time.get("cronExpression", "")).strip())
        case mode:
            raise NoMatch(f"a schedule by {mode} is not known")


def _five_parts(text: str) -> str:
    """n8n also takes six parts, with the seconds in front."""
    parts = text.split()
    if len(parts) == 6:
        if parts[0] != "0":
            raise NoMatch("a cron schedule here has no seconds")
        parts = parts[1:]
    return " ".join(parts)


def _number(values: Mapping[str, Json], name: str, default: int) -> int:
    value = values.get(name, default)
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 100_000:
        raise NoMatch(f"{name} is no whole number")
    return value
