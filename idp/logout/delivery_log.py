"""How logout notices reached a portal, for those who look after it: each notice, and how the portal is doing."""

from __future__ import annotations

import datetime as dt
import re

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database
from core.errors import NotFound
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal
from core.text import Text
from idp.clients.looking import LookAtClients
from idp.logout.deliver import DeliverLogouts
from idp.model import DeliveryHealth, LogoutDelivery
from idp.ports import DeliveryStore

SINCE = dt.timedelta(days=7)
"""What the health of a portal is counted over."""

_EPOCH, _MICROSECOND = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), dt.timedelta(microseconds=1)
_ID = re.compile(r"lgo_[0-9a-z]{26}", re.ASCII)
_MOST = 10**17  # microseconds: beyond the year 5000


class DeliveryLog:
    """The use cases; whoever may see the client may see its notices, which name nobody but by a pseudonym."""

    def __init__(
        self,
        database: Database,
        deliveries: DeliveryStore,
        look: LookAtClients,
        deliver: DeliverLogouts,
        clock: Clock,
    ) -> None:
        self._database = database
        self._deliveries = deliveries
        self._look = look
        self._deliver = deliver
        self._clock = clock

    async def page(
        self, client_id: str, actor: Principal, *, cursor: str | None = None, limit: int | None = None
    ) -> Page[LogoutDelivery]:
        """The newest first.

        Raises:
            NotFound: `client-not-found`.
            NotPermitted: `duty-missing`.
            InvalidInput: `cursor-invalid`.
        """
        await self._look.read(client_id, actor)
        size, before = page_size(limit), _before(cursor)
        async with self._database.read() as tx:
            found = await self._deliveries.of_client(tx, client_id, size + 1, before=before)
        last = found[size - 1] if len(found) > size else None
        return Page(found[:size], _cursor(last) if last else None)

    async def health(self, client_id: str, actor: Principal) -> DeliveryHealth:
        """Of the last seven days.

        Raises:
            NotFound, NotPermitted: as above.
        """
        await self._look.read(client_id, actor)
        async with self._database.read() as tx:
            return await self._deliveries.health(tx, client_id, since=self._clock.now() - SINCE)

    async def try_again(self, client_id: str, delivery_id: str, actor: Principal) -> None:
        """Send one that was given up once more, now, and if need be a few times later.

        Raises:
            NotFound: `delivery-not-found`, also for one that is under way or has arrived.
        """
        await self._look.read(client_id, actor)
        if not _ID.fullmatch(delivery_id):
            raise _not_found()
        async with self._database.write() as tx:
            now = self._clock.now()
            if not await self._deliveries.try_again(tx, delivery_id, client_id=client_id, at=now):
                raise _not_found()
            tx.audit(AuditEvent("logout.try-again", "done", actor, delivery_id, detail={"client": client_id}))
            await tx.commit()
        await self._deliver.run_due()


def _not_found() -> NotFound:
    return NotFound("delivery-not-found", Text("没有这条放弃了的通知。", "There is no such notice that was given up."))


def _cursor(last: LogoutDelivery) -> str:
    return encode_cursor((last.created_at - _EPOCH) // _MICROSECOND, last.id)


def _before(cursor: str | None) -> tuple[dt.datetime, str] | None:
    """
    Raises:
        InvalidInput: `cursor-invalid`.
    """
    if not cursor:
        return None
    moment, last = decode_cursor(cursor, 2)
    if not isinstance(moment, int) or not 0 <= moment < _MOST or not _ID.fullmatch(str(last)):
        return _EPOCH, ""  # made up: nothing comes after it
    return _EPOCH + moment * _MICROSECOND, str(last)
