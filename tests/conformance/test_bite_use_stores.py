"""The contract of lawful use catches stores that are broken on purpose."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from certstore.codes import HolderCode
from certstore.model import Consent
from certstore.stores.consents import SqlConsentStore
from certstore.stores.tables import consent
from certstore.stores.use_tables import exemption_check, exemption_delivery, use_code
from certstore.stores.uses import SqlCheckStore, SqlUseCodeStore
from certstore.use.model import Delivered
from core.db.database import ReadTx, WriteTx
from tests.conformance.harness import DELAY, Surroundings, failing
from tests.conformance.use_stores import CONTRACT, UseHarness, postgres, sqlite
from tests.support.certstore_fakes import blind_index, field_cipher
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

_OPENING = 40 * DELAY  # longer than it takes to open the others' connections, on a busy machine too


class HoldsByCounting(SqlConsentStore):
    async def hold(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        return await self.use(tx, consent_id, today=today)


class HoldsByLooking(SqlConsentStore):
    """Right about the state, but a withdrawal can slip in."""

    async def hold(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        found = await self.consent(tx, consent_id)
        return found is not None and found.last_day is not None and found.state == "granted" and today <= found.last_day


class HoldsForEver(SqlConsentStore):
    async def hold(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        return await super().hold(tx, consent_id, today=dt.date(1, 1, 1))


class UsesWithoutEnd(SqlConsentStore):
    async def use(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        await tx.connection.execute(update(consent).where(consent.c.id == consent_id).values(uses=consent.c.uses + 1))
        return await self.hold(tx, consent_id, today=today)


class UsesWhatItSaw(SqlConsentStore):
    """Counts, but decides by what it read before."""

    async def use(self, tx: WriteTx, consent_id: str, *, today: dt.date) -> bool:
        found = await self.consent(tx, consent_id)
        if found is None or (found.max_uses is not None and found.uses >= found.max_uses):
            return False
        await asyncio.sleep(_OPENING)
        await tx.connection.execute(update(consent).where(consent.c.id == consent_id).values(uses=found.uses + 1))
        return True


class FindsAllBundles(SqlConsentStore):
    async def of_bundle(self, tx: ReadTx, bundle: str) -> Sequence[Consent]:
        return [*await super().of_bundle(tx, "cob_1"), *await super().of_bundle(tx, "cob_2")]


class AsksOverAnything(SqlCheckStore):
    async def put_question(self, tx: WriteTx, check_id: str, bundle: str, *, before: str | None) -> bool:
        columns = exemption_check.c
        await tx.connection.execute(update(exemption_check).where(columns.id == check_id).values(bundle=bundle))
        return True


class BeginsEveryRound(SqlCheckStore):
    async def begin_round(self, tx: WriteTx, check_id: str, *, after: int) -> bool:
        return True

    async def deliver(self, tx: WriteTx, check_id: str, delivered: Sequence[Delivered]) -> None:
        there = {one.material for one in await self.delivered(tx, check_id)}
        for one in delivered:
            if one.material not in there:
                row = {"check_id": check_id, "material": one.material, "copy_id": one.copy_id}
                await tx.connection.execute(insert(exemption_delivery).values(row | {"licence_id": one.licence_id}))


class BeginsByLooking(BeginsEveryRound):
    async def begin_round(self, tx: WriteTx, check_id: str, *, after: int) -> bool:
        found = await self.check(tx, check_id)
        await asyncio.sleep(_OPENING)
        columns = exemption_check.c
        await tx.connection.execute(update(exemption_check).where(columns.id == check_id).values(rounds=after + 1))
        return found is not None and found.rounds == after

    async def deliver(self, tx: WriteTx, check_id: str, delivered: Sequence[Delivered]) -> None:
        return None


class RedeemsForEver(SqlUseCodeStore):
    async def redeem(self, tx: WriteTx, code_id: str, *, now: dt.datetime) -> bool:
        return await super().redeem(tx, code_id, now=now - dt.timedelta(days=1))


class RedeemsByLooking(SqlUseCodeStore):
    async def redeem(self, tx: WriteTx, code_id: str, *, now: dt.datetime) -> bool:
        found = await self.use_code(tx, code_id)
        if found is None or now >= found.ends_at or found.uses >= found.max_uses:
            return False
        await asyncio.sleep(_OPENING)
        await tx.connection.execute(update(use_code).where(use_code.c.id == code_id).values(uses=found.uses + 1))
        return True


class EndsNothing(SqlUseCodeStore):
    async def end(self, tx: WriteTx, code_ids: Sequence[str], *, now: dt.datetime) -> int:
        return min(len(code_ids), 1)


class FindsWhateverTheAuthority(SqlConsentStore):
    async def granted_under(self, tx: ReadTx, holder: HolderCode, authority: str) -> Sequence[Consent]:
        found = await self.of_holder(tx, holder)
        return [one for one in reversed(found) if one.state == "granted"]


class SweepsEverything(SqlUseCodeStore):
    async def sweep(self, tx: WriteTx, *, before: dt.datetime, limit: int) -> int:
        return await super().sweep(tx, before=before + dt.timedelta(days=1), limit=limit)


BROKEN: list[tuple[str, Any, str]] = [
    (
        "holds-by-counting",
        HoldsByCounting,
        "test_a_consent_is_used_as_often_as_it_says_and_holding_it_is_no_use",
    ),
    ("uses-without-end", UsesWithoutEnd, "test_a_consent_is_used_as_often_as_it_says_and_holding_it_is_no_use"),
    ("holds-for-ever", HoldsForEver, "test_only_a_consent_in_force_can_be_held"),
    ("finds-all-bundles", FindsAllBundles, "test_what_was_asked_together_is_found_together"),
    ("asks-over-anything", AsksOverAnything, "test_a_question_is_put_over_the_one_that_was_seen_only"),
    ("begins-every-round", BeginsEveryRound, "test_a_round_is_begun_once_and_deliveries_are_kept_in_order"),
    ("redeems-for-ever", RedeemsForEver, "test_a_code_that_has_run_out_is_not_redeemed"),
    ("ends-nothing", EndsNothing, "test_codes_that_are_ended_are_redeemed_no_more_and_others_stay"),
    (
        "finds-whatever-the-authority",
        FindsWhateverTheAuthority,
        "test_what_was_granted_under_an_authority_is_found_until_it_is_withdrawn",
    ),
    ("sweeps-everything", SweepsEverything, "test_what_is_over_goes_in_parts_and_what_is_alive_stays"),
]
# What SQLite's single writer hides: these are caught where writers run side by side.
RACING: list[tuple[str, Any, str]] = [
    ("holds-by-looking", HoldsByLooking, "test_a_withdrawal_waits_for_whoever_holds_the_consent"),
    ("uses-what-it-saw", UsesWhatItSaw, "test_of_many_uses_of_a_consent_no_more_than_its_number_get_through"),
    ("begins-by-looking", BeginsByLooking, "test_of_many_rounds_one_delivers"),
    ("redeems-by-looking", RedeemsByLooking, "test_of_many_redemptions_no_more_than_its_uses_get_through"),
]


def _with(harness: UseHarness, kind: Any) -> UseHarness:
    if issubclass(kind, SqlConsentStore):
        return replace(harness, whole=replace(harness.whole, consents=kind(field_cipher(), blind_index())))
    if issubclass(kind, SqlCheckStore):
        return replace(harness, checks=kind(field_cipher()))
    return replace(harness, codes=kind())


def _opened(
    backend: Callable[[Surroundings], AbstractAsyncContextManager[UseHarness]],
    folder: Path,
    kind: Any,
    server: PostgresServer | None = None,
) -> Callable[[], AbstractAsyncContextManager[UseHarness]]:
    count = iter(range(10_000))

    @asynccontextmanager
    async def opened() -> AsyncIterator[UseHarness]:
        place = folder / str(next(count))
        place.mkdir()
        async with backend(Surroundings(place, FakeClock(), server)) as harness:
            yield _with(harness, kind)

    return opened


@pytest.mark.parametrize(("name", "kind", "by"), BROKEN, ids=[name for name, _, _ in BROKEN])
async def test_a_broken_store_is_caught(name: str, kind: Any, by: str, tmp_path: Path) -> None:
    assert await failing(CONTRACT, _opened(sqlite, tmp_path, kind), only=by) == {by}, name


@pytest.mark.parametrize(("name", "kind", "by"), RACING, ids=[name for name, _, _ in RACING])
async def test_a_racing_store_is_caught_where_writers_run_side_by_side(
    name: str, kind: Any, by: str, tmp_path: Path, postgres_server: PostgresServer
) -> None:
    assert await failing(CONTRACT, _opened(postgres, tmp_path, kind, postgres_server), only=by) == {by}, name
