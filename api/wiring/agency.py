"""Puts together what has to do with organisations and those who act for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from api.wiring.ground import Ground
from idp.agency.acting import Acting
from idp.agency.answer import AnswerOffer
from idp.agency.desk import OfferDesk
from idp.agency.dissolve import DissolveOrganisation
from idp.agency.ending import EndAuthorisation
from idp.agency.give import GiveAuthorisation
from idp.agency.overview import OrganisationsOf
from idp.agency.ports import ActingStore, AuthorisationStore, CompanyRegister
from idp.agency.represent import Represent
from idp.agency.revoke import RevokeAuthorisation
from idp.agency.sealing import AgentVault
from idp.directory import PersonVault
from idp.login.sessions import Sessions
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.ports import AccountStore, OrganisationStore, SessionStore
from idp.stores.agency import SqlActingStore, SqlAuthorisationStore


@dataclass(frozen=True)
class AgencyStores:
    """The stores of the authorisations; tests put wrapped ones in."""

    authorisations: AuthorisationStore = field(default_factory=SqlAuthorisationStore)
    acting: ActingStore = field(default_factory=SqlActingStore)


@dataclass(frozen=True)
class AgencyServices:
    """Ready use cases."""

    represent: Represent
    give: GiveAuthorisation
    answer: AnswerOffer
    revoke: RevokeAuthorisation
    end: EndAuthorisation
    dissolve: DissolveOrganisation
    acting: Acting
    overview: OrganisationsOf


def build_agency(
    ground: Ground,
    *,
    accounts: AccountStore,
    organisations: OrganisationStore,
    sessions: Sessions,
    session_store: SessionStore,
    end_session: EndSession,
    deliver: DeliverLogouts,
    people: PersonVault,
    register: CompanyRegister,
    stores: AgencyStores,
) -> AgencyServices:
    """Compose on the ground."""
    database, clock, secrets = ground.database, ground.clock, ground.keys.secrets
    kept, agents = stores.authorisations, AgentVault(secrets.fields.people)
    desk = OfferDesk(database, accounts, kept, people, agents, secrets.tokens, clock)
    end = EndAuthorisation(kept, stores.acting, end_session, clock)
    revoke = RevokeAuthorisation(database, kept, end, deliver, clock)
    return AgencyServices(
        represent=Represent(database, accounts, organisations, kept, register, end, deliver, people, agents, clock),
        give=GiveAuthorisation(desk),
        answer=AnswerOffer(desk),
        revoke=revoke,
        end=end,
        dissolve=DissolveOrganisation(database, organisations, revoke),
        acting=Acting(database, kept, organisations, sessions, session_store, clock),
        overview=OrganisationsOf(database, kept, organisations, agents, clock),
    )
