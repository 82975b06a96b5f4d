from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.workflows.definitions import START, Api, graph
from workflows import services, vault
from workflows.api_parsers import MAX_BODY_BYTES
from workflows.models import Role, Secret, Workflow

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]

ROW = {
    "id",
    "name",
    "description",
    "status",
    "revision",
    "settings",
    "published_version",
    "webhook_url",
    "created_at",
    "updated_at",
}


@pytest.fixture
def api() -> Api:
    return Api(Role.ADMIN)


@pytest.fixture
def workflow() -> Workflow:
    """Published as version 1."""
    workflow = services.create_workflow(name="Greeting", graph=graph())
    services.publish_workflow(workflow=workflow)
    return workflow


# ---------------------------------------------------------------- workflows


def test_a_workflow_lives_from_creation_to_deletion(api: Api) -> None:
    created = api("POST", "workflows/", {"name": "Greeting", "graph": graph("one")})
    assert created.status_code == 201
    body = created.json()
    assert set(body) == ROW | {"graph"}
    assert (body["status"], body["revision"], body["published_version"]) == ("inactive", 1, None)
    assert body["graph"] == graph("one")
    path = f"workflows/{body['id']}/"

    assert api("POST", f"{path}activate/").json()["code"] == "not_published"
    version = api("POST", f"{path}publish/", {"note": "first"})
    assert (version.status_code, version.json()["number"]) == (201, 1)
    assert api("POST", f"{path}activate/").json()["status"] == "active"

    change = {"name": "Hello", "description": "d", "graph": graph("two"), "revision": 1}
    changed = api("PUT", path, change).json()
    assert (changed["name"], changed["revision"], changed["status"]) == ("Hello", 2, "active")
    assert (changed["graph"], changed["published_version"]) == (graph("two"), 1)
    assert api("POST", f"{path}publish/").json()["number"] == 2

    versions = api("GET", f"{path}versions/").json()["results"]
    assert [(row["number"], row["note"], set(row)) for row in versions] == [
        (2, "", {"number", "note", "created_at", "created_by"}),
        (1, "first", {"number", "note", "created_at", "created_by"}),
    ]
    assert api("GET", f"{path}versions/1/").json()["graph"] == graph("one")
    restored = api("POST", f"{path}versions/1/restore/").json()
    assert (restored["graph"], restored["revision"]) == (graph("one"), 3)
    assert restored["published_version"] == 2

    assert api("POST", f"{path}deactivate/").json()["status"] == "inactive"
    assert api("DELETE", path).status_code == 204
    assert api("GET", path).status_code == 404
    assert api("GET", "workflows/").json()["count"] == 0


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_stale_revision_is_a_conflict(api: Api, workflow: Workflow, method: str) -> None:
    path = f"workflows/{workflow.pk}/"
    change = {"name": "Mine", "graph": graph("mine"), "revision": 1}
    assert api(method, path, change).status_code == 200

    answer = api(method, path, change)
    assert answer.status_code == 409
    assert answer.json()["code"] == "stale_revision"
    assert answer.json()["details"] == {"revision": 2}


def test_a_patch_keeps_what_is_not_sent(api: Api, workflow: Workflow) -> None:
    path = f"workflows/{workflow.pk}/"
    api("PATCH", path, {"settings": {"max_parallel_runs": 2}})
    body = api("PATCH", path, {"settings": {"strict_variables": True}}).json()

    assert body["settings"] == {
        "strict_variables": True,
        "max_parallel_runs": 2,
        "notify_on_failure": False,
    }
    assert (body["name"], body["graph"], body["revision"]) == ("Greeting", graph(), 3)


def test_a_put_of_settings_replaces_them(api: Api, workflow: Workflow) -> None:
    path = f"workflows/{workflow.pk}/"
    api("PATCH", path, {"settings": {"max_parallel_runs": 2}})
    change = {"name": "x", "graph": graph(), "revision": 2, "settings": {"strict_variables": True}}
    assert api("PUT", path, change).json()["settings"]["max_parallel_runs"] is None


@pytest.mark.parametrize(
    ("query", "names"),
    [
        pytest.param("", ["Alpha", "Beta", "Gamma 100%"], id="all, by name"),
        pytest.param("?q=a", ["Alpha", "Beta", "Gamma 100%"], id="part of the name"),
        pytest.param("?q=LPH", ["Alpha"], id="either case"),
        pytest.param("?q=%25", ["Gamma 100%"], id="a percent sign"),
        pytest.param("?q=%00", [], id="NUL"),
        pytest.param("?status=active", ["Beta"], id="active"),
        pytest.param("?status=inactive", ["Alpha", "Gamma 100%"], id="inactive"),
        pytest.param("?limit=1&offset=1", ["Beta"], id="second page"),
        pytest.param("?limit=x&offset=-5", ["Alpha", "Beta", "Gamma 100%"], id="no numbers"),
        pytest.param(f"?offset={10**40}", [], id="far away"),
    ],
)
def test_the_list(api: Api, query: str, names: list[str]) -> None:
    for name in ("Beta", "Alpha", "Gamma 100%"):
        workflow = services.create_workflow(name=name, graph=graph())
        if name == "Beta":
            services.publish_workflow(workflow=workflow)
            services.activate_workflow(workflow=workflow)
    answer = api("GET", f"workflows/{query}")
    assert answer.status_code == 200
    assert [row["name"] for row in answer.json()["results"]] == names
    assert all(set(row) == ROW for row in answer.json()["results"])


def test_a_status_that_does_not_exist_is_refused(api: Api) -> None:
    answer = api("GET", "workflows/?status=on")
    assert (answer.status_code, answer.json()["details"]["errors"][0]["field"]) == (400, "status")


@pytest.mark.parametrize("count", [1, 30])
def test_a_page_of_the_list_takes_three_queries(
    api: Api, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        workflow = services.create_workflow(name=f"w{number}", graph=graph())
        services.publish_workflow(workflow=workflow)
    api("GET", "workflows/")  # notes the use of the key
    with django_assert_num_queries(3):  # the key, the count, the page
        assert len(api("GET", "workflows/").json()["results"]) == count


def test_a_page_holds_at_most_a_hundred(api: Api) -> None:
    Secret.objects.bulk_create(Secret(name=f"secret_{n}", value="x") for n in range(120))
    page = api("GET", "secrets/?limit=1000").json()
    assert (page["count"], len(page["results"])) == (120, 100)
    rest = api("GET", page["next"].partition("/api/v1/")[2]).json()
    assert (len(rest["results"]), rest["next"]) == (20, None)


@pytest.mark.parametrize(
    ("role", "seen"), [(Role.VIEWER, False), (Role.EDITOR, True), (Role.ADMIN, True)]
)
def test_the_webhook_address_is_for_those_who_may_start_runs(
    workflow: Workflow, role: Role, seen: bool
) -> None:
    caller = Api(role)
    one = caller("GET", f"workflows/{workflow.pk}/").json()["webhook_url"]
    listed = caller("GET", "workflows/").json()["results"][0]["webhook_url"]
    assert one == listed
    assert (one or "").startswith("http://testserver/hooks/") == seen
    assert (one is not None) == seen


def test_an_export_is_a_download_that_imports(api: Api, workflow: Workflow) -> None:
    services.update_workflow(workflow=workflow, name='Grüße "x"\r\nSet-Cookie: a=b')
    export = api("GET", f"workflows/{workflow.pk}/export/")
    assert export["Content-Disposition"] == 'attachment; filename="grue-x-set-cookie-ab.json"'
    copy = api("POST", "workflows/import/", raw=export.content)
    assert copy.status_code == 201
    assert (copy.json()["name"], copy.json()["graph"]) == (workflow.name, graph())
    assert copy.json()["id"] != str(workflow.pk)


# ---------------------------------------------------------------- validate, publish


@pytest.mark.parametrize(
    ("sent", "valid", "finding"),
    [
        pytest.param(graph(), True, None, id="valid"),
        pytest.param(graph("{{ nobody.x }}"), True, ("warnings", "say"), id="unknown name"),
        pytest.param(graph("{{"), False, ("errors", "say"), id="broken template"),
        pytest.param(graph(id="A"), False, ("errors", "A"), id="malformed node"),
        pytest.param({"nodes": [], "edges": []}, False, ("errors", ""), id="no trigger"),
        pytest.param({"nodes": {}}, False, ("errors", ""), id="malformed"),
        pytest.param({}, False, ("errors", ""), id="empty"),
        pytest.param([], False, ("errors", ""), id="a list"),
        pytest.param("x", False, ("errors", ""), id="a text"),
        pytest.param({"nodes": [{}] * 5000, "edges": []}, False, ("errors", ""), id="huge"),
    ],
)
def test_validate(sent: Any, valid: bool, finding: tuple[str, str] | None) -> None:
    answer = Api(Role.VIEWER)("POST", "workflows/validate/", {"graph": sent})
    body = answer.json()
    assert (answer.status_code, body["valid"]) == (200, valid), body
    assert set(body) == {"valid", "errors", "warnings"}
    for problem in body["errors"] + body["warnings"]:
        assert set(problem) == {"node", "field", "code", "message"}
    if finding:
        assert finding[1] in [problem["node"] for problem in body[finding[0]]]


def test_publishing_what_is_not_valid_names_node_and_field(api: Api) -> None:
    workflow = services.create_workflow(name="x", graph=graph(config={}))
    answer = api("POST", f"workflows/{workflow.pk}/publish/")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_graph")
    (problem,) = answer.json()["details"]["errors"]
    assert (problem["node"], problem["field"]) == ("say", "config.template")


def test_a_version_says_who_published_it(workflow: Workflow, admin_client: Client) -> None:
    path = f"/api/v1/workflows/{workflow.pk}/publish/"
    answer = admin_client.post(path, {}, content_type="application/json")
    assert answer.json()["created_by"] == "admin"


# ---------------------------------------------------------------- node types, secrets


def test_the_palette_describes_every_node_type() -> None:
    types = {row["type"]: row for row in Api(Role.VIEWER)("GET", "node-types/").json()}
    assert {"manual_trigger", "text_transform", "switch"} <= set(types)
    text = types["text_transform"]
    assert (text["label"], text["category"], text["ports"]) == ("Text", "action", ["default"])
    assert text["help"].startswith("Writes a text from data")
    assert text["config_schema"]["properties"]["template"]
    for row in types.values():
        assert row["label"] and row["icon"] and row["help"], row["type"]


def test_values_of_secrets_go_in_and_never_out(api: Api) -> None:
    new = {"name": "api_token", "value": " first value ", "description": "for tests"}
    created = api("POST", "secrets/", new)
    assert created.status_code == 201
    assert vault.snapshot().values == {"api_token": " first value "}
    again = api("POST", "secrets/", new | {"value": "other value"})
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")

    replaced = api("PUT", "secrets/api_token/", {"value": "second value"})
    assert replaced.status_code == 200
    assert vault.snapshot().values == {"api_token": "second value"}

    listed = api("GET", "secrets/")
    assert [row["name"] for row in listed.json()["results"]] == ["api_token"]
    for answer in (created, again, replaced, listed):
        assert b"value" not in answer.content
    assert api("DELETE", "secrets/api_token/").status_code == 204
    assert api("DELETE", "secrets/api_token/").status_code == 404


# ---------------------------------------------------------------- what is refused

WRITES = {
    "create": ("POST", "workflows/", {"name": "x", "graph": graph(), "settings": {}}),
    "replace": ("PUT", "workflows/{id}/", {"name": "x", "graph": graph(), "revision": 1}),
    "change": ("PATCH", "workflows/{id}/", {"name": "x", "graph": graph(), "revision": 1}),
    "validate": ("POST", "workflows/validate/", {"graph": graph()}),
    "publish": ("POST", "workflows/{id}/publish/", {"note": "x"}),
    "import": (
        "POST",
        "workflows/import/",
        {"altoflow": 1, "name": "x", "description": "", "settings": {}, "graph": graph()},
    ),
    "new secret": ("POST", "secrets/", {"name": "some_name", "value": "x", "description": ""}),
    "set secret": ("PUT", "secrets/some_name/", {"value": "x", "expires_at": None}),
}

BODIES = {
    "nothing after a brace": (b"{", 400),
    "not UTF-8": (b'{"name": "\xff"}', 400),
    "a list": (b"[]", 400),
    "a text": (b'"x"', 400),
    "a number": (b"1", 400),
    "null": (b"null", 400),
    "NaN": (b'{"name": NaN}', 400),
    "NUL": (b'{"name": "a\\u0000b"}', 400),
    "NUL in a key": (b'{"a\\u0000b": 1}', 400),
    "half a surrogate pair": (b'{"name": "\\ud800"}', 400),
    "infinity by exponent": (b'{"name": 1e999}', 400),
    "too deep": (b'{"graph": ' + b"[" * 200 + b"]" * 200 + b"}", 400),
    "as deep as it gets": (b"[" * 100_000, 400),
    "a number of 5,000 digits": (b'{"revision": ' + b"9" * 5000 + b"}", 400),
    "a number of 400 digits": (b'{"revision": ' + b"9" * 400 + b"}", 400),
    "a number that no column takes": (b'{"revision": 9223372036854775808}', 400),
    "unknown field": (b'{"nmae": "x"}', 400),
    "too large": (b'{"name": "' + b"x" * MAX_BODY_BYTES + b'"}', 413),
}


@pytest.mark.parametrize("call", WRITES)
@pytest.mark.parametrize("body", BODIES)
def test_no_body_makes_an_internal_error(
    api: Api, workflow: Workflow, call: str, body: str
) -> None:
    method, path, _ = WRITES[call]
    raw, status = BODIES[body]
    answer = api(method, path.format(id=workflow.pk), raw=raw)
    assert answer.status_code == status, answer.content
    assert set(answer.json()) == {"code", "message", "details"}
    assert Workflow.objects.get().revision == 1


ODD_VALUES: list[Any] = [None, True, 0, -1, 1.5, 10**30, "", "x", "\ufffd" * 300, [], [{}], {}]


@pytest.mark.parametrize("call", WRITES)
def test_no_value_of_any_field_makes_an_internal_error(
    api: Api, workflow: Workflow, call: str
) -> None:
    method, path, good = WRITES[call]
    for field in good:
        for value in ODD_VALUES:
            answer = api(method, path.format(id=workflow.pk), good | {field: value})
            assert answer.status_code in (200, 201, 400, 409), (field, value, answer.content)
            if answer.status_code >= 400:
                assert answer.json()["message"], (field, value)


@pytest.mark.parametrize("field", ["id", "type", "name", "config", "retry", "position", "notes"])
def test_no_value_in_a_node_makes_an_internal_error(api: Api, field: str) -> None:
    for value in ODD_VALUES:
        node = {"id": "say", "type": "text_transform", "config": {"template": "x"}, field: value}
        sent = {"graph": {"nodes": [START, node], "edges": []}}
        answer = api("POST", "workflows/validate/", sent)
        assert answer.status_code == 200, (value, answer.content)
        assert api("POST", "workflows/", {"name": "x", **sent}).status_code in (201, 400)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "path",
    [
        "workflows/x/",
        "workflows/0/publish/",
        f"workflows/{uuid.UUID(int=0)}/",
        f"workflows/{uuid.UUID(int=0)}/publish/",
        f"workflows/{uuid.UUID(int=0)}/versions/1/restore/",
        "workflows/{id}/versions/2/",
        "workflows/{id}/versions/0/restore/",
        f"workflows/{{id}}/versions/{10**30}/",
        f"workflows/{{id}}/versions/{10**30}/restore/",
        "workflows/{id}/versions/one/",
        "workflows/%00/",
        "nothing/",
        "",
    ],
)
def test_what_does_not_exist_is_not_found(
    api: Api, workflow: Workflow, path: str, method: str
) -> None:
    answer = api(method, path.format(id=workflow.pk))
    assert answer.status_code in (404, 405)
    assert set(answer.json()) == {"code", "message", "details"}
    assert answer.json()["code"] in ("not_found", "method_not_allowed")


@pytest.mark.parametrize(
    ("method", "path", "extra", "status", "code"),
    [
        pytest.param("PUT", "workflows/", {}, 405, "method_not_allowed", id="wrong method"),
        pytest.param("TRACE", "workflows/", {}, 405, "method_not_allowed", id="odd method"),
        pytest.param(
            "POST",
            "workflows/",
            {"content_type": "text/plain", "raw": b"x"},
            415,
            "unsupported_media_type",
            id="no JSON",
        ),
        pytest.param(
            "POST",
            "workflows/",
            {"content_type": "multipart/form-data; boundary=x", "raw": b"--x--"},
            415,
            "unsupported_media_type",
            id="a form",
        ),
        pytest.param(
            "GET",
            "workflows/",
            {"headers": {"Accept": "image/png"}},
            406,
            "not_acceptable",
            id="no picture",
        ),
        pytest.param(
            "POST",
            "workflows/",
            {"headers": {"Transfer-Encoding": "chunked"}},
            411,
            "length_required",
            id="in chunks",
        ),
        pytest.param(
            "PUT", "secrets/NO/", {"body": {"value": "x"}}, 400, "vault_bad_name", id="name"
        ),
        pytest.param("DELETE", "secrets/%00/", {}, 404, "not_found", id="NUL in a name"),
    ],
)
def test_every_error_has_one_form(
    api: Api, method: str, path: str, extra: dict[str, Any], status: int, code: str
) -> None:
    answer = api(method, path, extra.pop("body", None), **extra)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) == {"code", "message", "details"}
    assert answer.json()["message"].endswith(".")


def test_an_internal_error_has_the_same_form_and_tells_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr("workflows.selectors.list_workflows", broken)
    answer = api("GET", "workflows/")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert "hunter2" not in answer.content.decode()


def test_a_missing_body_is_a_missing_field(api: Api) -> None:
    answer = api("POST", "workflows/")
    assert answer.status_code == 400
    assert answer.json() == {
        "code": "invalid",
        "message": "name: This field is required.",
        "details": {
            "errors": [
                {
                    "node": "",
                    "field": "name",
                    "code": "invalid",
                    "message": "This field is required.",
                }
            ]
        },
    }


# ---------------------------------------------------------------- OpenAPI


def test_the_schema_names_every_call_of_definitions(api: Api) -> None:
    answer = api.client.get("/api/schema/?format=json", headers=api.headers)
    schema = json.loads(answer.content)
    calls = {f"{verb.upper()} {path}" for path, item in schema["paths"].items() for verb in item}
    base = "/api/v1/workflows/{workflow_id}/"
    assert {
        "GET /api/v1/workflows/",
        "POST /api/v1/workflows/",
        *(f"{method} {base}" for method in ("GET", "PUT", "PATCH", "DELETE")),
        f"POST {base}publish/",
        f"POST {base}versions/{{number}}/restore/",
        "GET /api/v1/node-types/",
        "PUT /api/v1/secrets/{name}/",
    } <= calls
    assert schema["components"]["securitySchemes"]["apiKey"]["scheme"] == "bearer"
    created = schema["paths"]["/api/v1/workflows/"]["post"]["responses"]
    assert set(created) == {"201", "400", "401", "403"}


def test_the_docs_need_no_inline_script_or_style(admin_client: Client) -> None:
    page = admin_client.get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "<style" not in text and " style=" not in text
    assert "<script>" not in text
    assert "script-src 'self'" in page["Content-Security-Policy"]
    script = admin_client.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "/api/schema/" in script.content.decode()
    for source in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert f"/static/drf_spectacular_sidecar/swagger-ui-dist/{source}" in text
