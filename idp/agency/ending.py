"""Ends an authorisation with all that rests on it: what was given under it, sessions that act under it, their tokens.

Works inside the caller's transaction, so that either all of it has ended or nothing has. Whoever is granting something
under it at that moment holds its row (`AuthorisationStore.hold`): either they finish first, and what they wrote is
ended here, or they find it ended (attacks O-37).
"""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import WriteTx
from core.principal import Principal
from idp.agency.model import Authorisation, Reason
from idp.agency.ports import ActingStore, AuthorisationStore
from idp.logout.end_session import EndSession
from idp.model import LogoutDelivery

SESSION_REASON = "authorisation-ended"


class EndAuthorisation:
    """The one way in which an authorisation ends."""

    def __init__(
        self, authorisations: AuthorisationStore, acting: ActingStore, end_session: EndSession, clock: Clock
    ) -> None:
        self._authorisations = authorisations
        self._acting = acting
        self._end_session = end_session
        self._clock = clock

    async def __call__(
        self, tx: WriteTx, one: Authorisation, reason: Reason, actor: Principal
    ) -> Sequence[LogoutDelivery]:
        """Log-out notices to attempt after the commit; nothing when it had ended already."""
        now = self._clock.now()
        if not await self._authorisations.end(tx, one.id, at=now, reason=reason):
            return ()
        detail: Detail = {"authorisation": one.id, "role": one.role.value, "reason": reason.value}
        tx.audit(AuditEvent("authorisation.end", "done", actor, one.account_id or one.organisation, detail=detail))
        deliveries: list[LogoutDelivery] = []
        for session in await self._acting.sessions(tx, one.id, now):
            deliveries += await self._end_session(tx, session, reason=SESSION_REASON)
        await self._acting.revoke_tokens(tx, one.id, at=now, reason=SESSION_REASON)
        for below in await self._authorisations.given_under(tx, one.id):
            deliveries += await self(tx, below, Reason.GIVER_ENDED, actor)
        return deliveries

    async def end_of(self, tx: WriteTx, account_id: str, actor: Principal) -> Sequence[LogoutDelivery]:
        """All that a person has, because their account is closed."""
        deliveries: list[LogoutDelivery] = []
        for one in await self._authorisations.of_account(tx, account_id):
            deliveries += await self(tx, one, Reason.ACCOUNT_CLOSED, actor)
        return deliveries
