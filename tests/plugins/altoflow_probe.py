"""Node types for the tests: they misbehave on demand. Found like any installed node type."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import repeat
from typing import ClassVar

from rest_framework import serializers

from workflows.errors import NodeError
from workflows.node_type import (
    Context,
    Json,
    JsonTemplateField,
    NodeConfig,
    NodeType,
    Output,
    Result,
)

made: list[tuple[str, str]] = []
"""(node id, idempotency key) of each effect made in this process."""
answers: dict[str, Callable[[], Json]] = {}
"""What the effect of a node id answers; may raise."""
on_value: dict[str, Callable[[Json], Json]] = {}
"""The same, given the value."""
on_step: dict[str, Callable[[Context, Json], Json]] = {}
"""The same, given who asks and the value."""
gates: dict[str, threading.Event] = {}
"""The effect of a node id waits for its gate."""


class ProbePure(NodeType):
    """Gives its value back, or fails, or takes its time."""

    type = "probe_pure"
    label = "Probe"
    category: ClassVar = "action"
    icon = "bug"
    example: ClassVar[dict[str, Json]] = {"value": "{{ trigger.count }}"}
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"count": 3}}
    example_result = Output(3)

    class Config(NodeConfig):
        value = JsonTemplateField(required=False, allow_null=True, default=None)
        behave = serializers.ChoiceField(
            ["", "fail", "crash", "spin", "sleep_in_c", "hold_the_lock", "kill", "huge"], default=""
        )

    def execute(self, config: dict[str, Json], context: Context) -> Result:
        match config["behave"]:
            case "fail":
                raise NodeError("It was told to fail.", code="told_to")
            case "crash":
                raise ValueError("a fault of the node type")
            case "spin":
                while True:
                    pass
            case "sleep_in_c":
                time.sleep(1_000)
            case "hold_the_lock":
                # No signal reaches Python and no other thread does, until it is killed.
                deque(repeat(None), maxlen=0)
            case "kill":
                os.kill(os.getpid(), 9)
            case "huge":
                return Output("x" * 3_000_000)
        return Output(config["value"])


class ProbeEffect(NodeType):
    """Has an outside effect, as far as the engine knows."""

    type = "probe_effect"
    label = "Probe effect"
    category: ClassVar = "action"
    icon = "bug"
    effect = "outside"
    sends_idempotency_key = True
    example: ClassVar[dict[str, Json]] = {"value": "{{ trigger.count }}"}
    example_data: ClassVar[dict[str, Json]] = {"trigger": {"count": 3}}
    example_result = Output(3)

    class Config(NodeConfig):
        value = JsonTemplateField(required=False, allow_null=True, default=None)
        behave = serializers.ChoiceField(["", "hang_on_socket", "spin", "kill"], default="")

    def execute(self, config: dict[str, Json], context: Context) -> Result:
        made.append((context.node_id, context.idempotency_key))
        match config["behave"]:
            case "hang_on_socket":
                quiet, _held = socket.socketpair()
                quiet.recv(1)
            case "spin":
                while True:
                    pass
            case "kill":
                os.kill(os.getpid(), 9)
        if context.node_id in gates:
            gates[context.node_id].wait(10)
        if context.node_id in on_step:
            return Output(on_step[context.node_id](context, config["value"]))
        if context.node_id in on_value:
            return Output(on_value[context.node_id](config["value"]))
        if context.node_id in answers:
            return Output(answers[context.node_id]())
        return Output(config["value"])


class ProbeUnsafe(ProbeEffect):
    """Sends no key, so nobody may repeat it unasked."""

    type = "probe_unsafe"
    sends_idempotency_key = False
