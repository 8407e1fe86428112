"""What lawful use keeps: checks with their deliveries, and use codes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from certstore.use.model import CaseCheck, Delivered, UseCode
from core.db.database import ReadTx, WriteTx


class CheckStore(Protocol):
    """Checks of cases and what was delivered under them. Holders' numbers are sealed."""

    async def add(self, tx: WriteTx, check: CaseCheck) -> None: ...

    async def check(self, tx: ReadTx, check_id: str) -> CaseCheck | None: ...

    async def put_question(self, tx: WriteTx, check_id: str, bundle: str, *, before: str | None) -> bool:
        """Remember the question put to the holder, if the one before is still `before`."""

    async def begin_round(self, tx: WriteTx, check_id: str, *, after: int) -> bool:
        """Begin the delivery after the one that was seen; of several at the same time one gets True."""

    async def deliver(self, tx: WriteTx, check_id: str, delivered: Sequence[Delivered]) -> None: ...

    async def delivered(self, tx: ReadTx, check_id: str) -> Sequence[Delivered]:
        """In order of material."""

    async def sweep(self, tx: WriteTx, *, before: dt.datetime, limit: int) -> int:
        """Remove checks that ended before; answers how many."""


class UseCodeStore(Protocol):
    """Use codes; the code itself is never stored."""

    async def add(self, tx: WriteTx, made: UseCode, digest: str) -> None: ...

    async def by_digest(self, tx: ReadTx, digests: Sequence[str]) -> UseCode | None: ...

    async def use_code(self, tx: ReadTx, code_id: str) -> UseCode | None: ...

    async def redeem(self, tx: WriteTx, code_id: str, *, now: dt.datetime) -> bool:
        """Count one use if the code is alive and has one left; of many callers at once no more than that get True."""

    async def end(self, tx: WriteTx, code_ids: Sequence[str], *, now: dt.datetime) -> int:
        """Let those of them that are alive live no longer; answers how many."""

    async def sweep(self, tx: WriteTx, *, before: dt.datetime, limit: int) -> int:
        """Remove codes that ended before; answers how many."""
