"""Which log a tree stands over: where its leaves come from, and where its tiles and checkpoints are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from core.errors import Conflict


class TreeLog(Protocol):
    """A log whose rows only grow, and become visible in the order of their numbers."""

    @property
    def tiles(self) -> Table:
        """As `core.transparency.tables.tile_table`."""

    @property
    def checkpoints(self) -> Table:
        """As `core.transparency.tables.checkpoint_table`."""

    async def size(self, connection: AsyncConnection) -> int:
        """How many rows there are."""

    async def leaves(self, connection: AsyncConnection, start: int, count: int) -> Sequence[bytes]:
        """Hashes of the leaves from index `start` on (RFC 9162 §2.1.1); fewer than `count` where rows are missing."""

    def changed(self, size: int) -> Conflict:
        """What is said of a log whose first `size` rows are not what was signed."""
