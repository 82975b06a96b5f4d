from __future__ import annotations

from typing import Any

import pytest

from tests.workflows.nodes.support import Run, checked, execute, problems
from workflows.errors import WorkflowError
from workflows.node_type import Output
from workflows.nodes.api_trigger import ApiTrigger

SCHEMA = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "lines": {"items": {"required": ["sku"]}}},
    "required": ["id"],
}


def payload(schema: Any, body: Any) -> Any:
    config = checked("api_trigger", {"input_schema": schema})
    return ApiTrigger().payload(config, body=body, headers={"x-a": "1"}, query={"q": "2"})


def test_the_payload_has_what_the_sample_shows() -> None:
    made = payload(SCHEMA, {"id": 5})
    assert made == {"body": {"id": 5}, "headers": {"x-a": "1"}, "query": {"q": "2"}}
    assert made.keys() == ApiTrigger.sample.keys()
    assert execute("api_trigger", {}, run=Run(trigger=made)) == Output(made)


@pytest.mark.parametrize("body", [None, [1], "text", {"id": "no"}], ids=str)
def test_without_a_schema_any_body_is_taken(body: Any) -> None:
    assert payload(None, body)["body"] == body


@pytest.mark.parametrize(
    ("body", "path", "says"),
    [
        pytest.param({}, "", "'id' is missing", id="missing"),
        pytest.param({"id": "5"}, "id", "integer", id="wrong type"),
        pytest.param({"id": 1, "lines": [{"sku": 1}, {}]}, "lines[1]", "'sku'", id="deep"),
        pytest.param(None, "", "object", id="nothing"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(body: Any, path: str, says: str) -> None:
    with pytest.raises(WorkflowError, match=says) as refused:
        payload(SCHEMA, body)
    assert refused.value.code == "invalid_input"
    assert refused.value.details["errors"][0]["path"] == path


def test_defaults() -> None:
    assert checked("api_trigger", {}) == {"input_schema": None, "timeout_seconds": 30}


PROBLEMS: dict[str, tuple[dict[str, Any], str]] = {
    "no schema": ({"input_schema": "object"}, "input_schema"),
    "broken schema": ({"input_schema": {"type": "objet"}}, "input_schema"),
    "reference to elsewhere": ({"input_schema": {"$ref": "https://a.b/c"}}, "input_schema"),
    "timeout of nothing": ({"timeout_seconds": 0}, "timeout_seconds"),
    "timeout too long": ({"timeout_seconds": 31}, "timeout_seconds"),
    "timeout is a text": ({"timeout_seconds": "long"}, "timeout_seconds"),
}


@pytest.mark.parametrize(("config", "field"), PROBLEMS.values(), ids=PROBLEMS)
def test_problems_are_found_at_save(config: dict[str, Any], field: str) -> None:
    assert field in problems("api_trigger", config)
