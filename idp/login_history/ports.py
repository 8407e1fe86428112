"""What the history of log-ins needs of a store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from idp.login_history.model import LogInRecord


class LogInRecordStore(Protocol):
    """Log-ins and refusals, bounded for each account."""

    async def add(self, tx: WriteTx, records: Sequence[LogInRecord], *, keep: int) -> None:
        """
        Args:
            keep: rows that stay of one account and one outcome; the oldest beyond them go. Whoever makes a
                thousand wrong tries so pushes out no log-in.
        """

    async def of_account(self, tx: ReadTx, account_id: str, *, before: str | None, limit: int) -> Sequence[LogInRecord]:
        """The newest first, in the order of the id.

        Args:
            before: only those with a smaller id; for the next page.
        """

    async def forget(self, tx: WriteTx, account_id: str) -> int:
        """Remove all of an account that is erased; answers how many."""

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int: ...
