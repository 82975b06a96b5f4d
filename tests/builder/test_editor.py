"""The page of the builder and its layout, without a browser."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from builder.editor import card_templates, palette
from builder.icons import icon_names, symbols
from builder.layout import NODE_HEIGHT, NODE_WIDTH, node_height
from tests.workflows.definitions import graph, user_with
from workflows.models import Role, Workflow
from workflows.palette import node_types
from workflows.services import create_workflow

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client: Client) -> Client:
    cache.clear()
    client.force_login(user_with(Role.EDITOR))
    return client


@pytest.fixture
def workflow() -> Workflow:
    return create_workflow(name="Orders", graph=graph())


def test_every_type_has_a_card_and_a_place_in_the_palette(
    editor: Client, workflow: Workflow
) -> None:
    page = editor.get(f"/workflows/{workflow.pk}/").content.decode()
    types = [each["type"] for each in node_types()]
    assert sorted(type["type"] for group in palette() for type in group.types) == sorted(types)
    for name in [*types, ""]:
        assert f'<template data-type="{name}">' in page
    for name in types:
        assert f'data-add="{name}"' in page


def test_every_icon_of_the_page_is_in_its_sprite(editor: Client, workflow: Workflow) -> None:
    page = editor.get(f"/workflows/{workflow.pk}/").content.decode()
    used = {part.split('"')[0] for part in page.split('href="#icon-')[1:]}
    there = {part.split('"')[0] for part in page.split('id="icon-')[1:]}
    assert used <= there
    assert {card.icon for card in card_templates()} - {""} <= icon_names()


def test_unknown_icons_are_left_out() -> None:
    assert set(symbols(["globe", "no-such-icon"])) == {"globe"}


def test_a_large_workflow_opens_with_a_constant_number_of_queries(
    editor: Client, django_assert_num_queries: Callable[..., Any]
) -> None:
    nodes = [{"id": f"n{n}", "type": "text_transform"} for n in range(500)]
    workflow = create_workflow(name="Large", graph={"nodes": nodes, "edges": []})
    address = f"/workflows/{workflow.pk}/"
    editor.get(address)
    with django_assert_num_queries(6):
        assert editor.get(address).status_code == 200


def test_the_layout_places_every_node(editor: Client, workflow: Workflow) -> None:
    drawn = graph()
    cases = [{"port": f"case_{n}", "operator": "equals", "right": n} for n in range(6)]
    drawn["nodes"].append({"id": "by_kind", "type": "switch", "config": {"cases": cases}})
    drawn["nodes"] += [{"id": f"way_{n}", "type": "delay"} for n in range(6)]
    drawn["edges"] += [
        {"source": "start", "port": "default", "target": "by_kind"},
        *({"source": "by_kind", "port": f"case_{n}", "target": f"way_{n}"} for n in range(6)),
    ]
    answer = editor.post(
        f"/workflows/{workflow.pk}/layout/", {"graph": drawn}, content_type="application/json"
    )
    places = answer.json()["positions"]
    assert set(places) == {node["id"] for node in drawn["nodes"]}
    ways = [places[f"way_{n}"]["y"] for n in range(6)]
    assert ways == sorted(ways), "The ports keep their order."
    height = node_height([*(f"case_{n}" for n in range(6)), "default"])
    for (a, first), (b, second) in combinations(places.items(), 2):
        beside = abs(first["x"] - second["x"]) >= NODE_WIDTH
        upper, lower = sorted(((first["y"], a), (second["y"], b)))
        assert beside or lower[0] - upper[0] >= (height if upper[1] == "by_kind" else NODE_HEIGHT)


BROKEN = {"no JSON": "{", "no graph": "[]", "a form not read": '{"graph": {"nodes": 1}}'}


@pytest.mark.parametrize("body", BROKEN.values(), ids=BROKEN)
def test_what_is_no_graph_is_not_laid_out(editor: Client, workflow: Workflow, body: str) -> None:
    address = f"/workflows/{workflow.pk}/layout/"
    answer = editor.post(address, body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["message"]
