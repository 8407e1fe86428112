"""Departures and proposals about people in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from core.db.database import ReadTx, WriteTx
from idp.model import AccountStatus
from idp.persons.model import ChangeKind, Departure, PersonProposal, ProposalState
from idp.persons.ports import DepartureStore, PersonProposals
from idp.stores.person_tables import account_departure, person_proposal
from idp.stores.some import delete_some
from idp.stores.tables import account
from idp.stores.upsert import insert_if_new


class SqlDepartureStore:
    """Implements `idp.persons.ports.DepartureStore`."""

    async def add(self, tx: WriteTx, departure: Departure) -> bool:
        values = {name: getattr(departure, name) for name in account_departure.c.keys()}  # noqa: SIM118 - not a dict
        return await insert_if_new(tx.connection, account_departure, values)

    async def get(self, tx: ReadTx, account_id: str) -> Departure | None:
        query = select(account_departure).where(account_departure.c.account_id == account_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else Departure(row.account_id, row.asked_at, row.due_at)

    async def remove(self, tx: WriteTx, account_id: str) -> bool:
        removal = delete(account_departure).where(account_departure.c.account_id == account_id)
        return (await tx.connection.execute(removal)).rowcount == 1

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        query = (
            select(account_departure.c.account_id)
            .join(account, account.c.id == account_departure.c.account_id)
            .where(account_departure.c.due_at <= now, account.c.status == AccountStatus.ACTIVE.value)
            .order_by(account_departure.c.due_at)
            .limit(limit)
        )
        return list((await tx.connection.execute(query)).scalars())


class SqlPersonProposals:
    """Implements `idp.persons.ports.PersonProposals`."""

    async def add(self, tx: WriteTx, proposal: PersonProposal) -> None:
        values = {name: getattr(proposal, name) for name in person_proposal.c.keys()}  # noqa: SIM118 - not a dict
        values |= {"kind": proposal.kind.value, "state": proposal.state.value}
        await tx.connection.execute(insert(person_proposal).values(values))

    async def get(self, tx: ReadTx, proposal_id: str) -> PersonProposal | None:
        query = select(person_proposal).where(person_proposal.c.id == proposal_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _proposal(row)

    async def open(self, tx: ReadTx, now: dt.datetime, *, after: str | None, limit: int) -> Sequence[PersonProposal]:
        query = (
            select(person_proposal)
            .where(person_proposal.c.state == ProposalState.OPEN.value, person_proposal.c.expires_at > now)
            .order_by(person_proposal.c.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(person_proposal.c.id > after)
        return [_proposal(row) for row in await tx.connection.execute(query)]

    async def decide(self, tx: WriteTx, proposal_id: str, state: ProposalState, *, by: str, at: dt.datetime) -> bool:
        change = (
            update(person_proposal)
            .where(
                person_proposal.c.id == proposal_id,
                person_proposal.c.state == ProposalState.OPEN.value,
                person_proposal.c.expires_at > at,
            )
            .values(state=state.value, decided_by=by, decided_at=at)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, person_proposal, person_proposal.c.expires_at < before)


def _proposal(row: Row[Any]) -> PersonProposal:
    return PersonProposal(
        id=row.id,
        account_id=row.account_id,
        kind=ChangeKind(row.kind),
        content=bytes(row.content),
        reason=row.reason,
        state=ProposalState(row.state),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        expires_at=row.expires_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )


_: tuple[type[DepartureStore], type[PersonProposals]] = (SqlDepartureStore, SqlPersonProposals)
