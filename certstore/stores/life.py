"""What the life of licences keeps beside them, in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Row, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from certstore.life.model import Draft, DraftContent, EndingProposal, ProposalState
from certstore.life.ports import DraftStore, ProposalStore, TransferStore
from certstore.lifecycle import FINAL, Event
from certstore.making import HolderInput
from certstore.stores.life_tables import ending_proposal, licence_draft, licence_transfer
from certstore.stores.places import draft_place, proposal_place
from certstore.stores.tables import licence
from core.db.database import ReadTx, WriteTx
from core.principal import PrincipalKind
from keys.ports import FieldCipher

_PART = 500


class SqlDraftStore:
    """Implements `certstore.life.ports.DraftStore`."""

    def __init__(self, fields: FieldCipher) -> None:
        self._fields = fields

    async def add(self, tx: WriteTx, draft: Draft) -> None:
        await tx.connection.execute(insert(licence_draft).values(self._row(draft)))

    async def draft(self, tx: ReadTx, draft_id: str) -> Draft | None:
        found = await self._many(tx, select(licence_draft).where(licence_draft.c.id == draft_id))
        return found[0] if found else None

    async def of_issuer(
        self, tx: ReadTx, issuer: str, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Draft]:
        query = select(licence_draft).where(licence_draft.c.issuer == issuer)
        if before is not None:
            query = query.where(licence_draft.c.id < before)
        return await self._many(tx, query.order_by(licence_draft.c.id.desc()).limit(limit))

    async def replace(self, tx: WriteTx, draft: Draft) -> bool:
        columns = licence_draft.c
        written = await tx.connection.execute(
            update(licence_draft)
            .where(columns.id == draft.id, columns.revision == draft.revision - 1)
            .values(self._row(draft))
        )
        return written.rowcount == 1

    async def take(self, tx: WriteTx, draft_id: str, revision: int) -> bool:
        columns = licence_draft.c
        gone = await tx.connection.execute(
            delete(licence_draft).where(columns.id == draft_id, columns.revision == revision)
        )
        return gone.rowcount == 1

    async def delete_before(self, tx: WriteTx, moment: dt.datetime) -> int:
        columns = licence_draft.c
        some = select(columns.id).where(columns.changed_at < moment).limit(_PART)
        return (await tx.connection.execute(delete(licence_draft).where(columns.id.in_(some)))).rowcount

    async def _many(self, tx: ReadTx, query: Select[Any]) -> list[Draft]:
        return [self._draft(row) for row in await tx.connection.execute(query)]

    def _row(self, draft: Draft) -> dict[str, object]:
        return {
            "id": draft.id,
            "type_code": draft.type_code,
            "issuer": draft.issuer,
            "revision": draft.revision,
            "made_by": draft.made_by,
            "maker_kind": draft.maker_kind.value,
            "made_at": draft.made_at,
            "changed_at": draft.changed_at,
            "content_enc": self._fields.encrypt(_content_row(draft.content), context=draft_place(draft.id)),
        }

    def _draft(self, row: Row[Any]) -> Draft:
        return Draft(
            id=row.id,
            type_code=row.type_code,
            issuer=row.issuer,
            revision=row.revision,
            made_by=row.made_by,
            maker_kind=PrincipalKind(row.maker_kind),
            made_at=row.made_at,
            changed_at=row.changed_at,
            content=_content(self._fields.decrypt(bytes(row.content_enc), context=draft_place(row.id))),
        )


class SqlProposalStore:
    """Implements `certstore.life.ports.ProposalStore`."""

    def __init__(self, fields: FieldCipher) -> None:
        self._fields = fields

    async def add(self, tx: WriteTx, proposal: EndingProposal) -> bool:
        values = {
            "id": proposal.id,
            "licence_id": proposal.licence_id,
            "issuer": proposal.issuer,
            "type_code": proposal.type_code,
            "event": proposal.event.value,
            "revision": proposal.revision,
            "reason_enc": self._fields.encrypt(proposal.reason, context=proposal_place("reason", proposal.id)),
            "proposed_by": proposal.proposed_by,
            "proposer_name_enc": self._fields.encrypt(
                proposal.proposer_name, context=proposal_place("proposer_name", proposal.id)
            ),
            "proposed_at": proposal.proposed_at,
            "state": proposal.state.value,
            "decided_by": proposal.decided_by,
            "decided_at": proposal.decided_at,
        }
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(ending_proposal).values(values))
        except IntegrityError:
            return False
        return True

    async def proposal(self, tx: ReadTx, proposal_id: str) -> EndingProposal | None:
        found = await self._many(tx, select(ending_proposal).where(ending_proposal.c.id == proposal_id))
        return found[0] if found else None

    async def open_of(self, tx: ReadTx, issuer: str, *, limit: int = 100) -> Sequence[EndingProposal]:
        columns = ending_proposal.c
        query = select(ending_proposal).where(columns.issuer == issuer, columns.state == ProposalState.OPEN.value)
        return await self._many(tx, query.order_by(columns.id).limit(limit))

    async def of_licence(self, tx: ReadTx, licence_id: str) -> Sequence[EndingProposal]:
        columns = ending_proposal.c
        return await self._many(
            tx, select(ending_proposal).where(columns.licence_id == licence_id).order_by(columns.id.desc())
        )

    async def decide(self, tx: WriteTx, proposal_id: str, state: ProposalState, *, by: str, at: dt.datetime) -> bool:
        columns = ending_proposal.c
        closed = await tx.connection.execute(
            update(ending_proposal)
            .where(columns.id == proposal_id, columns.state == ProposalState.OPEN.value)
            .values(state=state.value, decided_by=by, decided_at=at)
        )
        return closed.rowcount == 1

    async def lapse(self, tx: WriteTx, made_before: dt.datetime) -> int:
        columns = ending_proposal.c
        some = (
            select(columns.id)
            .where(columns.state == ProposalState.OPEN.value, columns.proposed_at < made_before)
            .limit(_PART)
        )
        lapsed = await tx.connection.execute(
            update(ending_proposal)
            .where(columns.id.in_(some))
            .values(state=ProposalState.LAPSED.value, decided_at=made_before)
        )
        return lapsed.rowcount

    async def delete_decided(self, tx: WriteTx, before: dt.datetime) -> int:
        columns = ending_proposal.c
        some = select(columns.id).where(columns.decided_at < before).limit(_PART)
        return (await tx.connection.execute(delete(ending_proposal).where(columns.id.in_(some)))).rowcount

    async def _many(self, tx: ReadTx, query: Select[Any]) -> list[EndingProposal]:
        return [self._proposal(row) for row in await tx.connection.execute(query)]

    def _proposal(self, row: Row[Any]) -> EndingProposal:
        def opened(column: str) -> str:
            return self._fields.decrypt(bytes(getattr(row, f"{column}_enc")), context=proposal_place(column, row.id))

        return EndingProposal(
            id=row.id,
            licence_id=row.licence_id,
            issuer=row.issuer,
            type_code=row.type_code,
            event=Event(row.event),
            revision=row.revision,
            reason=opened("reason"),
            proposed_by=row.proposed_by,
            proposer_name=opened("proposer_name"),
            proposed_at=row.proposed_at,
            state=ProposalState(row.state),
            decided_by=row.decided_by,
            decided_at=row.decided_at,
        )


class SqlTransferStore:
    """Implements `certstore.life.ports.TransferStore`."""

    async def claim(self, tx: WriteTx, identifier: str, licence_id: str) -> bool:
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(
                    insert(licence_transfer).values(identifier=identifier, licence_id=licence_id)
                )
        except IntegrityError:
            return await self._take_over(tx, identifier, licence_id)
        return True

    async def successor(self, tx: ReadTx, identifier: str) -> str | None:
        query = (
            select(licence_transfer.c.licence_id)
            .join(licence, licence.c.id == licence_transfer.c.licence_id)
            .where(licence_transfer.c.identifier == identifier, licence.c.state.not_in(_ENDED))
        )
        return (await tx.connection.execute(query)).scalar_one_or_none()

    async def _take_over(self, tx: WriteTx, identifier: str, licence_id: str) -> bool:
        """What it became has ended, issued in error perhaps; of two who try, the row's lock lets one win."""
        ended = select(licence.c.id).where(licence.c.state.in_(_ENDED))
        moved = await tx.connection.execute(
            update(licence_transfer)
            .where(licence_transfer.c.identifier == identifier, licence_transfer.c.licence_id.in_(ended))
            .values(licence_id=licence_id)
        )
        return moved.rowcount == 1


_ENDED = tuple(sorted(state.value for state in FINAL))


def _content_row(content: DraftContent) -> str:
    return orjson.dumps(
        {
            "holders": [[one.code_type, one.code, one.name, one.role] for one in content.holders],
            "data": dict(content.data),
            "number": content.licence_number,
            "from": content.valid_from,
            "until": content.valid_until,
            "seal": content.seal_code,
        }
    ).decode()


def _content(written: str) -> DraftContent:
    said: Mapping[str, Any] = orjson.loads(written)
    return DraftContent(
        holders=tuple(HolderInput(*one) for one in said["holders"]),
        data=said["data"],
        licence_number=said["number"],
        valid_from=dt.date.fromisoformat(said["from"]) if said["from"] else None,
        valid_until=dt.date.fromisoformat(said["until"]) if said["until"] else None,
        seal_code=said.get("seal"),  # drafts of an earlier release have none
    )


_drafts: type[DraftStore] = SqlDraftStore
_proposals: type[ProposalStore] = SqlProposalStore
_transfers: type[TransferStore] = SqlTransferStore
