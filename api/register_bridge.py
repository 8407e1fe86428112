"""Lets others ask the registers in their own words: who represents a company, who is a new member of staff."""

from __future__ import annotations

from core.text import Text
from idp.agency.model import Agent, CompanyEntry
from idp.agency.ports import CompanyRegister
from idp.proofing.ports import Match, OrganisationSource, PopulationSource
from idp.scim.ports import RealNameCheck


class RegisteredCompanies:
    """Implements `idp.agency.ports.CompanyRegister`."""

    def __init__(self, source: OrganisationSource) -> None:
        self._source = source

    async def look(self, uscc: str, person: Agent) -> CompanyEntry | None:
        said = await self._source.check(uscc, number=person.number, name=person.name)
        if not said.known:
            return None
        name = Text(said.name, said.name)  # the register has one name
        return CompanyEntry(name, said.active, said.representative is Match.AGREED)


class RegisteredPeople:
    """Implements `idp.scim.ports.RealNameCheck`; the dead join nobody."""

    def __init__(self, source: PopulationSource) -> None:
        self._source = source

    async def matches(self, number: str, name: str) -> bool:
        said = await self._source.check(number, name)
        return said.match is Match.AGREED and said.alive


_: type[CompanyRegister] = RegisteredCompanies
__: type[RealNameCheck] = RegisteredPeople
