"""Stores of the life of licences broken on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from certstore.inspecting import Standing
from certstore.life.model import Draft, EndingProposal, ProposalState
from certstore.model import Licence
from certstore.stores.due import SqlDueStore
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.life import SqlDraftStore, SqlProposalStore, SqlTransferStore
from certstore.stores.life_tables import ending_proposal, licence_draft, licence_transfer
from certstore.stores.tables import licence
from core.db.database import ReadTx, WriteTx
from tests.conformance.certstore_stores_backends import postgres, sqlite
from tests.conformance.harness import DELAY, Surroundings, failing
from tests.conformance.life_stores import CONTRACT, opening
from tests.support.certstore_fakes import blind_index, field_cipher
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer


class WritesOverWhatMoved(SqlDraftStore):
    async def replace(self, tx: WriteTx, draft: Draft) -> bool:
        columns = licence_draft.c
        await tx.connection.execute(update(licence_draft).where(columns.id == draft.id).values(self._row(draft)))
        return True


class TakesWhateverItIs(SqlDraftStore):
    async def take(self, tx: WriteTx, draft_id: str, revision: int) -> bool:
        gone = await tx.connection.execute(delete(licence_draft).where(licence_draft.c.id == draft_id))
        return gone.rowcount == 1


class ShowsEverybodysDrafts(SqlDraftStore):
    async def of_issuer(
        self, tx: ReadTx, issuer: str, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Draft]:
        query = select(licence_draft).order_by(licence_draft.c.id.desc())
        return (await self._many(tx, query.where(licence_draft.c.id < before) if before else query))[:limit]


class DecidesAgain(SqlProposalStore):
    async def decide(self, tx: WriteTx, proposal_id: str, state: ProposalState, *, by: str, at: dt.datetime) -> bool:
        change = update(ending_proposal).where(ending_proposal.c.id == proposal_id)
        await tx.connection.execute(change.values(state=state.value, decided_by=by, decided_at=at))
        return True


class LooksThenDecides(SqlProposalStore):
    async def decide(self, tx: WriteTx, proposal_id: str, state: ProposalState, *, by: str, at: dt.datetime) -> bool:
        found = await self.proposal(tx, proposal_id)
        await asyncio.sleep(10 * DELAY)
        if found is None or found.state is not ProposalState.OPEN:
            return False
        return await DecidesAgain(self._fields).decide(tx, proposal_id, state, by=by, at=at)


class ForgetsWhichKind(SqlProposalStore):
    async def add(self, tx: WriteTx, proposal: EndingProposal) -> bool:
        return not await self.of_licence(tx, proposal.licence_id) and await super().add(tx, proposal)


class NeverLapses(SqlProposalStore):
    async def lapse(self, tx: WriteTx, made_before: dt.datetime) -> int:
        return 0


class TakesOverWhatLives(SqlTransferStore):
    async def claim(self, tx: WriteTx, identifier: str, licence_id: str) -> bool:
        await tx.connection.execute(delete(licence_transfer).where(licence_transfer.c.identifier == identifier))
        return await super().claim(tx, identifier, licence_id)


class RemembersTheEnded(SqlTransferStore):
    async def successor(self, tx: ReadTx, identifier: str) -> str | None:
        query = select(licence_transfer.c.licence_id).where(licence_transfer.c.identifier == identifier)
        return (await tx.connection.execute(query)).scalar_one_or_none()


def _licences() -> SqlLicenceStore:
    return SqlLicenceStore(field_cipher(), blind_index())


class CountsTheLastDay(SqlDueStore):
    async def lapsed(self, tx: ReadTx, today: dt.date, *, limit: int = 100) -> Sequence[Licence]:
        return await super().lapsed(tx, today + dt.timedelta(days=1), limit=limit)


class ForgetsThoseNeverInspected(SqlDueStore):
    async def to_inspect(self, *given: Any, **named: Any) -> Sequence[Licence]:
        return [one for one in await super().to_inspect(*given, **named) if one.inspected_until is not None]


class CountsTheEnded(SqlDueStore):
    async def inspection_counts(
        self, tx: ReadTx, issuer: str, type_code: str, *, today: dt.date, window: dt.date
    ) -> Mapping[Standing, int]:
        counts = dict(await super().inspection_counts(tx, issuer, type_code, today=today, window=window))
        ended = select(licence.c.id).where(licence.c.state == "revoked")
        return {**counts, Standing.DUE: counts[Standing.DUE] + len((await tx.connection.execute(ended)).all())}


class ClearText:
    """A cipher that somebody turned off to look into a problem."""

    def encrypt(self, value: str, *, context: str) -> bytes:
        return value.encode()

    def decrypt(self, sealed: bytes, *, context: str) -> str:
        return sealed.decode()


_FIELDS = field_cipher()
_DRAFT = "test_a_draft_comes_back_as_it_was_and_is_rewritten_from_what_was_read"
_ONE_OPEN = "test_a_licence_has_one_open_proposal_of_a_kind"
_BECOMES = "test_a_former_identifier_becomes_one_licence_until_that_has_ended"
_LISTED = "test_inspections_are_listed_soonest_first_and_counted"
BROKEN: list[tuple[str, Any, str]] = [
    ("drafts", WritesOverWhatMoved(_FIELDS), _DRAFT),
    ("drafts", TakesWhateverItIs(_FIELDS), "test_a_draft_is_taken_once_and_only_as_it_was_seen"),
    (
        "drafts",
        ShowsEverybodysDrafts(_FIELDS),
        "test_drafts_of_an_authority_are_listed_newest_first_and_untouched_ones_go",
    ),
    ("drafts", SqlDraftStore(ClearText()), "test_what_is_personal_is_not_in_the_tables_in_the_clear"),
    ("proposals", SqlProposalStore(ClearText()), "test_what_is_personal_is_not_in_the_tables_in_the_clear"),
    ("proposals", DecidesAgain(_FIELDS), "test_a_proposal_is_decided_once"),
    ("proposals", ForgetsWhichKind(_FIELDS), _ONE_OPEN),
    ("proposals", NeverLapses(_FIELDS), "test_proposals_lapse_and_decided_ones_go_in_time"),
    ("transfers", TakesOverWhatLives(), _BECOMES),
    ("transfers", RemembersTheEnded(), _BECOMES),
    ("due", CountsTheLastDay(_licences()), "test_what_ran_out_is_found_until_it_is_written_down"),
    ("due", ForgetsThoseNeverInspected(_licences()), _LISTED),
    ("due", CountsTheEnded(_licences()), _LISTED),
]


@pytest.mark.parametrize(("part", "store", "only"), BROKEN, ids=lambda value: type(value).__name__)
async def test_the_contract_catches(tmp_path: Path, clock: FakeClock, part: str, store: Any, only: str) -> None:
    opened = opening(sqlite, **{part: store})
    assert await failing(CONTRACT, lambda: opened(Surroundings(tmp_path, clock)), only=only) == {only}


async def test_the_contract_catches_a_race(tmp_path: Path, clock: FakeClock, postgres_server: PostgresServer) -> None:
    """On PostgreSQL: SQLite lets one writer in at a time and so hides it."""
    opened = opening(postgres, proposals=LooksThenDecides(_FIELDS))
    around, only = Surroundings(tmp_path, clock, postgres_server), "test_of_many_decisions_one_counts"
    assert await failing(CONTRACT, lambda: opened(around), only=only) == {only}
