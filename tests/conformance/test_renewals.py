"""Proposed renewals keep their contract on every database, and broken stores do not."""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from core.db.database import WriteTx
from keys.renewals.model import Proposal, ProposalState
from keys.stores.renewal_tables import renewal_proposal
from keys.stores.renewals import SqlProposalStore, _values
from tests.conformance import database_backends
from tests.conformance.harness import Surroundings, failing, parametrised
from tests.conformance.renewals import CONTRACTS, DecidingContention, DecidingContract, ProposalBasic
from tests.conformance.renewals_backends import BACKENDS, over
from tests.support.clock import FakeClock


@parametrised(BACKENDS)
class TestProposalBasic(ProposalBasic):
    pass


@parametrised(BACKENDS)
class TestDeciding(DecidingContract):
    pass


@parametrised(BACKENDS)
class TestDecidingContention(DecidingContention):
    pass


class MovesFromAnywhere(SqlProposalStore):
    """Does not look at the state before."""

    async def move(self, tx: WriteTx, proposal_id: str, *, new: ProposalState, by: str, **others: Any) -> bool:
        change = update(renewal_proposal).where(renewal_proposal.c.id == proposal_id)
        await tx.connection.execute(change.values(state=new.value, decided_by=by, state_since=others["at"]))
        return True


class ForgetsTheLease(SqlProposalStore):
    """Lets a second worker take what the first one is working on."""

    async def move(
        self, tx: WriteTx, proposal_id: str, *, since_before: dt.datetime | None = None, **others: Any
    ) -> bool:
        return await super().move(tx, proposal_id, **others)


class LooksBeforeAdding(SqlProposalStore):
    """Looks for any earlier proposal, decided or not."""

    async def add(self, tx: WriteTx, proposal: Proposal) -> bool:
        query = select(renewal_proposal.c.id).where(renewal_proposal.c.line == proposal.line)
        if (await tx.connection.execute(query)).first() is not None:
            return False
        await tx.connection.execute(insert(renewal_proposal).values(_values(proposal)))
        return True


class ForgetsWhoDecided(SqlProposalStore):
    """Loses the second person."""

    async def move(self, tx: WriteTx, proposal_id: str, *, by: str, **others: Any) -> bool:
        return await super().move(tx, proposal_id, by="", **others)


@pytest.mark.parametrize(
    "broken", [MovesFromAnywhere, ForgetsTheLease, LooksBeforeAdding, ForgetsWhoDecided], ids=lambda one: one.__name__
)
async def test_the_contract_catches(broken: type[SqlProposalStore], tmp_path: Path) -> None:
    assert await failing(CONTRACTS, _fresh(broken(), tmp_path))


async def test_the_contract_passes_what_is_whole(tmp_path: Path) -> None:
    assert not await failing(CONTRACTS, _fresh(SqlProposalStore(), tmp_path))


def _fresh(store: SqlProposalStore, folder: Path) -> Any:
    numbers = iter(range(1000))

    def opened() -> AbstractAsyncContextManager[Any]:
        place = folder / str(next(numbers))
        place.mkdir()
        harness: AbstractAsyncContextManager[Any] = over(database_backends.sqlite, store)(
            Surroundings(place, FakeClock())
        )
        return harness

    return opened
