"""Ends a session with everything that hangs on it: its tokens die in the same transaction, its portals get notice."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.event import AuditEvent, Detail
from core.clock import Clock
from core.db.database import WriteTx
from core.ids import new_id
from core.principal import Principal, PrincipalKind
from idp.model import DeliveryState, LogoutDelivery, Session, SessionClient
from idp.ports import DeliveryStore, SessionStore, TokenStore


class EndSession:
    """Works inside the caller's transaction; the caller commits, then has the deliveries attempted."""

    def __init__(self, sessions: SessionStore, tokens: TokenStore, deliveries: DeliveryStore, clock: Clock) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._deliveries = deliveries
        self._clock = clock

    async def __call__(self, tx: WriteTx, session: Session, *, reason: str) -> Sequence[LogoutDelivery]:
        """What is to be delivered; nothing when the session had ended already (log-out is idempotent)."""
        now = self._clock.now()
        if not await self._sessions.end(tx, session.id, now):
            return ()
        await self._tokens.revoke_session(tx, session.id, at=now, reason=reason)
        entered = await self._sessions.to_notify(tx, session.id)
        deliveries = [self._delivery(one) for one in entered]
        await self._deliveries.add(tx, deliveries)
        actor = Principal(PrincipalKind.PERSON, session.account_id, session=session.id)
        detail: Detail = {"reason": reason, "notices": len(entered)}
        tx.audit(AuditEvent("session.end", "done", actor, subject=session.account_id, detail=detail))
        return deliveries

    def _delivery(self, entered: SessionClient) -> LogoutDelivery:
        now = self._clock.now()
        return LogoutDelivery(
            id=new_id(self._clock, "lgo"),
            client_id=entered.client_id,
            sid=entered.sid,
            subject=entered.subject,
            state=DeliveryState.PENDING,
            attempts=0,
            due_at=now,
            last_result=None,
            created_at=now,
        )
