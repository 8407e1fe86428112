"""The contract of `idp.evidence.ports.EvidenceStore` and of the stores of proofs at windows and of positions."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from typing import Any

from core.principal import SYSTEM
from idp.evidence.book import EvidenceBook
from idp.evidence.model import Evidence, EvidenceKind, NewEvidence, Result
from idp.proofing.window_model import WindowDocument, WindowProof, WindowState
from tests.conformance.idp_stores import account, indexes, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MANY = 12


def evidence(number: int, **changes: Any) -> Evidence:
    made = Evidence(
        f"evd_{number:026d}",
        "acc_1",
        EvidenceKind.PHONE,
        "code-to-phone",
        Result.AGREED,
        START,
        START + DAY,
        by="acc_1",
        reference=f"r{number}",
    )
    return dataclasses.replace(made, **changes)


def proof(number: int, **changes: Any) -> WindowProof:
    made = WindowProof(
        f"win_{number:026d}",
        "acc_1",
        "11410199DEMA000011",
        WindowState.WAITING,
        WindowDocument.ID_CARD,
        dt.date(2030, 1, 1),
        "receipt",
        "acc_clerk",
        START,
        START + HOUR,
    )
    return dataclasses.replace(made, **changes)


async def _seeded(harness: IdpStoresHarness) -> None:
    for name in ("acc_1", "acc_2"):
        made = account(name, level=0)
        assert await written(harness, lambda tx, one=made: harness.stores.accounts.add(tx, one, indexes(one.id)))


class EvidenceBasic:
    """One caller at a time."""

    async def test_records_come_back_newest_first_and_one_account_only(self, harness: IdpStoresHarness) -> None:
        await _seeded(harness)
        store = harness.stores.proofing.evidence
        records = [evidence(1), evidence(2, expires_at=None, level=3, kind=EvidenceKind.VOUCHED), evidence(3)]
        for one in [*records, evidence(4, account_id="acc_2")]:
            await written(harness, lambda tx, one=one: store.add(tx, one))
        async with harness.database.read() as tx:
            assert list(await store.of_account(tx, "acc_1")) == records[::-1]

    async def test_what_ends_is_of_the_kind_the_source_and_the_reference(self, harness: IdpStoresHarness) -> None:
        await _seeded(harness)
        store = harness.stores.proofing.evidence
        records = [
            evidence(1),
            evidence(2, source="elsewhere"),
            evidence(3, kind=EvidenceKind.BANK),
            evidence(4, account_id="acc_2"),
            evidence(5, result=Result.DIFFERED),
        ]
        for one in records:
            await written(harness, lambda tx, one=one: store.add(tx, one))
        how: dict[str, Any] = {"kind": EvidenceKind.PHONE, "at": START, "reason": "test"}
        assert await written(harness, lambda tx: store.end(tx, "acc_1", source="code-to-phone", **how)) == 1
        assert await written(harness, lambda tx: store.end(tx, "acc_1", reference="r9", **how)) == 0
        assert await written(harness, lambda tx: store.end(tx, "acc_1", reference="r2", **how)) == 1
        async with harness.database.read() as tx:
            both = [*await store.of_account(tx, "acc_1"), *await store.of_account(tx, "acc_2")]
        assert {one.id for one in both if one.ended_for == "test"} == {records[0].id, records[1].id}

    async def test_what_has_run_out_is_found_until_it_is_ended(self, harness: IdpStoresHarness) -> None:
        await _seeded(harness)
        store = harness.stores.proofing.evidence
        for one in (evidence(1), evidence(2, account_id="acc_2", expires_at=None)):
            await written(harness, lambda tx, one=one: store.add(tx, one))
        async with harness.database.read() as tx:
            assert list(await store.run_out(tx, START, 10)) == []
            assert list(await store.run_out(tx, START + DAY, 10)) == ["acc_1"]
        await written(harness, lambda tx: store.lapse(tx, evidence(1).id, at=START + DAY, reason="expired"))
        async with harness.database.read() as tx:
            assert list(await store.run_out(tx, START + DAY, 10)) == []

    async def test_what_ended_or_differed_long_ago_goes(self, harness: IdpStoresHarness) -> None:
        await _seeded(harness)
        store = harness.stores.proofing.evidence
        records = [evidence(1), evidence(2, ended_at=START, ended_for="x"), evidence(3, result=Result.DIFFERED)]
        for one in records:
            await written(harness, lambda tx, one=one: store.add(tx, one))
        assert await written(harness, lambda tx: store.delete_before(tx, START)) == 0
        assert await written(harness, lambda tx: store.delete_before(tx, START + DAY)) == 2
        async with harness.database.read() as tx:
            assert list(await store.of_account(tx, "acc_1")) == [records[0]]

    async def test_records_move_to_another_account(self, harness: IdpStoresHarness) -> None:
        await _seeded(harness)
        store = harness.stores.proofing.evidence
        await written(harness, lambda tx: store.add(tx, evidence(1)))
        assert await written(harness, lambda tx: store.move(tx, account_id="acc_1", to="acc_2")) == 1
        async with harness.database.read() as tx:
            assert [one.id for one in await store.of_account(tx, "acc_2")] == [evidence(1).id]

    async def test_one_proof_of_a_person_waits_at_a_time(self, harness: IdpStoresHarness) -> None:
        await _seeded(harness)
        store = harness.stores.proofing.windows
        assert await written(harness, lambda tx: store.add(tx, proof(1)))
        assert not await written(harness, lambda tx: store.add(tx, proof(2)))
        later = proof(3, recorded_at=START + HOUR, expires_at=START + 2 * HOUR)  # the first has lapsed
        assert await written(harness, lambda tx: store.add(tx, later))
        async with harness.database.read() as tx:
            assert await store.get(tx, later.id) == later
            waiting = await store.waiting(tx, later.organisation, START + HOUR, 10)
        assert list(waiting) == [later]

    async def test_who_recorded_a_proof_never_decides_it(self, harness: IdpStoresHarness) -> None:
        await _seeded(harness)
        store = harness.stores.proofing.windows
        await written(harness, lambda tx: store.add(tx, proof(1)))
        done: dict[str, Any] = {"state": WindowState.CONFIRMED, "decided_at": START}
        same = proof(1, decided_by="acc_clerk", **done)
        assert not await written(harness, lambda tx: store.decide(tx, same))
        late = proof(1, decided_by="acc_other", state=WindowState.CONFIRMED, decided_at=START + HOUR)
        assert not await written(harness, lambda tx: store.decide(tx, late))
        other = proof(1, decided_by="acc_other", **done)
        assert await written(harness, lambda tx: store.decide(tx, other))
        assert not await written(harness, lambda tx: store.decide(tx, other))

    async def test_a_position_never_goes_back(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.proofing.positions
        for position in (5, 3):
            await written(harness, lambda tx, n=position: store.advance(tx, "feed", n, START))
        async with harness.database.read() as tx:
            assert (await store.get(tx, "feed"), await store.get(tx, "other")) == (5, 0)


class EvidenceConcurrency:
    """Many at once."""

    async def test_the_level_follows_from_all_that_was_recorded_at_once(self, harness: IdpStoresHarness) -> None:
        await _seeded(harness)
        book = EvidenceBook(harness.stores.proofing.evidence, harness.clock)
        kinds = (EvidenceKind.NUMBER_AND_NAME, EvidenceKind.PHONE, EvidenceKind.REMOTE, EvidenceKind.BOUND_KEY)

        async def add(kind: EvidenceKind) -> None:
            async with harness.database.write() as tx:
                await book.add(tx, "acc_1", NewEvidence(kind, kind.value, by="system"), SYSTEM)
                await tx.commit()

        await asyncio.gather(*map(add, kinds))
        async with harness.database.read() as tx:
            found = await harness.stores.accounts.get(tx, "acc_1")
        assert found is not None
        assert found.level == 4

    async def test_one_of_many_decides(self, harness: IdpStoresHarness) -> None:
        await _seeded(harness)
        store = harness.stores.proofing.windows
        await written(harness, lambda tx: store.add(tx, proof(1)))

        async def decide(number: int) -> bool:
            one = proof(1, state=WindowState.CONFIRMED, decided_by=f"acc_{number}", decided_at=START)
            return bool(await written(harness, lambda tx: store.decide(tx, one)))

        assert sum(await asyncio.gather(*map(decide, range(MANY)))) == 1
