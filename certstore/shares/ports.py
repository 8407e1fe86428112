"""What shares need stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from certstore.codes import HolderCode
from certstore.shares.model import Share
from core.db.database import ReadTx, WriteTx


class ShareStore(Protocol):
    """Shares; number and purpose of the holder are encrypted. Guesses and openings are counted in one step each."""

    async def add(self, tx: WriteTx, share: Share) -> None: ...

    async def share(self, tx: ReadTx, share_id: str) -> Share | None: ...

    async def of_holder(
        self, tx: ReadTx, holder: HolderCode, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Share]:
        """Newest first."""

    async def open_count(self, tx: ReadTx, holder: HolderCode, *, now: dt.datetime) -> int:
        """How many of a holder's shares are neither withdrawn nor past their time."""

    async def guess(self, tx: WriteTx, share_id: str, *, now: dt.datetime) -> Share | None:
        """Spend one of the share's guesses; None if it has none left or is withdrawn, used up or past its time."""

    async def open(self, tx: WriteTx, share_id: str, *, now: dt.datetime) -> Share | None:
        """Count one opening, and give the guesses back; None as in `guess`. Of more callers than openings are left,
        as many get the share as are left."""

    async def withdraw(self, tx: WriteTx, share_id: str) -> bool:
        """False if it was withdrawn before."""

    async def delete_before(self, tx: WriteTx, moment: dt.datetime) -> int:
        """Remove a part of those whose time ended before; answers how many."""
