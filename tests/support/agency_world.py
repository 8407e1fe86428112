"""Organisations and those who act for them, for tests: a register that can be told, and a browser that chooses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from core.clock import calendar_day
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.agency.give import Given, NewAuthorisation
from idp.agency.model import Agent, Authorisation, CompanyEntry, Role
from idp.client_metadata import ActingDemand
from idp.model import GrantType
from tests.support.grants_world import other_client
from tests.support.idp_browser import Browser
from tests.support.idp_world import IdpWorld, Portal, Somebody, organisation_code

COMPANY = organisation_code(7)
NAME = Text("演示建材有限公司", "Demo Building Materials Ltd")
CALLBACK = "https://office.example.test/callback"


@dataclass
class Register:
    """Implements `idp.agency.ports.CompanyRegister`; `numbers` are the representatives' by organisation."""

    numbers: dict[str, str] = field(default_factory=dict)
    struck_off: set[str] = field(default_factory=set)
    fails: Exception | None = None

    async def look(self, uscc: str, person: Agent) -> CompanyEntry | None:
        if self.fails is not None:
            raise self.fails
        if uscc not in self.numbers:
            return None
        return CompanyEntry(NAME, uscc not in self.struck_off, self.numbers[uscc] == person.number)


def register_of(world: IdpWorld, **numbers: str) -> Register:
    """Connect a register, in which Lin represents the company."""
    register = Register({COMPANY: world.lin.number} | numbers)
    world.idp.agency.represent._register = register
    return register


def principal(who: Somebody) -> Principal:
    return Principal(PrincipalKind.PERSON, who.account_id)


def today(world: IdpWorld) -> dt.date:
    return calendar_day(world.clock.now())


def wanted(world: IdpWorld, under: Authorisation, who: Somebody, **changes: Any) -> NewAuthorisation:
    """An agent's authority of thirty days."""
    values: dict[str, Any] = {
        "under": under.id,
        "name": who.name,
        "number": who.number,
        "role": Role.AGENT,
        "items": (),
        "starts_on": today(world),
        "ends_on": today(world) + dt.timedelta(days=30),
    }
    return NewAuthorisation(**values | changes)


async def offered(world: IdpWorld, giver: Somebody, under: Authorisation, who: Somebody, **changes: Any) -> Given:
    return await world.idp.agency.give(principal(giver), wanted(world, under, who, **changes))


async def given(world: IdpWorld, giver: Somebody, under: Authorisation, who: Somebody, **changes: Any) -> Authorisation:
    """Offered, and accepted."""
    made = await offered(world, giver, under, who, **changes)
    await world.idp.agency.answer(principal(who), made.authorisation.id, accept=True)
    async with world.ground.database.read() as tx:
        found = await world.idp.agency.acting._authorisations.get(tx, made.authorisation.id)
    assert found is not None
    return found


async def office(world: IdpWorld, acting: ActingDemand = ActingDemand.ASK, **changes: Any) -> Portal:
    """A portal that wants to know for whom people act."""
    made = await other_client(
        world,
        "office",
        GrantType.AUTHORIZATION_CODE,
        GrantType.REFRESH_TOKEN,
        redirect_uris=(CALLBACK,),
        scopes=frozenset({"openid", "offline_access", "organisation"}),
        acting=acting,
        **changes,
    )
    return Portal(made.client_id, CALLBACK, made.secret, made.auth_method, "openid organisation")


class Chooser(Browser):
    """A browser that answers the question for whom its person acts.

    Args:
        answers: authorisations, or None for oneself, one for each time that it is asked.
    """

    def __init__(self, world: IdpWorld, answers: Sequence[str | None] = (), **options: Any) -> None:
        super().__init__(world, **options)
        self.answers = list(answers)
        self.asked = 0

    async def answer_page(self, location: str) -> Any:
        self.asked += 1
        return await self.http.post(location, data={"for": self.answers.pop(0) or "self"})
