"""The other nodes of n8n that have a match: loops, waits, other workflows, ends and answers."""

from __future__ import annotations

from collections.abc import Mapping

from workflows.limits import limits
from workflows.n8n.data import Data
from workflows.n8n.javascript import Untranslatable
from workflows.n8n.making import Made, NoMatch, Work
from workflows.node_type import Json

FOREIGN = "n8n:"
"""Before the id of a workflow of n8n, so that it is never taken for one of ours."""
CHOOSE = "Choose the workflow to start"
LONGEST_ID = 60
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400}


def loop(work: Work) -> Made:
    node = work.node
    size = node.parameters.get("batchSize", 1 if node.version >= 3 else 10)
    if size != 1:
        work.note(f"n8n takes {size} items at a time; here each item goes through by itself.")
    config: dict[str, Json] = {"items": _items(work), "mode": "sequential"}
    done = Data(several="the loop gives a list, and what n8n has in it is not known here")
    outputs: list[tuple[str]] = [("item",), ("default",)][: 1 if node.version < 2 else 2]
    body, after = 0, 1
    if node.version >= 3:
        outputs, body, after = outputs[::-1], 1, 0
    item = Data(whole="item")
    return Made("iterator", config, outputs=outputs, data_of_output={body: item, after: done})


def _items(work: Work) -> str:
    data = work.input
    try:
        if work.split_field:
            place = data.at(tuple(work.split_field.split(".")))
            return f"{{{{ {place} }}}}"
        if data.items is not None and not data.within:
            if not data.several:
                work.note("What it loops over has to be a list; n8n also takes a single object.")
            return f"{{{{ {data.items} }}}}"
        place = data.at(())
    except Untranslatable as reason:
        work.note(f"Choose the list that it loops over, because {reason}.")
        return ""
    work.note("In n8n it gets one item. Choose the list that it loops over.")
    return f"{{{{ {place} }}}}"


def wait(work: Work) -> Made:
    node = work.node
    if (resume := node.option("resume", "timeInterval")) != "timeInterval":
        raise NoMatch(f"a wait for {resume} has no match here")
    is_new = node.version >= 1.1
    unit = node.option("unit", "seconds" if is_new else "hours")
    if unit not in _SECONDS:
        raise NoMatch(f"a wait in {unit} has no match here")
    amount = work.fields.text("duration", node.parameters.get("amount", 5 if is_new else 1))
    most = limits().delay_seconds
    if isinstance(amount, (int, float)) and amount * _SECONDS[unit] > most:
        work.fields.tell(
            "duration",
            f"It waits for {amount:g} {unit if amount != 1 else unit[:-1]}, and {most:g} s "
            "is the longest here. It can not be published so: wait for less, or start another "
            "workflow by a schedule.",
        )
    return Made("delay", {"duration": amount, "unit": unit})


def execute_workflow(work: Work) -> Made:
    node = work.node
    if (source := node.option("source", "database")) != "database":
        raise NoMatch(f"a workflow from {source} has no match here")
    target, title = _target(node.parameters.get("workflowId"))
    if not target:
        raise NoMatch("the workflow to start is computed or missing")
    shown = f"{title!r} (in n8n: {target})" if title else f"{target!r} of n8n"
    work.fields.tell("workflow", f"{CHOOSE}: it was {shown}.")
    waits = node.group("options").get("waitForSubWorkflow") is not False
    config: dict[str, Json] = {
        "workflow": f"{FOREIGN}{target}"[:LONGEST_ID],
        "inputs": _inputs(work),
        "wait": waits,
    }
    return Made("trigger_workflow", config, Data(whole=f"{work.id}.output") if waits else None)


def _target(value: Json) -> tuple[str, str]:
    """The id, and the name that n8n kept with it."""
    title = ""
    if isinstance(value, Mapping):
        title = str(value.get("cachedResultName") or "")
        value = value.get("value")
    text = str(value) if isinstance(value, (str, int)) else ""
    return ("", title) if text.startswith("=") else (text.strip(), title)


def _inputs(work: Work) -> Json:
    values = work.node.group("workflowInputs").get("value")
    if isinstance(values, Mapping) and values:
        return {name: work.fields.text(f"inputs.{name}", item) for name, item in values.items()}
    if work.input.keys is not None:
        return {str(key[0]): f"{{{{ {work.input.at(key[:1])} }}}}" for key in work.input.keys}
    try:
        return f"{{{{ {work.input.at(())} }}}}"
    except Untranslatable as reason:
        work.note(f"n8n hands on all that it gets. Choose the inputs, because {reason}.")
        return {}


def merge(work: Work) -> Made:
    """Those that only join branches were taken out of the way before."""
    mode = work.node.option("mode", "append")
    if mode == "append":
        raise NoMatch("n8n runs what follows once for each of its branches, here once for all")
    raise NoMatch(f"data is not merged by {mode} here; Map data builds an object of several nodes")


def stop_and_error(work: Work) -> Made:
    node = work.node
    is_object = node.option("errorType", "errorMessage") == "errorObject"
    source = node.parameters.get("errorObject" if is_object else "errorMessage", "")
    made = (
        work.fields.json("message", source)
        if is_object
        else (work.fields.text("message", source, "text"))
    )
    if isinstance(made, dict):
        made = made.get("message", "")
        work.note("Of its error object only the message was taken over.")
    return Made("terminate", {"status": "failed", "message": made}, outputs=())


def respond(work: Work) -> Made:
    if not work.answers:
        raise NoMatch("a webhook here answers 202 as soon as the run is stored")
    node = work.node
    options = node.group("options")
    config: dict[str, Json] = {"status": _status(options.get("responseCode", 200))}
    rows = node.rows("options", "responseHeaders", "entries")
    if headers := [
        {
            "name": str(row["name"]),
            "value": work.fields.text(f"headers[{place}].value", row.get("value", "")),
        }
        for place, row in enumerate(rows)
        if row.get("name")
    ]:
        config["headers"] = headers
    match node.option("respondWith", "firstIncomingItem"):
        case "json":
            config["body"] = work.fields.json("body", node.parameters.get("responseBody", ""))
        case "firstIncomingItem":
            config["body"] = _first_item(work)
        case "noData":
            config["body"] = None
        case kind:
            raise NoMatch(f"an answer with {kind} has no match here")
    if left := sorted(set(options) - {"responseCode", "responseHeaders"}):
        work.note(f"Options without a match were left out: {', '.join(left)}.")
    return Made("respond", config)


def _status(value: Json) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise NoMatch("its status is computed")


def _first_item(work: Work) -> Json:
    try:
        return f"{{{{ {work.input.first().at(())} }}}}"
    except Untranslatable as reason:
        raise NoMatch(f"it answers with all that it gets, and {reason}") from None
