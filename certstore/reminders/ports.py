"""What reminders need stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from certstore.model import Licence
from core.db.database import ReadTx, WriteTx

Place = tuple[dt.date, str]


class ReminderStore(Protocol):
    """Which licences run out when, and who was reminded of it."""

    async def lapsing(
        self, tx: ReadTx, *, first: dt.date, last: dt.date, after: Place | None, limit: int
    ) -> Sequence[tuple[dt.date, str]]:
        """Licences by the day that they run out on, and id; suspended ones too."""

    async def licences(self, tx: ReadTx, ids: Sequence[str]) -> Sequence[Licence]: ...

    async def claim(self, tx: WriteTx, licence: Licence, days: int, *, told: bool) -> bool:
        """Write down that this version's holders hear of it so many days before; of many callers one gets True."""

    async def delete_before(self, tx: WriteTx, day: dt.date) -> int:
        """Remove a part of the reminders of licences that ran out earlier; answers how many."""
