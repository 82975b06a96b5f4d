"""The load generator and the receiver, against each other: their figures are the bench's ruler."""

import time
from collections.abc import Iterator

import pytest
from pytest_httpserver import HTTPServer

from bench.child import ChildError
from bench.load import Load, LoadGenerator
from bench.receiver import Receiver


@pytest.fixture(scope="module")
def generator() -> Iterator[LoadGenerator]:
    with LoadGenerator() as generator:
        yield generator


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver(0.05) as receiver:
        yield receiver


@pytest.mark.parametrize(
    ("connections", "most", "open_at_once"),
    [
        pytest.param(1, 2, 1, id="one connection: one request at a time"),
        pytest.param(8, 24, 8, id="eight connections: eight requests at a time"),
        pytest.param(8, 3, 3, id="fewer requests than connections"),
    ],
)
def test_each_connection_keeps_one_request_open(
    generator: LoadGenerator,
    receiver: Receiver,
    connections: int,
    most: int,
    open_at_once: int,
) -> None:
    receiver.most_open()
    load = Load(receiver.port, "/", connections=connections, most=most, seconds=10)
    outcome = generator.send(load).check(200)
    assert len(outcome.answers) == most
    assert receiver.most_open() == open_at_once


def test_latency_and_clock_are_those_of_the_wall(
    generator: LoadGenerator, receiver: Receiver
) -> None:
    before = time.time()
    (answer,) = generator.send(Load(receiver.port, "/", most=1)).answers
    after = time.time()
    assert 0.05 <= answer.seconds <= after - before
    assert before - 0.001 <= answer.sent_at <= answer.answered_at <= after + 0.001


def test_no_request_begins_after_the_end(generator: LoadGenerator, receiver: Receiver) -> None:
    outcome = generator.send(Load(receiver.port, "/", connections=4, seconds=0.12))
    begun = max(a.sent_at for a in outcome.answers) - min(a.sent_at for a in outcome.answers)
    assert begun <= 0.12
    assert outcome.seconds >= 0.12


def test_the_server_gets_what_was_asked_for(
    generator: LoadGenerator, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(
        "/a", method="PUT", json={"n": "ü"}, headers={"Authorization": "Bearer key"}
    ).respond_with_data("é" * 100_000)
    load = Load(
        httpserver.port,
        "/a",
        method="PUT",
        body='{"n": "ü"}',
        authorization="Bearer key",
        connections=2,
        most=4,
    )
    outcome = generator.send(load).check(200)
    assert [answer.body for answer in outcome.answers] == ["é" * 100_000] * 4


def test_another_status_is_an_error(generator: LoadGenerator, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("too much", status=429)
    with pytest.raises(ChildError, match="429, not 202: too much"):
        generator.send(Load(httpserver.port, "/", most=1)).check(202)


def test_a_server_that_is_not_there_is_an_error_and_the_generator_goes_on(
    generator: LoadGenerator, receiver: Receiver
) -> None:
    with pytest.raises(ChildError, match="Connection refused"):
        generator.send(Load(1, "/", most=1))
    assert generator.send(Load(receiver.port, "/", most=1)).answers
