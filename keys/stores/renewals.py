"""Proposed renewals in SQL; a step is an `UPDATE` of the state that only one can win."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from core.text import Text
from keys.renewals.model import Proposal, ProposalState
from keys.renewals.ports import ProposalStore
from keys.stores.renewal_tables import renewal_proposal

_MOST = 100


class SqlProposalStore:
    """Implements `keys.renewals.ports.ProposalStore`."""

    async def add(self, tx: WriteTx, proposal: Proposal) -> bool:
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(renewal_proposal).values(_values(proposal)))
        except IntegrityError:
            return False
        return True

    async def get(self, tx: ReadTx, proposal_id: str) -> Proposal | None:
        query = select(renewal_proposal).where(renewal_proposal.c.id == proposal_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _proposal(row)

    async def undecided(self, tx: ReadTx) -> Sequence[Proposal]:
        states = [ProposalState.OPEN.value, ProposalState.WORKING.value]
        query = (
            select(renewal_proposal)
            .where(renewal_proposal.c.state.in_(states))
            .order_by(renewal_proposal.c.proposed_at, renewal_proposal.c.id)
            .limit(_MOST)
        )
        return [_proposal(row) for row in await tx.connection.execute(query)]

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
        table = renewal_proposal
        change = update(table).where(table.c.id == proposal_id, table.c.state == expected.value)
        if since_before is not None:
            change = change.where(table.c.state_since < since_before)
        result = await tx.connection.execute(change.values(state=new.value, decided_by=by, state_since=at))
        return result.rowcount == 1


def _values(proposal: Proposal) -> dict[str, object]:
    return {
        "id": proposal.id,
        "line": proposal.line,
        "name_zh": proposal.name.zh,
        "name_en": proposal.name.en,
        "state": proposal.state.value,
        "proposed_by": proposal.proposed_by,
        "proposed_at": proposal.proposed_at,
        "decided_by": proposal.decided_by,
        "state_since": proposal.state_since,
    }


def _proposal(row: Row[Any]) -> Proposal:
    return Proposal(
        id=row.id,
        line=row.line,
        name=Text(row.name_zh, row.name_en),
        state=ProposalState(row.state),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        state_since=row.state_since,
    )


_: type[ProposalStore] = SqlProposalStore
