"""What a person has to do with organisations: whom they may act for, whom they authorised, and what was before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.clock import Clock, calendar_day
from core.db.database import Database
from core.errors import NotPermitted
from core.identifiers.uscc import parse_uscc
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.agency.model import Agent, Authorisation, Role, State
from idp.agency.ports import AuthorisationStore
from idp.agency.rules import may_end
from idp.agency.sealing import AgentVault
from idp.directory import organisation_not_found
from idp.model import Organisation, OrganisationStatus
from idp.ports import OrganisationStore

_LOOKS = ("admin:system", "admin:security", "admin:audit")


@dataclass(frozen=True, slots=True)
class GivenOne:
    """Somebody's authority, as those see it who may end it."""

    authorisation: Authorisation
    agent: Agent = field(repr=False)
    may_end: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A person's own authority.

    Attributes:
        in_force: they may act under it today.
        gives: they may authorise others.
        agents: whom they see, the newest first: a representative all, a manager those they authorised.
    """

    authorisation: Authorisation
    organisation: Organisation
    in_force: bool
    gives: bool
    agents: Sequence[GivenOne] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """An organisation, and the roles of those who act for it today."""

    organisation: Organisation
    acting: Sequence[Role]


class OrganisationsOf:
    """The use cases that look."""

    def __init__(
        self,
        database: Database,
        authorisations: AuthorisationStore,
        organisations: OrganisationStore,
        agents: AgentVault,
        clock: Clock,
    ) -> None:
        self._database = database
        self._authorisations = authorisations
        self._organisations = organisations
        self._agents = agents
        self._clock = clock

    async def __call__(self, person: Principal) -> Sequence[Held]:
        """The newest first; also what has ended."""
        today = calendar_day(self._clock.now())
        found: list[Held] = []
        async with self._database.read() as tx:
            for one in await self._authorisations.of_account(tx, person.id):
                organisation = await self._organisations.get(tx, one.organisation)
                assert organisation is not None, "an authorisation is of an organisation"
                stands = organisation.status is OrganisationStatus.ACTIVE
                force = stands and one.in_force(today)
                gives = force and one.role is not Role.AGENT
                below = await self._authorisations.of_organisation(tx, one.organisation) if gives else ()
                agents = tuple(self._seen(one, other) for other in below if _sees(one, other))
                found.append(Held(one, organisation, force, gives, agents))
        return found

    async def counted(self, typed: str, actor: Principal) -> Counted:
        """For administrators.

        Raises:
            NotPermitted: `administrators-only`.
            InvalidInput: `uscc-invalid`.
            NotFound: `organisation-not-found`.
        """
        if actor.kind is not PrincipalKind.SYSTEM and not any(actor.may(scope) for scope in _LOOKS):
            raise NotPermitted("administrators-only", Text("这件事由管理员做。", "This is for administrators."))
        uscc, today = parse_uscc(typed), calendar_day(self._clock.now())
        async with self._database.read() as tx:
            organisation = await self._organisations.get(tx, uscc)
            if organisation is None:
                raise organisation_not_found()
            found = await self._authorisations.of_organisation(tx, uscc)
        stands = organisation.status is OrganisationStatus.ACTIVE
        return Counted(organisation, [one.role for one in found if stands and one.in_force(today)])

    def _seen(self, holder: Authorisation, other: Authorisation) -> GivenOne:
        living = other.state in (State.OFFERED, State.ACTIVE)
        today = calendar_day(self._clock.now())
        return GivenOne(other, self._agents.open(other), living and may_end(holder, other, today))


def _sees(holder: Authorisation, other: Authorisation) -> bool:
    if other.id == holder.id or other.role is Role.REPRESENTATIVE:
        return False
    return holder.role is Role.REPRESENTATIVE or other.under == holder.id
