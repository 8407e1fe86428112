"""The stores of evidence on SQLite and PostgreSQL, and stores that are wrong on purpose."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from api.wiring.idp import sql_stores
from api.wiring.proofing import ProofingStores
from core.db.database import ReadTx, WriteTx
from idp.evidence.model import Evidence, EvidenceKind
from idp.proofing.window_model import WindowProof
from idp.stores.evidence import SqlEvidenceStore
from idp.stores.evidence_tables import identity_evidence, source_position, window_proof
from idp.stores.upsert import insert_or_replace
from idp.stores.window_proofs import SqlPositionStore, SqlWindowProofStore
from tests.conformance.evidence import EvidenceBasic, EvidenceConcurrency
from tests.conformance.harness import Surroundings, failing, parametrised
from tests.conformance.idp_stores_backends import BACKENDS, IdpStoresHarness, sqlite
from tests.support.clock import FakeClock


@parametrised(BACKENDS)
class TestEvidenceBasic(EvidenceBasic):
    pass


@parametrised(BACKENDS)
class TestEvidenceConcurrency(EvidenceConcurrency):
    pass


class _ShowsEverybodys(SqlEvidenceStore):
    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Evidence]:
        everybody = (await tx.connection.execute(select(identity_evidence.c.account_id).distinct())).scalars()
        return [one for name in everybody for one in await super(_ShowsEverybodys, self).of_account(tx, name)]


class _EndsTheWholeKind(SqlEvidenceStore):
    async def end(
        self, tx: WriteTx, account_id: str, *, kind: EvidenceKind, at: dt.datetime, reason: str, **_: Any
    ) -> int:
        return await super().end(tx, account_id, kind=kind, at=at, reason=reason)


class _FindsTheEnded(SqlEvidenceStore):
    async def run_out(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        query = select(identity_evidence.c.account_id).where(identity_evidence.c.expires_at <= now).distinct()
        return list((await tx.connection.execute(query)).scalars())


class _NeverForgets(SqlEvidenceStore):
    async def delete_before(self, tx: WriteTx, before: dt.datetime) -> int:
        return 0


class _TheSameClerkWillDo(SqlWindowProofStore):
    async def decide(self, tx: WriteTx, proof: WindowProof) -> bool:
        waits = (window_proof.c.id == proof.id, window_proof.c.state == "waiting")
        change = update(window_proof).where(*waits).values(state=proof.state.value, waiting=None)
        return (await tx.connection.execute(change)).rowcount == 1


class _GoesBack(SqlPositionStore):
    async def advance(self, tx: WriteTx, feed: str, position: int, at: dt.datetime) -> None:
        row = {"feed": feed, "position": position, "read_at": at}
        await insert_or_replace(tx.connection, source_position, row, key=["feed"])


BROKEN: list[tuple[str, Any, str]] = [
    ("evidence", _ShowsEverybodys(), "test_records_come_back_newest_first_and_one_account_only"),
    ("evidence", _EndsTheWholeKind(), "test_what_ends_is_of_the_kind_the_source_and_the_reference"),
    ("evidence", _FindsTheEnded(), "test_what_has_run_out_is_found_until_it_is_ended"),
    ("evidence", _NeverForgets(), "test_what_ended_or_differed_long_ago_goes"),
    ("windows", _TheSameClerkWillDo(), "test_who_recorded_a_proof_never_decides_it"),
    ("positions", _GoesBack(), "test_a_position_never_goes_back"),
]


@pytest.mark.parametrize(("name", "store", "only"), BROKEN, ids=lambda one: type(one).__name__)
async def test_bite_the_contract_catches(tmp_path: Path, clock: FakeClock, name: str, store: Any, only: str) -> None:
    def opened() -> AbstractAsyncContextManager[IdpStoresHarness]:
        stores = ProofingStores(**{name: store})
        return sqlite(Surroundings(tmp_path, clock), lambda: dataclasses.replace(sql_stores(), proofing=stores))

    assert await failing((EvidenceBasic,), opened, only=only) == {only}
