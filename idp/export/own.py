"""The person asks for a copy of their data, sees how far it is, and takes it.

Asking and taking need a log-in of just now, as strong as the person can (attacks O-57).
"""

from __future__ import annotations

import datetime as dt

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import NotFound
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.export.content import ExportContent
from idp.export.model import DataExport, ExportState
from idp.export.ports import ExportStore
from idp.factors.strong import StrongVisits, actor_of

WAITS_FOR = dt.timedelta(hours=1)
"""How long a copy that was asked for may take; then it can be asked for anew."""


class OwnExport:
    """The use cases."""

    def __init__(
        self,
        database: Database,
        store: ExportStore,
        content: ExportContent,
        visits: StrongVisits,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._content = content
        self._visits = visits
        self._clock = clock

    async def of(self, person: Principal) -> DataExport | None:
        """How far it is; None when none was asked for, or it has expired."""
        async with self._database.read() as tx:
            found = await self._store.get(tx, person.id)
        return found if found is not None and found.expires_at > self._clock.now() else None

    async def ask(self, session_cookie: str | None) -> None:
        """Ask for a copy; while one is under way this changes nothing. An earlier one is gone at once.

        Raises:
            NotAuthenticated: `not-logged-in`.
            NotFresh: the log-in is too long ago.
            NotStrong: it rests on one factor, and the person has two.
        """
        person, now = await self._owner(session_cookie), self._clock.now()
        asked = DataExport(person.id, new_id(self._clock, "exp"), ExportState.ASKED, now, now + WAITS_FOR)
        earlier = await self.of(person)
        async with self._database.write() as tx:
            if not await self._store.begin(tx, asked):
                return
            tx.audit(AuditEvent("data-copy.ask", "done", person, person.id, detail={"copy": asked.id}))
            await tx.commit()
        if earlier is not None:
            await self._content.drop(earlier.id)

    async def take(self, session_cookie: str | None) -> tuple[DataExport, bytes]:
        """The finished copy, as JSON; it can be taken again until it expires.

        Raises:
            NotAuthenticated: `not-logged-in`.
            NotFresh: the log-in is too long ago.
            NotStrong: it rests on one factor, and the person has two.
            NotFound: `copy-gone`.
        """
        person = await self._owner(session_cookie)
        export = await self.of(person)
        content = None if export is None else await self._content.get(export.id)
        if export is None or export.state is not ExportState.READY or content is None:
            raise NotFound(
                "copy-gone",
                Text(
                    "这份数据已经过期或还没有备好，请重新准备。",
                    "This copy has expired or is not ready. Ask for a new one.",
                ),
            )
        await self._database.record(AuditEvent("data-copy.take", "done", person, person.id, detail={"copy": export.id}))
        return export, content

    async def _owner(self, session_cookie: str | None) -> Principal:
        return actor_of(await self._visits.require(session_cookie))
