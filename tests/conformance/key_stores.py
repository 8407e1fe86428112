"""The contract of the stores of passkeys and of people's certificates, at two strengths."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from typing import Any

from idp.factors.certificates.model import BoundCertificate
from idp.factors.passkeys.model import Passkey, PasskeyState
from tests.conformance.idp_stores import account, indexes, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

HOUR = dt.timedelta(hours=1)
LATER = START + HOUR
MANY = 20


def passkey(name: str = "pky_1", **changes: Any) -> Passkey:
    made = Passkey(
        id=name,
        account_id="acc_1",
        credential_id=b"credential-" + name.encode(),
        public_key=b"key",
        user_handle=b"handle",
        aaguid="00000000-0000-0000-0000-000000000000",
        model=None,
        sign_count=5,
        backup_eligible=False,
        backed_up=False,
        bound=True,
        transports=("internal", "hybrid"),
        name=b"sealed",
        state=PasskeyState.ACTIVE,
        created_at=START,
    )
    return dataclasses.replace(made, **changes)


def certificate(name: str = "pct_1", **changes: Any) -> BoundCertificate:
    made = BoundCertificate(name, "acc_1", f"thumbprint-{name}", b"sealed", "Example CA", True, LATER, START)
    return dataclasses.replace(made, **changes)


async def seeded(harness: IdpStoresHarness) -> None:
    """Two people."""

    async def work(tx: Any) -> None:
        for name in ("acc_1", "acc_2"):
            await harness.stores.accounts.add(tx, account(name), indexes(name))

    await written(harness, work)


class KeyStoresBasic:
    """One caller at a time."""

    async def test_a_passkey_comes_back_as_it_went_in_and_has_one_holder(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        passkeys = harness.stores.keys.passkeys
        second = passkey("pky_2", model="Example Key", created_at=LATER, backup_eligible=True, backed_up=True)
        for one in (second, passkey()):
            assert await written(harness, lambda tx, p=one: passkeys.add(tx, p))
        taken = passkey("pky_3", credential_id=b"credential-pky_1", account_id="acc_2")
        assert not await written(harness, lambda tx: passkeys.add(tx, taken))
        async with harness.database.read() as tx:
            assert list(await passkeys.of_account(tx, "acc_1")) == [passkey(), second]
            assert list(await passkeys.of_account(tx, "acc_2")) == []
            assert await passkeys.by_credential(tx, b"credential-pky_2") == second
            assert await passkeys.by_credential(tx, b"unknown") is None

    async def test_a_counter_goes_on_or_the_use_does_not_count(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        passkeys = harness.stores.keys.passkeys
        uncounted = passkey("pky_2", sign_count=0)
        for one in (passkey(), uncounted):
            await written(harness, lambda tx, p=one: passkeys.add(tx, p))

        async def use(name: str, count: int) -> bool:
            used = lambda tx: passkeys.used(tx, name, sign_count=count, backed_up=True, at=LATER)  # noqa: E731
            return bool(await written(harness, used))

        assert [await use("pky_1", count) for count in (5, 0, 4, 7, 6)] == [False, False, False, True, False]
        assert [await use("pky_2", count) for count in (0, 0, 1, 0)] == [True, True, True, False]
        async with harness.database.read() as tx:
            found = await passkeys.by_credential(tx, passkey().credential_id)
        assert found == passkey(sign_count=7, backed_up=True, used_at=LATER)

    async def test_a_suspended_passkey_counts_no_more(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        passkeys = harness.stores.keys.passkeys
        await written(harness, lambda tx: passkeys.add(tx, passkey()))
        async with harness.database.read() as tx:
            assert await passkeys.held(tx, "acc_1") == {"pky_1"}
        assert await written(harness, lambda tx: passkeys.suspend(tx, "pky_1"))
        assert not await written(harness, lambda tx: passkeys.suspend(tx, "pky_1"))
        used = lambda tx: passkeys.used(tx, "pky_1", sign_count=9, backed_up=False, at=LATER)  # noqa: E731
        assert not await written(harness, used)
        async with harness.database.read() as tx:
            assert await passkeys.held(tx, "acc_1") == frozenset()
            assert [one.state for one in await passkeys.of_account(tx, "acc_1")] == [PasskeyState.SUSPENDED]

    async def test_only_its_owner_names_and_removes_a_passkey(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        passkeys = harness.stores.keys.passkeys
        for one in (passkey(), passkey("pky_2")):
            await written(harness, lambda tx, p=one: passkeys.add(tx, p))
        for who, done in (("acc_2", False), ("acc_1", True)):
            rename = lambda tx, a=who: passkeys.rename(tx, "pky_1", account_id=a, name=b"new")  # noqa: E731
            assert await written(harness, rename) is done
        for who, done in (("acc_2", False), ("acc_1", True), ("acc_1", False)):
            remove = lambda tx, a=who: passkeys.remove(tx, "pky_1", account_id=a)  # noqa: E731
            assert await written(harness, remove) is done
        async with harness.database.read() as tx:
            assert [one.id for one in await passkeys.of_account(tx, "acc_1")] == ["pky_2"]

    async def test_a_certificate_comes_back_as_it_went_in_and_has_one_holder(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        store = harness.stores.keys.certificates
        second = certificate("pct_2", created_at=LATER, bound=False)
        for one in (second, certificate()):
            assert await written(harness, lambda tx, c=one: store.add(tx, c))
        taken = certificate("pct_3", thumbprint="thumbprint-pct_1", account_id="acc_2")
        assert not await written(harness, lambda tx: store.add(tx, taken))
        assert await written(harness, lambda tx: store.used(tx, "pct_1", LATER))
        async with harness.database.read() as tx:
            assert list(await store.of_account(tx, "acc_1")) == [certificate(used_at=LATER), second]
            assert await store.by_thumbprint(tx, "thumbprint-pct_2") == second
            assert await store.by_thumbprint(tx, "unknown") is None

    async def test_only_its_owner_removes_a_certificate_and_what_ran_out_goes(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        store = harness.stores.keys.certificates
        for one in (certificate(), certificate("pct_2", not_after=START), certificate("pct_3", account_id="acc_2")):
            await written(harness, lambda tx, c=one: store.add(tx, c))
        for who, done in (("acc_2", False), ("acc_1", True), ("acc_1", False)):
            assert await written(harness, lambda tx, a=who: store.remove(tx, "pct_1", account_id=a)) is done
        assert not await written(harness, lambda tx: store.used(tx, "pct_1", LATER))
        assert await written(harness, lambda tx: store.delete_expired(tx, START + HOUR / 2)) == 1
        async with harness.database.read() as tx:
            assert list(await store.of_account(tx, "acc_1")) == []
            assert [one.id for one in await store.of_account(tx, "acc_2")] == ["pct_3"]


class KeyStoresContention:
    """Many callers at a time."""

    async def test_one_of_many_equal_counters_counts(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        passkeys = harness.stores.keys.passkeys
        await written(harness, lambda tx: passkeys.add(tx, passkey()))
        use = lambda tx: passkeys.used(tx, "pky_1", sign_count=6, backed_up=False, at=LATER)  # noqa: E731
        assert sorted(await asyncio.gather(*(written(harness, use) for _ in range(MANY)))) == [False] * (MANY - 1) + [
            True
        ]

    async def test_one_of_many_gets_a_credential_and_a_certificate(self, harness: IdpStoresHarness) -> None:
        await seeded(harness)
        keys = harness.stores.keys

        async def both(number: int) -> tuple[bool, bool]:
            made = passkey(f"pky_{number}", credential_id=b"the same", account_id=f"acc_{number % 2 + 1}")
            bound = certificate(f"pct_{number}", thumbprint="the same", account_id=made.account_id)
            first = await written(harness, lambda tx: keys.passkeys.add(tx, made))
            return first, await written(harness, lambda tx: keys.certificates.add(tx, bound))

        outcomes = await asyncio.gather(*(both(number) for number in range(MANY)))
        assert [sum(part) for part in zip(*outcomes, strict=True)] == [1, 1]
