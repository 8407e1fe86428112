"""Proposed registrations and changes of clients in SQL; a decision is an `UPDATE` that only one can win."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from idp.clients.description import ClientDescription
from idp.clients.ports import ClientProposals
from idp.clients.records import ClientProposal, ProposalKind, ProposalState
from idp.stores.registration_tables import client_proposal
from idp.stores.some import delete_some


class SqlClientProposals:
    """Implements `idp.clients.ports.ClientProposals`."""

    async def add(self, tx: WriteTx, proposal: ClientProposal) -> bool:
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(client_proposal).values(_values(proposal)))
        except IntegrityError:
            return False
        return True

    async def get(self, tx: ReadTx, proposal_id: str) -> ClientProposal | None:
        query = select(client_proposal).where(client_proposal.c.id == proposal_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _proposal(row)

    async def of_client(self, tx: ReadTx, client_id: str, limit: int) -> Sequence[ClientProposal]:
        columns = client_proposal.c
        query = select(client_proposal).where(columns.client_id == client_id).order_by(columns.id.desc()).limit(limit)
        return [_proposal(row) for row in await tx.connection.execute(query)]

    async def open(
        self, tx: ReadTx, *, organisation: str | None, after: str | None, limit: int
    ) -> Sequence[ClientProposal]:
        columns = client_proposal.c
        query = select(client_proposal).where(columns.state == ProposalState.OPEN.value)
        if organisation is not None:
            query = query.where(columns.organisation == organisation)
        if after is not None:
            query = query.where(columns.id > after)
        rows = await tx.connection.execute(query.order_by(columns.id).limit(limit))
        return [_proposal(row) for row in rows]

    async def decide(
        self, tx: WriteTx, proposal_id: str, new: ProposalState, *, by: str, at: dt.datetime, note: str | None
    ) -> bool:
        columns = client_proposal.c
        change = update(client_proposal).where(columns.id == proposal_id, columns.state == ProposalState.OPEN.value)
        values = {"state": new.value, "decided_by": by, "decided_at": at, "note": note}
        return (await tx.connection.execute(change.values(values))).rowcount == 1

    async def decide_of_client(
        self, tx: WriteTx, client_id: str, new: ProposalState, *, by: str, at: dt.datetime
    ) -> None:
        columns = client_proposal.c
        change = update(client_proposal).where(
            columns.client_id == client_id, columns.state == ProposalState.OPEN.value
        )
        await tx.connection.execute(change.values(state=new.value, decided_by=by, decided_at=at))

    async def delete_decided(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, client_proposal, client_proposal.c.decided_at < before)


def _values(proposal: ClientProposal) -> dict[str, object]:
    plain = {name: getattr(proposal, name) for name in client_proposal.c.keys()}  # noqa: SIM118 - not a dict
    return {
        **plain,
        "kind": proposal.kind.value,
        "state": proposal.state.value,
        "description": msgspec.to_builtins(proposal.description),
        "changed": list(proposal.changed),
    }


def _proposal(row: Row[Any]) -> ClientProposal:
    return ClientProposal(
        **{
            **dict(row._mapping),
            "kind": ProposalKind(row.kind),
            "state": ProposalState(row.state),
            "description": msgspec.convert(row.description, ClientDescription),
            "changed": tuple(row.changed),
        }
    )


_: type[ClientProposals] = SqlClientProposals
