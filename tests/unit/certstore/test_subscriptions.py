"""Subscriptions with a receiver that listens on this machine: signed, in order, at least once, never too much."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import pytest

from certstore.end import EndCommand
from certstore.lifecycle import Event
from certstore.model import Licence
from certstore.subscriptions.deliver import BEHIND, REFUSALS, DeliverChanges
from certstore.subscriptions.manage import NewSubscription, ShownSecret
from certstore.subscriptions.model import Change, SigningSecret, Subscription, SubscriptionState
from core.egress.rules import EgressRules
from core.errors import AppError
from core.http_signature import is_signed
from core.principal import Principal, PrincipalKind
from tests.support.certstore_world import (
    CLERK,
    HOUSING,
    LAND_SYSTEM,
    LIN_NAME,
    LIN_NUMBER,
    OTHER_PORTAL,
    PERMIT,
    POLICE_SYSTEM,
    PORTAL,
    PROPERTY,
    World,
)
from tests.support.listener import Listener, listening, response

OK = response(b"")
AWAY = response(b"", status="503 Service Unavailable")
REFUSED = response(b"", status="422 Unprocessable Content")


@dataclasses.dataclass
class Receiver:
    """A subscription of the housing bureau and what it was sent."""

    city: World
    listener: Listener
    subscription: Subscription
    secret: ShownSecret

    def answer(self, answer: bytes) -> None:
        self.listener.answers["/changes"] = answer

    def refuse(self, licence: Licence) -> None:
        """Refuse every message that speaks of this licence."""

        async def judge(writer: Any) -> None:
            writer.write(REFUSED if licence.id.encode() in self.listener.bodies[-1] else OK)
            await writer.drain()

        self.listener.answers["/changes"] = judge

    def messages(self) -> list[list[dict[str, Any]]]:
        return [orjson.loads(body)["changes"] for body in self.listener.bodies]

    def told(self) -> list[tuple[str, int]]:
        """Licence and sequence of every change sent, in order of sending."""
        return [(one["licence"], one["sequence"]) for message in self.messages() for one in message]

    async def work(self, times: int = 1) -> None:
        """Let the worker look, every two hours."""
        for _ in range(times):
            await self.city.subscriptions.deliver.run_due()
            self.city.clock.advance(7200)

    async def state(self) -> SubscriptionState:
        return (await self.health()).subscription.state

    async def health(self) -> Any:
        return await self.city.subscriptions.manage.health(self.subscription.id, PORTAL)


@pytest.fixture
async def receiver(city: World) -> AsyncIterator[Receiver]:
    async with listening() as listener:
        wanted = NewSubscription("接收端", listener.url("/changes"))
        subscription, secret = await city.subscriptions.manage.set_up(wanted, PORTAL)
        made = Receiver(city, listener, subscription, secret)
        made.answer(OK)
        yield made


async def revoke(city: World, licence: Licence) -> None:
    actor = LAND_SYSTEM if licence.type_code == PROPERTY else POLICE_SYSTEM
    await city.services.end(EndCommand(licence.id, Event.REVOKE, "吊销"), actor)


def headers_of(head: str) -> dict[str, str]:
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])}


async def test_a_change_is_sent_once_signed_and_without_a_person_in_it(receiver: Receiver, city: World) -> None:
    made = await city.issue_property(licence_number="豫 0000123")
    await receiver.work(2)
    ((change,),) = receiver.messages()
    assert (change["licence"], change["event"], change["state"]) == (made.id, "issue", "valid")
    assert change["identifier"] == made.current.identifier
    (body,), (head,) = receiver.listener.bodies, receiver.listener.requests
    key = {receiver.secret.key_id: receiver.secret.value.encode()}
    address, headers = receiver.subscription.address, headers_of(head)
    now = city.clock.now()
    assert is_signed("POST", address, body, headers, keys=key, now=now, most_age=20_000)
    assert not is_signed("POST", address, body + b" ", headers, keys=key, now=now, most_age=20_000)
    assert not is_signed("POST", address, body, headers, keys=key, now=now, most_age=60), "recorded and sent later"
    for private in (LIN_NAME, LIN_NUMBER, made.current.licence_number):
        assert private.encode() not in body
        assert private not in head


async def test_while_a_secret_gives_way_to_the_next_messages_are_signed_under_both(
    receiver: Receiver, city: World
) -> None:
    city.clock.advance(1)
    next_one = await city.subscriptions.steer.new_secret(receiver.subscription.id, PORTAL)
    await city.issue_property()
    await receiver.work()
    await city.subscriptions.steer.forget_old_secrets(receiver.subscription.id, PORTAL)
    await city.issue_permit()
    await receiver.work()
    known = []
    for body, head in zip(receiver.listener.bodies, receiver.listener.requests, strict=True):
        for secret in (receiver.secret, next_one):
            keys = {secret.key_id: secret.value.encode()}
            signed = is_signed(
                "POST", receiver.subscription.address, body, headers_of(head), keys=keys, now=city.clock.now(),
                most_age=40_000,
            )  # fmt: skip
            known.append(signed)
    assert known == [True, True, False, True]


async def test_a_receiver_that_was_away_gets_everything_in_order(receiver: Receiver, city: World) -> None:
    receiver.answer(AWAY)
    house, permit = await city.issue_property(), await city.issue_permit()
    await receiver.work(2)
    await revoke(city, house)
    health = await receiver.health()  # the third gets its place at the next look
    assert (health.behind, health.subscription.last_result, health.subscription.attempts) == (2, "status-503", 2)
    receiver.listener.bodies.clear()
    receiver.answer(OK)
    await receiver.work()
    assert receiver.told() == [(house.id, 1), (permit.id, 1), (house.id, 2)]
    health = await receiver.health()
    assert (health.behind, health.subscription.attempts, health.subscription.failing_since) == (0, 0, None)
    assert sum(day.delivered for day in health.days) == 3


async def test_pauses_grow_and_after_days_it_is_left_alone_with_nothing_lost(receiver: Receiver, city: World) -> None:
    receiver.answer(AWAY)
    await city.issue_property()
    tries = 0
    for _ in range(60):
        tries += await city.subscriptions.deliver.run_due()
        city.clock.advance(60)
    assert 5 <= tries <= 12, "an hour of trying, with growing pauses"
    city.clock.advance(3 * 86400)
    await receiver.work()
    assert await receiver.state() is SubscriptionState.HALTED
    assert "subscription.halt" in {row["action"] for row in await city.events()}
    receiver.listener.bodies.clear()
    await receiver.work()
    assert receiver.messages() == []
    receiver.answer(OK)
    await city.subscriptions.steer.resume(receiver.subscription.id, PORTAL)
    await receiver.work()
    assert len(receiver.told()) == 1


async def test_what_a_receiver_will_not_take_is_set_aside_with_all_that_follows_for_that_licence(
    receiver: Receiver, city: World
) -> None:
    house, permit = await city.issue_property(), await city.issue_permit()
    receiver.refuse(house)
    await receiver.work(REFUSALS + 2)
    await revoke(city, house)
    await revoke(city, permit)
    receiver.listener.bodies.clear()
    await receiver.work(2)
    assert receiver.told() == [(permit.id, 2)], "what follows on a dead letter waits, others do not"
    letters = await city.subscriptions.manage.dead_letters(receiver.subscription.id, PORTAL)
    assert [(one.change.sequence, one.result) for one in letters] == [(1, "refused-422"), (2, BEHIND)]
    assert await city.subscriptions.steer.send_again(receiver.subscription.id, PORTAL) == 2
    await receiver.work()
    assert len(await city.subscriptions.manage.dead_letters(receiver.subscription.id, PORTAL)) == 2, "refused anew"
    receiver.listener.bodies.clear()
    receiver.answer(OK)
    await city.subscriptions.steer.send_again(receiver.subscription.id, PORTAL)
    await receiver.work(2)
    assert receiver.told() == [(house.id, 1), (house.id, 2)]
    assert (await receiver.health()).dead == 0


async def test_a_worker_that_dies_after_sending_sends_again_and_passes_nothing_by(
    receiver: Receiver, city: World
) -> None:
    made = [await city.issue_property(), await city.issue_permit()]
    with dying_after_sending(city.subscriptions.deliver), pytest.raises(ConnectionAbortedError):
        await city.subscriptions.deliver.run_due()
    assert await city.subscriptions.deliver.run_due() == 0, "the lease is still held"
    await receiver.work(2)
    assert receiver.told() == [(one.id, 1) for one in made] * 2


@contextmanager
def dying_after_sending(worker: DeliverChanges) -> Iterator[None]:
    messenger = worker._messenger

    class Dies:
        async def post(
            self, subscription: Subscription, changes: Sequence[Change], secrets: Sequence[SigningSecret]
        ) -> str:
            await messenger.post(subscription, changes, secrets)
            raise ConnectionAbortedError

        def check(self, address: str) -> None:
            raise NotImplementedError

    worker._messenger = Dies()
    yield
    worker._messenger = messenger


async def test_a_pause_during_a_delivery_holds_and_replay_begins_where_it_is_told(
    receiver: Receiver, city: World
) -> None:
    steer = city.subscriptions.steer
    made = await city.issue_property()

    async def pause_meanwhile(writer: Any) -> None:
        await steer.pause(receiver.subscription.id, PORTAL)
        writer.write(OK)
        await writer.drain()

    receiver.listener.answers["/changes"] = pause_meanwhile
    await receiver.work()
    assert await receiver.state() is SubscriptionState.PAUSED
    await city.issue_permit()
    receiver.answer(OK)
    await receiver.work()
    assert len(receiver.messages()) == 1
    await steer.resume(receiver.subscription.id, PORTAL)
    await receiver.work()
    assert receiver.told()[0] == receiver.told()[1] == (made.id, 1), "sent again rather than lost"
    first = receiver.messages()[0][0]["cursor"]
    receiver.listener.bodies.clear()
    await steer.replay(receiver.subscription.id, first, PORTAL)
    await receiver.work()
    assert [sequence for _, sequence in receiver.told()] == [1], "behind the cursor there is the permit alone"


async def test_on_both_databases_two_workers_at_once_deliver_everything_once_and_in_order(both_cities: World) -> None:
    city = both_cities
    worker = city.subscriptions.deliver
    twin = DeliverChanges(
        city.database, worker._store, worker._changes, worker._messenger, city.clock, spread=lambda: 1.0
    )
    async with listening() as listener:
        listener.answers["/changes"] = OK
        subscription, secret = await city.subscriptions.manage.set_up(
            NewSubscription("接收端", listener.url("/changes")), PORTAL
        )
        receiver = Receiver(city, listener, subscription, secret)
        made = [await city.issue_property() for _ in range(3)]
        await asyncio.gather(*(revoke(city, one) for one in made), worker.run_due(), twin.run_due())
        await asyncio.gather(worker.run_due(), twin.run_due())
    told = receiver.told()
    assert len(told) == len(set(told)) == 6
    for one in made:
        assert [sequence for licence, sequence in told if licence == one.id] == [1, 2]


async def test_two_workers_send_everything_once(receiver: Receiver, city: World) -> None:
    for _ in range(3):
        await city.issue_property()
    worker = city.subscriptions.deliver
    twin = DeliverChanges(
        city.database, worker._store, worker._changes, worker._messenger, city.clock, spread=lambda: 1.0
    )
    for _ in range(3):
        await worker.run_due()
        await twin.run_due()
    assert len(receiver.told()) == 3


async def test_nobody_hears_of_what_they_have_no_grant_for(city: World) -> None:
    house, permit = await city.issue_property(), await city.issue_permit()

    async def heard(actor: Principal, *types: str) -> list[str]:
        return [one.licence_id for one in (await city.subscriptions.changes(actor, types=types)).items]

    assert await heard(PORTAL) == [house.id, permit.id]
    assert await heard(PORTAL, PERMIT) == [permit.id]
    assert await heard(OTHER_PORTAL) == []
    assert await heard(LAND_SYSTEM) == [house.id], "an authority hears of its own"
    limited = dataclasses.replace(CLERK, types={"licence:read": frozenset({PERMIT})})
    assert await heard(limited) == [permit.id]
    for actor in (Principal(PrincipalKind.PERSON, "acc_lin", scopes=frozenset({"licence:read"})), NO_SCOPE):
        with pytest.raises(AppError):
            await city.subscriptions.changes(actor)


NO_SCOPE = Principal(PrincipalKind.CLIENT, "no-scope", HOUSING)


async def test_a_feed_is_read_on_from_its_cursor_and_tells_when_it_cannot_be(city: World) -> None:
    made = [await city.issue_property() for _ in range(3)]
    read = city.subscriptions.changes
    first = await read(PORTAL, limit=2)
    assert ([one.licence_id for one in first.items], first.more) == ([one.id for one in made[:2]], True)
    second = await read(PORTAL, first.next_cursor, limit=2)
    assert ([one.licence_id for one in second.items], second.more) == ([made[2].id], False)
    assert (await read(PORTAL, second.next_cursor)).items == []
    latest = await read(PORTAL, "latest")
    city.clock.advance(91 * 86400)
    await city.subscriptions.keep()
    assert (await read(PORTAL, latest.next_cursor)).items == [], "nothing behind it is gone"
    for cursor, code in ((first.next_cursor, "changes-gone"), ("bm9uc2Vuc2U", "cursor-invalid")):
        with pytest.raises(AppError) as raised:
            await read(PORTAL, cursor)
        assert raised.value.code == code


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://receiver.example.cn/changes?token=abc", "subscription-address-invalid"),
        ("https://user:secret@receiver.example.cn/changes", "address-refused"),
        ("https://169.254.169.254/latest", "address-refused"),
        ("https://10.1.2.3/changes", "address-refused"),
        ("ftp://receiver.example.cn/changes", "address-refused"),
    ],
)
async def test_addresses_that_lead_inside_or_carry_secrets_are_refused(city: World, address: str, code: str) -> None:
    city.subscriptions.manage._messenger._rules = EgressRules()  # type: ignore[attr-defined]
    with pytest.raises(AppError) as raised:
        await city.subscriptions.manage.set_up(NewSubscription("接收端", address), PORTAL)
    assert raised.value.code == code


async def test_staff_who_see_some_types_only_have_no_others_sent(city: World) -> None:
    limited = dataclasses.replace(
        CLERK,
        scopes=frozenset({"licence:read", "licence:issue"}),
        types={"licence:read": frozenset({PERMIT})},
    )
    address = "https://127.0.0.1:8443/changes"
    made, _ = await city.subscriptions.manage.set_up(NewSubscription("接收端", address), limited)
    assert made.types == (PERMIT,)
    with pytest.raises(AppError) as raised:
        await city.subscriptions.manage.set_up(NewSubscription("接收端", address, (PROPERTY,)), limited)
    assert raised.value.code == "licence-type-not-yours"


async def test_another_organisations_subscription_looks_absent(receiver: Receiver, city: World) -> None:
    for call in (
        city.subscriptions.steer.pause(receiver.subscription.id, OTHER_PORTAL),
        city.subscriptions.steer.new_secret(receiver.subscription.id, OTHER_PORTAL),
        city.subscriptions.manage.health(receiver.subscription.id, OTHER_PORTAL),
    ):
        with pytest.raises(AppError) as raised:
            await call
        assert raised.value.code == "subscription-not-found"
    with pytest.raises(AppError) as raised:
        await city.subscriptions.steer.pause(receiver.subscription.id, CLERK)
    assert raised.value.code == "duty-missing"
    await city.subscriptions.steer.end(receiver.subscription.id, PORTAL)
    await city.issue_property()
    await receiver.work()
    assert receiver.messages() == []
    assert await city.subscriptions.manage.own(PORTAL) == []


async def test_other_news_of_its_organisation_goes_to_the_same_address_signed_alike(
    receiver: Receiver, city: World
) -> None:
    news, own, organisation = city.subscriptions.other_news, receiver.subscription.id, PORTAL.organisation or ""
    assert await news.knows(own, organisation)
    body = b'{"batch": {"id": "batch_1"}}'
    assert await news.bring(own, organisation, body) == "delivered"
    assert receiver.listener.bodies == [body]
    headers = headers_of(receiver.listener.requests[0])
    keys, now = {receiver.secret.key_id: receiver.secret.value.encode()}, city.clock.now()
    assert is_signed("POST", receiver.subscription.address, body, headers, keys=keys, now=now)
    receiver.answer(AWAY)
    assert await news.bring(own, organisation, body) == "status-503"
    sent = len(receiver.listener.bodies)
    for id_, whose in ((own, "another"), ("sub_none", organisation)):
        assert not await news.knows(id_, whose)
        assert await news.bring(id_, whose, body) == "subscription-gone"
    await city.subscriptions.steer.pause(own, PORTAL)
    assert await news.bring(own, organisation, body) == "subscription-gone"
    assert len(receiver.listener.bodies) == sent, "nothing was sent to whoever must not hear"
