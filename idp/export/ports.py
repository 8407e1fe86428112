"""What the copy of a person's data needs of others: a store, and those who know something about people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from core.principal import Principal
from idp.export.model import Chapter, DataExport, ExportState


class ExportStore(Protocol):
    """At most one copy for each account."""

    async def begin(self, tx: WriteTx, export: DataExport) -> bool:
        """Put it in the place of an earlier one; False, and no change, while one is under way and not expired."""

    async def get(self, tx: ReadTx, account_id: str) -> DataExport | None: ...

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[DataExport]:
        """Asked for, or left behind by a worker that died."""

    async def claim(self, tx: WriteTx, export: DataExport, *, until: dt.datetime) -> bool:
        """Only while it is as it was read: of many workers one gets it."""

    async def finish(
        self,
        tx: WriteTx,
        export: DataExport,
        state: ExportState,
        *,
        at: dt.datetime,
        expires_at: dt.datetime,
        size: int = 0,
    ) -> bool:
        """False when it was asked for anew, or claimed by another, meanwhile."""

    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int: ...


class ChapterSource(Protocol):
    """Knows something about a person."""

    async def chapters(self, person: Principal) -> Sequence[Chapter]:
        """In the clear: all that this source keeps about this person, and nothing about anybody else."""
