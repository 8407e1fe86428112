"""What every seal store promises, in three strengths: basic, transaction, contention. Names no backend."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import select

from core.db.database import Database
from core.errors import Conflict
from core.text import Text
from signing.model import GranteeKind, GrantForm, Seal, SealGrant, SealImage, SealKind, SealStatus, SignatureRecord
from signing.ports import SealStore, UseQuery
from signing.public_log.entry import LogEvent, read_entry
from signing.stores.log_tables import seal_log_entry

MOMENT = dt.datetime(2026, 11, 23, 1, 2, 3, tzinfo=dt.UTC)


def a_seal(number: int = 1, **changes: object) -> Seal:
    certificate = b"\x30\x03\x02\x01" + bytes([number])
    made = Seal(
        id=f"seal_{number:02}",
        code=f"{4101990000000 + number}",
        organisation="11410199DEMA00025B",
        name=Text("示例市住房保障局", "Housing Office"),
        kind=SealKind.OFFICIAL,
        status=SealStatus.ACTIVE,
        certificates=(certificate, b"\x30\x03\x02\x01\x7f"),
        key_purpose=f"seal/seal_{number:02}",
        image=SealImage(30.0, "<svg/>", b"content\x00", 40.0),
        created_at=MOMENT,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def a_grant(seal_id: str = "seal_01", number: int = 1) -> SealGrant:
    return SealGrant(
        f"grant_{number:02}",
        seal_id,
        GranteeKind.ROLE,
        "issuer",
        ("licence", "*"),
        dt.date(2026, 1, 1),
        dt.date(2026, 12, 31),
        "acc_1",
        MOMENT,
    )


def a_record(number: int = 1, seal_id: str = "seal_01") -> SignatureRecord:
    return SignatureRecord(
        id=f"sig_{number:02}",
        seal_id=seal_id,
        actor_kind="client",
        actor_id="housing-app",
        actor_organisation="11410199DEMA00025B",
        document_class="licence",
        reason="签发",
        digest_before="a" * 64,
        digest_after=f"{number:064x}",
        level="PAdES-B-B",
        signed_at=MOMENT,
        sealed_as="dual",
    )


async def put(database: Database, store: SealStore, *seals: Seal) -> None:
    async with database.write() as tx:
        for seal in seals:
            await store.add_seal(tx, seal)
        await tx.commit()


async def move(database: Database, store: SealStore, new: SealStatus, *expected: SealStatus) -> bool:
    async with database.write() as tx:
        moved = await store.set_status(tx, "seal_01", expected=expected, new=new, at=MOMENT)
        await tx.commit()
    return moved


async def use(database: Database, store: SealStore, number: int) -> bool:
    async with database.write() as tx:
        entered = await store.add_signature(tx, a_record(number))
        await tx.commit()
    return entered


class BasicContract:
    """What is put in comes out, and nothing else."""

    async def test_seal_comes_back_whole(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal())
        async with database.read() as tx:
            assert await store.seal(tx, "seal_01") == a_seal()
            assert await store.seal_of_code(tx, a_seal().code) == a_seal()
            assert await store.seal(tx, "seal_02") is None
            assert await store.seal_of_code(tx, "4101990000002") is None

    async def test_seal_is_found_by_its_own_certificate(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal(1), a_seal(2))
        async with database.read() as tx:
            for number in (1, 2):
                digest = hashlib.sha256(a_seal(number).certificate).hexdigest()
                assert await store.seal_of_certificate(tx, digest) == a_seal(number)
            issuer = hashlib.sha256(a_seal().certificates[1]).hexdigest()
            assert await store.seal_of_certificate(tx, issuer) is None

    async def test_a_seal_keeps_what_it_signed_under_former_certificates(
        self, database: Database, store: SealStore
    ) -> None:
        await put(database, store, a_seal(1), a_seal(2))
        first, other = a_seal().certificate, b"\x30\x03\x02\x01\x63"
        async with database.write() as tx:
            assert await store.set_certificates(
                tx, "seal_01", expected=first, certificates=(other, b"\x30\x03\x02\x01\x7e"), at=MOMENT
            )
            await tx.commit()
        renewed = a_seal(certificates=(other, b"\x30\x03\x02\x01\x7e"))
        async with database.read() as tx:
            for known in (first, other):
                assert await store.seal_of_certificate(tx, hashlib.sha256(known).hexdigest()) == renewed
            assert await store.seal(tx, "seal_02") == a_seal(2)

    async def test_certificates_change_only_from_what_was_expected(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal())
        other = b"\x30\x03\x02\x01\x63"
        await put(database, store, a_seal(2))
        async with database.write() as tx:
            assert not await store.set_certificates(tx, "seal_01", expected=other, certificates=(other,), at=MOMENT)
            assert not await store.set_certificates(  # another seal has it
                tx, "seal_01", expected=a_seal().certificate, certificates=a_seal(2).certificates, at=MOMENT
            )
            assert not await store.set_certificates(
                tx, "seal_99", expected=a_seal().certificate, certificates=(other,), at=MOMENT
            )
            await tx.commit()
        async with database.read() as tx:
            assert await store.seal(tx, "seal_01") == a_seal()
            assert await store.seal_of_certificate(tx, hashlib.sha256(other).hexdigest()) is None

    async def test_a_former_certificate_may_come_back(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal())
        first, other = a_seal().certificates, (b"\x30\x03\x02\x01\x63",)
        for before, after in ((first, first), (first, other), (other, first)):
            async with database.write() as tx:
                assert await store.set_certificates(tx, "seal_01", expected=before[0], certificates=after, at=MOMENT)
                await tx.commit()
        async with database.read() as tx:
            assert await store.seal(tx, "seal_01") == a_seal()
            assert await store.seal_of_certificate(tx, hashlib.sha256(other[0]).hexdigest()) == a_seal()

    @pytest.mark.parametrize("state", [SealStatus.SUSPENDED, SealStatus.REVOKED])
    async def test_a_stopped_seal_gets_no_certificate(
        self, database: Database, store: SealStore, state: SealStatus
    ) -> None:
        await put(database, store, a_seal())
        assert await move(database, store, state, SealStatus.ACTIVE)
        async with database.write() as tx:
            assert not await store.set_certificates(
                tx, "seal_01", expected=a_seal().certificate, certificates=(b"\x30\x00",), at=MOMENT
            )
            await tx.commit()

    async def test_code_is_taken_once(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal(1))
        async with database.write() as tx:
            with pytest.raises(Conflict):
                await store.add_seal(tx, a_seal(2, code=a_seal(1).code))
            await store.add_seal(tx, a_seal(3))  # the unit of work is still of use
            await tx.commit()
        async with database.read() as tx:
            assert await store.seal(tx, "seal_02") is None
            assert await store.seal(tx, "seal_03") is not None

    async def test_lists_by_organisation_state_kind_and_cursor(self, database: Database, store: SealStore) -> None:
        finance = a_seal(2, kind=SealKind.FINANCE)
        revoked = a_seal(3, status=SealStatus.REVOKED, revoked_at=MOMENT)
        foreign = a_seal(4, organisation="11410199DEMA000331")
        await put(database, store, a_seal(1), finance, revoked, foreign)
        async with database.read() as tx:
            own = a_seal().organisation
            assert await store.seals_of(tx, own) == [a_seal(1), finance, revoked]
            assert await store.seals_of(tx, None) == [a_seal(1), finance, revoked, foreign]
            assert await store.seals_of(tx, own, status=SealStatus.REVOKED) == [revoked]
            assert await store.seals_of(tx, own, kind=SealKind.FINANCE) == [finance]
            assert await store.seals_of(tx, own, after="seal_01", limit=1) == [finance]

    async def test_grants_belong_to_their_seal(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal(1), a_seal(2))
        async with database.write() as tx:
            await store.add_grant(tx, a_grant("seal_01", 1))
            await store.add_grant(tx, a_grant("seal_02", 2))
            await tx.commit()
        async with database.read() as tx:
            assert await store.grants_of(tx, "seal_01") == [a_grant("seal_01", 1)]

    async def test_use_is_on_record_by_id_and_by_file(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal())
        assert await use(database, store, 1)
        async with database.read() as tx:
            assert await store.signature(tx, "sig_01") == a_record(1)
            assert await store.signature_of_file(tx, a_record(1).digest_after) == a_record(1)
            assert await store.signature_of_file(tx, a_record(1).digest_before) is None
            assert await store.signature(tx, "sig_02") is None

    async def test_state_moves_from_what_is_expected_only(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal())
        assert not await move(database, store, SealStatus.ACTIVE, SealStatus.SUSPENDED)
        assert await move(database, store, SealStatus.SUSPENDED, SealStatus.ACTIVE)
        assert await move(database, store, SealStatus.REVOKED, SealStatus.ACTIVE, SealStatus.SUSPENDED)
        assert not await move(database, store, SealStatus.ACTIVE, SealStatus.SUSPENDED)
        async with database.read() as tx:
            seal = await store.seal(tx, "seal_01")
        assert seal is not None
        assert (seal.status, seal.revoked_at) == (SealStatus.REVOKED, MOMENT)

    @pytest.mark.parametrize("state", [SealStatus.SUSPENDED, SealStatus.REVOKED])
    async def test_seal_out_of_use_takes_no_record(
        self, database: Database, store: SealStore, state: SealStatus
    ) -> None:
        await put(database, store, a_seal())
        assert await move(database, store, state, SealStatus.ACTIVE)
        assert not await use(database, store, 1)
        async with database.read() as tx:
            assert await store.signature(tx, "sig_01") is None

    async def test_a_grant_comes_back_whole_and_is_taken_back_once(self, database: Database, store: SealStore) -> None:
        counted = replace(a_grant(), max_uses=3, uses=0, approval=True, form=GrantForm.DIGEST)
        await put(database, store, a_seal())
        async with database.write() as tx:
            await store.add_grant(tx, counted)
            assert await store.grant(tx, "grant_01") == counted
            assert await store.grant(tx, "grant_02") is None
            assert await store.end_grant(tx, "grant_01", by="acc_2", at=MOMENT)
            assert not await store.end_grant(tx, "grant_01", by="acc_3", at=MOMENT)
            assert await store.grant(tx, "grant_01") == replace(counted, ended_at=MOMENT, ended_by="acc_2")
            assert not await store.count_use(tx, "grant_01")
            await tx.commit()

    async def test_grants_are_found_by_who_holds_them(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal(1), a_seal(2))
        role, account = (GranteeKind.ROLE, "issuer"), (GranteeKind.ACCOUNT, "issuer")
        grants = [
            a_grant("seal_01", 1),
            replace(a_grant("seal_02", 2), grantee_kind=GranteeKind.ACCOUNT),
            replace(a_grant("seal_02", 3), grantee="clerk"),
            a_grant("seal_02", 4),
        ]
        async with database.write() as tx:
            for grant in grants:
                await store.add_grant(tx, grant)
            await store.end_grant(tx, "grant_04", by="acc_2", at=MOMENT)
            await tx.commit()
        async with database.read() as tx:
            assert await store.granted_to(tx, [role]) == grants[:1]
            assert await store.granted_to(tx, [role, account]) == grants[:2]
            assert await store.granted_to(tx, [(GranteeKind.CLIENT, "issuer")]) == []
            assert await store.granted_to(tx, []) == []

    async def test_a_grant_is_counted_up_to_its_ceiling(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal())
        async with database.write() as tx:
            await store.add_grant(tx, replace(a_grant(), max_uses=2))
            await store.add_grant(tx, a_grant(number=2))
            assert [await store.count_use(tx, "grant_01") for _ in range(3)] == [True, True, False]
            assert all([await store.count_use(tx, "grant_02") for _ in range(3)])
            found = await store.grants_of(tx, "seal_01")
            assert [one.uses for one in found] == [2, 3]
            assert not await store.count_use(tx, "grant_09")

    async def test_what_was_handed_in_is_told_by_the_ledger_and_the_log(
        self, database: Database, store: SealStore
    ) -> None:
        await put(database, store, a_seal())
        told = {
            GrantForm.DOCUMENT: LogEvent.SIGNATURE,
            GrantForm.DIGEST: LogEvent.DIGEST_SIGNATURE,
            GrantForm.HASH: LogEvent.HASH_SIGNATURE,
        }
        unseen = {"signed_digest": "sha384:" + "0f" * 48, "document_name": "合同"}
        records = [replace(a_record(n), form=form, certificate="c" * 64, **unseen) for n, form in enumerate(told, 1)]
        async with database.write() as tx:
            for record in records:
                assert await store.add_signature(tx, record)
            await tx.commit()
        async with database.read() as tx:
            assert [await store.signature(tx, record.id) for record in records] == records
            bodies = (
                await tx.connection.execute(select(seal_log_entry.c.body).order_by(seal_log_entry.c.id))
            ).scalars()
            entries = [read_entry(bytes(body)) for body in bodies]
        assert [one.event for one in entries if one.document] == list(told.values())

    async def test_the_ledger_is_searched_newest_first(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal(1), a_seal(2), a_seal(3, organisation="11410199DEMA000331"))
        records = [
            a_record(1),
            replace(a_record(2, "seal_02"), actor_id="other-app", request_id="req_1", grant_id="grant_1"),
            replace(a_record(3), document_class="contract", signed_at=MOMENT + dt.timedelta(days=1)),
            a_record(4, "seal_03"),
        ]
        async with database.write() as tx:
            for record in records:
                assert await store.add_signature(tx, record)
            await tx.commit()
        first, second, third, _ = records
        whole = UseQuery(a_seal().organisation)
        day = dt.timedelta(days=1)
        cases = (
            (whole, [third, second, first]),
            (replace(whole, seal_id="seal_02"), [second]),
            (replace(whole, seal_id="seal_03"), []),
            (replace(whole, actor_id="other-app"), [second]),
            (replace(whole, document_class="contract"), [third]),
            (replace(whole, since=MOMENT + day), [third]),
            (replace(whole, until=MOMENT + day), [second, first]),
        )
        async with database.read() as tx:
            for query, expected in cases:
                assert await store.uses(tx, query, before=None, limit=10) == expected
            assert await store.uses(tx, whole, before="sig_03", limit=1) == [second]


class TransactionContract:
    """A unit of work is whole or nothing."""

    async def test_nothing_stays_of_a_unit_that_was_not_committed(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal(1))
        async with database.write() as tx:
            await store.add_seal(tx, a_seal(2))
            await store.add_grant(tx, a_grant())
            assert await store.add_signature(tx, a_record())
            assert await store.set_status(
                tx, "seal_01", expected=[SealStatus.ACTIVE], new=SealStatus.REVOKED, at=MOMENT
            )
        async with database.read() as tx:
            assert await store.seal(tx, "seal_02") is None
            assert await store.grants_of(tx, "seal_01") == []
            assert await store.signature(tx, "sig_01") is None
            assert await store.seal(tx, "seal_01") == a_seal(1)

    async def test_revocation_waits_for_the_use_that_came_first(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal())
        entered, may_commit = asyncio.Event(), asyncio.Event()

        async def slow_use() -> None:
            async with database.write() as tx:
                assert await store.add_signature(tx, a_record())
                entered.set()
                await may_commit.wait()
                await tx.commit()

        using = asyncio.create_task(slow_use())
        await entered.wait()
        revoking = asyncio.create_task(move(database, store, SealStatus.REVOKED, SealStatus.ACTIVE))
        await asyncio.sleep(0.2)
        assert not revoking.done()  # its answer would be a lie while the use can still be committed
        may_commit.set()
        await using
        assert await revoking


class ContentionContract:
    """Of many at once exactly one wins, and nothing is lost."""

    async def test_one_of_many_revocations_wins(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal())
        won = await asyncio.gather(*(move(database, store, SealStatus.REVOKED, SealStatus.ACTIVE) for _ in range(8)))
        assert sum(won) == 1

    async def test_no_more_uses_than_a_grant_gives(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal())
        async with database.write() as tx:
            await store.add_grant(tx, replace(a_grant(), max_uses=3))
            await tx.commit()

        async def once() -> bool:
            async with database.write() as tx:
                counted = await store.count_use(tx, "grant_01")
                await tx.commit()
            return counted

        assert sum(await asyncio.gather(*(once() for _ in range(8)))) == 3

    async def test_one_of_many_takes_a_code(self, database: Database, store: SealStore) -> None:
        async def take(number: int) -> bool:
            try:
                await put(database, store, a_seal(number, code="4101990000001"))
            except Conflict:
                return False
            return True

        assert sum(await asyncio.gather(*(take(number) for number in range(1, 9)))) == 1

    async def test_no_use_is_recorded_after_the_revocation(self, database: Database, store: SealStore) -> None:
        await put(database, store, a_seal())
        revoked = asyncio.Event()

        async def one_use(number: int) -> bool:
            late = revoked.is_set()
            return await use(database, store, number) and late

        async def revoke() -> None:
            await asyncio.sleep(0.02)
            assert await move(database, store, SealStatus.REVOKED, SealStatus.ACTIVE)
            revoked.set()

        async def uses() -> list[bool]:
            out = []
            for wave in range(6):
                out += await asyncio.gather(*(one_use(wave * 4 + number) for number in range(1, 5)))
            return out

        late, _ = await asyncio.gather(uses(), revoke())
        assert not any(late)
        assert not await use(database, store, 99)


CONTRACTS = (BasicContract, TransactionContract, ContentionContract)
