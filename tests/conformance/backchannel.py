"""The contract of `idp.ciba.ports.BackchannelStore`."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from typing import Any

from idp.ciba.model import BackchannelRequest, RequestState
from idp.client_metadata import DeliveryMode
from idp.model import DeliveryState
from tests.conformance.idp_stores import MANY, seeded, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

MINUTE = dt.timedelta(minutes=1)


def asked(name: str = "cba_1", **changes: Any) -> BackchannelRequest:
    made = BackchannelRequest(
        name, "portal", "acc_1", DeliveryMode.PING, ("openid",), created_at=START, expires_at=START + 5 * MINUTE
    )
    return dataclasses.replace(made, **changes)


async def kept(harness: IdpStoresHarness, *requests: BackchannelRequest) -> None:
    await seeded(harness)
    for one in requests:
        await written(harness, lambda tx, r=one: harness.stores.backchannel.add(tx, r))


async def found(harness: IdpStoresHarness, name: str = "cba_1") -> BackchannelRequest:
    async with harness.database.read() as tx:
        one = await harness.stores.backchannel.get(tx, name)
    assert one is not None
    return one


async def decided(harness: IdpStoresHarness, name: str = "cba_1", *, at: dt.datetime = START, **changes: Any) -> bool:
    values: dict[str, Any] = {"state": RequestState.APPROVED, "family_id": "fam_1", "notify": True} | changes
    state = values.pop("state")
    return bool(await written(harness, lambda tx: harness.stores.backchannel.decide(tx, name, state, at=at, **values)))


async def due(harness: IdpStoresHarness, at: dt.datetime) -> list[str]:
    async with harness.database.read() as tx:
        return [one.id for one in await harness.stores.backchannel.due(tx, at, 10)]


class BackchannelBasic:
    """One caller at a time."""

    async def test_a_request_comes_back_as_it_went_in(self, harness: IdpStoresHarness) -> None:
        one = asked(
            mode=DeliveryMode.PUSH,
            resources=("https://licences.example.test/",),
            authorization_details=({"type": "licence_copy"},),
        )
        await kept(harness, one)
        assert await found(harness) == one
        async with harness.database.read() as tx:
            assert await harness.stores.backchannel.get(tx, "cba_9") is None

    async def test_a_person_is_shown_their_own_that_wait_the_newest_first(self, harness: IdpStoresHarness) -> None:
        later = START + MINUTE
        await kept(harness, asked(), asked("cba_2", created_at=later), asked("cba_3", expires_at=later))
        async with harness.database.read() as tx:
            store = harness.stores.backchannel
            assert [one.id for one in await store.waiting(tx, "acc_1", START)] == ["cba_2", "cba_3", "cba_1"]
            assert [one.id for one in await store.waiting(tx, "acc_1", later)] == ["cba_2", "cba_1"]
            assert not await store.waiting(tx, "acc_2", START)
        await decided(harness, "cba_2")
        async with harness.database.read() as tx:
            assert [one.id for one in await harness.stores.backchannel.waiting(tx, "acc_1", later)] == ["cba_1"]

    async def test_a_request_is_decided_once_and_in_time(self, harness: IdpStoresHarness) -> None:
        await kept(harness, asked(), asked("cba_2"))
        assert await decided(harness, at=START + MINUTE)
        assert not await decided(harness, state=RequestState.REFUSED, family_id=None)
        assert not await decided(harness, "cba_2", at=START + 5 * MINUTE), "expired"
        one = await found(harness)
        assert (one.state, one.family_id, one.decided_at) == (RequestState.APPROVED, "fam_1", START + MINUTE)
        assert (one.notice, one.notice_due_at) == (DeliveryState.PENDING, START + MINUTE)

    async def test_only_who_wants_to_be_told_is_told(self, harness: IdpStoresHarness) -> None:
        await kept(harness, asked(mode=DeliveryMode.POLL))
        assert await decided(harness, notify=False)
        assert (await found(harness)).notice is None
        assert await due(harness, START + 100 * MINUTE) == []

    async def test_messages_are_due_claimed_and_finished(self, harness: IdpStoresHarness) -> None:
        store, later = harness.stores.backchannel, START + MINUTE
        await kept(harness, asked())
        assert await due(harness, later) == []
        await decided(harness)
        assert await due(harness, START) == ["cba_1"]
        one = await found(harness)
        assert await written(harness, lambda tx: store.claim(tx, one, at=START, until=later))
        assert not await written(harness, lambda tx: store.claim(tx, one, at=START, until=later))
        assert await due(harness, START) == [], "claimed"
        assert await due(harness, later) == ["cba_1"], "whoever claimed it has died"
        claimed = await found(harness)
        assert claimed.notice_attempts == 1
        failed = dataclasses.replace(claimed, notice_due_at=later, notice_result="status-500")
        await written(harness, lambda tx: store.finish(tx, failed))
        assert (await found(harness)).notice_result == "status-500"
        done = dataclasses.replace(claimed, notice=DeliveryState.DELIVERED, notice_result="delivered")
        await written(harness, lambda tx: store.finish(tx, done))
        await written(harness, lambda tx: store.finish(tx, failed))  # too late: somebody else was faster
        assert (await found(harness)).notice is DeliveryState.DELIVERED
        assert await due(harness, later) == []

    async def test_in_push_mode_the_end_of_a_request_is_told_once(self, harness: IdpStoresHarness) -> None:
        store, end = harness.stores.backchannel, START + 5 * MINUTE
        await kept(harness, asked(mode=DeliveryMode.PUSH), asked("cba_2"))
        assert await due(harness, end - MINUTE) == []
        assert await due(harness, end) == ["cba_1"], "a client that was pinged asks by itself"
        one = await found(harness)
        assert not await written(harness, lambda tx: store.claim(tx, one, at=end - MINUTE, until=end))
        assert await written(harness, lambda tx: store.claim(tx, one, at=end, until=end + MINUTE))
        assert await due(harness, end) == []
        told = dataclasses.replace(await found(harness), notice=DeliveryState.DELIVERED)
        await written(harness, lambda tx: store.finish(tx, told))
        assert await due(harness, end + 100 * MINUTE) == []

    async def test_sweeping_takes_what_has_expired(self, harness: IdpStoresHarness) -> None:
        await kept(harness, asked(), asked("cba_2", expires_at=START + 9 * MINUTE))
        before = START + 6 * MINUTE
        assert await written(harness, lambda tx: harness.stores.backchannel.delete_expired(tx, before)) == 1
        assert (await found(harness, "cba_2")).id == "cba_2"


class BackchannelContention:
    """Many at once, each call slow: exactly one wins."""

    async def test_one_decides(self, harness: IdpStoresHarness) -> None:
        await kept(harness, asked())
        slow = harness.slow.backchannel

        async def decide(number: int) -> bool:
            state = RequestState.APPROVED if number % 2 else RequestState.REFUSED
            return bool(
                await written(
                    harness,
                    lambda tx: slow.decide(tx, "cba_1", state, at=START, family_id=f"fam_{number}", notify=True),
                )
            )

        answers = await asyncio.gather(*(decide(number) for number in range(MANY)))
        assert sum(answers) == 1
        assert (await found(harness)).family_id == f"fam_{answers.index(True)}"

    async def test_one_sends_the_message(self, harness: IdpStoresHarness) -> None:
        await kept(harness, asked())
        await decided(harness)
        one, slow, until = await found(harness), harness.slow.backchannel, START + MINUTE
        answers = await asyncio.gather(
            *(written(harness, lambda tx: slow.claim(tx, one, at=START, until=until)) for _ in range(MANY))
        )
        assert sum(answers) == 1
