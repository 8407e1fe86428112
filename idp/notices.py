"""What a person should know about their own account when they come next; told in the transaction that found it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import NotFound
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from idp.model import Notice, NoticeKind
from idp.ports import NoticeStore

_MOST = 20
_ID = re.compile(r"ntc_[0-9a-z]{26}", re.ASCII)


class Notices:
    """Tells, lists and puts away."""

    def __init__(self, database: Database, notices: NoticeStore, clock: Clock) -> None:
        self._database = database
        self._notices = notices
        self._clock = clock

    async def tell(
        self,
        tx: WriteTx,
        account_id: str,
        kind: NoticeKind,
        *,
        client_id: str | None = None,
        detail: Mapping[str, str] | None = None,
    ) -> None:
        """For the person's own page; the caller commits."""
        notice = Notice(
            new_id(self._clock, "ntc"), account_id, kind, client_id, self._clock.now(), detail=dict(detail or {})
        )
        await self._notices.add(tx, notice)

    async def open_of(self, person: Principal) -> Sequence[Notice]:
        """Those that the person has not put away, the newest first."""
        async with self._database.read() as tx:
            return await self._notices.unseen(tx, person.id, _MOST)

    async def put_away(self, person: Principal, notice_id: str) -> None:
        """
        Raises:
            NotFound: `notice-not-found`, also for somebody else's.
        """
        async with self._database.write() as tx:
            known = _ID.fullmatch(notice_id) is not None
            if not known or not await self._notices.see(tx, notice_id, account_id=person.id, at=self._clock.now()):
                raise NotFound("notice-not-found", Text("没有这条提醒。", "There is no such notice."))
            await tx.commit()
