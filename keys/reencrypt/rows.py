"""Rows with sealed values, and with blind indexes of them: how each is brought under today's keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.db.database import Database, ReadTx, WriteTx
from core.db.walk import Walk, all_of, begins_otherwise, begins_with, has_length
from keys.errors import FieldDamaged
from keys.ports import BlindIndex, FieldCipher
from keys.reencrypt.model import Batch, Change, Key, KeyRef
from keys.reencrypt.ports import Collection
from keys.secrets.blind_index import BARE_LENGTH
from keys.secrets.field import heads_of
from keys.secrets.purposes import FORMER_INDEX

Record = Mapping[str, Any]  # a row by the names of its columns


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column with sealed values.

    Attributes:
        context: the place that a row's value is bound to.
        own: False for a column that is only read here, because it belongs to another table.
    """

    name: str
    cipher: FieldCipher
    context: Callable[[Record], str]
    own: bool = True


@dataclass(frozen=True, slots=True)
class IndexColumn:
    """A column with the blind index of a sealed column's value.

    Attributes:
        of: name of the sealed column.
        kind: the kind of index for a row.
    """

    name: str
    index: BlindIndex
    of: str
    kind: Callable[[Record], str]


class SealedRows:
    """Implements `keys.reencrypt.ports.Collection` for the rows of one table."""

    def __init__(
        self,
        database: Database,
        walk: Walk,
        name: str,
        purposes: Sequence[str],
        sealed: Sequence[SealedColumn],
        indexes: Sequence[IndexColumn] = (),
    ) -> None:
        self._database = database
        self._walk = walk
        self._name = name
        self._purposes = tuple(purposes)
        self._sealed = {column.name: column for column in sealed}
        self._own = [column for column in sealed if column.own]
        self._indexes = tuple(indexes)

    @property
    def name(self) -> str:
        return self._name

    @property
    def purposes(self) -> Sequence[str]:
        return self._purposes

    async def holds(self, tx: ReadTx, key: KeyRef) -> bool:
        conditions = [begins_with(self._walk.column(one.name), heads_of(key.key_id)) for one in self._own]
        for index in self._indexes:
            column = self._walk.column(index.name)
            bare = key.purpose == FORMER_INDEX
            conditions.append(has_length(column, BARE_LENGTH) if bare else begins_with(column, [key.key_id.encode()]))
        return await self._walk.any(tx, conditions)

    async def remaining(self, tx: ReadTx) -> int:
        return await self._walk.count(tx, self._stale())

    async def batch(self, last: Key | None, limit: int) -> Batch:
        async with self._database.read() as tx:
            rows = await self._walk.after(tx, last, self._stale(), limit)
        changes, faulty = [], 0
        for row in rows:
            try:
                changes.append(self._change(self._walk.key_of(row), dict(row._mapping)))
            except FieldDamaged:
                faulty += 1
        return Batch(changes, self._walk.key_of(rows[-1]) if rows else None, faulty)

    async def apply(self, tx: WriteTx, change: Change) -> bool:
        return await self._walk.exchange(tx, change.key, change.before, change.after)

    def _stale(self) -> Sequence[Any]:
        column = self._walk.column
        sealed = [begins_otherwise(column(one.name), one.cipher.head()) for one in self._own]
        # where the value itself is not there, its index cannot be made anew
        indexed = [
            all_of(begins_otherwise(column(one.name), one.index.head()), column(one.of).is_not(None))
            for one in self._indexes
        ]
        return [*sealed, *indexed]

    def _change(self, key: Key, row: Record) -> Change:
        before: dict[str, object] = {}
        after: dict[str, object] = {}
        for column in self._own:
            old = row[column.name]
            if old is not None and not bytes(old).startswith(column.cipher.head()):
                before[column.name] = bytes(old)
                after[column.name] = column.cipher.encrypt(self._clear(row, column.name), context=column.context(row))
        for index in self._indexes:
            old = row[index.name]
            if row[index.of] is not None and not bytes(old).startswith(index.index.head()):
                before[index.name] = bytes(old)
                after[index.name] = index.index.digest(index.kind(row), self._clear(row, index.of))
        return Change(key, before, after)

    def _clear(self, row: Record, name: str) -> str:
        column = self._sealed[name]
        return column.cipher.decrypt(bytes(row[name]), context=column.context(row))


_: type[Collection] = SealedRows
