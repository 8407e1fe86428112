"""Log-out from our own pages: one step ends the session at every portal."""

from __future__ import annotations

from collections.abc import Sequence

from core.db.database import Database
from idp.login.sessions import Sessions
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.logout.farewell import Farewells, Return
from idp.model import LogoutDelivery


class LogOut:
    """The use case; ending what has ended already is success (reference pain 10)."""

    def __init__(
        self, database: Database, sessions: Sessions, end: EndSession, deliver: DeliverLogouts, farewells: Farewells
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._end = end
        self._deliver = deliver
        self._farewells = farewells

    async def __call__(self, session_cookie: str | None, back: Return | None = None) -> str | None:
        """End the session behind the cookie; portals have been told, or the time-out has passed, when this returns.

        Args:
            back: the way back that the portal named which wanted this.

        Returns:
            The id of what the page that follows must do, if it is anything.
        """
        deliveries: Sequence[LogoutDelivery] = ()
        async with self._database.write() as tx:
            session = await self._sessions.previous(tx, session_cookie)
            if session is not None:
                deliveries = await self._end(tx, session, reason="log-out")
                await tx.commit()
        await self._deliver.attempt(deliveries)
        return await self._farewells.begin(None if session is None else session.id, back)
