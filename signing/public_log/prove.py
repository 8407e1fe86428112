"""What anybody may ask of the public log: receipts, growth, and the log itself as tiles (C2SP tlog-tiles)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from core.db.database import Database, ReadTx
from core.errors import Conflict, InvalidInput, NotFound
from core.text import Text
from core.transparency.checkpoints import Checkpoints, KeptCheckpoint
from core.transparency.tiles import TILE, RowsMissing
from signing.public_log.ports import PublicLogStore
from signing.public_log.receipt import Receipt


@dataclass(frozen=True, slots=True)
class LogGrowth:
    """That the log of an earlier checkpoint is the beginning of a later one's (RFC 9162 §2.1.4)."""

    first: KeptCheckpoint
    second: KeptCheckpoint
    path: Sequence[bytes]


class ProveSignatures:
    """The use cases. All of it is public: entries hold digests, codes of seals and times."""

    def __init__(self, database: Database, store: PublicLogStore, checkpoints: Checkpoints) -> None:
        self._database = database
        self._store = store
        self._checkpoints = checkpoints

    async def receipt(self, document: str) -> Receipt:
        """
        Args:
            document: SHA-256 of a sealed file, hexadecimal.

        Raises:
            NotFound: `signature-not-logged`.
            Conflict: `signature-log-behind`: it was entered, and no checkpoint covers it yet.
        """
        async with self._database.read() as tx:
            found = await self._store.place_of(tx, document)
            if found is None:
                raise _behind() if await self._store.enters(tx, document) else _not_logged()
            index, body = found
            checkpoint = await self._checkpoints.newest(tx, covering=index + 1)
            if checkpoint is None:
                raise _behind()
            try:
                path = await self._checkpoints.tree(tx).inclusion(index, checkpoint.size)
            except RowsMissing:
                raise self._checkpoints.log.changed(checkpoint.size) from None
        return Receipt(body, index, path, checkpoint.note)

    async def place_of(self, document: str) -> int | None:
        """Where a sealed file stands in the log, from 0; None for one that has no place there."""
        async with self._database.read() as tx:
            found = await self._store.place_of(tx, document)
        return found[0] if found else None

    async def checkpoint(self) -> KeptCheckpoint:
        """The newest.

        Raises:
            NotFound: `signature-log-empty`.
        """
        async with self._database.read() as tx:
            return await self._newest(tx)

    async def growth(self, first: int, second: int) -> LogGrowth:
        """
        Args:
            first, second: sizes of two checkpoints.

        Raises:
            InvalidInput: `signature-log-sizes`.
            NotFound: `signature-log-checkpoint-not-found`.
        """
        if first > second:
            raise InvalidInput(
                "signature-log-sizes",
                Text("前一个检查点不能比后一个大。", "The first checkpoint cannot be greater than the second."),
                field="first",
            )
        async with self._database.read() as tx:
            old, new = [await self._checkpoints.of_size(tx, size) for size in (first, second)]
            if old is None or new is None:
                raise NotFound(
                    "signature-log-checkpoint-not-found",
                    Text("没有这个大小的检查点。", "No checkpoint has that size."),
                )
            try:
                path = await self._checkpoints.tree(tx).consistency(first, second)
            except RowsMissing:
                raise self._checkpoints.log.changed(second) from None
        return LogGrowth(old, new, path)

    async def tile(self, level: int, place: int, width: int) -> bytes:
        """Hashes that stand side by side in the tree, 32 octets each (tlog-tiles, "Merkle Tree").

        Args:
            level: 0 for leaves; each hash of level n+1 is the root over a whole tile of level n.
            width: hashes of the tile, 1 to 256; fewer than 256 at the right edge alone.

        Raises:
            NotFound: `signature-log-tile-not-found`: the newest checkpoint does not cover it.
        """
        async with self._database.read() as tx:
            end = ((place * TILE + width) * TILE**level) if width else 0
            newest = await self._checkpoints.newest(tx, covering=end)
            if newest is None or not 1 <= width <= TILE:
                raise _no_tile()
            try:
                return b"".join(await self._checkpoints.tree(tx).hashes(level, place * TILE, width))
            except RowsMissing:
                raise self._checkpoints.log.changed(newest.size) from None

    async def entries(self, place: int, width: int) -> bytes:
        """Entries that stand side by side, each behind its length in two octets (tlog-tiles, "Log Entries").

        Raises:
            NotFound: `signature-log-tile-not-found`.
        """
        async with self._database.read() as tx:
            newest = await self._checkpoints.newest(tx, covering=place * TILE + width)
            if newest is None or not 1 <= width <= TILE:
                raise _no_tile()
            bodies = await self._store.bodies(tx, place * TILE, width)
        if len(bodies) != width:
            raise self._checkpoints.log.changed(newest.size)
        return b"".join(struct.pack(">H", len(one)) + one for one in bodies)

    async def _newest(self, tx: ReadTx) -> KeptCheckpoint:
        newest = await self._checkpoints.newest(tx)
        if newest is None:
            raise NotFound(
                "signature-log-empty",
                Text("用印公开日志还没有签名的检查点。", "The public log of signatures has no signed checkpoint yet."),
            )
        return newest


def _not_logged() -> NotFound:
    return NotFound(
        "signature-not-logged",
        Text(
            "用印公开日志里没有这个文件。请确认上传的是盖章后的原文件，一个字节都没有改动。",
            "The public log of signatures has no such file. Make sure that it is the sealed file itself, unchanged.",
        ),
    )


def _behind() -> Conflict:
    return Conflict(
        "signature-log-behind",
        Text(
            "这次用印已经登记，还没有被检查点覆盖。请过一会儿再取回执。",
            "This signature is entered, and no checkpoint covers it yet. Ask for its receipt again in a moment.",
        ),
    )


def _no_tile() -> NotFound:
    return NotFound(
        "signature-log-tile-not-found",
        Text("最新的检查点还不包含这一块。", "The newest checkpoint does not cover this tile."),
    )
