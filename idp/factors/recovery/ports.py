"""What recovery codes need of a store."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Protocol

from core.db.database import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """A person's codes.

    Attributes:
        content: salted hashes of those that are left, sealed.
        revision: grows with every change; who changes them must have seen the newest.
    """

    account_id: str
    content: bytes = field(repr=False)
    revision: int
    made_at: dt.datetime


class RecoveryCodeStore(Protocol):
    """Recovery codes, one set for each person."""

    async def get(self, tx: ReadTx, account_id: str) -> RecoveryCodes | None: ...

    async def put(self, tx: WriteTx, codes: RecoveryCodes) -> None:
        """Set them, replacing an earlier set."""

    async def replace(self, tx: WriteTx, codes: RecoveryCodes, *, revision: int) -> bool:
        """Change the content if it still has this revision; True for one of many."""

    async def remove(self, tx: WriteTx, account_id: str) -> bool: ...
