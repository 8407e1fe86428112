"""The person's own history of log-ins."""

from __future__ import annotations

from core.db.database import Database
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from idp.login_history.model import LogInRecord
from idp.login_history.ports import LogInRecordStore


class OwnLogIns:
    """The use case."""

    def __init__(self, database: Database, store: LogInRecordStore) -> None:
        self._database = database
        self._store = store

    async def of(self, person: Principal, cursor: str | None = None, limit: int | None = None) -> Page[LogInRecord]:
        """The newest first.

        Raises:
            InvalidInput: `cursor-invalid`.
        """
        size, before = page_size(limit), last_id(cursor)
        async with self._database.read() as tx:
            found = await self._store.of_account(tx, person.id, before=before, limit=size + 1)
        return Page(found[:size], encode_cursor(found[size - 1].id) if len(found) > size else None)
