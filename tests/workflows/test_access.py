from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.workflows.definitions import Api, user_with
from workflows.access import covers, require_role, role_of, role_of_user
from workflows.api_keys import create_api_key, revoke_api_key, usable_api_key
from workflows.models import ApiKey, Role

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.mark.parametrize(
    ("fields", "groups", "role"),
    [
        pytest.param({}, [], Role.VIEWER, id="no group"),
        pytest.param({}, ["viewer"], Role.VIEWER, id="viewer"),
        pytest.param({}, ["editor"], Role.EDITOR, id="editor"),
        pytest.param({}, ["viewer", "editor"], Role.EDITOR, id="both"),
        pytest.param({}, ["admin", "Editors"], Role.VIEWER, id="groups of other names"),
        pytest.param({"is_staff": True}, [], Role.VIEWER, id="staff"),
        pytest.param({"is_superuser": True}, [], Role.ADMIN, id="superuser"),
        pytest.param({"is_superuser": True, "is_active": False}, [], None, id="switched off"),
        pytest.param({"is_active": False}, ["editor"], None, id="editor switched off"),
    ],
)
def test_the_role_of_a_user(fields: dict[str, bool], groups: list[str], role: Role | None) -> None:
    user = User.objects.create(username="ada", **fields)
    user.groups.set(Group.objects.get_or_create(name=name)[0] for name in groups)
    assert role_of_user(user) == role


def test_strangers_have_no_role() -> None:
    request = RequestFactory().get("/")
    assert role_of(request) is None
    request.user = AnonymousUser()
    assert role_of(request) is None


def test_a_role_is_asked_for_once(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    user = User.objects.get(pk=user_with(Role.EDITOR).pk)
    with django_assert_num_queries(1):
        assert [role_of_user(user), role_of_user(user)] == [Role.EDITOR] * 2


def test_a_higher_role_covers_the_lower_ones() -> None:
    roles = [None, Role.VIEWER, Role.EDITOR, Role.ADMIN]
    table = {role: [covers(role, needed) for needed in Role] for role in roles}
    assert table == {
        None: [False, False, False],
        Role.VIEWER: [True, False, False],
        Role.EDITOR: [True, True, False],
        Role.ADMIN: [True, True, True],
    }


# ---------------------------------------------------------------- API keys


def test_a_key_is_kept_as_a_hash_only() -> None:
    key = create_api_key(name="ci", role=Role.EDITOR)

    stored = ApiKey.objects.get()
    assert key.startswith("alto_") and len(key) == 48
    assert stored.hash == hashlib.sha256(key.encode()).hexdigest()
    assert key.startswith(stored.prefix) and len(stored.prefix) == 12
    assert key not in str(vars(stored))
    assert create_api_key(name="ci", role=Role.EDITOR) != key


@pytest.mark.parametrize(
    ("header", "status"),
    [
        pytest.param("Bearer {key}", 200, id="right"),
        pytest.param("bearer {key}", 200, id="scheme in small letters"),
        pytest.param("Bearer  {key}", 200, id="two blanks"),
        pytest.param("Bearer {key}x", 401, id="one character more"),
        pytest.param("Bearer {hash}", 401, id="the stored hash"),
        pytest.param("Bearer ", 401, id="no key"),
        pytest.param("Bearer", 401, id="nothing"),
        pytest.param("Bearer ключ", 401, id="not ASCII"),
        pytest.param("Bearer \x00", 401, id="NUL"),
        pytest.param("Basic {key}", 401, id="other scheme"),
        pytest.param("{key}", 401, id="no scheme"),
        pytest.param("", 401, id="empty"),
        pytest.param("Bearer " + "x" * 100_000, 401, id="very long"),
    ],
)
def test_the_authorization_header(header: str, status: int) -> None:
    key = create_api_key(name="ci", role=Role.VIEWER)
    sent = header.format(key=key, hash=ApiKey.objects.get().hash)
    answer = Client().get("/api/v1/secrets/", headers={"Authorization": sent})
    assert answer.status_code == status
    if status == 401:
        assert answer["WWW-Authenticate"].startswith("Bearer")
        assert set(answer.json()) == {"code", "message", "details"}


@pytest.mark.parametrize(
    ("fields", "usable"),
    [
        pytest.param({"expires_at": timedelta(seconds=5)}, True, id="expires soon"),
        pytest.param({"expires_at": timedelta()}, False, id="expires now"),
        pytest.param({"expires_at": timedelta(days=-1)}, False, id="expired"),
        pytest.param({"revoked_at": timedelta(days=-1)}, False, id="revoked"),
    ],
)
def test_expired_and_revoked_keys_are_refused(fields: dict[str, Any], usable: bool) -> None:
    key = create_api_key(name="ci", role=Role.ADMIN)
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC), tick=False):
        ApiKey.objects.update(**{name: timezone.now() + delta for name, delta in fields.items()})
        assert (usable_api_key(key.encode()) is not None) == usable


def test_a_key_is_revoked_once() -> None:
    key = create_api_key(name="ci", role=Role.ADMIN)
    stored = ApiKey.objects.get()
    assert revoke_api_key(key=stored)
    assert not revoke_api_key(key=stored)
    assert usable_api_key(key.encode()) is None


def test_the_last_use_is_noted_at_most_once_a_minute(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    key = create_api_key(name="ci", role=Role.VIEWER).encode()
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for seconds, queries, noted in [(0, 2, 0), (1, 1, 0), (59, 1, 0), (60, 2, 60), (61, 1, 60)]:
        with (
            time_machine.travel(start + timedelta(seconds=seconds), tick=False),
            django_assert_num_queries(queries),
        ):
            usable_api_key(key)
        assert ApiKey.objects.get().last_used_at == start + timedelta(seconds=noted)


def test_unknown_revoked_and_malformed_keys_cost_the_same(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    revoked = create_api_key(name="ci", role=Role.ADMIN)
    revoke_api_key(key=ApiKey.objects.get())
    for token in (revoked, "alto_" + "x" * 43, "", "ключ"):
        with django_assert_num_queries(1):
            assert usable_api_key(token.encode()) is None


# ---------------------------------------------------------------- pages


def page(request: HttpRequest, word: str = "") -> HttpResponse:
    return HttpResponse(f"seen{word}")


@pytest.mark.parametrize(
    ("guard", "method", "expected"),
    [
        pytest.param((Role.VIEWER,), "GET", "login ok ok ok", id="open to viewers"),
        pytest.param((Role.VIEWER,), "HEAD", "login ok ok ok", id="HEAD is like GET"),
        pytest.param((Role.VIEWER,), "POST", "login 403 ok ok", id="changes need an editor"),
        pytest.param((Role.VIEWER,), "DELETE", "login 403 ok ok", id="DELETE is a change"),
        pytest.param((Role.VIEWER, Role.VIEWER), "POST", "login ok ok ok", id="viewers may post"),
        pytest.param((Role.VIEWER, Role.ADMIN), "GET", "login ok ok ok", id="admins change: GET"),
        pytest.param((Role.VIEWER, Role.ADMIN), "POST", "login 403 403 ok", id="admins change"),
        pytest.param((Role.EDITOR,), "GET", "login 404 ok ok", id="hidden from viewers"),
        pytest.param((Role.ADMIN,), "GET", "login 404 404 ok", id="for admins"),
        pytest.param((Role.ADMIN,), "POST", "login 403 403 ok", id="for admins: POST"),
    ],
)
def test_pages_are_guarded(guard: tuple[Role, ...], method: str, expected: str) -> None:
    guarded = require_role(*guard)(page)
    people = [AnonymousUser(), *(user_with(role) for role in Role)]

    def outcome(user: Any) -> str:
        request = RequestFactory().generic(method, "/x/?a=1")
        request.user = user
        try:
            answer = guarded(request, word="!")
        except Http404:
            return "404"
        except PermissionDenied as error:
            return "403" if "Ask an admin" in str(error) else "unclear"
        if answer.status_code == 302:
            return "login" if answer["Location"] == "/accounts/login/?next=/x/%3Fa%3D1" else "?"
        return "ok" if answer.content == b"seen!" else "?"

    assert " ".join(outcome(user) for user in people) == expected


@pytest.mark.parametrize(
    ("current", "location"),
    [
        pytest.param("http://h:1/runs/?q=1", "/accounts/login/?next=/runs/%3Fq%3D1", id="a page"),
        pytest.param("http://evil//evil.com/", "/accounts/login/?next=/evil.com/", id="elsewhere"),
        pytest.param("javascript:alert(1)", "/accounts/login/?next=/", id="no address"),
    ],
)
def test_htmx_is_sent_to_the_login_instead_of_showing_it_inside(
    current: str, location: str
) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": current}
    request = RequestFactory().get("/runs/rows/", headers=headers)
    request.user = AnonymousUser()
    answer = require_role(Role.VIEWER)(page)(request)
    assert (answer.status_code, answer["HX-Redirect"]) == (401, location)


# ---------------------------------------------------------------- sessions and REST


def test_a_session_calls_the_api_with_a_csrf_token_only() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user_with(Role.EDITOR))
    body = {"data": {"name": "x"}, "content_type": "application/json"}

    assert client.get("/api/v1/workflows/").status_code == 200
    refused = client.post("/api/v1/workflows/", **body)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    client.get("/accounts/login/")
    token = "x" * 32
    client.cookies["csrftoken"] = token
    answer = client.post("/api/v1/workflows/", **body, headers={"X-CSRFToken": token})
    assert answer.status_code == 201


def test_a_refusal_names_the_role_that_is_missing() -> None:
    answer = Api(Role.VIEWER)("POST", "workflows/", {"name": "x"})
    assert answer.status_code == 403
    assert answer.json() == {
        "code": "role_too_low",
        "message": "This needs the role editor; you have the role viewer. Ask an admin.",
        "details": {},
    }


def test_nobody_signs_up_by_themselves() -> None:
    first = user_with(Role.ADMIN)
    form = {"username": "eve", "password1": "correct horse battery"}
    Client().post("/accounts/signup/", form)
    assert list(User.objects.all()) == [first]
