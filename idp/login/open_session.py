"""Opens a session for somebody who has authenticated, in whatever way; the one place where a browser gets one.

OpenID Connect Core §2 (`auth_time`, `acr`, `amr`); attacks O-50.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from core.audit.event import AuditEvent
from core.db.database import WriteTx
from core.principal import Principal, PrincipalKind
from idp.login.sessions import Authentication, Sessions, StartSession
from idp.login_history.record import RecordLogIns
from idp.logout.end_session import EndSession
from idp.model import Account, LogoutDelivery, Session


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A session with its cookie's value; `deliveries` are to be attempted after the commit."""

    session: Session
    cookie: str = field(repr=False)
    deliveries: Sequence[LogoutDelivery] = ()


class OpenSession:
    """Works inside the caller's transaction."""

    def __init__(self, sessions: Sessions, start: StartSession, end: EndSession, history: RecordLogIns) -> None:
        self._sessions = sessions
        self._start = start
        self._end = end
        self._history = history

    async def __call__(
        self, tx: WriteTx, account: Account, session_cookie: str | None, how: Authentication
    ) -> OpenedSession:
        """
        Args:
            session_cookie: value that the browser's session cookie has now; dead afterwards. The session of another
                person in the same browser ends.
        """
        deliveries: Sequence[LogoutDelivery] = ()
        previous = await self._sessions.previous(tx, session_cookie)
        if previous is not None and previous.account_id != account.id:
            deliveries = await self._end(tx, previous, reason="another-person")
        session, cookie = await self._start(tx, account, previous, how)
        actor = Principal(PrincipalKind.PERSON, account.id, session=session.id)
        tx.audit(AuditEvent("session.start", "done", actor, account.id, detail={"method": how.method}))
        await self._history.opened(tx, session, how.method)
        return OpenedSession(session, cookie, deliveries)
