"""A child that dies is started again: at once when it ran steadily, else later each time."""

import subprocess
import sys
import textwrap

import pytest

from altoflow import supervisor
from altoflow.supervisor import Child, Supervisor


def plan(lifetimes: list[float], monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The delays before the restarts of a child that lives this long each time."""
    child, clock, delays = Child("server", lambda: 0), 1000.0, []
    overseer = Supervisor([child], lambda: 1.0)
    for lifetime in lifetimes:
        child.started_at, clock = clock, clock + lifetime
        monkeypatch.setattr(supervisor.time, "monotonic", lambda now=clock: now)
        overseer._plan_restart(child)
        delays.append(round(child.start_at - clock, 1))
    return delays


@pytest.mark.parametrize(
    ("lifetimes", "delays"),
    [
        pytest.param([60], [0.0], id="one death after a minute"),
        pytest.param([0, 0, 0, 0], [0.2, 0.4, 0.8, 1.6], id="dies at once, each time"),
        pytest.param([0] * 9, [0.2, 0.4, 0.8, 1.6] + [3.0] * 5, id="never settles"),
        pytest.param([0, 0, 60, 0], [0.2, 0.4, 0.0, 0.2], id="settles in between"),
    ],
)
def test_restarts_come_later_while_a_child_keeps_dying(
    lifetimes: list[float], delays: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plan(lifetimes, monkeypatch) == delays


@pytest.mark.parametrize(
    ("child", "printed"),
    [
        pytest.param("lambda: print('ran') or 0", "ran", id="a child that ends"),
        pytest.param("lambda: 1 / 0", "ZeroDivisionError", id="a child that raises"),
        pytest.param("lambda: sys.exit(3)", "SystemExit", id="a child that exits"),
    ],
)
def test_whatever_a_child_does_the_supervisor_goes_on_and_stops_cleanly(
    child: str, printed: str
) -> None:
    script = f"""
        import os, signal, sys
        from altoflow.supervisor import Child, Supervisor
        turns = []
        def tick():
            turns.append(1)
            if len(turns) == 20:
                os.kill(os.getpid(), signal.SIGTERM)
            return 0.02
        sys.exit(Supervisor([Child("test", {child})], tick).run())
    """
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=10
    )
    assert answer.returncode == 0, answer.stderr
    assert printed in answer.stdout + answer.stderr
