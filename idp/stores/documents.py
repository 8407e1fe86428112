"""Documents of people in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from idp.model import HeldDocument
from idp.ports import DocumentStore
from idp.stores.person_tables import person_document, person_document_index


class SqlDocumentStore:
    """Implements `idp.ports.DocumentStore`."""

    async def add(self, tx: WriteTx, document: HeldDocument, indexes: Sequence[bytes]) -> bool:
        values = {name: getattr(document, name) for name in person_document.c.keys()}  # noqa: SIM118 - not a dict
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(person_document).values(values))
                await self._hold(tx, document.id, document.kind, indexes)
        except IntegrityError:
            return False
        return True

    async def prove(self, tx: WriteTx, document_id: str, indexes: Sequence[bytes], at: dt.datetime) -> bool:
        change = (
            update(person_document)
            .where(person_document.c.id == document_id, person_document.c.proved_at.is_(None))
            .values(proved_at=at)
            .returning(person_document.c.kind)
        )
        try:
            async with tx.connection.begin_nested():
                row = (await tx.connection.execute(change)).one_or_none()
                if row is not None:
                    await self._hold(tx, document_id, row.kind, indexes)
        except IntegrityError:
            return False
        return row is not None

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[HeldDocument]:
        query = (
            select(person_document)
            .where(person_document.c.account_id == account_id)
            .order_by(person_document.c.added_at, person_document.c.id)
        )
        return [_document(row) for row in await tx.connection.execute(query)]

    async def owner(self, tx: ReadTx, indexes: Sequence[bytes]) -> str | None:
        query = (
            select(person_document.c.account_id)
            .join(person_document_index, person_document_index.c.document_id == person_document.c.id)
            .where(person_document_index.c.digest.in_(list(indexes)))
            .distinct()
        )
        return (await tx.connection.execute(query)).scalar_one_or_none()

    async def remove(self, tx: WriteTx, document_id: str, *, account_id: str) -> bool:
        of_it = person_document_index.c.document_id == document_id
        mine = select(person_document.c.id).where(
            person_document.c.id == document_id, person_document.c.account_id == account_id
        )
        await tx.connection.execute(
            delete(person_document_index).where(of_it, person_document_index.c.document_id.in_(mine))
        )
        removal = delete(person_document).where(
            person_document.c.id == document_id, person_document.c.account_id == account_id
        )
        return (await tx.connection.execute(removal)).rowcount == 1

    async def _hold(self, tx: WriteTx, document_id: str, kind: str, indexes: Sequence[bytes]) -> None:
        # in one order, so that two who meet wait for each other and not in a ring
        rows = [{"digest": digest, "document_id": document_id, "kind": kind} for digest in sorted(indexes)]
        if rows:
            await tx.connection.execute(insert(person_document_index), rows)


def _document(row: Row[Any]) -> HeldDocument:
    return HeldDocument(row.id, row.account_id, row.kind, bytes(row.number), row.added_at, row.proved_at)


_: type[DocumentStore] = SqlDocumentStore
