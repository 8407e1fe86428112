"""Random people, licences, rotations, crashes and workers against a model: nothing is lost, doubled or unreadable.

What the key ring promises is kept here too: a key is published before it is used, every worker hears of it in time,
the work begins when they have, and only what nothing needs is retired.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from certstore.codes import CITIZEN_ID, HolderCode
from certstore.model import Licence
from core.principal import SYSTEM
from keys.errors import FieldDamaged
from keys.reencrypt.documents import GRACE
from keys.spec import KeyState
from tests.support.clock import FakeClock
from tests.support.databases import postgres_database, sqlite_database
from tests.support.idp_world import citizen_number
from tests.support.reencryption_world import PURPOSES, City, PowerCut, Worker, city
from tests.support.servers import PostgresServer

people = st.integers(1, 4)
workers = st.integers(0, 1)
purposes = st.sampled_from(["field.people", "index.people", "field.licences", "index.licences", "field.documents"])


class ReencryptionMachine(RuleBasedStateMachine):
    """Two workers over one database."""

    server: PostgresServer | None = None
    seen: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="yizheng-machine-"))
        self.stack = AsyncExitStack()
        self.accounts: dict[int, tuple[str, bool]] = {}  # serial → account id, has a phone
        self.held: dict[int, Licence] = {}
        self.ended: list[tuple[int, Licence]] = []
        self.unsettled: set[int] = set()  # workers that have not heard of the newest change of keys

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def found(self) -> None:
        self.run(self._found())

    async def _found(self) -> None:
        self.clock = FakeClock()
        opened = (
            sqlite_database(self.folder, self.clock)
            if self.server is None
            else postgres_database(self.server, self.clock)
        )
        database = await self.stack.enter_async_context(opened)
        self.city: City = await self.stack.enter_async_context(city(database, self.folder, self.clock))
        self.workers: list[Worker] = [self.city.worker(rows=2), self.city.worker(rows=2)]
        for serial in (1, 2, 3):  # there is something to do from the first step on
            account_id = await self.workers[0].add_person(citizen_number(serial), _phone(serial))
            licence = await self.workers[0].issue(_holder(serial))
            assert account_id is not None
            assert licence is not None
            self.accounts[serial], self.held[serial] = (account_id, True), licence
        for purpose in PURPOSES:
            self.city.ring.rotate(purpose)
        self._tell(0, 1)

    # -- the service's own work ------------------------------------------------------------------------------------

    @rule(serial=people, phone=st.booleans(), who=workers)
    def serve(self, serial: int, phone: bool, who: int) -> None:
        """Somebody comes: gets an account and a licence, once each; or, having both, loses the licence."""
        worker, known = self.workers[who], serial in self.accounts
        made = self.run(worker.add_person(citizen_number(serial), _phone(serial) if phone else None))
        assert (made is None) is known
        if made is not None:
            self.accounts[serial] = (made, phone)
        licence = self.run(worker.issue(_holder(serial)))
        assert (licence is None) is (serial in self.held)
        if licence is not None:
            self.held[serial] = licence
        if known and phone:
            gone = self.held.pop(serial)
            self.run(worker.end(gone))
            self.ended.append((serial, gone))

    # -- keys --------------------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.unsettled)
    @rule(purpose=purposes, hears=workers, batches=st.none() | st.integers(0, 5), cut=st.booleans())
    def rotate(self, purpose: str, hears: int, batches: int | None, cut: bool) -> None:
        """Published, heard of by all, activated; one worker hears of the activation at once and the other later, or
        both do and the work begins, perhaps with a power cut."""
        self.city.ring.prepare(purpose)
        self._tell(0, 1)
        self.city.ring.rotate(purpose)
        self.retire_old(purpose)
        self.seen["rotated"] += 1
        self._tell(hears, *(() if batches is None else (1 - hears,)))
        if batches is not None:
            if cut:
                self.crash(hears, batches % 2)
            self.work(hears, batches)

    def retire_old(self, purpose: str) -> None:
        """Only after asking, and in a step of its own."""

    @precondition(lambda self: not self.unsettled)
    @rule(purpose=purposes, hears=workers)
    def publish(self, purpose: str, hears: int) -> None:
        """A next key that one worker knows and the other does not; it will be given up again."""
        self.city.ring.prepare(purpose)
        self._tell(hears)

    @precondition(lambda self: self.unsettled)
    @rule()
    def hear(self) -> None:
        for purpose in PURPOSES:
            for key_id in self.city.ring.ids(purpose, KeyState.NEXT):
                self.city.ring.retire(key_id)
        self._tell(0, 1)

    def _tell(self, *who: int) -> None:
        for one in who:
            self.workers[one].view.refresh()
        self.unsettled = {0, 1} - set(who)

    @precondition(lambda self: not self.unsettled)
    @rule(who=workers)
    def retire(self, who: int) -> None:
        for purpose in PURPOSES:
            for key_id in self.city.ring.ids(purpose, KeyState.VERIFY_ONLY):
                if not self.run(self.workers[who].usage.needed(key_id)):
                    self.city.ring.retire(key_id)
                    self._tell(who)
                    self.seen["retired"] += 1

    # -- re-encryption -----------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.unsettled)
    @rule(who=workers, batches=st.integers(1, 12))
    def go_on(self, who: int, batches: int) -> None:
        self.work(who, batches)

    def work(self, who: int, batches: int) -> None:
        for _ in range(batches):
            self.seen["rewritten"] += self.run(self.workers[who].work.step())

    def crash(self, who: int, after: int) -> None:
        fragile = self.workers[who].collections
        for collection in fragile:
            collection.rows_until_cut = after
        try:
            self.run(self.workers[who].work.step())
        except PowerCut:
            self.seen["crashed"] += 1
            self.workers[who] = self.city.worker(rows=2)  # restarted: it knows all keys
        finally:
            for collection in fragile:
                collection.rows_until_cut = None

    @rule(seconds=st.sampled_from([130.0, 90_000.0]), who=workers, pause=st.booleans())
    def disturb(self, seconds: float, who: int, pause: bool) -> None:
        """Leases run out, what was discarded is removed, an administrator pauses and resumes."""
        self.clock.advance(seconds)
        self.run(self.workers[who].discarded())
        control = self.workers[who].control
        self.run(control.pause("account", SYSTEM) if pause else control.resume(None, SYSTEM))

    # -- what must always hold ---------------------------------------------------------------------------------------

    @invariant()
    def everybody_is_found_and_readable(self) -> None:
        if hasattr(self, "workers"):
            self.run(self._check())

    async def _check(self) -> None:
        for worker in self.workers:
            for serial in range(1, 5):
                account_id, phone = self.accounts.get(serial, (None, False))
                name = f"name of {citizen_number(serial)}"
                found = await worker.find_person("citizen-id", citizen_number(serial))
                assert found == (None if account_id is None else (account_id, name))
                assert (await worker.find_person("phone", _phone(serial)) is not None) is phone
                licences = await worker.licences_of(_holder(serial))
                of_holder = {one.id for other, one in self.ended if other == serial}
                of_holder |= {self.held[serial].id} if serial in self.held else set()
                assert set(licences) == of_holder
                for one in licences.values():
                    assert one.current.holders[0].code == _holder(serial)
        for licence in self.held.values():
            assert await self.workers[0].document_of(licence.id) == f"%PDF of {licence.id}".encode()

    def teardown(self) -> None:
        try:
            if hasattr(self, "workers"):
                self.run(self._come_to_rest())
        finally:
            self.run(self.stack.aclose())
            self.runner.close()
            shutil.rmtree(self.folder)

    async def _come_to_rest(self) -> None:
        """Left alone, the work ends, and nothing is left under any key but the active ones."""
        for worker in self.workers:
            worker.view.refresh()
        await self.workers[0].control.resume(None, SYSTEM)
        self.clock.advance(90_000)  # everything is counted once a day
        await self.workers[0].run()
        assert set((await self.workers[1].remaining()).values()) == {0}
        for purpose in PURPOSES:
            for key_id in self.city.ring.ids(purpose, KeyState.VERIFY_ONLY):
                if purpose != "field.shortlived":
                    assert not await self.workers[1].usage.needed(key_id)
                    self.city.ring.retire(key_id)
        for worker in self.workers:
            worker.view.refresh()
        await self._check()
        await self.workers[0].run()
        self.clock.advance(2 * GRACE.total_seconds())
        await self.workers[0].discarded()
        # a licence that was refused had its document kept before: nothing refers to that one, and it is let go
        assert len(self.city.documents()) == len(self.held) + len(self.ended)


def _holder(serial: int) -> HolderCode:
    return HolderCode(CITIZEN_ID, citizen_number(serial))


def _phone(serial: int) -> str:
    return f"1380000{serial:04d}"


def _run(machine: type[ReencryptionMachine], examples: int, *phases: Phase) -> Counter[str]:
    machine.seen = Counter()
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            phases=phases or tuple(Phase),
            suppress_health_check=list(HealthCheck),
        ),
    )
    return machine.seen


def _met_everything(seen: Counter[str]) -> None:
    """A machine that never meets what it is for would prove nothing."""
    assert all(seen[what] for what in ("rotated", "rewritten", "crashed")), seen


@pytest.mark.slow
def test_reencryption_on_sqlite() -> None:
    _met_everything(_run(ReencryptionMachine, 20))


@pytest.mark.slow
def test_reencryption_on_postgres(postgres_server: PostgresServer) -> None:
    _met_everything(_run(type("OnPostgres", (ReencryptionMachine,), {"server": postgres_server}), 8))


class Careless(ReencryptionMachine):
    """Retires a key as soon as it is not the active one any more."""

    def retire_old(self, purpose: str) -> None:
        for key_id in self.city.ring.ids(purpose, KeyState.VERIFY_ONLY):
            self.city.ring.retire(key_id)


@pytest.mark.slow
def test_a_retirement_without_asking_is_noticed() -> None:
    """The twin: the machine can fail."""
    with pytest.raises((FieldDamaged, AssertionError)):
        _run(Careless, 40, Phase.generate)
