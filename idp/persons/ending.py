"""Ends everything that is open of an account: its sessions, its tokens, what waits at portals."""

from __future__ import annotations

from core.clock import Clock
from core.db.database import WriteTx
from idp.logout.end_session import EndSession
from idp.model import LogoutDelivery
from idp.ports import SessionStore, TokenStore


class EndEverything:
    """Works inside the caller's transaction; the caller commits, then has the deliveries attempted."""

    def __init__(self, sessions: SessionStore, tokens: TokenStore, end_session: EndSession, clock: Clock) -> None:
        self._sessions = sessions
        self._tokens = tokens
        self._end_session = end_session
        self._clock = clock

    async def __call__(
        self, tx: WriteTx, account_id: str, *, reason: str, but: str | None = None
    ) -> list[LogoutDelivery]:
        """
        Args:
            reason: short word for the audit log.
            but: a session that stays, with its tokens.
        """
        now = self._clock.now()
        deliveries: list[LogoutDelivery] = []
        for session in await self._sessions.live_of_account(tx, account_id, now):
            if session.id != but:
                deliveries += await self._end_session(tx, session, reason=reason)
        if but is None:  # those too that outlive their session
            await self._tokens.revoke_account(tx, account_id, at=now, reason=reason)
        return deliveries
