from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from tests.workflows.definitions import START, calling, graph, user_with
from workflows import selectors, services, vault
from workflows.errors import CircularWorkflowError, ConflictError, GraphError, NotFoundError
from workflows.fields import FormError
from workflows.models import Role, Version, Workflow
from workflows.workflow_settings import DEFAULTS, settings_of

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def new(name: str = "Greeting", draft: Any = None) -> Workflow:
    return services.create_workflow(name=name, graph=graph() if draft is None else draft)


def publish_unchecked(workflow: Workflow) -> None:
    """For node types that come with a later version of the product."""
    version = Version.objects.create(workflow=workflow, number=1, graph=workflow.draft)
    Workflow.objects.filter(pk=workflow.pk).update(published=version)


# ---------------------------------------------------------------- create


def test_a_new_workflow_is_inactive_and_has_an_empty_draft() -> None:
    workflow = services.create_workflow(name="Greeting")

    stored = Workflow.objects.get()
    assert stored == workflow
    assert (stored.status, stored.revision, stored.published) == ("inactive", 1, None)
    assert stored.draft == {"nodes": [], "edges": []}
    assert settings_of(stored) == DEFAULTS


def test_the_webhook_token_is_found_by_its_hash_and_kept_encrypted() -> None:
    first, second = new(), new()

    url = selectors.webhook_url(first, "http://127.0.0.1:8000/")
    assert url is not None
    token = url.removeprefix("http://127.0.0.1:8000/hooks/").removesuffix("/")
    assert len(token) == 43  # 256 bits
    assert first.webhook_hash == hashlib.sha256(token.encode()).hexdigest()
    assert token not in first.webhook_token
    assert selectors.webhook_url(second, "http://127.0.0.1:8000/") != url


def test_the_public_address_is_the_one_of_webhooks(settings: Any) -> None:
    settings.PUBLIC_URL = "https://flows.example.com"
    assert str(selectors.webhook_url(new(), "http://10.0.0.1:8000/")).startswith(
        "https://flows.example.com/hooks/"
    )


def test_a_new_token_ends_the_old_address() -> None:
    workflow = new()
    before = (workflow.webhook_hash, selectors.webhook_url(workflow, "http://x"))

    services.rotate_webhook_token(workflow=workflow)

    stored = Workflow.objects.get()
    assert stored.webhook_hash != before[0]
    assert selectors.webhook_url(stored, "http://x") not in (None, before[1])


def test_a_token_under_a_lost_key_has_no_address(settings: Any) -> None:
    workflow = new()
    settings.VAULT_KEYS = ["uE9XG3OyzyhGcIVkpq3pV6nVvCmm2Vn8wG9hTfnmGr4="]
    assert selectors.webhook_url(workflow, "http://x") is None


# ---------------------------------------------------------------- drafts


def test_a_draft_may_be_incomplete_and_counts_its_revision() -> None:
    workflow = new()
    draft = {"nodes": [{"id": "later", "type": "not_chosen_yet"}], "edges": []}

    services.update_workflow(workflow=workflow, graph=draft, revision=1)

    stored = Workflow.objects.get()
    assert (stored.draft, stored.revision, workflow.revision) == (draft, 2, 2)


def test_a_draft_comes_back_as_it_was_saved() -> None:
    node = {
        "id": "say",
        "type": "text_transform",
        "name": "Say it",
        "position": {"x": 1.5, "y": -20},
        "config": {"template": " {{ trigger.x }}\r\n", "more": [None, 1.0, 10**30, "👋"]},
        "continue_on_error": True,
        "retry": None,
        "on_interrupt": None,
        "notes": "why",
    }
    edge = {"id": "edge_1", "source": "start", "port": "default", "target": "say"}
    draft = {"nodes": [START, node], "edges": [edge]}
    services.update_workflow(workflow=new(), graph=draft)
    assert json.dumps(Workflow.objects.get().draft) == json.dumps(draft)


@pytest.mark.parametrize(
    ("draft", "node", "field"),
    [
        pytest.param({}, "", "", id="no nodes"),
        pytest.param([], "", "", id="a list"),
        pytest.param({"nodes": []}, "", "edges", id="no edges"),
        pytest.param({"nodes": [{"id": "A", "type": "x"}], "edges": []}, "A", "id", id="bad id"),
        pytest.param(
            {"nodes": [{"id": "a", "type": "x", "retry": {"max_attempts": 99}}], "edges": []},
            "a",
            "retry.max_attempts",
            id="bad retry",
        ),
        pytest.param({"nodes": [START, START], "edges": []}, "start", "id", id="same id twice"),
        pytest.param({"nodes": [{}] * 501, "edges": []}, "", "nodes", id="too many nodes"),
        pytest.param({"nodes": [], "edges": [{}] * 10_001}, "", "edges", id="too many edges"),
    ],
)
def test_a_broken_draft_is_refused_with_node_and_field(draft: Any, node: str, field: str) -> None:
    workflow = new()
    with pytest.raises(GraphError) as caught:
        services.update_workflow(workflow=workflow, graph=draft, revision=1)

    assert (node, field) in [(problem.node, problem.field) for problem in caught.value.problems]
    assert Workflow.objects.get().revision == 1


def test_a_stale_revision_changes_nothing_and_says_the_current_one() -> None:
    workflow = new()
    services.update_workflow(workflow=workflow, graph=graph("second"), revision=1)

    with pytest.raises(ConflictError) as caught:
        services.update_workflow(workflow=workflow, graph=graph("late"), revision=1)

    assert (caught.value.code, caught.value.details) == ("stale_revision", {"revision": 2})
    assert Workflow.objects.get().draft == graph("second")


def test_a_change_over_an_unseen_change_is_refused_without_a_revision_too() -> None:
    mine, theirs = new(), Workflow.objects.get()
    services.update_workflow(workflow=theirs, name="Theirs")

    with pytest.raises(ConflictError, match="Somebody else"):
        services.update_workflow(workflow=mine, name="Mine")
    assert Workflow.objects.get().name == "Theirs"


def test_only_what_is_given_is_changed() -> None:
    workflow = services.create_workflow(
        name="Greeting", description="Says hello", graph=graph(), settings={"max_parallel_runs": 3}
    )
    services.update_workflow(workflow=workflow, settings={"strict_variables": True})

    stored = Workflow.objects.get()
    assert (stored.name, stored.description, stored.draft) == ("Greeting", "Says hello", graph())
    assert settings_of(stored) == {
        "strict_variables": True,
        "max_parallel_runs": 3,
        "notify_on_failure": False,
    }


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        pytest.param({"strict": True}, "settings.strict", id="unknown name"),
        pytest.param({"strict_variables": "yes"}, "settings.strict_variables", id="text"),
        pytest.param({"strict_variables": 1}, "settings.strict_variables", id="number"),
        pytest.param({"strict_variables": None}, "settings.strict_variables", id="null"),
        pytest.param({"max_parallel_runs": 0}, "settings.max_parallel_runs", id="zero"),
        pytest.param({"max_parallel_runs": 1001}, "settings.max_parallel_runs", id="too many"),
        pytest.param({"max_parallel_runs": True}, "settings.max_parallel_runs", id="boolean"),
        pytest.param({"max_parallel_runs": "3"}, "settings.max_parallel_runs", id="digits"),
        pytest.param({"notify_on_failure": "nobody"}, "settings.notify_on_failure", id="no e-mail"),
        pytest.param({"notify_on_failure": []}, "settings.notify_on_failure", id="list"),
        pytest.param([], "settings", id="no object"),
    ],
)
def test_a_bad_setting_is_refused_by_name(settings: Any, field: str) -> None:
    workflow = new()
    with pytest.raises(FormError) as caught:
        services.update_workflow(workflow=workflow, settings=settings)
    assert caught.value.details["errors"][0]["field"] == field


@pytest.mark.parametrize("value", [True, False, "ops@example.com"])
def test_failures_can_be_mailed(value: Any) -> None:
    workflow = services.create_workflow(name="x", settings={"notify_on_failure": value})
    assert settings_of(workflow)["notify_on_failure"] == value


# ---------------------------------------------------------------- publish


def test_versions_are_numbered_and_immutable() -> None:
    workflow, author = new(), user_with(Role.EDITOR)

    first = services.publish_workflow(workflow=workflow, note="first", by=author)
    services.update_workflow(workflow=workflow, graph=graph("two"), revision=1)
    assert Workflow.objects.get().published == first
    second = services.publish_workflow(workflow=workflow)

    assert (first.number, first.note, first.created_by) == (1, "first", author)
    assert (second.number, second.graph) == (2, graph("two"))
    assert Version.objects.get(number=1).graph == graph()
    assert workflow.published == second


@pytest.mark.parametrize(
    ("draft", "finding"),
    [
        pytest.param({"nodes": [], "edges": []}, ("", "", "no_trigger"), id="no trigger"),
        pytest.param(graph("{{ broken"), ("say", "config.template"), id="broken template"),
        pytest.param(graph(config={}), ("say", "config.template"), id="missing field"),
        pytest.param(graph(type="teleport"), ("say", "type", "unknown_type"), id="unknown type"),
    ],
)
def test_what_is_not_valid_is_not_published(draft: Any, finding: tuple[str, ...]) -> None:
    workflow = new(draft=draft)
    with pytest.raises(GraphError) as caught:
        services.publish_workflow(workflow=workflow)

    found = [(p.node, p.field, p.code)[: len(finding)] for p in caught.value.problems]
    assert finding in found
    assert not Version.objects.exists()


def test_what_is_published_is_what_was_looked_at() -> None:
    seen = new()
    services.update_workflow(workflow=Workflow.objects.get(), graph=graph("unseen"), revision=1)
    with pytest.raises(ConflictError, match="Somebody else"):
        services.publish_workflow(workflow=seen)


def test_restoring_copies_a_version_into_the_draft() -> None:
    workflow = new()
    services.publish_workflow(workflow=workflow)
    services.update_workflow(workflow=workflow, graph=graph("two"))
    published = services.publish_workflow(workflow=workflow)

    services.restore_version(workflow=workflow, number=1)

    stored = Workflow.objects.get()
    assert (stored.draft, stored.revision, stored.published) == (graph(), 3, published)


@pytest.mark.parametrize("number", [-1, 0, 2, 2**31, 10**40])
def test_a_version_that_does_not_exist_is_not_restored(number: int) -> None:
    workflow = new()
    services.publish_workflow(workflow=workflow)
    with pytest.raises(NotFoundError, match="has no version"):
        services.restore_version(workflow=workflow, number=number)


# ---------------------------------------------------------------- on, off, gone


def test_activating_needs_a_published_version() -> None:
    workflow = new()
    with pytest.raises(ConflictError, match="Publish it first"):
        services.activate_workflow(workflow=workflow)

    services.publish_workflow(workflow=workflow)
    assert services.activate_workflow(workflow=workflow).status == "active"
    assert Workflow.objects.get().is_active
    assert services.deactivate_workflow(workflow=workflow).status == "inactive"
    assert not Workflow.objects.get().is_active


def test_deleting_archives_and_switches_off() -> None:
    workflow = new()
    services.publish_workflow(workflow=workflow)
    services.activate_workflow(workflow=workflow)

    services.delete_workflow(workflow=workflow)

    stored = Workflow.objects.get()
    assert stored.archived_at and not stored.is_active
    assert not selectors.list_workflows().exists()
    with pytest.raises(NotFoundError):
        selectors.get_workflow(workflow.pk)


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(lambda w: services.activate_workflow(workflow=w), id="activate"),
        pytest.param(lambda w: services.publish_workflow(workflow=w), id="publish"),
        pytest.param(lambda w: services.update_workflow(workflow=w, graph=graph()), id="save"),
    ],
)
def test_a_deleted_workflow_is_not_changed(action: Callable[[Workflow], Any]) -> None:
    workflow = new()
    services.publish_workflow(workflow=workflow)
    loaded = Workflow.objects.get()
    services.delete_workflow(workflow=workflow)
    with pytest.raises((NotFoundError, ConflictError)):
        action(loaded)
    assert not Workflow.objects.get().is_active


@pytest.mark.parametrize("where", ["draft", "published version"])
def test_a_workflow_that_another_one_starts_is_not_deleted(where: str) -> None:
    target, other = new("Target"), new("Unrelated")
    caller = new("Caller", calling(target))
    if where == "published version":
        publish_unchecked(caller)
        services.update_workflow(workflow=caller, graph=graph())

    with pytest.raises(ConflictError, match="'Caller'") as caught:
        services.delete_workflow(workflow=target)
    assert caught.value.details == {"workflows": [str(caller.pk)]}
    assert Workflow.objects.filter(archived_at=None).count() == 3

    services.delete_workflow(workflow=caller)
    services.delete_workflow(workflow=target)
    assert list(selectors.list_workflows()) == [other]


def test_a_name_in_a_text_is_no_call() -> None:
    target = new()
    new("Mentions it", graph(f"see {target.pk}"))
    services.delete_workflow(workflow=target)


# ---------------------------------------------------------------- circles


@pytest.mark.parametrize(
    ("length", "path"),
    [
        pytest.param(1, "A -> A", id="itself"),
        pytest.param(2, "A -> B -> A", id="each other"),
        pytest.param(4, "A -> B -> C -> D -> A", id="through others"),
    ],
)
def test_workflows_may_not_start_each_other_in_a_circle(length: int, path: str) -> None:
    chain = [new(name) for name in "ABCD"[:length]]
    for caller, target in zip(chain[1:], [*chain[2:], chain[0]], strict=False):
        services.update_workflow(workflow=caller, graph=calling(target))

    with pytest.raises(CircularWorkflowError, match=path) as caught:
        services.update_workflow(workflow=chain[0], graph=calling(chain[1 % length]))
    problem = caught.value.problems[0]
    assert (problem.node, problem.field) == ("call_0", "config.workflow")


def test_a_circle_through_a_published_version_is_found() -> None:
    a, b = new("A"), new("B")
    services.update_workflow(workflow=b, graph=calling(a))
    publish_unchecked(b)
    services.update_workflow(workflow=b, graph=graph())
    with pytest.raises(CircularWorkflowError, match="A -> B -> A"):
        services.update_workflow(workflow=a, graph=calling(b))


def test_two_ways_to_the_same_workflow_are_no_circle() -> None:
    bottom = new("Bottom")
    left, right = new("Left", calling(bottom)), new("Right", calling(bottom))
    top = new("Top")
    services.update_workflow(workflow=top, graph=calling(left, right))
    assert Workflow.objects.get(pk=top.pk).revision == 2


@pytest.mark.parametrize("target", ["{{ trigger.id }}", "", None, 5, [], "x"])
def test_what_names_no_workflow_starts_none(target: Any) -> None:
    node = {"id": "call", "type": "trigger_workflow", "config": {"workflow": target}}
    services.update_workflow(workflow=new(), graph={"nodes": [START, node], "edges": []})


# ---------------------------------------------------------------- documents


def test_an_export_imports_as_the_same_workflow() -> None:
    workflow = services.create_workflow(
        name="Grüße 👋", description="a\nb", graph=graph(), settings={"max_parallel_runs": 7}
    )
    document = services.export_workflow(workflow=workflow)
    copy = services.import_workflow(document=json.loads(json.dumps(document)))

    assert copy.pk != workflow.pk and copy.webhook_hash != workflow.webhook_hash
    assert services.export_workflow(workflow=copy) == document
    assert (copy.status, copy.published) == ("inactive", None)


def test_an_export_holds_no_secret() -> None:
    vault.set_secret(name="api_token", value="do-not-show-me")
    workflow = new(draft=graph("{{ vault.api_token }}"))
    text = json.dumps(services.export_workflow(workflow=workflow))
    token = str(selectors.webhook_url(workflow, "")).split("/")[2]
    assert "{{ vault.api_token }}" in text
    assert "do-not-show-me" not in text and token not in text and str(workflow.pk) not in text


DOCUMENT = {"altoflow": 1, "name": "x", "description": "", "settings": {}, "graph": graph()}


@pytest.mark.parametrize(
    ("document", "field"),
    [
        pytest.param([], "", id="no object"),
        pytest.param({}, "altoflow", id="empty"),
        pytest.param(DOCUMENT | {"altoflow": 2}, "altoflow", id="from the future"),
        pytest.param(DOCUMENT | {"altoflow": "1"}, "altoflow", id="number as text"),
        pytest.param(DOCUMENT | {"name": ""}, "name", id="no name"),
        pytest.param(DOCUMENT | {"name": 5}, "name", id="name is a number"),
        pytest.param(DOCUMENT | {"name": "x" * 201}, "name", id="long name"),
        pytest.param(DOCUMENT | {"description": None}, "description", id="description null"),
        pytest.param(DOCUMENT | {"settings": {"a": 1}}, "settings.a", id="unknown setting"),
        pytest.param(DOCUMENT | {"secret": "x"}, "secret", id="unknown field"),
        pytest.param(DOCUMENT | {"graph": None}, "graph", id="graph null"),
    ],
)
def test_a_document_that_can_not_be_imported_says_why(document: Any, field: str) -> None:
    with pytest.raises(FormError) as caught:
        services.import_workflow(document=document)
    assert field in [error["field"] for error in caught.value.details["errors"]]
    assert not Workflow.objects.exists()


def test_an_import_of_a_broken_graph_names_the_node() -> None:
    with pytest.raises(GraphError) as caught:
        services.import_workflow(document=DOCUMENT | {"graph": graph(id="NO")})
    assert caught.value.problems[0].node == "NO"


# ---------------------------------------------------------------- two at once


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """What each action gave or raised, all started together on connections of their own."""
    barrier, results = threading.Barrier(len(actions)), [None] * len(actions)

    def perform(place: int, action: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results[place] = action()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=perform, args=each) for each in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_told() -> None:
    pk = new().pk

    def save(text: str) -> Callable[[], Any]:
        workflow = Workflow.objects.get(pk=pk)
        return lambda: services.update_workflow(workflow=workflow, graph=graph(text), revision=1)

    results = at_once(*(save(f"text {n}") for n in range(4)))
    refused = [result for result in results if isinstance(result, ConflictError)]
    assert len(refused) == 3, results
    assert Workflow.objects.get().revision == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_who_publish_at_once_each_gets_a_number() -> None:
    pk = new().pk

    def publish() -> Callable[[], Any]:
        workflow = Workflow.objects.get(pk=pk)
        return lambda: services.publish_workflow(workflow=workflow).number

    assert sorted(at_once(*(publish() for _ in range(4)))) == [1, 2, 3, 4]
    published = Workflow.objects.get().published
    assert published and published.number == 4
