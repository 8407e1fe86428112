"""Random lives of accounts against a model: registered again, frozen, reported dead, merged, left, closed.

Whatever happens, a number leads to at most one account, the one that the model says; only an account in use opens; and
what was closed never comes back.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from api.wiring.idp import sql_stores
from core.errors import AppError
from core.identifiers.citizen_id import parse_citizen_id
from core.principal import SYSTEM, Principal, PrincipalKind
from idp.model import AccountStatus
from idp.people import NewAccount
from idp.persons.model import COOLING_OFF, Departure, FreezeReason
from tests.support.clock import START, FakeClock
from tests.support.idp_world import IdpWorld, citizen_number, embedded_world

SYS = Principal(PrincipalKind.STAFF, "acc_system", scopes=frozenset({"admin:system"}))
SEC = Principal(PrincipalKind.STAFF, "acc_security", scopes=frozenset({"admin:security"}))
NUMBERS = [citizen_number(serial) for serial in (801, 802, 803)]
numbers = st.sampled_from(NUMBERS)
picks = st.integers(0, 5)


@dataclass
class Life:
    """What should be true of an account."""

    id: str
    numbers: set[str]
    status: AccountStatus = AccountStatus.ACTIVE
    dead: bool = False
    leaves_at: dt.datetime | None = None


class Lives(RuleBasedStateMachine):
    """Drives the use cases of offices and the worker; log-ins are tried elsewhere."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.loop = asyncio.new_event_loop()
        self.stack, self.clock = AsyncExitStack(), FakeClock()
        self.world: IdpWorld = self._do(self.stack.enter_async_context(embedded_world(self.folder, self.clock)))
        self.lives: list[Life] = []

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self._do(self.stack.aclose())
            self.loop.close()
            shutil.rmtree(self.folder)

    @rule(number=numbers)
    def register(self, number: str) -> None:
        taken = any(number in one.numbers for one in self.lives)
        made = self._try(self.world.idp.create_account(NewAccount(number, "林知远", None), SYSTEM))
        assert (made == "account-exists") is taken
        if not taken:
            self.lives.append(Life(made, {number}))

    @rule(pick=picks)
    def freeze(self, pick: int) -> None:
        if (life := self._picked(pick)) is not None:
            code = self._try(self.world.idp.persons.freeze.freeze(life.id, FreezeReason.MISUSE, "why", SYS))
            assert (code is None) is (life.status is AccountStatus.ACTIVE)
            if code is None:
                life.status = AccountStatus.FROZEN

    @rule(pick=picks, by=st.sampled_from([SYS, SEC]))
    def unfreeze(self, pick: int, by: Principal) -> None:
        if (life := self._picked(pick)) is not None:
            code = self._try(self.world.idp.persons.freeze.unfreeze(life.id, "why", by))
            may = life.status is AccountStatus.FROZEN and (by is SEC or not life.dead)
            assert (code is None) is may
            if may:
                life.status, life.dead = AccountStatus.ACTIVE, False

    @rule(number=numbers)
    def die(self, number: str) -> None:
        self._do(self.world.idp.persons.freeze.died(number, START.date()))
        for life in self.lives:
            if number in life.numbers and life.status is not AccountStatus.CLOSED:
                life.status, life.dead = AccountStatus.FROZEN, True

    @rule(pick=picks)
    def close(self, pick: int) -> None:
        if (life := self._picked(pick)) is not None:
            code = self._try(self.world.idp.persons.close(life.id, "why", SEC))
            assert (code is not None and "account" in code) is (life.status is not AccountStatus.FROZEN)
            if life.status is AccountStatus.FROZEN:
                self._gone(life, keeps=life.dead)

    @rule(stays=picks, goes=picks)
    def merge(self, stays: int, goes: int) -> None:
        one, other = self._picked(stays), self._picked(goes)
        if one is None or other is None or one is other:
            return
        changes = self.world.idp.persons.changes
        proposal = self._try(changes.propose_merge(one.id, other.id, "the same person", SYS))
        alive = AccountStatus.CLOSED not in (one.status, other.status)
        assert (proposal == "account-status") is not alive
        if alive:
            assert self._try(changes.approve(proposal.id, SEC)) is None
            one.numbers |= other.numbers
            other.numbers, other.status, other.leaves_at = set(), AccountStatus.CLOSED, None

    @rule(pick=picks)
    def wish_to_leave(self, pick: int) -> None:
        life = self._picked(pick)
        if life is not None and life.status is AccountStatus.ACTIVE and life.leaves_at is None:
            self._do(self._wish(life.id))
            life.leaves_at = self.clock.now() + COOLING_OFF

    @rule(days=st.sampled_from([1, 8]))
    def let_time_pass(self, days: int) -> None:
        self.clock.advance(days * 86400)
        self._do(self.world.idp.persons.departures.carry_out())
        for life in self.lives:
            due = life.leaves_at is not None and life.leaves_at <= self.clock.now()
            if due and life.status is AccountStatus.ACTIVE:
                self._gone(life, keeps=False)

    @rule(pick=picks)
    def stay(self, pick: int) -> None:
        if (life := self._picked(pick)) is not None:
            person = Principal(PrincipalKind.PERSON, life.id)
            assert self._do(self.world.idp.persons.departures.take_back(person)) is (life.leaves_at is not None)
            life.leaves_at = None

    @invariant()
    def every_account_is_as_the_model_says(self) -> None:
        for life in getattr(self, "lives", ()):
            assert self._do(self._status(life.id)) is life.status

    @invariant()
    def a_number_leads_to_one_account(self) -> None:
        for number in NUMBERS if hasattr(self, "lives") else ():
            found = self._do(self._holder(number))
            assert found == next((life.id for life in self.lives if number in life.numbers), None)

    async def _wish(self, account_id: str) -> None:
        """As the person's own page does it, without a log-in."""
        now = self.clock.now()
        async with self.world.ground.database.write() as tx:
            departures = self.world.idp.persons.departures._departures
            await departures.add(tx, Departure(account_id, now, now + COOLING_OFF))
            await tx.commit()

    async def _status(self, account_id: str) -> AccountStatus:
        async with self.world.ground.database.read() as tx:
            account = await sql_stores().accounts.get(tx, account_id)
        assert account is not None, "accounts are closed, not deleted"
        return account.status

    async def _holder(self, number: str) -> str | None:
        parsed = parse_citizen_id(number, today=START.date())
        return await self.world.idp.directory.account_by_citizen_id(parsed)

    def _gone(self, life: Life, *, keeps: bool) -> None:
        life.status, life.leaves_at = AccountStatus.CLOSED, None
        if not keeps:
            life.numbers = set()

    def _picked(self, pick: int) -> Life | None:
        return self.lives[pick % len(self.lives)] if self.lives else None

    def _try(self, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self._do(work)
        except AppError as error:
            return error.code

    def _do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)


def test_no_life_leads_astray() -> None:
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            phases=(Phase.explicit, Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
