"""For oneself, or for an organisation: chosen once for a session, asked where a portal wants to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, ReadTx, WriteTx
from core.principal import Principal, PrincipalKind
from core.text import Text
from idp.agency.model import SELF, Authorisation, Role, acting_claim
from idp.agency.ports import AuthorisationStore
from idp.agency.revoke import authorisation_not_found
from idp.login.fresh import NotFresh
from idp.login.sessions import Sessions
from idp.model import Organisation, OrganisationStatus, Session
from idp.ports import OrganisationStore, SessionStore


@dataclass(frozen=True, slots=True)
class Hat:
    """One organisation that somebody may act for now."""

    authorisation: Authorisation
    organisation: Organisation


class Acting:
    """Looks and chooses."""

    def __init__(
        self,
        database: Database,
        authorisations: AuthorisationStore,
        organisations: OrganisationStore,
        sessions: Sessions,
        session_store: SessionStore,
        clock: Clock,
    ) -> None:
        self._database = database
        self._authorisations = authorisations
        self._organisations = organisations
        self._sessions = sessions
        self._session_store = session_store
        self._clock = clock

    async def hats(self, tx: ReadTx, account_id: str) -> Sequence[Hat]:
        """Whom a person may act for today; the legal representative's own organisations first."""
        today = calendar_day(self._clock.now())
        found = []
        for one in await self._authorisations.of_account(tx, account_id):
            if one.in_force(today):
                organisation = await self._organisations.get(tx, one.organisation)
                if organisation is not None and organisation.status is OrganisationStatus.ACTIVE:
                    found.append(Hat(one, organisation))
        order = list(Role)
        return sorted(found, key=lambda hat: (order.index(hat.authorisation.role), hat.organisation.uscc))

    async def hats_of(self, person: Principal) -> Sequence[Hat]:
        """The same in a look of its own."""
        async with self._database.read() as tx:
            return await self.hats(tx, person.id)

    async def hat(self, tx: ReadTx, session: Session) -> Hat | None:
        """Whom the person of a session acts for now; None for themselves, and when the authority has run out."""
        if session.acting_for in (None, SELF):
            return None
        return next((hat for hat in await self.hats(tx, session.account_id) if _is(hat, session.acting_for)), None)

    async def current(self, session_cookie: str | None) -> Hat | None:
        """The same for a browser."""
        visit = await self._sessions.find(session_cookie)
        if visit is None or visit.session.acting_for in (None, SELF):
            return None
        async with self._database.read() as tx:
            return await self.hat(tx, visit.session)

    async def choose(self, session_cookie: str | None, authorisation_id: str | None) -> Text | None:
        """Act under an authorisation from now on, or for oneself.

        Returns:
            The organisation's name; None for oneself.

        Raises:
            NotFresh: nobody is logged in any more.
            NotFound: `authorisation-not-found`, also for somebody else's or one that is not in force.
        """
        visit = await self._sessions.find(session_cookie)
        if visit is None:
            raise NotFresh
        actor = Principal(PrincipalKind.PERSON, visit.account.id, session=visit.session.id)
        async with self._database.write() as tx:
            hat = None if authorisation_id is None else await self._held(tx, visit.account.id, authorisation_id)
            await self._session_store.act(tx, visit.session.id, SELF if hat is None else hat.authorisation.id)
            subject = visit.account.id if hat is None else hat.organisation.uscc
            detail = {"authorisation": "" if hat is None else hat.authorisation.id}
            tx.audit(AuditEvent("session.act", "done", actor, subject, detail=detail))
            await tx.commit()
        return None if hat is None else hat.organisation.name

    async def claim(self, tx: WriteTx, session: Session) -> dict[str, Any] | None:
        """What a token family that begins now keeps of it; holds the authorisation until the caller has committed.

        Raises:
            NotFound: `authorisation-not-found`, when it ended at this very moment.
        """
        if session.acting_for in (None, SELF):
            return None
        assert session.acting_for is not None, "it is an authorisation's id"
        hat = await self._held(tx, session.account_id, session.acting_for)
        return acting_claim(hat.authorisation, hat.organisation.name)

    async def _held(self, tx: WriteTx, account_id: str, authorisation_id: str) -> Hat:
        one = await self._authorisations.hold(tx, authorisation_id)
        today = calendar_day(self._clock.now())
        if one is None or one.account_id != account_id or not one.in_force(today):
            raise authorisation_not_found()
        organisation = await self._organisations.get(tx, one.organisation)
        if organisation is None or organisation.status is not OrganisationStatus.ACTIVE:
            raise authorisation_not_found()
        return Hat(one, organisation)


def _is(hat: Hat, authorisation_id: str | None) -> bool:
    return hat.authorisation.id == authorisation_id
