"""What every store of seals' lives, and of requests to use them, promises. Names no backend."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace

from core.db.database import Database
from core.text import Text
from signing.model import GrantForm, RequestState, SealApplication, SealKind, SealStatus, SealStep, UseRequest
from signing.ports import SealLifeStore, UseRequestStore
from signing.stores.sql import SqlSealStore
from tests.conformance.signing_stores import MOMENT, a_grant, a_seal

LATER = MOMENT + dt.timedelta(days=7)


def an_application(number: int = 1) -> SealApplication:
    return SealApplication(
        id=f"sealapp_{number:02}",
        organisation=a_seal().organisation,
        kind=SealKind.FINANCE,
        name=Text("示例市住房保障局", "Housing Office"),
        code=f"{4101990000000 + number}",
        line="财务专用章",
        diameter_mm=38.5,
        shape="oval",
        algorithm="ES256",
        reason="财务用",
        status=SealStatus.APPLIED,
        applicant_kind="staff",
        applicant="acc_1",
        created_at=MOMENT,
        bearer="acc_9",
        replaces="seal_09",
        centre="blank",
        numbered=False,
        scan=b"\x00\xffink",
        picture="ab" * 32,
    )


def listed(application: SealApplication) -> SealApplication:
    """As it stands in a list: without its scan."""
    return replace(application, scan=None)


def a_step(event: str, status: SealStatus, *, application: str | None = None, seal: str | None = None) -> SealStep:
    return SealStep(application, seal, event, status, "staff", "acc_1", "11410199DEMA00025B", "因为", MOMENT)


def a_request(number: int = 1) -> UseRequest:
    return UseRequest(
        id=f"sealreq_{number:02}",
        seal_id="seal_01",
        grant_id="grant_01",
        requester_kind="staff",
        requester="acc_1",
        requester_organisation="11410199DEMA00025B",
        document_class="document",
        reason="发函",
        digest="a" * 64,
        document=f"address-{number}",
        state=RequestState.OPEN,
        created_at=MOMENT,
        expires_at=LATER,
        form=GrantForm.DIGEST,
        signed_digest="sha384:" + "0f" * 48,
        document_name="合同",
    )


async def with_requests(database: Database, store: UseRequestStore, *requests: UseRequest) -> None:
    seals = SqlSealStore()
    async with database.write() as tx:
        await seals.add_seal(tx, a_seal(1))
        await seals.add_seal(tx, a_seal(2, organisation="11410199DEMA000331"))
        await seals.add_grant(tx, a_grant())
        for one in requests:
            await store.add(tx, one)
        await tx.commit()


class LifeContract:
    """Applications move from what is expected only; stories stay in order and are nobody else's."""

    async def test_application_comes_back_whole_and_moves_once(self, database: Database, life: SealLifeStore) -> None:
        applied, approved = [SealStatus.APPLIED], [SealStatus.APPROVED]
        async with database.write() as tx:
            await life.add_application(tx, an_application())
            assert await life.application(tx, "sealapp_01") == an_application()
            assert await life.application(tx, "sealapp_02") is None
            move = life.move_application
            assert not await move(tx, "sealapp_01", expected=approved, new=SealStatus.MADE)
            assert await move(tx, "sealapp_01", expected=applied, new=SealStatus.APPROVED)
            assert not await move(tx, "sealapp_01", expected=applied, new=SealStatus.REFUSED)
            assert await move(tx, "sealapp_01", expected=approved, new=SealStatus.MADE, seal_id="seal_01")
            expected = replace(an_application(), status=SealStatus.MADE, seal_id="seal_01")
            assert await life.application(tx, "sealapp_01") == expected

    async def test_applications_are_listed_newest_first(self, database: Database, life: SealLifeStore) -> None:
        second = replace(an_application(2), status=SealStatus.REFUSED)
        third = replace(an_application(3), organisation="11410199DEMA000331")
        async with database.write() as tx:
            for one in (an_application(1), second, third):
                await life.add_application(tx, one)
            own = an_application().organisation
            first = listed(an_application(1))
            assert await life.applications_of(tx, own) == [listed(second), first]
            assert await life.applications_of(tx, own, statuses=[SealStatus.REFUSED]) == [listed(second)]
            assert await life.applications_of(tx, own, before="sealapp_02", limit=1) == [first]

    async def test_a_seals_story_begins_with_its_application(self, database: Database, life: SealLifeStore) -> None:
        steps = [
            a_step("apply", SealStatus.APPLIED, application="sealapp_01"),
            a_step("make", SealStatus.MADE, application="sealapp_01", seal="seal_01"),
            a_step("activate", SealStatus.ACTIVE, seal="seal_01"),
        ]
        async with database.write() as tx:
            await life.add_application(tx, replace(an_application(), seal_id="seal_01"))
            await life.add_application(tx, an_application(2))
            await life.add_step(tx, a_step("apply", SealStatus.APPLIED, application="sealapp_02"))
            for one in steps:
                await life.add_step(tx, one)
            assert await life.steps_of(tx, seal_id="seal_01") == steps
            assert await life.steps_of(tx, application_id="sealapp_01") == steps[:2]
            assert await life.steps_of(tx, seal_id="seal_02") == []

    async def test_one_of_many_moves_an_application(self, database: Database, life: SealLifeStore) -> None:
        async with database.write() as tx:
            await life.add_application(tx, an_application())
            await tx.commit()

        async def move() -> bool:
            async with database.write() as tx:
                moved = await life.move_application(
                    tx, "sealapp_01", expected=[SealStatus.APPLIED], new=SealStatus.APPROVED
                )
                await tx.commit()
            return moved

        assert sum(await asyncio.gather(*(move() for _ in range(6)))) == 1


class RequestContract:
    """A request is decided once, in time; an approval is used once, in time."""

    async def test_request_comes_back_whole_and_is_listed(self, database: Database, store: UseRequestStore) -> None:
        second = replace(a_request(2), requester="acc_2", state=RequestState.APPROVED)
        foreign = replace(a_request(3), seal_id="seal_02")
        await with_requests(database, store, a_request(), second, foreign)
        own = a_seal().organisation
        async with database.read() as tx:
            assert await store.request(tx, "sealreq_01") == a_request()
            assert await store.request(tx, "sealreq_09") is None
            assert await store.of_seals(tx, own) == [second, a_request()]
            assert await store.of_seals(tx, own, requester=("staff", "acc_2")) == [second]
            assert await store.of_seals(tx, own, state=RequestState.OPEN) == [a_request()]
            assert await store.of_seals(tx, own, before="sealreq_02", limit=1) == [a_request()]
            assert await store.open_of(tx, "staff", "acc_1", MOMENT) == 2
            assert await store.open_of(tx, "client", "acc_1", MOMENT) == 0
            assert await store.open_of(tx, "staff", "acc_1", LATER) == 0

    async def test_decided_once_and_in_time(self, database: Database, store: UseRequestStore) -> None:
        await with_requests(database, store, a_request(1), a_request(2))
        async with database.write() as tx:
            decide = store.decide
            assert not await decide(tx, "sealreq_02", RequestState.APPROVED, by="acc_2", answer="", at=LATER)
            assert await decide(tx, "sealreq_01", RequestState.APPROVED, by="acc_2", answer="好", at=MOMENT)
            assert not await decide(tx, "sealreq_01", RequestState.REFUSED, by="acc_3", answer="不", at=MOMENT)
            decided = await store.request(tx, "sealreq_01")
        expected = replace(a_request(), state=RequestState.APPROVED, decided_by="acc_2", decided_at=MOMENT, answer="好")
        assert decided == expected

    async def test_an_approval_is_used_once_and_in_time(self, database: Database, store: UseRequestStore) -> None:
        approved = [replace(a_request(number), state=RequestState.APPROVED) for number in (1, 2)]
        await with_requests(database, store, *approved, a_request(3))
        async with database.write() as tx:
            assert not await store.spend(tx, "sealreq_03", signature_id="sig_1", at=MOMENT)
            assert not await store.spend(tx, "sealreq_02", signature_id="sig_1", at=LATER)
            assert await store.withdraw(tx, "sealreq_02")
            assert not await store.spend(tx, "sealreq_02", signature_id="sig_1", at=MOMENT)
            assert not await store.withdraw(tx, "sealreq_02")
            await tx.commit()

        async def spend(number: int) -> bool:
            async with database.write() as tx:
                spent = await store.spend(tx, "sealreq_01", signature_id=f"sig_{number}", at=MOMENT)
                await tx.commit()
            return spent

        won = await asyncio.gather(*(spend(number) for number in range(6)))
        assert sum(won) == 1
        async with database.read() as tx:
            used = await store.request(tx, "sealreq_01")
        assert used is not None
        assert (used.state, used.signature_id) == (RequestState.SEALED, f"sig_{won.index(True)}")

    async def test_what_has_run_out_lapses_and_lets_its_file_go(
        self, database: Database, store: UseRequestStore
    ) -> None:
        sealed = replace(a_request(3), state=RequestState.SEALED, signature_id="sig_1")
        await with_requests(database, store, a_request(1), replace(a_request(2), state=RequestState.APPROVED), sealed)
        async with database.write() as tx:
            assert await store.lapse(tx, MOMENT, 10) == 0
            assert await store.over_with_files(tx, 10) == [sealed]
            assert await store.lapse(tx, LATER, 10) == 2
            assert [one.id for one in await store.over_with_files(tx, 2)] == ["sealreq_01", "sealreq_02"]
            assert await store.drop_file(tx, "sealreq_01")
            assert not await store.drop_file(tx, "sealreq_01")
            assert [one.id for one in await store.over_with_files(tx, 10)] == ["sealreq_02", "sealreq_03"]
            dropped = await store.request(tx, "sealreq_01")
        assert dropped == replace(a_request(), state=RequestState.LAPSED, document=None)
