"""Those who watch over the service read what happened, page by page or since their last look."""

from __future__ import annotations

from core.db.database import Database
from core.errors import NotPermitted
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from core.text import Text
from idp.security_events.model import SecurityEvent, Severity
from idp.security_events.ports import SecurityEventStore

MAY_READ = ("admin:security", "admin:audit")


class ReadSecurityEvents:
    """The use case."""

    def __init__(self, database: Database, store: SecurityEventStore) -> None:
        self._database = database
        self._store = store

    async def page(
        self,
        actor: Principal,
        *,
        cursor: str | None = None,
        limit: int | None = None,
        severity: Severity | None = None,
        account_id: str | None = None,
    ) -> Page[SecurityEvent]:
        """The newest first.

        Raises:
            NotPermitted: `duty-missing`.
            InvalidInput: `cursor-invalid`.
        """
        _check(actor)
        size, before = page_size(limit), last_id(cursor)
        async with self._database.read() as tx:
            found = await self._store.page(
                tx, before=before, after=None, limit=size + 1, severity=severity, account_id=account_id
            )
        return Page(found[:size], encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def since(self, actor: Principal, last: str | None, *, limit: int | None = None) -> Page[SecurityEvent]:
        """What came after the event `last`, the newest first; for a page that looks again.

        Raises:
            NotPermitted: `duty-missing`.
        """
        _check(actor)
        async with self._database.read() as tx:
            found = await self._store.page(tx, before=None, after=last, limit=page_size(limit))
        return Page(found)


def _check(actor: Principal) -> None:
    """
    Raises:
        NotPermitted: `duty-missing`.
    """
    if not any(actor.may(scope) for scope in MAY_READ):
        raise NotPermitted(
            "duty-missing",
            Text(
                "安全事件只有安全管理员和审计管理员能看。",
                "Security events are for security and audit administrators only.",
            ),
        )
