"""The contract of the stores in `idp.upstream.ports`, at three strengths."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import Awaitable, Callable
from typing import Any

from core.text import Text
from idp.upstream.model import (
    ClaimMapping,
    Link,
    Provider,
    ProviderStatus,
    TrustClass,
    UpstreamAuthMethod,
    UpstreamSession,
)
from keys.spec import SignatureAlgorithm
from tests.conformance.idp_stores import account, indexes, session, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

HOUR = dt.timedelta(hours=1)
LATER = START + HOUR
MANY = 20


def provider(name: str = "province", **changes: Any) -> Provider:
    made = Provider(
        id=name,
        name=Text("示例省", "Example Province"),
        issuer=f"https://id.{name}.test",
        client_id="city",
        auth_method=UpstreamAuthMethod.BASIC,
        secret_sealed=b"sealed",
        trust=TrustClass.REALNAME,
        scopes=("openid", "identity"),
        mapping=ClaimMapping("/card", "name", "level", {"L2": 2}, None, {"urn:strong": "urn:yizheng:loa:2"}),
        algorithms=(SignatureAlgorithm.ES256, SignatureAlgorithm.PS256),
        userinfo=True,
        required_acrs=("urn:strong",),
        hinting_clients=frozenset({"portal", "other"}),
        status=ProviderStatus.ACTIVE,
        revision=1,
        created_at=START,
        changed_at=START,
    )
    return dataclasses.replace(made, **changes)


def link(subject: str = "sub-1", **changes: Any) -> Link:
    return dataclasses.replace(Link("province", subject, "acc_1", START, START), **changes)


def begun(name: str = "ses_1", **changes: Any) -> UpstreamSession:
    made = UpstreamSession(name, "province", "sub-1", "sid-1", b"sealed token", START)
    return dataclasses.replace(made, **changes)


async def seeded(harness: IdpStoresHarness) -> None:
    """Two providers, two people, two sessions of the first."""
    stores = harness.stores

    async def work(tx: Any) -> None:
        for name in ("acc_1", "acc_2"):
            await stores.accounts.add(tx, account(name), indexes(name))
        for name in ("province", "university"):
            await stores.upstream.providers.add(tx, provider(name))
        for name in ("ses_1", "ses_2"):
            await stores.sessions.add(tx, session(name))

    await written(harness, work)


class UpstreamStoresBasic:
    """One caller at a time."""

    async def test_a_provider_comes_back_as_it_went_in(self, harness: IdpStoresHarness) -> None:
        providers = harness.stores.upstream.providers
        plain = provider("plain", secret_sealed=None, mapping=ClaimMapping(), hinting_clients=frozenset())
        for one in (provider(), plain):
            assert await written(harness, lambda tx, p=one: providers.add(tx, p))
        for taken in (provider(issuer="https://other.test"), provider("other", issuer="https://id.province.test")):
            assert not await written(harness, lambda tx, p=taken: providers.add(tx, p))
        async with harness.database.read() as tx:
            assert await providers.get(tx, "province") == provider()
            assert await providers.get(tx, "other") is None
            assert {one.id: one for one in await providers.all(tx)} == {"province": provider(), "plain": plain}

    async def test_a_change_counts_from_the_revision_that_was_read(self, harness: IdpStoresHarness) -> None:
        providers = harness.stores.upstream.providers
        await written(harness, lambda tx: providers.add(tx, provider()))
        second = provider(status=ProviderStatus.DISABLED, revision=2, changed_at=LATER, scopes=("openid",))
        assert await written(harness, lambda tx: providers.replace(tx, second, revision=1))
        lost = provider(revision=2, client_id="lost")
        assert not await written(harness, lambda tx: providers.replace(tx, lost, revision=1))
        async with harness.database.read() as tx:
            assert await providers.get(tx, "province") == second

    async def test_an_identity_has_one_account_and_an_account_one_identity(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        links = harness.stores.upstream.links
        assert await written(harness, lambda tx: links.add(tx, link()))
        for taken in (link(), link(account_id="acc_2"), link("sub-2")):
            assert not await written(harness, lambda tx, one=taken: links.add(tx, one))
        elsewhere = link(provider_id="university", linked_at=LATER)
        assert await written(harness, lambda tx: links.add(tx, elsewhere))
        async with harness.database.read() as tx:
            assert await links.by_subject(tx, provider_id="province", subject="sub-1") == link()
            assert await links.by_subject(tx, provider_id="university", subject="sub-2") is None
            assert list(await links.of_account(tx, "acc_1")) == [link(), elsewhere]
            assert list(await links.of_account(tx, "acc_2")) == []

    async def test_uses_only_move_forward(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        links = harness.stores.upstream.links
        await written(harness, lambda tx: links.add(tx, link()))
        for at in (LATER, START):
            await written(harness, lambda tx, a=at: links.used(tx, link(), a))
        async with harness.database.read() as tx:
            assert list(await links.of_account(tx, "acc_1")) == [link(used_at=LATER)]

    async def test_a_link_is_removed_once_and_is_free_again(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        links = harness.stores.upstream.links
        await written(harness, lambda tx: links.add(tx, link()))
        for account_id, done in (("acc_2", False), ("acc_1", True), ("acc_1", False)):
            who = {"provider_id": "province", "account_id": account_id}
            assert await written(harness, lambda tx, w=who: links.remove(tx, **w)) is done
        assert await written(harness, lambda tx: links.add(tx, link(account_id="acc_2")))

    async def test_a_bar_stands_until_it_is_taken_away(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        links = harness.stores.upstream.links
        who = {"provider_id": "province", "account_id": "acc_1"}

        async def barred(**changes: str) -> bool:
            async with harness.database.read() as tx:
                return await links.is_barred(tx, **(who | changes))

        assert not await barred()
        for at in (START, LATER):
            await written(harness, lambda tx, a=at: links.bar(tx, at=a, **who))
        assert await barred()
        assert not await barred(provider_id="university")
        assert not await barred(account_id="acc_2")
        await written(harness, lambda tx: links.unbar(tx, **who))
        assert not await barred()

    async def test_sessions_are_found_by_what_the_provider_calls_them(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        stores, kept = harness.stores, harness.stores.upstream.begun
        other = begun("ses_2", sid="sid-2")
        for one in (begun(), other):
            await written(harness, lambda tx, o=one: kept.put(tx, o))

        async def live(**names: str) -> list[str]:
            async with harness.database.read() as tx:
                return [one.id for one in await kept.live(tx, **({"provider_id": "province"} | names))]

        assert await live(subject="sub-1") == ["ses_1", "ses_2"]
        assert await live(sid="sid-2") == ["ses_2"]
        assert await live(subject="sub-1", sid="sid-1") == ["ses_1"]
        assert await live(subject="sub-2", sid="sid-1") == []
        assert await live(provider_id="university", sid="sid-1") == []
        assert await live() == [], "nobody is named"
        await written(harness, lambda tx: stores.sessions.end(tx, "ses_1", START))
        assert await live(subject="sub-1") == ["ses_2"]

    async def test_a_session_without_a_name_is_meant_with_its_subject(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        kept = harness.stores.upstream.begun
        await written(harness, lambda tx: kept.put(tx, begun(sid=None)))
        async with harness.database.read() as tx:
            found = await kept.live(tx, provider_id="province", subject="sub-1", sid="sid-9")
            assert [one.id for one in found] == ["ses_1"]
            assert await kept.live(tx, provider_id="province", sid="sid-9") == []

    async def test_how_a_session_was_begun_is_replaced_and_goes_with_it(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        stores, kept = harness.stores, harness.stores.upstream.begun
        newer = begun(sid="sid-3", id_token_sealed=b"newer", begun_at=LATER)
        elsewhere = begun(provider_id="university", begun_at=LATER + HOUR)
        for one in (begun(), newer, elsewhere):
            await written(harness, lambda tx, o=one: kept.put(tx, o))
        async with harness.database.read() as tx:
            assert list(await kept.of_session(tx, "ses_1")) == [elsewhere, newer]
        await written(harness, lambda tx: stores.sessions.delete_expired(tx, LATER + HOUR))
        async with harness.database.read() as tx:
            assert list(await kept.of_session(tx, "ses_1")) == []


class UpstreamStoresTransaction:
    """Two units of work."""

    async def test_a_link_that_is_not_committed_is_none(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        links = harness.stores.upstream.links
        async with harness.database.write() as tx:
            assert await links.add(tx, link())
        assert await written(harness, lambda tx: links.add(tx, link(account_id="acc_2")))


class UpstreamStoresContention:
    """Many at once: exactly one wins."""

    async def _winners(self, harness: IdpStoresHarness, work: Callable[[Any, int], Awaitable[bool]]) -> int:
        async def one(number: int) -> bool:
            return bool(await written(harness, lambda tx: work(tx, number)))

        return sum(await asyncio.gather(*(one(number) for number in range(MANY))))

    async def test_one_account_gets_the_identity(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        links = harness.slow.upstream.links
        assert await self._winners(harness, lambda tx, n: links.add(tx, link(account_id=f"acc_{1 + n % 2}"))) == 1

    async def test_one_identity_gets_the_account(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        links = harness.slow.upstream.links
        assert await self._winners(harness, lambda tx, n: links.add(tx, link(f"sub-{n}"))) == 1

    async def test_one_unlinks(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        links = harness.slow.upstream.links
        await written(harness, lambda tx: links.add(tx, link()))
        who = {"provider_id": "province", "account_id": "acc_1"}
        assert await self._winners(harness, lambda tx, _n: links.remove(tx, **who)) == 1

    async def test_one_change_counts(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        providers = harness.slow.upstream.providers
        second = provider(revision=2, client_id="second")
        assert await self._winners(harness, lambda tx, _n: providers.replace(tx, second, revision=1)) == 1
