"""Parts of a register at rest: sealed documents, for every row of them names somebody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec

from certstore.bulk.model import ImportPart
from certstore.bulk.reading.table import TableRow
from certstore.documents import UNWRITTEN_FOR, SealedVault
from core.clock import Clock
from core.db.database import Database
from keys.reencrypt.ports import DiscardList

_Rows = list[tuple[int, list[str], str]]
_decoder = msgspec.json.Decoder(_Rows)


class PartDocuments:
    """Seals parts and opens them."""

    def __init__(self, vault: SealedVault, database: Database, discards: DiscardList, clock: Clock) -> None:
        self._vault = vault
        self._database = database
        self._discards = discards
        self._clock = clock

    async def keep(self, import_id: str, number: int, rows: Sequence[TableRow]) -> ImportPart:
        """Store the rows; answers the record that the caller must write."""
        content = msgspec.json.encode([(row.number, list(row.cells), row.fault) for row in rows])
        address, sealed = self._vault.seal(content, context=part_context(import_id, number))
        async with self._database.write() as tx:
            await self._discards.add(tx, address, self._clock.now() + UNWRITTEN_FOR)
            await tx.commit()
        await self._vault.put(sealed)
        return ImportPart(import_id, number, address, rows[0].number, len(rows))

    async def rows(self, part: ImportPart) -> list[TableRow]:
        """
        Raises:
            core.errors.Unavailable: the document store does not answer, or what it holds was changed.
        """
        content = await self._vault.open(part.content, context=part_context(part.import_id, part.number))
        return [TableRow(number, tuple(cells), fault) for number, cells, fault in _decoder.decode(content)]

    async def let_go(self, addresses: Sequence[str], now: dt.datetime) -> None:
        """Documents that no record names any more."""
        async with self._database.write() as tx:
            for address in addresses:
                await self._discards.add(tx, address, now)
            await tx.commit()


def part_context(import_id: str, number: int) -> str:
    """The place that a part is bound to."""
    return f"licence_import_part.content:{import_id}:{number}"
