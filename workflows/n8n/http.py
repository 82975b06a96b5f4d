"""HTTP Request of n8n, in its forms of version 1 and 2 and of version 3 and 4."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workflows.n8n.data import Data, Path
from workflows.n8n.making import Made, NoMatch, Work
from workflows.node_type import Json

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
LONGEST_SECONDS = 300
ALL_STATUSES = "100-599"
_TAKEN = frozenset(
    [
        "timeout",
        "redirect",
        "response",
        "followRedirect",
        "followAllRedirects",
        "ignoreResponseCode",
        "fullResponse",
        "bodyContentType",
        "bodyContentCustomMimeType",
        "queryParameterArrays",
    ]
)


def http_request(work: Work) -> Made:
    node = work.node
    is_new = node.version >= 3
    method = node.option("method" if is_new else "requestMethod", "GET")
    if method not in METHODS:
        raise NoMatch(f"an HTTP request here does not send {method}")
    config: dict[str, Json] = {
        "method": method,
        "url": work.fields.text("url", node.parameters.get("url", "")),
    }
    headers = _pairs(work, "headers", is_new)
    config["query"] = _pairs(work, "query", is_new)
    body = _body(work, method, is_new)
    if content_type := body.pop("content_type", ""):
        headers = [h for h in headers if h["name"].lower() != "content-type"]
        headers.append({"name": "Content-Type", "value": content_type})
    config = {k: v for k, v in (config | {"headers": headers} | body).items() if v != []}
    _authentication(work)
    config |= _options(work, is_new)
    return Made("http_request", config, _answer(work, is_new))


# ---------------------------------------------------------------- what is sent


def _pairs(work: Work, kind: str, is_new: bool) -> list[dict[str, Json]]:
    """Query parameters or headers as {name, value}."""
    node, single = work.node, {"query": "query", "headers": "header"}[kind]
    if is_new and not node.parameters.get(f"send{kind.capitalize()}"):
        return []
    title = "Query" if kind == "query" else "Headers"
    as_json = (
        node.option(f"specify{title}", "keypair") == "json"
        if is_new
        else bool(node.parameters.get("jsonParameters"))
    )
    if as_json:
        name = f"json{title}" if is_new else f"{single}ParametersJson"
        source = node.parameters.get(name, "")
        return [] if source in ("", None) else _named(work, kind, work.fields.json(kind, source))
    place = (
        (f"{single}Parameters", "parameters")
        if is_new
        else (
            f"{single}ParametersUi",
            "parameter",
        )
    )
    rows = [row for row in node.rows(*place) if row.get("name")]
    return [
        {
            "name": _fixed(work, f"{kind}[{n}].name", row["name"]),
            "value": work.fields.text(f"{kind}[{n}].value", row.get("value", "")),
        }
        for n, row in enumerate(rows)
    ]


def _named(work: Work, kind: str, value: Json) -> list[dict[str, Json]]:
    if not isinstance(value, dict):
        raise NoMatch(f"its {kind} are computed as a whole")
    return [{"name": name, "value": item} for name, item in value.items()]


def _fixed(work: Work, field: str, value: Json) -> str:
    made = work.fields.text(field, value)
    if not isinstance(made, str) or "{{" in made or "{%" in made:
        raise NoMatch(f"the name in {field} is computed")
    return made


def _body(work: Work, method: str, is_new: bool) -> dict[str, Any]:
    node = work.node
    if is_new:
        if not node.parameters.get("sendBody"):
            return {}
        kind = node.option("contentType", "json")
        specified = node.option("specifyBody", "keypair")
        raw_type = node.option("rawContentType") or "text/html"
    else:
        if method in ("GET", "HEAD"):
            return {}
        kind = node.group("options").get("bodyContentType", "json")
        specified = "json" if node.parameters.get("jsonParameters") else "keypair"
        raw_type = node.group("options").get("bodyContentCustomMimeType") or "text/plain"
    match kind:
        case "json" | "form-urlencoded":
            return _pairs_or_json(work, kind, specified, is_new)
        case "raw":
            source = node.parameters.get("body" if is_new else "bodyParametersJson", "")
            text = work.fields.text("body", source, "text")
            return {"body_type": "text", "body": text, "content_type": str(raw_type)}
    raise NoMatch(f"a body of the kind {kind} has no match here")


def _pairs_or_json(work: Work, kind: str, specified: str, is_new: bool) -> dict[str, Any]:
    node = work.node
    body_type = "json" if kind == "json" else "form"
    if specified == "string":
        text = work.fields.text("body", node.parameters.get("body", ""), "text")
        return {
            "body_type": "text",
            "body": text,
            "content_type": "application/x-www-form-urlencoded",
        }
    if specified == "json":
        source = node.parameters.get("jsonBody" if is_new else "bodyParametersJson", "")
        if source in ("", None):
            return {}
        return {"body_type": body_type, "body": work.fields.json("body", source)}
    place = ("bodyParameters", "parameters") if is_new else ("bodyParametersUi", "parameter")
    rows = [row for row in node.rows(*place) if row.get("name")]
    if not rows and not is_new:
        return {}
    names = [_fixed(work, f"body[{n}].name", row["name"]) for n, row in enumerate(rows)]
    values = [
        work.fields.text(f"body.{n}", r.get("value")) for n, r in zip(names, rows, strict=True)
    ]
    return {"body_type": body_type, "body": dict(zip(names, values, strict=True))}


def _authentication(work: Work) -> None:
    node = work.node
    wanted = node.option("authentication", "none")
    names = [
        str(credential.get("name") or kind)
        for kind, credential in _credentials(node.raw.get("credentials")).items()
    ]
    if wanted == "none" and not names:
        return
    kind = node.option("nodeCredentialType") or node.option("genericAuthType") or wanted
    shown = f" ({', '.join(names)})" if names else ""
    work.note(
        f"It logs in with {kind}{shown}, which is not in the file. Put the secret into the vault "
        "and use it in a header, for example Authorization: Bearer {{ vault.name }}."
    )


def _credentials(value: Json) -> dict[str, Mapping[str, Json]]:
    pairs = value.items() if isinstance(value, Mapping) else ()
    return {kind: c if isinstance(c, Mapping) else {"name": c} for kind, c in pairs}


# ---------------------------------------------------------------- what comes back


def _options(work: Work, is_new: bool) -> dict[str, Json]:
    """n8n fails on every status but 2xx; it has followed redirects by then."""
    node, options = work.node, work.node.group("options")
    config: dict[str, Json] = {"expected_status": "200-299"}
    milliseconds = options.get("timeout")
    if isinstance(milliseconds, (int, float)) and not isinstance(milliseconds, bool):
        seconds = max(milliseconds / 1000, 0.1)
        if seconds > LONGEST_SECONDS:
            work.note(f"Its timeout of {seconds:g} s became {LONGEST_SECONDS}, the longest.")
        config["timeout_seconds"] = min(seconds, LONGEST_SECONDS)
    elif milliseconds is not None:
        work.note("Its timeout is computed and was left out.")
    else:
        config["timeout_seconds"] = LONGEST_SECONDS
    if _never_fails(work, is_new):
        config["expected_status"] = ALL_STATUSES
    redirect = node.group("options", "redirect", "redirect").get("followRedirects", True)
    follows = redirect if is_new else options.get("followRedirect", True)
    if follows is False:
        config["follow_redirects"] = False
        config["expected_status"] = ALL_STATUSES if _never_fails(work, is_new) else "200-399"
    if left := sorted(set(options) - _TAKEN):
        work.note(f"Options without a match were left out: {', '.join(left)}.")
    return config


def _never_fails(work: Work, is_new: bool) -> bool:
    options = work.node.group("options")
    response = work.node.group("options", "response", "response")
    return bool(response.get("neverError") if is_new else options.get("ignoreResponseCode"))


def _answer(work: Work, is_new: bool) -> Data:
    """n8n gives the body alone, as an item, or as one for each member of a list."""
    node = work.node
    response = node.group("options", "response", "response") if is_new else node.group("options")
    kind = (
        response.get("responseFormat", "autodetect")
        if is_new
        else node.option("responseFormat", "json")
    )
    if kind == "file":
        raise NoMatch("an answer that is a file has no match here")
    if response.get("fullResponse") is True:
        places: dict[Path, str] = {
            ("body",): f"{work.id}.body",
            ("headers",): f"{work.id}.headers",
            ("statusCode",): f"{work.id}.status",
        }
        return Data(fields=places, only=frozenset())
    if kind in ("text", "string"):
        name = response.get("outputPropertyName") if is_new else node.option("dataPropertyName")
        return Data(fields={(str(name or "data"),): f"{work.id}.body"}, only=frozenset())
    return Data(whole=f"{work.id}.body", items=f"{work.id}.body")
