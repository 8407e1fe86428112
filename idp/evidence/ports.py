"""What the book of evidence needs of a store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from idp.evidence.model import Evidence, EvidenceKind


class EvidenceStore(Protocol):
    """Evidence, and the level that follows from it, in the account's row."""

    async def hold(self, tx: WriteTx, account_id: str) -> int | None:
        """The account's level now; whoever else wants to change it waits until the caller has committed."""

    async def set_level(self, tx: WriteTx, account_id: str, level: int) -> None: ...

    async def add(self, tx: WriteTx, evidence: Evidence) -> None: ...

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Evidence]:
        """All records, the newest first."""

    async def end(
        self,
        tx: WriteTx,
        account_id: str,
        *,
        kind: EvidenceKind,
        at: dt.datetime,
        reason: str,
        reference: str | None = None,
        source: str | None = None,
    ) -> int:
        """End what still counts of a kind, of a source or with a reference if one is named; answers how many."""

    async def lapse(self, tx: WriteTx, evidence_id: str, *, at: dt.datetime, reason: str) -> None:
        """End one record that has run out."""

    async def move(self, tx: WriteTx, *, account_id: str, to: str) -> int:
        """Give all records of an account to another; answers how many."""

    async def run_out(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        """Accounts that hold evidence which has run out and was not ended yet, as far as the limit goes."""

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        """Remove a part of what ended, or differed, before a moment; answers how many."""
