"""Blind indexes that may stand only once: their owners get one under today's key before they lose the one before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from core.db.database import Database, ReadTx, WriteTx
from core.db.held_names import HeldNames, Where
from core.db.walk import any_of, begins_with, has_length, none_of
from keys.errors import FieldDamaged
from keys.ports import BlindIndex
from keys.reencrypt.model import Batch, Change, Key, KeyRef
from keys.reencrypt.ports import Collection
from keys.secrets.blind_index import BARE_LENGTH
from keys.secrets.purposes import FORMER_INDEX


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner as it was read.

    Attributes:
        guard: what must still be so when its names are written.
        names: rows to add, without their digests, each with the kind of its index and its value in clear.
    """

    id: str
    guard: Mapping[str, object] = field(repr=False)
    names: Sequence[tuple[Mapping[str, object], str, str]] = field(repr=False)


class Owners(Protocol):
    """Reads owners, and makes sure that they are what was read."""

    async def read(self, tx: ReadTx, ids: Sequence[str]) -> Sequence[Owner]:
        """
        Raises:
            keys.errors.FieldDamaged: a value does not open; ask for the owners one by one then.
        """

    async def keep(self, tx: WriteTx, owner_id: str, guard: Mapping[str, object]) -> bool:
        """Keep the owner from changing until the unit ends; False if it has changed."""


class HeldIndexes:
    """Implements `keys.reencrypt.ports.Collection` for a table of blind indexes."""

    def __init__(
        self,
        database: Database,
        names: HeldNames,
        owners: Owners,
        index: BlindIndex,
        *,
        name: str,
        purposes: Sequence[str],
    ) -> None:
        self._database = database
        self._names = names
        self._owners = owners
        self._index = index
        self._name = name
        self._purposes = tuple(purposes)

    @property
    def name(self) -> str:
        return self._name

    @property
    def purposes(self) -> Sequence[str]:
        return self._purposes

    async def holds(self, tx: ReadTx, key: KeyRef) -> bool:
        """A name under the key is needed only where its owner has none under today's."""
        digest = self._names.digest
        bare = key.purpose == FORMER_INDEX
        under = has_length(digest, BARE_LENGTH) if bare else begins_with(digest, [key.key_id.encode()])
        return await self._names.any(tx, under, self._names.unnamed(self._index.head()))

    async def remaining(self, tx: ReadTx) -> int:
        return await self._names.count(tx, self._names.unnamed(self._index.head()), self._worthless())

    async def batch(self, last: Key | None, limit: int) -> Batch:
        where = any_of(self._names.unnamed(self._index.head()), self._worthless())
        async with self._database.read() as tx:
            ids = await self._names.owners(tx, None if last is None else str(last[0]), where, limit)
            owners, faulty = await self._read(tx, ids)
        changes = [self._change(owner) for owner in owners]
        return Batch(changes, (ids[-1],) if ids else None, faulty)

    async def _read(self, tx: ReadTx, ids: Sequence[str]) -> tuple[Sequence[Owner], int]:
        try:
            return await self._owners.read(tx, ids), 0
        except FieldDamaged:
            pass
        read: list[Owner] = []
        for owner_id in ids:  # one of them does not open: the others must not wait for it
            try:
                read += await self._owners.read(tx, [owner_id])
            except FieldDamaged:
                continue
        return read, len(ids) - len(read)

    def _change(self, owner: Owner) -> Change:
        rows = tuple({**row, "digest": self._index.digest(kind, value)} for row, kind, value in owner.names)
        return Change((owner.id,), owner.guard, {"rows": rows})

    async def apply(self, tx: WriteTx, change: Change) -> bool:
        owner_id = str(change.key[0])
        if not await self._owners.keep(tx, owner_id, change.before):
            return False
        rows = change.after["rows"]
        assert isinstance(rows, tuple)
        for row in rows:
            await self._names.hold(tx, row)
        if await self._names.any(tx, self._names.unnamed(self._index.head()), self._names.of(owner_id)):
            return False
        await self._names.drop(tx, owner_id, self._worthless())
        return True

    def _worthless(self) -> Where:
        """Names under keys that are not accepted any more: nobody can look for them."""
        digest = self._names.digest
        found = begins_with(digest, self._index.heads())
        return none_of(found, has_length(digest, BARE_LENGTH)) if self._index.finds_bare() else none_of(found)


_: type[Collection] = HeldIndexes
