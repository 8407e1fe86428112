"""What the life of licences needs stored beside the licences: drafts, proposals, transfers, and what is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Protocol

from certstore.inspecting import Standing
from certstore.life.model import Draft, EndingProposal, ProposalState
from certstore.model import Licence
from core.db.database import ReadTx, WriteTx


class DraftStore(Protocol):
    """Drafts; their content is encrypted."""

    async def add(self, tx: WriteTx, draft: Draft) -> None: ...

    async def draft(self, tx: ReadTx, draft_id: str) -> Draft | None: ...

    async def of_issuer(
        self, tx: ReadTx, issuer: str, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Draft]:
        """Newest first, before the id `before`."""

    async def replace(self, tx: WriteTx, draft: Draft) -> bool:
        """Write a draft anew that was read at one revision less; False if it moved meanwhile."""

    async def take(self, tx: WriteTx, draft_id: str, revision: int) -> bool:
        """Remove a draft; of several callers one gets True."""

    async def delete_before(self, tx: WriteTx, moment: dt.datetime) -> int:
        """Remove a part of the drafts that nobody has touched since; answers how many."""


class ProposalStore(Protocol):
    """Proposals of endings; reason and name of the proposer are encrypted."""

    async def add(self, tx: WriteTx, proposal: EndingProposal) -> bool:
        """False if the licence has an open proposal of the same ending already."""

    async def proposal(self, tx: ReadTx, proposal_id: str) -> EndingProposal | None: ...

    async def open_of(self, tx: ReadTx, issuer: str, *, limit: int = 100) -> Sequence[EndingProposal]:
        """Open ones of an authority, oldest first."""

    async def of_licence(self, tx: ReadTx, licence_id: str) -> Sequence[EndingProposal]:
        """All of one licence, newest first."""

    async def decide(self, tx: WriteTx, proposal_id: str, state: ProposalState, *, by: str, at: dt.datetime) -> bool:
        """Close an open proposal; of several callers one gets True."""

    async def lapse(self, tx: WriteTx, made_before: dt.datetime) -> int:
        """Close a part of the open ones that nobody has decided in time; answers how many."""

    async def delete_decided(self, tx: WriteTx, before: dt.datetime) -> int:
        """Remove a part of those that were closed before; answers how many."""


class TransferStore(Protocol):
    """Which licence of ours another one became that was transferred."""

    async def claim(self, tx: WriteTx, identifier: str, licence_id: str) -> bool:
        """Tie a former identifier to our licence; False while another one that has not ended is tied to it."""

    async def successor(self, tx: ReadTx, identifier: str) -> str | None:
        """The id of the licence that a former one became, unless that has ended."""


class DueStore(Protocol):
    """Licences that wait for something by date."""

    async def lapsed(self, tx: ReadTx, today: dt.date, *, limit: int = 100) -> Sequence[Licence]:
        """Licences that have run out by date and nobody has written it down; the longest ago first."""

    async def to_inspect(
        self,
        tx: ReadTx,
        issuer: str,
        type_code: str,
        *,
        until: dt.date,
        after: tuple[dt.date, str] | None = None,
        limit: int = 20,
    ) -> Sequence[Licence]:
        """An authority's licences of a type, valid or suspended, covered no longer than `until`; soonest first."""

    async def inspection_counts(
        self, tx: ReadTx, issuer: str, type_code: str, *, today: dt.date, window: dt.date
    ) -> Mapping[Standing, int]:
        """How an authority's licences of a type stand: covered beyond `window`, due until then, overdue today."""
