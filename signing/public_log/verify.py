"""Verifies the whole public log: checkpoints against entries, entries' form, and the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Clock
from core.db.database import Database, ReadTx
from core.transparency.checkpoints import Checkpoints
from core.transparency.merkle import Growing, leaf_hash
from core.transparency.ports import NoteVerifier
from core.transparency.verify import read_trusted
from signing.public_log.entry import EntryRefused, read_entry
from signing.public_log.ports import PublicLogStore

_MOST_CHECKPOINTS = 1_000_000


@dataclass(frozen=True, slots=True)
class PublicLogVerdict:
    """
    Attributes:
        size: entries that were looked at.
        checkpoints: how many were found right.
        not_entered: uses in the ledger that the log does not have.
        fault: `checkpoint-forged`, `not-as-signed`, `entry-malformed`, `tail-cut`, `ledger-differs`; None for none.
        at: size of the checkpoint, or place of the entry, of the fault.
    """

    size: int
    checkpoints: int
    not_entered: int = 0
    fault: str | None = None
    at: int | None = None


class VerifyPublicLog:
    """The use case, for an operator's command; anybody can do the same with the tiles."""

    def __init__(self, database: Database, store: PublicLogStore, checkpoints: Checkpoints, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._checkpoints = checkpoints
        self._clock = clock

    async def __call__(self, keys: Sequence[NoteVerifier], *, outside: Sequence[str] = ()) -> PublicLogVerdict:
        """
        Args:
            keys: whose signatures count.
            outside: notes that were kept elsewhere.
        """
        async with self._database.read() as tx:
            kept = await self._checkpoints.page(tx, limit=_MOST_CHECKPOINTS)
            claims: dict[int, set[bytes]] = {}
            for note in [*(one.note for one in kept), *outside]:
                signed = read_trusted(note, self._checkpoints.origin, keys, self._clock)
                if isinstance(signed, int):
                    return PublicLogVerdict(0, 0, fault="checkpoint-forged", at=signed)
                claims.setdefault(signed.head.size, set()).add(signed.head.root)
            return await self._walk(tx, claims)

    async def _walk(self, tx: ReadTx, claims: dict[int, set[bytes]]) -> PublicLogVerdict:
        tree, right = Growing(), 0
        size = await self._store.size(tx)
        async for body in self._store.all_bodies(tx, until=size):
            try:
                read_entry(body)
            except EntryRefused:
                return PublicLogVerdict(tree.size, right, fault="entry-malformed", at=tree.size)
            tree.append(leaf_hash(body))
            if (roots := claims.pop(tree.size, None)) is not None:
                if roots != {tree.root()}:
                    return PublicLogVerdict(tree.size, right, fault="not-as-signed", at=tree.size)
                right += 1
        if tree.size != size or claims:
            return PublicLogVerdict(tree.size, right, fault="tail-cut", at=max([size, *claims]))
        missing = await self._store.not_entered(tx)
        return PublicLogVerdict(tree.size, right, missing, "ledger-differs" if missing else None)
