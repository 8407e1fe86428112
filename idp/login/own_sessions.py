"""Where a person is logged in: browsers, devices, and what waits at a counter; each can be ended by its owner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database
from core.errors import NotFound
from core.principal import Principal
from core.text import Text
from idp.clients.registry import ClientRegistry
from idp.login.sessions import Sessions
from idp.logout.deliver import DeliverLogouts
from idp.logout.end_session import EndSession
from idp.model import Client, LogoutDelivery, Session, SessionKind
from idp.ports import SessionStore


@dataclass(frozen=True, slots=True)
class OwnSession:
    """A live session and the clients that were entered through it, in order."""

    session: Session
    clients: tuple[Client, ...]
    current: bool


class OwnSessions:
    """The use case."""

    def __init__(
        self,
        database: Database,
        store: SessionStore,
        sessions: Sessions,
        registry: ClientRegistry,
        end: EndSession,
        deliver: DeliverLogouts,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._sessions = sessions
        self._registry = registry
        self._end = end
        self._deliver = deliver
        self._clock = clock

    async def of(self, person: Principal) -> Sequence[OwnSession]:
        """The one that is looked from first, then the newest."""
        async with self._database.read() as tx:
            live = [
                one
                for one in await self._store.live_of_account(tx, person.id, self._clock.now())
                if one.kind is not SessionKind.BROWSER or self._sessions.is_live(one)
            ]
            entered = {one.id: await self._store.clients(tx, one.id) for one in live}
        found = []
        for session in live:
            clients = [await self._registry.active(one.client_id) for one in entered[session.id]]
            known = tuple(client for client in clients if client is not None)
            found.append(OwnSession(session, known, session.id == person.session))
        found.sort(key=lambda one: (not one.current, -one.session.authenticated_at.timestamp(), one.session.id))
        return found

    async def get(self, person: Principal, session_id: str) -> OwnSession:
        """
        Raises:
            NotFound: `session-not-found`, also for somebody else's (attacks O-68).
        """
        for one in await self.of(person):
            if one.session.id == session_id:
                return one
        raise NotFound("session-not-found", Text("这次登录已经结束了。", "This log-in has ended already."))

    async def end(self, person: Principal, session_id: str) -> None:
        """End it with its tokens; its clients have been told, or the time-out has passed, when this returns.

        Raises:
            NotFound: `session-not-found`.
        """
        own = await self.get(person, session_id)
        async with self._database.write() as tx:
            deliveries = await self._end(tx, own.session, reason="ended-by-owner")
            await tx.commit()
        await self._deliver.attempt(deliveries)

    async def end_others(self, person: Principal) -> int:
        """End every session but the one that this is done from, in one transaction; answers how many."""
        deliveries: list[LogoutDelivery] = []
        async with self._database.write() as tx:
            live = await self._store.live_of_account(tx, person.id, self._clock.now())
            others = [one for one in live if one.id != person.session]
            for session in others:
                deliveries += await self._end(tx, session, reason="ended-by-owner")
            await tx.commit()
        await self._deliver.attempt(deliveries)
        return len(others)
