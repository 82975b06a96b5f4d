"""Who gets what at every address: a new address without a row here fails.

A cell is the status that this person gets. Bodies are empty, so 400 means: allowed, and then looked
at. A page without a row for a method answers it with 405. `302` of a stranger leads to the login.
Callers of `api/v1/` use keys, all others a session.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.altoflow.places import filled, places
from tests.workflows.definitions import Api, user_with
from workflows.models import Role

pytestmark = pytest.mark.django_db

PEOPLE = (None, Role.VIEWER, Role.EDITOR, Role.ADMIN)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

MATRIX = """
# address                                              method  stranger viewer editor admin

healthz                                                GET     200 200 200 200
readyz                                                 GET     503 503 503 503

# webhooks: the token is the permission
hooks/<path:token>                                     GET     404 404 404 404
hooks/<path:token>                                     POST    404 404 404 404

# definitions
api/v1/workflows/                                      GET     401 200 200 200
api/v1/workflows/                                      POST    401 403 400 400
api/v1/workflows/validate/                             POST    401 400 400 400
api/v1/workflows/import/                               POST    401 403 400 400
api/v1/workflows/<uuid:workflow_id>/                   GET     401 200 200 200
api/v1/workflows/<uuid:workflow_id>/                   PUT     401 403 400 400
api/v1/workflows/<uuid:workflow_id>/                   PATCH   401 403 200 200
api/v1/workflows/<uuid:workflow_id>/                   DELETE  401 403 403 204
api/v1/workflows/<uuid:workflow_id>/publish/           POST    401 403 201 201
api/v1/workflows/<uuid:workflow_id>/activate/          POST    401 403 200 200
api/v1/workflows/<uuid:workflow_id>/deactivate/        POST    401 403 200 200
api/v1/workflows/<uuid:workflow_id>/versions/          GET     401 200 200 200
api/v1/workflows/<uuid:workflow_id>/versions/<int:number>/          GET   401 200 200 200
api/v1/workflows/<uuid:workflow_id>/versions/<int:number>/restore/  POST  401 403 200 200
api/v1/workflows/<uuid:workflow_id>/export/            GET     401 200 200 200
api/v1/node-types/                                     GET     401 200 200 200
api/v1/secrets/                                        GET     401 200 200 200
api/v1/secrets/                                        POST    401 403 400 400
api/v1/secrets/<str:name>/                             PUT     401 403 400 400
api/v1/secrets/<str:name>/                             DELETE  401 403 403 204

# runs
api/v1/workflows/<uuid:workflow_id>/execute/           POST    401 403 202 202
api/v1/workflows/<uuid:workflow_id>/schedule/          GET     401 404 404 404
api/v1/workflows/<uuid:workflow_id>/call/              POST    401 403 409 409
api/v1/events/                                         POST    401 403 400 400
api/v1/nodes/test/                                     POST    401 403 400 400
api/v1/runs/                                           GET     401 200 200 200
api/v1/runs/<uuid:run_id>/                             GET     401 200 200 200
api/v1/runs/<uuid:run_id>/resume-plan/                 GET     401 200 200 200
api/v1/runs/<uuid:run_id>/resume/                      POST    401 403 202 202
api/v1/runs/<uuid:run_id>/rerun/                       POST    401 403 202 202
api/v1/runs/<uuid:run_id>/cancel/                      POST    401 403 409 409
api/v1/stats/                                          GET     401 200 200 200

api/schema/                                            GET     401 200 200 200
api/docs/                                              GET     302 200 200 200

# pages of runs
runs/                                                  GET     302 200 200 200
runs/rows/                                             GET     302 200 200 200
runs/<uuid:run_id>/                                    GET     302 200 200 200
runs/<uuid:run_id>/live/                               GET     302 200 200 200
runs/<uuid:run_id>/steps/                              GET     302 200 200 200
runs/<uuid:run_id>/resume/                             GET     302 404 200 200
runs/<uuid:run_id>/resume/                             POST    302 403 302 302
runs/<uuid:run_id>/rerun/                              POST    302 403 302 302
runs/<uuid:run_id>/cancel/                             POST    302 403 302 302
runs/<uuid:run_id>/raw/                                GET     302 200 200 200
runs/<uuid:run_id>/data/<str:part>/                    GET     302 200 200 200
runs/<uuid:run_id>/data/<str:part>/raw/                GET     302 200 200 200
runs/<uuid:run_id>/steps/<int:step_id>/                GET     302 200 200 200
runs/<uuid:run_id>/steps/<int:step_id>/<str:part>/     GET     302 200 200 200
runs/<uuid:run_id>/steps/<int:step_id>/<str:part>/raw/ GET     302 200 200 200
runs/<uuid:run_id>/iterations/<slug:iterator>/         GET     302 200 200 200
runs/<uuid:run_id>/iterations/<slug:iterator>/<str:key>/            GET   302 404 404 404
runs/bulk/                                             POST    302 403 302 302
runs/failures/                                         GET     302 200 200 200
runs/failures/runs/                                    GET     302 404 404 404
runs/failures/resume/                                  POST    302 403 404 404
deliveries/                                            GET     302 200 200 200

# the archive
archive/                                               GET     302 200 200 200
archive/<uuid:archived_id>/                            GET     302 200 200 200
archive/<uuid:archived_id>/restore/                    POST    302 403 403 302
archive/<uuid:archived_id>/document/                   GET     302 200 200 200
archive/<uuid:archived_id>/steps/                      GET     302 200 200 200
archive/<uuid:archived_id>/data/<str:part>/            GET     302 200 200 200
archive/<uuid:archived_id>/data/<str:part>/raw/        GET     302 200 200 200
archive/<uuid:archived_id>/steps/<int:step_id>/        GET     302 200 200 200
archive/<uuid:archived_id>/steps/<int:step_id>/<str:part>/ GET     302 200 200 200
archive/<uuid:archived_id>/steps/<int:step_id>/<str:part>/raw/ GET     302 200 200 200

# pages of definitions: a bare address is the dashboard
dashboard/                                             GET     302 200 200 200
/                                                      GET     302 200 200 200
workflows/                                             GET     302 200 200 200
workflows/new/                                         GET     302 404 200 200
workflows/new/                                         POST    302 403 400 400
workflows/import/                                      GET     302 404 200 200
workflows/import/                                      POST    302 403 400 400
workflows/export/                                      GET     302 200 200 200
workflows/demo/                                        POST    302 403 302 302
workflows/<uuid:workflow_id>/                          GET     302 200 200 200
workflows/<uuid:workflow_id>/side/                     GET     302 200 200 200
workflows/<uuid:workflow_id>/draft/                    GET     302 200 200 200
workflows/<uuid:workflow_id>/draft/                    PUT     302 403 400 400
workflows/<uuid:workflow_id>/draft/read/               POST    302 403 400 400
workflows/<uuid:workflow_id>/draft/copy/               POST    302 403 400 400
workflows/<uuid:workflow_id>/details/                  GET     302 404 200 200
workflows/<uuid:workflow_id>/details/                  POST    302 403 400 400
workflows/<uuid:workflow_id>/publish/                  GET     302 404 200 200
workflows/<uuid:workflow_id>/publish/                  POST    302 403 302 302
workflows/<uuid:workflow_id>/activate/                 POST    302 403 302 302
workflows/<uuid:workflow_id>/deactivate/               POST    302 403 302 302
workflows/<uuid:workflow_id>/webhook/rotate/           POST    302 403 302 302
workflows/<uuid:workflow_id>/run/                      POST    302 403 400 400
workflows/<uuid:workflow_id>/runs/<uuid:run_id>/track/ GET     302 200 200 200
workflows/<uuid:workflow_id>/export/                   GET     302 200 200 200
workflows/<uuid:workflow_id>/delete/                   POST    302 403 403 302
workflows/<uuid:workflow_id>/versions/                 GET     302 200 200 200
workflows/<uuid:workflow_id>/versions/compare/         GET     302 200 200 200
workflows/<uuid:workflow_id>/versions/<int:number>/    GET     302 200 200 200
workflows/<uuid:workflow_id>/forms/<str:node_type>/    GET     302 200 200 200
workflows/<uuid:workflow_id>/check/                    POST    302 400 400 400
workflows/<uuid:workflow_id>/preview/                  POST    302 400 400 400
workflows/<uuid:workflow_id>/variables/                POST    302 400 400 400
workflows/<uuid:workflow_id>/try/                      POST    302 403 400 400
workflows/<uuid:workflow_id>/nodes/<str:node_id>/sample/  POST  302 403 400 400
workflows/<uuid:workflow_id>/nodes/<str:node_id>/data/ GET     302 200 200 200
workflows/templates/                                   GET     302 200 200 200
workflows/templates/<slug:slug>/install/               POST    302 403 302 302
tour/close/                                            POST    302 403 302 302
workflows/<uuid:workflow_id>/layout/                   POST    302 403 400 400
workflows/<uuid:workflow_id>/versions/<int:number>/restore/  POST  302 403 302 302
secrets/                                               GET     302 200 200 200
secrets/                                               POST    302 403 400 400
secrets/<str:name>/delete/                             POST    302 403 403 302

# the documentation: whoever may look may try a template
docs/                                                  GET     302 200 200 200
docs/nodes/                                            GET     302 200 200 200
docs/nodes/<str:node_type>/                            GET     302 200 200 200
docs/templates/                                        GET     302 200 200 200
docs/templates/                                        POST    302 200 200 200

# accounts; the set-up is over once there is a user
setup/                                                 GET     302 302 302 302
setup/                                                 POST    302 302 302 302
accounts/login/                                        GET     200 302 302 302
accounts/login/                                        POST    200 302 302 302
accounts/logout/                                       GET     302 200 200 200
accounts/logout/                                       POST    302 302 302 302
accounts/password/change/                              GET     302 200 200 200
accounts/password/change/                              POST    302 200 200 200
accounts/inactive/                                     GET     200 200 200 200
accounts/signup/                                       GET     200 302 302 302
accounts/signup/                                       POST    200 302 302 302

# Django's admin: everything below it is checked by test_the_admin_site_is_for_admins
admin/                                                 GET     302 302 302 200
"""

ADMIN = "admin/"


def rows() -> Iterator[tuple[str, str, str]]:
    for line in MATRIX.splitlines():
        if line and not line.startswith("#"):
            address, method, *cells = line.split()
            yield address.removeprefix("/"), method, " ".join(cells)


def addresses(patterns: Any = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address that the product answers, as it is written."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, here)
        else:
            yield here, pattern


def methods_of(pattern: URLPattern) -> tuple[str, ...]:
    """What a REST view answers; for a page, what a browser sends."""
    rest_view = getattr(pattern.callback, "cls", None)
    if rest_view is None:
        return ("GET", "POST", "PUT") if pattern.name == "draft" else ("GET", "POST")
    return tuple(method for method in METHODS if hasattr(rest_view, method.lower()))


def unwritten() -> Iterator[tuple[str, str, str]]:
    """The methods that pages refuse."""
    written = {(address, method) for address, method, _ in rows()}
    for address, pattern in addresses():
        if not hasattr(pattern.callback, "cls") and not address.startswith(ADMIN):
            for method in methods_of(pattern):
                if (address, method) not in written:
                    yield address, method, "405 405 405 405"


@pytest.fixture(scope="module")
def everything(django_db_setup: None, django_db_blocker: Any) -> Iterator[dict[str, Any]]:
    """One for all tests, which undo what they do."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield places()
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def people(everything: dict[str, Any]) -> dict[Role | None, tuple[str, Api]]:
    """The session of each, and their key."""
    found = {}
    for role in PEOPLE:
        client = Client()
        if role:
            client.force_login(user_with(role))
        session = client.cookies.get(settings.SESSION_COOKIE_NAME)
        found[role] = (session.value if session else "", Api(role))
    return found


StatusFor = Callable[[Role | None, str, str], int]


@pytest.fixture
def status_for(people: dict[Role | None, tuple[str, Api]]) -> StatusFor:
    """The effects of the request are undone."""

    def ask(role: Role | None, method: str, path: str) -> int:
        session, api = people[role]
        client = Client(raise_request_exception=False)
        headers = {}
        if path.startswith(("/api/v1/", "/api/schema/")):
            headers = api.headers
        elif session:
            client.cookies[settings.SESSION_COOKIE_NAME] = session
        kind = "application/json" if path.startswith("/api/") else "multipart/form-data; boundary=x"
        data = b"--x--\r\n" if method == "POST" and not path.startswith("/api/") else b""
        with transaction.atomic():
            answer = client.generic(method, path, data, content_type=kind, headers=headers)
            transaction.set_rollback(True)
        return int(answer.status_code)

    return ask


def test_every_address_has_its_rows() -> None:
    written = {(address, method) for address, method, _ in rows()}
    pages = {address for address, _ in written}
    there, missing = {(ADMIN, "GET")}, []
    for address, pattern in addresses():
        methods = {(address, method) for method in methods_of(pattern)}
        there |= methods
        is_page = not hasattr(pattern.callback, "cls")
        if not address.startswith(ADMIN) and (
            address not in pages if is_page else methods - written
        ):
            missing.append(address)
    assert missing == [], "These addresses have no row in the matrix"
    assert sorted(written - there) == [], "The product has no such addresses any more"


@pytest.mark.parametrize(
    ("address", "method", "expected"),
    [pytest.param(*row, id=f"{row[1]} {row[0]}") for row in (*rows(), *unwritten())],
)
def test_each_person_gets(
    address: str, method: str, expected: str, everything: dict[str, Any], status_for: StatusFor
) -> None:
    path = filled(address, everything)
    found = " ".join(str(status_for(role, method, path)) for role in PEOPLE)
    assert found == expected


def test_the_admin_site_is_for_admins(everything: dict[str, Any], status_for: StatusFor) -> None:
    below = [address for address, _ in addresses() if address.startswith(ADMIN)]
    assert len(below) > 30
    for address in below:
        path = filled(address, everything)
        *others, admin = (status_for(role, "GET", path) for role in PEOPLE)
        assert set(others) <= {302, 404}, (path, others)
        assert admin < 500, path


@pytest.mark.parametrize("table", ["schedule", "success", "failure", "ormq"])
def test_nobody_writes_into_the_queue_by_a_page(table: str, status_for: StatusFor) -> None:
    assert status_for(Role.ADMIN, "GET", f"/admin/django_q/{table}/") == 404
