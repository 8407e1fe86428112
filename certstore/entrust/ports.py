"""What entrusting needs: where entrustments are kept, and who is who."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from certstore.codes import HolderCode
from certstore.entrust.model import Done, EndReason, Entrustment, KnownPerson
from certstore.ports import Case
from core.db.database import ReadTx, WriteTx


class EntrustmentStore(Protocol):
    """Entrustments; numbers, names and purpose are encrypted, people are found by blind index."""

    async def add(self, tx: WriteTx, made: Entrustment) -> None: ...

    async def entrustment(self, tx: ReadTx, entrustment_id: str) -> Entrustment | None: ...

    async def given(
        self, tx: ReadTx, principal: HolderCode, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Entrustment]:
        """All that somebody gave, newest first."""

    async def held(
        self, tx: ReadTx, agent: HolderCode, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Entrustment]:
        """All that were offered to a number, newest first; whether the name is right is for the caller to see."""

    async def in_force(self, tx: ReadTx, agent: HolderCode, *, today: dt.date) -> Sequence[Entrustment]:
        """Those that the agent may act under on this day, also for begun cases only; newest first."""

    async def living(self, tx: ReadTx, principal: HolderCode, *, now: dt.datetime, today: dt.date) -> int:
        """How many of somebody's are offered or active, and neither lapsed nor past their last day."""

    async def accept(self, tx: WriteTx, entrustment_id: str, *, now: dt.datetime) -> bool:
        """Make an offer active that has not lapsed; of many callers one gets True."""

    async def decline(self, tx: WriteTx, entrustment_id: str, *, now: dt.datetime) -> bool:
        """Likewise."""

    async def end(self, tx: WriteTx, entrustment_id: str, *, reason: EndReason, now: dt.datetime) -> bool:
        """End an offer or an active one; whoever comes second gets False."""

    async def end_all(self, tx: WriteTx, person: HolderCode, *, reason: EndReason, now: dt.datetime) -> int:
        """End all that somebody gave or was given; answers how many."""

    async def hold(self, tx: WriteTx, entrustment_id: str, *, today: dt.date) -> bool:
        """Whether it is in force; it cannot be ended until the unit ends."""

    async def begin(self, tx: WriteTx, entrustment_id: str, case: Case, *, today: dt.date) -> bool:
        """Hold it and count one use for a case, which is counted once however often it comes.

        Of many cases at the same time no more than are left get True.
        """

    async def cases(self, tx: ReadTx, entrustment_id: str) -> frozenset[Case]:
        """Those that were begun."""

    async def note(self, tx: WriteTx, done: Done) -> None: ...

    async def done(self, tx: ReadTx, entrustment_id: str, *, limit: int = 100) -> Sequence[Done]:
        """Newest first."""

    async def delete_before(self, tx: WriteTx, day: dt.date) -> int:
        """Remove a part of those whose last day was before, with what was done under them; answers how many."""


class PersonDirectory(Protocol):
    """People with accounts that are in use; None for everybody else, the frozen and the closed too."""

    async def of_account(self, account_id: str) -> KnownPerson | None: ...

    async def of_number(self, code: HolderCode) -> KnownPerson | None: ...
