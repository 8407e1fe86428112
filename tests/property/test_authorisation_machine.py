"""The life of authorisations as a state machine: after any history, who may act for whom is what a plain model says.

Nothing is ever wider or longer than what it rests on; whatever ends takes with it all that rests on it.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import tempfile
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from core.errors import InvalidInput, NotFound, NotPermitted
from idp.agency.model import Authorisation, Role, State
from tests.support.agency_world import COMPANY, offered, principal, register_of, today
from tests.support.clock import FakeClock
from tests.support.idp_world import IdpWorld, Somebody, embedded_world

ITEMS = ("A", "B", "C")
items = st.lists(st.sampled_from(ITEMS), unique=True, max_size=3).map(lambda found: tuple(sorted(found)))
days = st.integers(0, 12)
roles = st.sampled_from([Role.AGENT, Role.AGENT, Role.MANAGER])


@dataclass
class Known:
    """What the model knows of one authorisation."""

    id: str
    holder: str
    role: Role
    items: frozenset[str]
    starts_on: dt.date
    ends_on: dt.date | None
    under: str | None
    state: State
    open_until: dt.datetime | None = None

    def in_force(self, day: dt.date) -> bool:
        return self.state is State.ACTIVE and self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


class AuthorisationMachine(RuleBasedStateMachine):
    """Three people and one organisation, whose representative may change."""

    offers = Bundle("offers")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.known: dict[str, Known] = {}

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    @initialize()
    def found(self) -> None:
        self.clock = FakeClock()
        opened = embedded_world(Path(self.folder.name), self.clock)
        self.world: IdpWorld = self.run(self.stack.enter_async_context(opened))
        self.register = register_of(self.world)
        self.people = {"lin": self.world.lin, "zhao": self.world.zhao, "clerk": self.world.clerk}
        self.represent("lin")

    def somebody(self, account: str) -> Somebody:
        return next(one for one in self.people.values() if one.account_id == account)

    # -- what happens ------------------------------------------------------------------------------------------------

    @rule(who=st.sampled_from(["lin", "zhao", "clerk"]))
    def represent(self, who: str) -> None:
        person = self.people[who]
        self.register.numbers[COMPANY] = person.number
        made: Authorisation = self.run(self.world.idp.agency.represent(principal(person), COMPANY))
        current = self.representative()
        if current is not None and current.holder == person.account_id:
            assert made.id == current.id
            return
        if current is not None:
            self.end(current)
        self.known[made.id] = Known(
            made.id, person.account_id, Role.REPRESENTATIVE, frozenset(), today(self.world), None, None, State.ACTIVE
        )

    @rule(
        target=offers,
        turn=st.integers(0, 50),
        to=st.sampled_from(["lin", "zhao", "clerk"]),
        role=roles,
        limit=items,
        starts=days,
        lasts=days,
    )
    def offer(self, turn: int, to: str, role: Role, limit: tuple[str, ...], starts: int, lasts: int) -> str | None:
        day, person = today(self.world), self.people[to]
        giving = [one for one in self.known.values() if one.in_force(day) and one.role is not Role.AGENT]
        givers = list(self.known.values()) if turn % 3 == 0 or not giving else giving
        giver = givers[turn % len(givers)]
        first = day + dt.timedelta(days=starts)
        last = first + dt.timedelta(days=lasts)
        above = {Role.REPRESENTATIVE: {Role.MANAGER, Role.AGENT}, Role.MANAGER: {Role.AGENT}, Role.AGENT: set()}
        wide = bool(giver.items) and (not limit or not set(limit) <= giver.items)
        long = giver.ends_on is not None and last > giver.ends_on
        allowed = (
            giver.in_force(day)
            and role in above[giver.role]
            and not wide
            and not long
            and first >= giver.starts_on
            and person.account_id != giver.holder
        )
        under = self.run(self.stored(giver.id))
        try:
            given = self.run(
                offered(
                    self.world,
                    self.somebody(giver.holder),
                    under,
                    person,
                    role=role,
                    items=limit,
                    starts_on=first,
                    ends_on=last,
                )
            )
        except (NotPermitted, InvalidInput):
            assert not allowed
            return None
        assert allowed, (giver, role, limit)
        made = given.authorisation
        self.known[made.id] = Known(
            made.id,
            person.account_id,
            role,
            frozenset(limit) or giver.items,
            first,
            last,
            giver.id,
            State.OFFERED,
            self.clock.now() + dt.timedelta(days=7),
        )
        return str(made.id)

    @rule(offer=consumes(offers), accept=st.booleans(), wrong=st.booleans())
    def answer(self, offer: str | None, accept: bool, wrong: bool) -> None:
        if offer is None:
            return
        one = self.known[offer]
        person = next(p for p in self.people.values() if (p.account_id == one.holder) is not wrong)
        open_ = one.state is State.OFFERED and one.open_until is not None and one.open_until > self.clock.now()
        try:
            self.run(self.world.idp.agency.answer(principal(person), offer, accept=accept))
        except NotFound:
            assert wrong or not open_
            return
        assert open_
        assert not wrong
        one.state = State.ACTIVE if accept else State.DECLINED

    @rule(turn=st.integers(0, 50), who=st.sampled_from(["lin", "zhao", "clerk"]))
    def revoke(self, turn: int, who: str) -> None:
        one = list(self.known.values())[turn % len(self.known)]
        person, day = self.people[who], today(self.world)
        living = one.state in (State.OFFERED, State.ACTIVE)
        own = one.holder == person.account_id
        mine = [held for held in self.known.values() if held.holder == person.account_id and held.in_force(day)]
        by_right = any(
            held.id != one.id
            and (
                (held.role is Role.REPRESENTATIVE and one.role is not Role.REPRESENTATIVE)
                or (held.role is Role.MANAGER and one.under == held.id)
            )
            for held in mine
        )
        try:
            self.run(self.world.idp.agency.revoke(principal(person), one.id))
        except NotFound:
            assert not living or not (own or by_right)
            return
        assert living
        assert own or by_right
        self.end(one)

    @rule(hours=st.sampled_from([1, 13, 24, 24 * 5, 24 * 9]))
    def time_passes(self, hours: int) -> None:
        self.clock.advance(hours * 3600)

    # -- what holds --------------------------------------------------------------------------------------------------

    @invariant()
    def whoever_may_act_is_whom_the_model_names(self) -> None:
        if not self.known:
            return
        day = today(self.world)
        for person in self.people.values():
            hats = self.run(self.world.idp.agency.acting.hats_of(principal(person)))
            expected = {one.id for one in self.known.values() if one.holder == person.account_id and one.in_force(day)}
            assert {hat.authorisation.id for hat in hats} == expected

    @invariant()
    def nothing_is_wider_than_what_it_rests_on(self) -> None:
        for one in self.known.values():
            stored: Authorisation = self.run(self.stored(one.id))
            assert (stored.state, frozenset(stored.items)) == (one.state, one.items)
            if one.under is None or one.state is not State.ACTIVE:
                continue
            giver = self.known[one.under]
            assert giver.state is State.ACTIVE
            assert not giver.items or (one.items and one.items <= giver.items)
            assert giver.ends_on is None or (one.ends_on is not None and one.ends_on <= giver.ends_on)

    def representative(self) -> Known | None:
        found = [one for one in self.known.values() if one.role is Role.REPRESENTATIVE and one.state is State.ACTIVE]
        assert len(found) <= 1
        return found[0] if found else None

    def end(self, one: Known) -> None:
        one.state = State.ENDED
        for below in self.known.values():
            if below.under == one.id and below.state in (State.OFFERED, State.ACTIVE):
                self.end(below)

    async def stored(self, authorisation_id: str) -> Authorisation:
        async with self.world.ground.database.read() as tx:
            found = await self.world.idp.agency.acting._authorisations.get(tx, authorisation_id)
        assert found is not None
        return found

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.runner.close()
        self.folder.cleanup()


TestAuthorisations = AuthorisationMachine.TestCase
TestAuthorisations.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
