"""What renewals by two people need: a store for proposals, and somebody who can renew."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from keys.renewals.model import Proposal, ProposalState


class ProposalStore(Protocol):
    """Keeps proposals; each step is decided by one statement."""

    async def add(self, tx: WriteTx, proposal: Proposal) -> bool:
        """False, and no change, when an undecided proposal for the same line is there already."""

    async def get(self, tx: ReadTx, proposal_id: str) -> Proposal | None: ...

    async def undecided(self, tx: ReadTx) -> Sequence[Proposal]:
        """Open and working ones, oldest first; at most 100."""

    async def move(
        self,
        tx: WriteTx,
        proposal_id: str,
        *,
        expected: ProposalState,
        new: ProposalState,
        by: str,
        at: dt.datetime,
        since_before: dt.datetime | None = None,
    ) -> bool:
        """Into `new` if it is in `expected` (and has been since before a moment); False, and no change, if not."""


class Renewer(Protocol):
    """Renews what a life line stands for."""

    async def name(self, line: str) -> tuple[str, str] | None:
        """What it is called in Chinese and English; None when it is not there or not for people to renew."""

    async def renew(self, line: str) -> None:
        """Renew it. Asked again after a crash it may renew again; never leaves half a renewal.

        Raises:
            core.errors.AppError: it could not be done; nothing was changed.
        """
