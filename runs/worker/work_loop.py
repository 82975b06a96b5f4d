"""The work task: one process that executes many runs at once and commits them together.

Crash-only: an unexpected error ends the process, and the next one on its slot goes on from the last
checkpoint.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import FrameType
from uuid import uuid4

from django.conf import settings
from django.db import transaction

from runs import services
from runs.bells import Bell, make_bell
from runs.engine import children, engine, outcomes
from runs.memory.run_state import EffectCall, RunState, StepTimeoutError
from runs.schedules.scheduler import Scheduler
from runs.store import checkpoints, leases, loading
from runs.waiting_callers import call_listeners
from runs.worker.clock import DatabaseClock
from runs.worker.effects import EffectThreads, crashed
from runs.worker.suspect_trial import SuspectTrial
from runs.worker.watchdog import TimeLimit, Watchdog
from workflows import plain_json, vault
from workflows.errors import GraphError, NodeError, WorkflowError
from workflows.ids import installation_id
from workflows.node_type import Result

logger = logging.getLogger("altoflow.work")

TURN_SECONDS = 0.025
"""How long runs are advanced in memory before their checkpoint."""
MOST_CLAIMED = 64
MOST_HELD = 512
LONGEST_SLEEP = 1.0
STOP_SECONDS = 5.0
"""How long effects that are under way may still take when the process is told to stop."""
MOST_DEATHS = 5


class WorkLoop:
    """Runs in the main thread of its process; `turn` is the whole of its work."""

    def __init__(self, slot: int) -> None:
        self.slot = slot
        self.owner = f"{installation_id()}:{slot}:{os.getpid()}:{uuid4().hex[:8]}"
        self.vault = vault.snapshot()
        self.graphs = loading.Graphs()
        self.held: dict[str, RunState] = {}
        self.active: deque[RunState] = deque()
        self.backlog: deque[EffectCall] = deque()
        self.flying: dict[int, EffectCall] = {}
        self.effects = EffectThreads(settings.EFFECT_THREADS)
        self.watchdog = Watchdog(slot, self.owner, self._movable)
        self.scheduler = Scheduler()
        self.clock = DatabaseClock()
        self.trial = SuspectTrial(self.held)
        self.stopping_since: float | None = None
        self._beat_at = self._asked_at = 0.0

    def run(self) -> None:
        """Until SIGTERM. Raises whatever goes wrong; the caller ends the process then."""
        signal.signal(signal.SIGTERM, self._stop)
        bell = make_bell(self.slot)
        self._succeed()
        self.watchdog.begin()
        while not self._is_done():
            self.turn()
            self._wait(bell)
        leases.release(self.owner)
        self.close()

    def close(self) -> None:
        self.watchdog.end()
        self.effects.close()

    @property
    def was_told_to_stop(self) -> bool:
        return self.stopping_since is not None

    def turn(self) -> None:
        """1. start what is due by a schedule  2. collect finished effects  3. give up those over
        their time  4. advance runs in memory  5. commit all of them together and claim more
        6. only then make this turn's effects."""
        self.watchdog.arm()
        self.scheduler.fire_due(self.now())
        self._collect()
        self._hear_children()
        self._expire()
        self._advance()
        launched = self._launch()
        with self.watchdog.at_commit:
            claims = self._commit()
            for call in launched:
                if not call.abandoned:
                    self.flying[id(call)] = call
                    self.effects.start(call)
        self._take_in(claims)

    # ------------------------------------------------------------ the surroundings of the engine

    def now(self) -> float:
        return self.clock.now()

    def limited(
        self, state: RunState, node_id: str, seconds: float, work: Callable[[], Result]
    ) -> Result:
        self.watchdog.arm()
        with self.watchdog.box.around(state.run_id, node_id):
            try:
                return TimeLimit.run(seconds, work)
            except (NodeError, StepTimeoutError):
                raise
            except Exception as error:
                logger.exception("The node %s of run %s raised", node_id, state.run_id)
                raise crashed(state.graph.nodes[node_id].type, error) from error

    # ------------------------------------------------------------ the parts of a turn

    def _collect(self) -> None:
        for call, outcome in self.effects.outcomes():
            self.flying.pop(id(call), None)
            if not call.abandoned:
                engine.collect(call, outcome, self)
                self.active.append(call.state)

    def _hear_children(self) -> None:
        """A parked run is woken when a run ends that it waits for; one that is busy in another
        branch asks once a second."""
        if time.monotonic() - self._asked_at < LONGEST_SLEEP:
            return
        self._asked_at = time.monotonic()
        calls = [call for state in self.held.values() for call in state.children.values()]
        endings = loading.child_endings([call.child_run for call in calls])
        for call in calls:
            if call.child_run in endings and call.state.children.pop(call.key, None) is call:
                outcomes.child_ended(call, endings[call.child_run], self)
                self.active.append(call.state)

    def _expire(self) -> None:
        now = self.now()
        for call in [call for call in self.flying.values() if call.context.deadline <= now]:
            if not call.abandoned:
                engine.expire(call, self)
                self.active.append(call.state)

    def _advance(self) -> None:
        until = time.monotonic() + TURN_SECONDS
        now = self.now()
        for state in self.held.values():
            if state.waits and not state.is_idle and state.next_due <= now:
                self.active.append(state)
        for _ in range(len(self.active)):
            if time.monotonic() >= until:
                break
            state = self.active.popleft()
            if state.ending is None:
                engine.advance(state, self, until)
            while state.calling:
                self._place_calls(state)
                engine.advance(state, self, until)
            self.backlog.extend(state.starting)
            state.starting.clear()
            if state.ready and state.ending is None:
                self.active.append(state)

    def _place_calls(self, state: RunState) -> None:
        calls, state.calling = state.calling, []
        for call in calls:
            engine.called(call, children.prepare(call), self)

    def _launch(self) -> list[EffectCall]:
        """As many prepared effects as there are free threads; none any more before a stop."""
        launched: list[EffectCall] = []
        while self.backlog and len(launched) < self.effects.free and not self.was_told_to_stop:
            call = self.backlog.popleft()
            if not call.abandoned:
                engine.launch(call, self)
                launched.append(call)
        return launched

    def _commit(self) -> list[leases.Claim]:
        """One transaction: fence, steps, run states, jobs, leases, heartbeat, the next claims."""
        changed = [s for s in self.held.values() if s.unsaved or s.ending or s.is_idle]
        most = self._room()
        due = most > 0 and self._something_is_due()
        if not (changed or due or self._lease_is_old() or self._beat_is_old()):
            return []
        with transaction.atomic():
            held = checkpoints.still_held(self.owner, changed)
            mine = [state for state in changed if state.run_id in held]
            checkpoints.save(mine, self.now())
            services.cancel_runs(run_ids=[run_id for state in mine for run_id in state.forsaken])
            self._stay_alive()
            claims = self._claim(most) if due else []
        on_trial = self.trial.is_on
        checkpoints.mark_saved(mine)
        if on_trial and not self.trial.is_on:
            self.trial.end()
        self._call_listeners(mine)
        self._let_go(changed, mine)
        return claims

    def _call_listeners(self, states: Sequence[RunState]) -> None:
        """Whoever waits for the answer of one of these runs looks now."""
        call_listeners(state.run_id for state in states if state.has_news)
        for state in states:
            state.answered = False

    def _let_go(self, changed: Sequence[RunState], mine: Sequence[RunState]) -> None:
        """Forget runs that have ended, are parked, or belong to somebody else now."""
        kept = {state.run_id for state in mine if not (state.ending or state.is_idle)}
        self._forget([state for state in changed if state.run_id not in kept])

    def _forget(self, states: Sequence[RunState]) -> None:
        for state in states:
            del self.held[state.run_id]
            for call in state.calls.values():
                call.abandoned = True
        if states:
            self.active = deque(s for s in self.active if self.held.get(s.run_id) is s)

    def _take_in(self, claims: Sequence[leases.Claim]) -> None:
        if claims:
            self.vault = vault.snapshot()
        usable = []
        for claim in claims:
            if claim.deaths >= MOST_DEATHS:
                self._fail(claim, worker_lost(claim.deaths))
            else:
                usable.append(claim)
        for loaded in loading.load(usable, self.graphs, self.now()):
            if isinstance(loaded, RunState):
                self._hold(loaded)
            else:
                self._fail(*loaded)

    def _hold(self, state: RunState) -> None:
        if state.most_parallel and state.saved_status == "queued":
            with transaction.atomic():
                if not loading.admit(state):
                    return
        if state.run_id in self.held:
            # It was given back, or its lease had ended: what is here of it is older than its fence.
            self._forget([self.held[state.run_id]])
        self.held[state.run_id] = state
        self.active.append(state)

    def _fail(self, claim: leases.Claim, error: WorkflowError | GraphError) -> None:
        logger.error("Run %s can not be executed: %s", claim.run_id, error.message)
        with transaction.atomic():
            checkpoints.fail_unusable(claim, plain_json.dump(error.as_json()), self.now())

    # ------------------------------------------------------------ claims and leases

    def _room(self) -> int:
        """How many runs may be claimed now."""
        if self.was_told_to_stop or self.trial.wants_to_be_alone:
            return 0
        if len(self.backlog) >= self.effects.size or self._is_worn_out():
            return 0
        return min(MOST_CLAIMED, MOST_HELD - len(self.held))

    def _claim(self, most: int) -> list[leases.Claim]:
        """Within the transaction of a turn."""
        claims = leases.claim(self.owner, most)
        return claims + self.trial.claim(self.owner, claims)

    def _something_is_due(self) -> bool:
        due = self._next_due()
        return due is not None and due <= self.now() + 0.001

    def _next_due(self) -> float | None:
        return leases.next_due(suspects=self.trial.takes_a_suspect)

    def _is_worn_out(self) -> bool:
        """Too many threads hang in calls that were given up."""
        hanging = sum(call.abandoned for call in self.flying.values())
        return hanging * 4 > self.effects.size

    def _lease_is_old(self) -> bool:
        age = time.monotonic() - self.watchdog.renewed_at
        return bool(self.held) and age > settings.LEASE_SECONDS / 3

    def _beat_is_old(self) -> bool:
        return time.monotonic() - self._beat_at > LONGEST_SLEEP * 2

    def _movable(self) -> list[str]:
        return [state.run_id for state in list(self.held.values()) if not state.calls]

    def _stay_alive(self) -> None:
        """Within the transaction of a turn."""
        if self._lease_is_old():
            leases.extend_leases(self.owner)
            self.watchdog.renewed_at = time.monotonic()
        if self._beat_is_old():
            leases.beat(self.owner, self.slot, socket.gethostname(), os.getpid())
            self._beat_at = time.monotonic()

    # ------------------------------------------------------------ begin, wait, end

    def _succeed(self) -> None:
        """Take over from the dead process that had this slot before."""
        hung = self.watchdog.predecessor_hung_in()
        with transaction.atomic():
            leases.take_back(f"{installation_id()}:{self.slot}:")
            claim = leases.steal(self.owner, hung[0]) if hung else None
        self._take_in([claim] if claim else [])
        for state in self.held.values():
            state.hung_node = hung[1] if hung else ""

    def _wait(self, bell: Bell) -> None:
        """Until a wake-up call, an outcome, the next due time, or a second has passed."""
        self.clock.keep_right()
        bells: list[Bell] = [bell, self.effects]
        for rung in select.select(bells, [], [], self._longest_sleep())[0]:
            rung.drain()

    def _longest_sleep(self) -> float:
        if self.active or (self.backlog and self.effects.free and not self.was_told_to_stop):
            return 0
        times = [self.scheduler.next_look]
        times += [call.context.deadline for call in self.flying.values() if not call.abandoned]
        times += [state.next_due for state in self.held.values() if state.waits]
        if self._room() and (due := self._next_due()) is not None:
            times.append(due)
        return max(0, min([LONGEST_SLEEP, *(moment - self.now() for moment in times)]))

    def _is_done(self) -> bool:
        if self.stopping_since is None:
            return not self.held and any(call.abandoned for call in self.flying.values())
        late = time.monotonic() - self.stopping_since > STOP_SECONDS
        return late or not any(not call.abandoned for call in self.flying.values())

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping_since = self.stopping_since or time.monotonic()
        self.effects.ring()


def worker_lost(deaths: int) -> WorkflowError:
    return WorkflowError(
        f"{deaths} workers died while they executed this run, so it was stopped. Look at the log "
        "of the workers for the cause, then resume the run.",
        code="worker_lost",
    )
