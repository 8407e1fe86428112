"""Random lives of licences, alone and at once, against the transition table (attacks L-08).

Whatever happens to a few licences of two people, one step after another or several at the same moment: every history
is a walk through the table, there is one present version with its file, the versions are chained, nobody holds two at
once of a type that is held once, and what was answered about a past day stays so.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from certstore.errors import AlreadyHeld
from certstore.history import GENESIS, version_hash
from certstore.identifier import parse_identifier
from certstore.lifecycle import ENDINGS, TRANSITIONS, Event, State, effective_state
from certstore.making import facts_of
from certstore.model import InspectionRule, Licence, LicenceChange, LicenceFile, LicenceVersion
from certstore.status import Status, status_on
from certstore.stores.files import SqlFileStore
from core.clock import calendar_day
from core.errors import Conflict
from tests.support.certstore_world import LIN_NAME, LIN_NUMBER, PERMIT, ZHAO_NUMBER, World, world
from tests.support.clock import FakeClock
from tests.support.databases import postgres_database, sqlite_database
from tests.support.licence_life import Life
from tests.support.servers import PostgresServer

HOLDERS = {LIN_NUMBER: LIN_NAME, ZHAO_NUMBER: "赵映雪"}
TAKEN = sorted(
    {event for _, event in TRANSITIONS}
    - {Event.CREATE, Event.RECORD, Event.ISSUE, Event.TRANSFER_IN, Event.EXPIRE, Event.CONFIRM}
)
LIVE = (State.VALID, State.SUSPENDED)
events = st.sampled_from([*TAKEN, *(event for event in TAKEN if event not in ENDINGS for _ in range(3))])
picks = st.integers(0, 3)
nights = st.sampled_from([0, 0, 0, 1, 30, 200, 366])
chosen = st.lists(events, min_size=1, max_size=4)
Whole = tuple[Licence, Sequence[LicenceChange], Sequence[LicenceVersion], Sequence[LicenceFile | None]]


class LifeMachine(RuleBasedStateMachine):
    """Residence permits, held once by each person, inspected, valid for a year."""

    server: PostgresServer | None = None
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="yizheng-life-"))
        self.stack = AsyncExitStack()
        self.ids: list[str] = []
        self.answers: dict[tuple[str, dt.date], Status] = {}
        self.count = 0

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def found(self) -> None:
        self.run(self._found())
        for number in HOLDERS:
            self.issue(number)

    async def _found(self) -> None:
        self.clock = FakeClock()
        opened = (
            sqlite_database(self.folder, self.clock)
            if self.server is None
            else postgres_database(self.server, self.clock)
        )
        database = await self.stack.enter_async_context(opened)
        self.city: World = await self.stack.enter_async_context(world(database, self.clock, self.folder))
        self.life = Life(self.city)
        await self.life.retype(PERMIT, inspection=InspectionRule(12, 2000))
        self.spoil()

    def spoil(self) -> None:
        """For the twin that breaks something."""

    # -- what happens -------------------------------------------------------------------------------------------------

    @rule(number=st.sampled_from(sorted(HOLDERS)))
    def issue(self, number: str) -> None:
        held = self._live_of(number)
        try:
            made = self.run(self.city.issue_permit(number, HOLDERS[number]))
        except AlreadyHeld:
            assert held, "refused though nothing was held"
            return
        assert not held, "issued though one was held"
        self.ids.append(made.id)

    @rule(moments=st.lists(st.tuples(nights, st.booleans(), picks, chosen), min_size=2, max_size=6))
    def days_go_by(self, moments: list[tuple[int, bool, int, list[Event]]]) -> None:
        """With steps one after the other, or several at the same moment.

        All in one rule: Hypothesis leaves rules out of whole lives, and then nothing meets anything.
        """
        for passed, written_down, pick, steps in moments:
            if passed:
                self._nights_pass(passed, written_down)
            if len(steps) == 1:
                self._step(self._picked(pick), steps[0])
            else:
                self._race(self._picked(pick), steps)

    def _step(self, licence: Licence, event: Event) -> None:
        before = self._effective(licence)
        due = (before, event) in TRANSITIONS
        revives = before not in LIVE and due and TRANSITIONS[before, event] in LIVE
        if revives and any(one.id != licence.id for one in self._live_of(licence.current.holders[0].code.number)):
            due = False
        if ENDINGS.get(event) is licence.state:  # asked for again
            assert self.run(self._take(licence, event)) == licence
            return
        try:
            after = self.run(self._take(licence, event))
        except Conflict:
            assert not due, f"{event} was refused in {before}"
            self.seen["refused"] += 1
            return
        assert due, f"{event} was taken in {before}"
        assert after.state is TRANSITIONS[before, event]
        assert after == self.run(self.life.stored(licence))
        self.seen["steps"] += 1

    def _race(self, licence: Licence, steps: list[Event]) -> None:
        """Each step that was taken is one event; whoever was too late, or may not, is told so."""
        length = len(self.run(self.life.history(licence)))
        got = self.run(self._all_at_once(licence, steps))
        refused = [one for one in got if isinstance(one, BaseException)]
        assert all(isinstance(one, Conflict) for one in refused), refused
        taken = len(self.run(self.life.history(licence))) - length
        assert taken <= len(got) - len(refused)
        self.seen["raced"] += 1
        self.seen["lost"] += len(refused) > 0 and taken > 0

    @rule(pick=picks)
    def renew_twice_with_one_key(self, pick: int) -> None:
        licence = self._picked(pick)
        length, key = len(self.run(self.life.history(licence))), self._key()
        try:
            first = self.run(self.life.renew(licence, key=key))
        except Conflict:
            return
        assert self.run(self.life.renew(licence, key=key)) == first
        assert len(self.run(self.life.history(licence))) == length + 1

    def _nights_pass(self, days: int, written_down: bool) -> None:
        today = self.city.today
        for licence_id in self.ids:
            for day in (today - dt.timedelta(days=1), today - dt.timedelta(days=40)):
                self.answers[licence_id, day] = self.run(self._answer(licence_id, day))
        self.clock.advance(days * 86400)
        if written_down:
            self._write_down()

    def _write_down(self) -> None:
        before = [self._effective(self._stored(one)) for one in self.ids]
        self.run(self.city.services.life.expire())
        assert [self._stored(one).state for one in self.ids] == before
        self.seen["written down"] += State.EXPIRED in before

    # -- what must be so ----------------------------------------------------------------------------------------------

    @invariant()
    def everything_holds_together(self) -> None:
        whole = self.run(self._everything())
        for licence, history, versions, files in whole:
            _walks_through_the_table(licence, history, versions)
            _has_one_present_version_and_a_chain(licence, versions, files)
        for number in HOLDERS:
            assert sum(self._held(one, number) for one, *_ in whole) <= 1, "somebody holds two"
        found = {licence.id: (history, versions) for licence, history, versions, _ in whole}
        for (licence_id, day), said in self.answers.items():
            assert status_on(*found[licence_id], day) is said, "a past day has another answer"

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- short forms --------------------------------------------------------------------------------------------------

    def _key(self) -> str:
        self.count += 1
        return f"machine-{self.count}"

    def _stored(self, licence_id: str) -> Licence:
        found: Licence = self.run(self.life.by_id(licence_id))
        return found

    def _picked(self, pick: int) -> Licence:
        return self._stored(self.ids[pick % len(self.ids)])

    def _effective(self, licence: Licence) -> State:
        return effective_state(licence.state, licence.current.valid_until, self.city.today)

    def _live_of(self, number: str) -> list[Licence]:
        return [one for one in map(self._stored, self.ids) if self._held(one, number)]

    def _held(self, licence: Licence, number: str) -> bool:
        return licence.current.holders[0].code.number == number and self._effective(licence) in LIVE

    async def _take(self, licence: Licence, event: Event) -> Licence:
        life = self.life
        if event in (Event.CHANGE, Event.CORRECT):
            self.count += 1
            data = {"address": f"示例市青石区演示路 {self.count} 号"}
            return await (life.change if event is Event.CHANGE else life.correct)(licence, data)
        plain = {
            Event.RENEW: life.renew,
            Event.REISSUE: life.reissue,
            Event.ANNUAL_PASS: life.passed,
            Event.ANNUAL_FAIL: life.failed,
            Event.SUSPEND: life.suspend,
            Event.RESUME: life.resume,
            Event.TRANSFER_OUT: life.transfer_out,
            Event.TRANSFER_UNDO: life.transfer_undo,
        }
        return await (plain[event](licence) if event in plain else life.end(licence, event))

    async def _all_at_once(self, licence: Licence, chosen: Sequence[Event]) -> list[Any]:
        return await asyncio.gather(*(self._take(licence, event) for event in chosen), return_exceptions=True)

    async def _whole(self, licence: Licence) -> Any:
        return await self.life.history(licence), await self.life.versions(licence)

    async def _everything(self) -> list[Whole]:
        whole = []
        for licence_id in self.ids:
            licence = await self.life.by_id(licence_id)
            history, versions = await self._whole(licence)
            async with self.city.database.read() as tx:
                files = [await SqlFileStore().original(tx, licence_id, one.number) for one in versions]
            whole.append((licence, history, versions, files))
        return whole

    async def _answer(self, licence_id: str, day: dt.date) -> Status:
        history, versions = await self._whole(await self.life.by_id(licence_id))
        return status_on(history, versions, day)


def _walks_through_the_table(
    licence: Licence, history: Sequence[LicenceChange], versions: Sequence[LicenceVersion]
) -> None:
    assert [one.sequence for one in history] == list(range(1, licence.revision + 1))
    state: State | None = None
    version = 1
    for change in history:
        came_from = state
        if state is not None and change.event is not Event.EXPIRE:
            came_from = effective_state(state, versions[version - 1].valid_until, calendar_day(change.at))
        assert TRANSITIONS[came_from, change.event] is change.state
        state, version = change.state, change.version
    assert licence.state is state


def _has_one_present_version_and_a_chain(
    licence: Licence, versions: Sequence[LicenceVersion], files: Sequence[LicenceFile | None]
) -> None:
    assert [one.number for one in versions] == list(range(1, licence.current.number + 1))
    assert len({parse_identifier(one.identifier).serial for one in versions}) == 1
    previous = GENESIS
    for version, file in zip(versions, files, strict=True):
        assert file is not None
        assert version.previous == previous
        assert version.hash == version_hash(facts_of(version, file.sha256), previous)
        previous = version.hash


def _run(machine: type[LifeMachine], examples: int) -> Counter[str]:
    machine.seen = Counter()
    run_machine(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=8,
            deadline=None,
            derandomize=True,
            phases=(Phase.generate,),  # to shrink a life takes minutes; the steps are printed as they are
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return machine.seen


def _met_everything(seen: Counter[str]) -> None:
    """A machine that never meets what it is for would prove nothing."""
    assert all(seen[what] for what in ("steps", "refused", "raced", "lost", "written down")), seen


@pytest.mark.slow
def test_lives_on_sqlite() -> None:
    _met_everything(_run(LifeMachine, 10))


@pytest.mark.slow
def test_lives_on_postgres(postgres_server: PostgresServer) -> None:
    _met_everything(_run(type("OnPostgres", (LifeMachine,), {"server": postgres_server}), 4))


@pytest.mark.slow
def test_a_step_that_forgets_the_mark_is_noticed() -> None:
    """The twin: the machine can fail."""

    def spoil(self: LifeMachine) -> None:
        async def forget(*_: Any) -> None: ...

        steps: Any = self.city.services.life.suspend
        steps._steps._keep_single = forget

    careless = type("Careless", (LifeMachine,), {"spoil": spoil})
    with pytest.raises(AssertionError):
        _run(careless, 40)
