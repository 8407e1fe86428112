"""Whole documents: sealed anew under another address, which takes the place of the old one in the row that holds it.

The document store is no part of the transaction, so nothing there is removed at once. Whatever may become worthless,
the new document before its row is written and the old one with it, is put on a list first; what is on the list and past
its time is removed if no row refers to it. A crash at any point leaves at most an entry on the list.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.clock import Clock
from core.db.database import Database, ReadTx, WriteTx
from core.db.walk import Walk, begins_otherwise_text, begins_with_text, has_length
from core.errors import NotFound
from keys.errors import FieldDamaged
from keys.reencrypt.model import Batch, Change, Key, KeyRef
from keys.reencrypt.ports import Collection, DiscardList
from keys.secrets.purposes import DOCUMENTS, FORMER_FIELDS
from keys.secrets.vault import BARE_LENGTH, EncryptedVault

GRACE = dt.timedelta(days=1)  # longer than a request, or a backup, that has read an address takes to read the document
_AT_ONCE = 5  # documents are large


class KeptDocuments:
    """Implements `keys.reencrypt.ports.Collection` for the documents that one table's rows hold.

    Args:
        column: holds the addresses; empty where the row has no document.
        context: the place that a row's document is bound to.
    """

    def __init__(
        self,
        database: Database,
        walk: Walk,
        name: str,
        column: str,
        context: Callable[[Mapping[str, Any]], str],
        vault: EncryptedVault,
        discards: DiscardList,
        clock: Clock,
    ) -> None:
        self._database = database
        self._walk = walk
        self._name = name
        self._column = column
        self._context = context
        self._vault = vault
        self._discards = discards
        self._clock = clock

    @property
    def name(self) -> str:
        return self._name

    @property
    def purposes(self) -> Sequence[str]:
        return (DOCUMENTS, FORMER_FIELDS)

    async def holds(self, tx: ReadTx, key: KeyRef) -> bool:
        column = self._walk.column(self._column)
        conditions = [begins_with_text(column, f"{key.key_id}.")]
        if key.purpose == FORMER_FIELDS:
            conditions.append(has_length(column, BARE_LENGTH))
        return await self._walk.any(tx, conditions)

    async def remaining(self, tx: ReadTx) -> int:
        return await self._walk.count(tx, self._stale())

    async def refers(self, tx: ReadTx, address: str) -> bool:
        """Whether a row holds the address."""
        return await self._walk.any(tx, [self._walk.column(self._column) == address])

    async def batch(self, last: Key | None, limit: int) -> Batch:
        async with self._database.read() as tx:
            rows = await self._walk.after(tx, last, self._stale(), min(limit, _AT_ONCE))
        changes, faulty = [], 0
        for row in rows:
            try:
                changes.append(await self._sealed_anew(self._walk.key_of(row), dict(row._mapping)))
            except (FieldDamaged, NotFound):
                faulty += 1
        return Batch(changes, self._walk.key_of(rows[-1]) if rows else None, faulty)

    async def _sealed_anew(self, key: Key, row: Mapping[str, Any]) -> Change:
        old, context = str(row[self._column]), self._context(row)
        content = await self._vault.open_file(old, context=context)
        new, sealed = await self._vault.seal_file(content, context=context)
        async with self._database.write() as tx:
            await self._discards.add(tx, new, self._clock.now() + GRACE)
            await tx.commit()
        await self._vault.put(sealed)
        return Change(key, {self._column: old}, {self._column: new})

    async def apply(self, tx: WriteTx, change: Change) -> bool:
        if not await self._walk.exchange(tx, change.key, change.before, change.after):
            return False
        await self._discards.add(tx, str(change.before[self._column]), self._clock.now() + GRACE)
        return True

    def _stale(self) -> Sequence[Any]:
        return [begins_otherwise_text(self._walk.column(self._column), self._vault.head())]


class RemoveDiscarded:
    """Removes documents that are past their time and that nothing refers to; any number of workers may."""

    def __init__(
        self,
        database: Database,
        discards: DiscardList,
        vault: EncryptedVault,
        documents: Sequence[KeptDocuments],
        clock: Clock,
    ) -> None:
        self._database = database
        self._discards = discards
        self._vault = vault
        self._documents = documents
        self._clock = clock

    async def __call__(self, limit: int = 50) -> int:
        """How many documents went; `limit` of them at a time until none is due."""
        removed = 0
        while True:
            found, gone = await self._some(limit)
            removed += gone
            if found < limit:
                return removed

    async def _some(self, limit: int) -> tuple[int, int]:
        now, removed = self._clock.now(), 0
        async with self._database.read() as tx:
            due = await self._discards.due(tx, now, limit)
            kept = {one for one in due for documents in self._documents if await documents.refers(tx, one)}
        for address in due:
            if address not in kept:
                await self._vault.remove(address)
                removed += 1
            async with self._database.write() as tx:
                await self._discards.forget(tx, address)
                await tx.commit()
        return len(due), removed


_: type[Collection] = KeptDocuments
