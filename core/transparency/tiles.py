"""The Merkle tree in SQL: whole tiles of 256 hashes are kept, what is not whole yet is computed from the log's rows.

Appending never touches the tree: `grow` adds the tiles that became whole, whenever it runs, and answers are the same
whether it ran or not. The log's rows become visible in the order of their numbers, so what a reader sees is always a
beginning of the log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.transparency.log import TreeLog
from core.transparency.merkle import (
    HASH_OCTETS,
    Node,
    assembled,
    consistency_nodes,
    fold,
    inclusion_nodes,
    subtrees,
    whole_root,
)

TILE_LEVELS = 8
TILE = 1 << TILE_LEVELS


class RowsMissing(Exception):
    """The log has fewer rows than the tree is said to have: rows were removed."""


class TileTree:
    """The tree as one look at the database shows it."""

    def __init__(self, connection: AsyncConnection, log: TreeLog) -> None:
        self._connection = connection
        self._log = log
        self._tile = log.tiles.c

    async def root(self, size: int) -> bytes:
        """
        Raises:
            RowsMissing: the log is shorter.
        """
        return fold(await self.peaks(size))

    async def peaks(self, size: int) -> list[bytes]:
        """The roots of the whole subtrees of the first `size` rows, the greatest first."""
        plan = subtrees(0, size)
        nodes = await self._nodes(plan)
        return [nodes[node] for node in plan]

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf `index`, from 0, is in the tree of `size` leaves (RFC 9162 §2.1.3).

        Raises:
            ValueError: it is not among them.
            RowsMissing: the log is shorter.
        """
        plan = inclusion_nodes(index, size)
        return assembled(plan, await self._nodes(node for part in plan for node in part))

    async def consistency(self, first: int, second: int) -> list[bytes]:
        """The proof that the tree of `first` leaves is the beginning of that of `second` (RFC 9162 §2.1.4).

        Raises:
            ValueError: the first is greater.
            RowsMissing: the log is shorter.
        """
        plan = consistency_nodes(first, second)
        return assembled(plan, await self._nodes(node for part in plan for node in part))

    async def kept_leaves(self, start: int, end: int) -> AsyncIterator[tuple[int, bytes]]:
        """Leaves that whole tiles hold, with their places: what they were when the tile was made."""
        query = (
            select(self._tile.place, self._tile.hashes)
            .where(self._tile.level == 0, self._tile.place.between(start // TILE, max(start, end - 1) // TILE))
            .order_by(self._tile.place)
        )
        for place, hashes in (await self._connection.execute(query)).all():
            for offset, leaf in enumerate(_cut(bytes(hashes))):
                if start <= place * TILE + offset < end:
                    yield place * TILE + offset, leaf

    async def _nodes(self, wanted: Iterable[Node]) -> dict[Node, bytes]:
        found = {}
        for level, index in dict.fromkeys(wanted):
            tile_level, height = divmod(level, TILE_LEVELS)
            start, count = index << height, 1 << height  # in hashes of the tile's level
            found[level, index] = whole_root(await self.hashes(tile_level, start, count))
        return found

    async def hashes(self, level: int, start: int, count: int) -> list[bytes]:
        """Hashes that stand side by side in one tile: from the tile, or from below where it is not whole yet.

        Raises:
            RowsMissing: the log is shorter.
        """
        place, offset = divmod(start, TILE)
        query = select(self._tile.hashes).where(self._tile.level == level, self._tile.place == place)
        kept = (await self._connection.execute(query)).scalar_one_or_none()
        if kept is not None:
            return _cut(bytes(kept))[offset : offset + count]
        if level == 0:
            return await self._leaves(start, count)
        return await self._roots(level - 1, start, count)

    async def _roots(self, level: int, first: int, count: int) -> list[bytes]:
        """The roots of tiles that stand side by side."""
        tile = self._tile
        query = select(tile.place, tile.root).where(tile.level == level, tile.place.between(first, first + count - 1))
        kept = {place: bytes(root) for place, root in (await self._connection.execute(query)).all()}
        return [
            kept[place] if place in kept else whole_root(await self.hashes(level, place * TILE, TILE))
            for place in range(first, first + count)
        ]

    async def _leaves(self, start: int, count: int) -> list[bytes]:
        found = list(await self._log.leaves(self._connection, start, count))
        if len(found) != count:
            raise RowsMissing
        return found

    async def grow(self, size: int, *, most: int) -> int:
        """Keep the tiles that became whole with the log's first `size` rows; answers how many were added.

        Any number of workers may: each finds the same hashes, and the first to write them wins.

        Args:
            most: tiles of leaves in one go.

        Raises:
            RowsMissing: the log is shorter.
        """
        added = await self._grow_level(0, size // TILE, most)
        level, whole = 1, await self._kept(0) // TILE
        while whole:
            added += await self._grow_level(level, whole, most)
            level, whole = level + 1, await self._kept(level) // TILE
        return added

    async def _grow_level(self, level: int, whole: int, most: int) -> int:
        """Add the tiles of a level up to number `whole`; at most `most`."""
        first = await self._kept(level)
        last = min(whole, first + most)
        for place in range(first, last):
            hashes = await self.hashes(level, place * TILE, TILE)
            row = {"level": level, "place": place, "hashes": b"".join(hashes), "root": whole_root(hashes)}
            insert_into = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
            await self._connection.execute(insert_into(self._log.tiles).values(row).on_conflict_do_nothing())
        return max(0, last - first)

    async def _kept(self, level: int) -> int:
        """How many tiles of a level there are; they are added from the first on."""
        newest = select(func.max(self._tile.place)).where(self._tile.level == level)
        last: int | None = (await self._connection.execute(newest)).scalar_one()
        return 0 if last is None else last + 1


def _cut(hashes: bytes) -> list[bytes]:
    return [hashes[start : start + HASH_OCTETS] for start in range(0, len(hashes), HASH_OCTETS)]
