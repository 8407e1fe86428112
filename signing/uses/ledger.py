"""The ledger of uses (用印记录): searched, and taken out as a file. Entries are added and never changed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from core.audit.event import AuditEvent
from core.csv_lines import BYTE_ORDER_MARK, csv_line
from core.db.database import Database
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from signing.errors import SealNotYours
from signing.model import SignatureRecord
from signing.policy import may_look
from signing.ports import SealStore, UseQuery
from signing.refusals import refusals_on_record

_AT_ONCE = 500
_HEADER = (
    "id",
    "signed_at",
    "seal",
    "document_class",
    "reason",
    "actor_kind",
    "actor",
    "organisation",
    "grant",
    "request",
    "level",
    "digest_before",
    "digest_after",
    "form",
    "signed_digest",
    "document_name",
    "sealed_as",
)


class Ledger:
    """For those who look after an organisation's seals, and its auditors. Every look is on record itself."""

    def __init__(self, database: Database, store: SealStore) -> None:
        self._database = database
        self._store = store

    async def page(
        self, query: UseQuery, *, actor: Principal, cursor: str | None = None, limit: int | None = None
    ) -> Page[SignatureRecord]:
        """Newest first.

        Raises:
            SealNotYours
        """
        size, before = page_size(limit), last_id(cursor)
        await self._allow(query, actor, "seal.ledger")
        async with self._database.read() as tx:
            found = await self._store.uses(tx, query, before=before, limit=size + 1)
        more = len(found) > size
        return Page(found[:size], encode_cursor(found[size - 1].id) if more else None)

    async def export(self, query: UseQuery, *, actor: Principal) -> AsyncIterator[bytes]:
        """The whole answer as CSV, a piece at a time; no cell is taken for a formula by a spreadsheet.

        Raises:
            SealNotYours
        """
        await self._allow(query, actor, "seal.ledger-export")
        return self._lines(query)

    async def _lines(self, query: UseQuery) -> AsyncIterator[bytes]:
        yield BYTE_ORDER_MARK + csv_line(_HEADER)
        before: str | None = None
        while True:
            async with self._database.read() as tx:
                found = await self._store.uses(tx, query, before=before, limit=_AT_ONCE)
            if found:
                yield b"".join(csv_line(_cells(one)) for one in found)
            if len(found) < _AT_ONCE:
                return
            before = found[-1].id

    async def _allow(self, query: UseQuery, actor: Principal, action: str) -> None:
        async with refusals_on_record(self._database, action, actor, subject=query.seal_id):
            if not may_look(actor, query.organisation):
                raise SealNotYours
        detail: dict[str, str | int | bool | None] = {"organisation": query.organisation}
        await self._database.record(AuditEvent(action, "done", actor, subject=query.seal_id, detail=detail))


def _cells(one: SignatureRecord) -> tuple[str, ...]:
    return (
        one.id,
        one.signed_at.isoformat(),
        one.seal_id,
        one.document_class,
        one.reason or "",
        one.actor_kind,
        one.actor_id,
        one.actor_organisation or "",
        one.grant_id or "",
        one.request_id or "",
        one.level,
        one.digest_before,
        one.digest_after,
        one.form.value,
        one.signed_digest or "",
        one.document_name or "",
        one.sealed_as or "",
    )
