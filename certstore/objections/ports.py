"""What objections need stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from certstore.codes import HolderCode
from certstore.objections.model import Evidence, Objection, ObjectionStep
from core.db.database import ReadTx, WriteTx


class ObjectionStore(Protocol):
    """Objections; number and words are encrypted. Each step is taken from the revision that the caller saw."""

    async def add(self, tx: WriteTx, objection: Objection, raised: ObjectionStep) -> bool:
        """Add it with its evidence; False if one about the same entry of the same licence is not closed yet."""

    async def objection(self, tx: ReadTx, objection_id: str) -> Objection | None: ...

    async def steps(self, tx: ReadTx, objection_id: str) -> Sequence[ObjectionStep]:
        """Oldest first."""

    async def take(self, tx: WriteTx, objection: Objection, step: ObjectionStep) -> bool:
        """Write the objection as it is after `step`; False if somebody took that step before."""

    async def of_holder(
        self, tx: ReadTx, holder: HolderCode, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Objection]:
        """Newest first."""

    async def of_issuer(
        self,
        tx: ReadTx,
        issuer: str,
        *,
        living: bool,
        types: frozenset[str] | None = None,
        after: tuple[dt.date, str] | None = None,
        limit: int = 20,
    ) -> Sequence[Objection]:
        """Those that wait, by the day they are due and id; or those that are closed, newest first.

        Args:
            types: only about licences of these types; None for all.
            after: day and id of the last one of the page before.
        """

    async def count_living(self, tx: ReadTx, issuer: str, *, due_before: dt.date | None = None) -> int: ...

    async def delete_closed(self, tx: WriteTx, before: dt.datetime) -> Sequence[Evidence]:
        """Remove a part of those that were closed before, at most 100; answers the evidence that went with them."""

    async def closed_before(self, tx: ReadTx, before: dt.datetime) -> bool:
        """Whether there are any to remove."""
