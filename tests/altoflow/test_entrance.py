"""Getting in: the first account, the login, and what strangers see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import Client

from altoflow.setup import make_setup_token
from tests.visitors import text_of
from tests.workflows.definitions import user_with
from workflows.models import Role

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery"
NEW = {"username": "ada", "password": PASSWORD, "repeated": PASSWORD}


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


# ---------------------------------------------------------------- set-up


@pytest.mark.parametrize("address", ["/", "/runs/", "/accounts/login/", "/admin/", "/nowhere/"])
def test_without_a_user_every_page_leads_to_the_setup(client: Client, address: str) -> None:
    assert client.get(address).headers["Location"] == "/setup/"
    assert "Open the one-time link" in text_of(client.get("/setup/"))


@pytest.mark.parametrize(
    ("address", "status"), [("/api/v1/runs/", 401), ("/healthz", 200), ("/hooks/x/", 404)]
)
def test_programs_are_answered_without_a_user_too(
    client: Client, address: str, status: int
) -> None:
    assert client.get(address).status_code == status


def test_the_link_makes_an_admin_and_logs_in(client: Client) -> None:
    token = make_setup_token()
    assert "Welcome to Altoflow" in text_of(client.get("/setup/", {"token": token}))
    answer = client.post("/setup/", {**NEW, "token": token}, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    assert "Dashboard" in text_of(answer)
    assert User.objects.get().is_superuser
    assert "This link was used already" in text_of(client.get("/setup/", {"token": token}))


@pytest.mark.parametrize("token", ["x", "first-user:1:2"])
def test_a_wrong_link_opens_nothing(client: Client, token: str) -> None:
    assert client.get("/setup/", {"token": token}).status_code == 403
    answer = client.post("/setup/", {**NEW, "token": token})
    assert answer.status_code == 403
    assert "not valid" in text_of(answer)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"repeated": "another one"}, "The two passwords differ."),
        ({"password": "short", "repeated": "short"}, "too short"),
        ({"password": "password123", "repeated": "password123"}, "too common"),
        ({"username": "a b"}, "valid username"),
        ({"username": ""}, "This field is required."),
    ],
)
def test_an_account_that_is_refused(client: Client, change: dict[str, str], sentence: str) -> None:
    answer = client.post("/setup/", {**NEW, "token": make_setup_token(), **change})
    assert answer.status_code == 400
    assert sentence in text_of(answer)
    assert not User.objects.exists()


# ---------------------------------------------------------------- login


def log_in(client: Client, password: str = PASSWORD, **more: str) -> str:
    return text_of(
        client.post(
            "/accounts/login/", {"login": "editor_user", "password": password, **more}, follow=True
        )
    )


def test_login_and_logout(client: Client) -> None:
    user_with(Role.EDITOR)
    assert "Dashboard" in log_in(client)
    assert "Log in" in text_of(client.post("/accounts/logout/", follow=True))
    assert client.get("/").status_code == 302


def test_a_login_leads_to_the_page_that_was_asked_for(client: Client) -> None:
    user_with(Role.EDITOR)
    asked = client.get("/runs/?status=failed")
    assert asked.headers["Location"] == "/accounts/login/?next=/runs/%3Fstatus%3Dfailed"
    assert "No run matches" in log_in(client, next="/runs/?status=failed")


def test_a_login_never_leads_to_another_site(client: Client) -> None:
    user_with(Role.EDITOR)
    sent = {"login": "editor_user", "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/accounts/login/", sent).headers["Location"] == "/"


def test_wrong_passwords_are_limited(client: Client) -> None:
    user_with(Role.EDITOR)
    for _ in range(5):
        assert "not correct" in log_in(client, "wrong")
    assert "Too many failed login attempts" in log_in(client, "wrong")
    assert "Too many failed login attempts" in log_in(client), "the right one neither"


def test_nobody_signs_up(client: Client) -> None:
    user_with(Role.EDITOR)
    sent = {"username": "eve", "password1": PASSWORD, "password2": PASSWORD}
    assert "Accounts are given out here" in text_of(client.post("/accounts/signup/", sent))
    assert User.objects.count() == 1


def test_htmx_is_sent_to_the_login_as_a_whole_page(client: Client) -> None:
    user_with(Role.EDITOR)
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/runs/?q=x"}
    answer = client.get("/runs/rows/", headers=headers)
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/accounts/login/?next=/runs/%3Fq%3Dx"


# ---------------------------------------------------------------- every page


def test_pages_allow_no_inline_code_and_no_other_host(client: Client) -> None:
    user_with(Role.EDITOR)
    policy = client.get("/accounts/login/")["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["style-src"] == "'self'"
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("address", "sentence"), [("/nowhere/", "There is nothing here"), ("/runs/7/", "nothing here")]
)
def test_missing_pages(client: Client, address: str, sentence: str) -> None:
    user_with(Role.EDITOR)
    answer = client.get(address)
    assert answer.status_code == 404
    assert sentence in text_of(answer)


def test_a_change_that_one_may_not_make_says_which_role_it_needs(client: Client) -> None:
    client.force_login(user_with(Role.VIEWER))
    answer = client.post("/workflows/new/")
    assert answer.status_code == 403
    assert "This needs the role editor; you have the role viewer." in text_of(answer)


def test_a_fault_of_ours_has_a_page_too(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(user_with(Role.VIEWER))
    monkeypatch.setattr("builder.dashboard_views.read_health", lambda: 1 / 0)
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something went wrong" in text_of(answer)
