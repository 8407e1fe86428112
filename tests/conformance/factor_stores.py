"""The contracts of the stores of second factors and of the rules for log-ins."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from idp.factors.recovery.ports import RecoveryCodes
from idp.factors.totp.model import Authenticator
from idp.login.proofs import Method
from idp.login.rules import LoginRule
from tests.conformance.idp_stores import account, indexes, written
from tests.conformance.idp_stores_backends import IdpStoresHarness
from tests.support.clock import START

MANY = 12


def app(name: str = "aut_1", **changes: Any) -> Authenticator:
    return dataclasses.replace(Authenticator(name, "acc_1", b"name", b"secret", 7, START), **changes)


def rule(subject: str = "everybody", **changes: Any) -> LoginRule:
    made = LoginRule(subject, "urn:yizheng:loa:2", frozenset({Method.SMS, Method.EMAIL}), 1, "acc_1", START)
    return dataclasses.replace(made, **changes)


async def people(harness: IdpStoresHarness) -> None:
    for name in ("acc_1", "acc_2"):
        await written(harness, lambda tx, n=name: harness.stores.accounts.add(tx, account(n), indexes(n)))


async def at_once(harness: IdpStoresHarness, work: Callable[[Any], Awaitable[bool]]) -> int:
    """How many of many callers were told yes."""
    return sum(await asyncio.gather(*(written(harness, work) for _ in range(MANY))))


class FactorStoresBasic:
    """One caller at a time."""

    async def test_an_app_comes_back_as_it_went_in_and_is_its_owners(self, harness: IdpStoresHarness) -> None:
        await people(harness)
        store = harness.stores.factors.authenticators
        for one in (app(), app("aut_2", account_id="acc_2", used_at=START)):
            await written(harness, lambda tx, a=one: store.add(tx, a))
        async with harness.database.read() as tx:
            assert list(await store.of_account(tx, "acc_1")) == [app()]
        assert not await written(harness, lambda tx: store.remove(tx, "aut_1", account_id="acc_2"))
        assert await written(harness, lambda tx: store.remove(tx, "aut_1", account_id="acc_1"))
        async with harness.database.read() as tx:
            assert not await store.of_account(tx, "acc_1")
            assert [one.id for one in await store.of_account(tx, "acc_2")] == ["aut_2"]

    async def test_a_step_counts_once_and_none_before_it(self, harness: IdpStoresHarness) -> None:
        await people(harness)
        store = harness.stores.factors.authenticators
        await written(harness, lambda tx: store.add(tx, app()))

        async def use(step: int) -> bool:
            return await written(harness, lambda tx: store.use(tx, "aut_1", step=step, at=START))

        assert [await use(step) for step in (7, 9, 9, 8, 10)] == [False, True, False, False, True]

    async def test_recovery_codes_change_from_the_revision_that_was_seen(self, harness: IdpStoresHarness) -> None:
        await people(harness)
        store = harness.stores.factors.recovery
        first = RecoveryCodes("acc_1", b"ten", 1, START)
        await written(harness, lambda tx: store.put(tx, first))
        second = dataclasses.replace(first, content=b"nine", revision=2)
        assert await written(harness, lambda tx: store.replace(tx, second, revision=1))
        assert not await written(harness, lambda tx: store.replace(tx, second, revision=1))
        async with harness.database.read() as tx:
            assert await store.get(tx, "acc_1") == second
            assert await store.get(tx, "acc_2") is None
        await written(harness, lambda tx: store.put(tx, dataclasses.replace(first, revision=3)))
        assert await written(harness, lambda tx: store.remove(tx, "acc_1"))
        assert not await written(harness, lambda tx: store.remove(tx, "acc_1"))

    async def test_a_rule_changes_from_the_revision_that_was_seen(self, harness: IdpStoresHarness) -> None:
        store = harness.stores.factors.rules
        changed = rule(acr=None, refused=frozenset(), revision=2)

        async def put(one: LoginRule, before: int) -> bool:
            return await written(harness, lambda tx: store.put(tx, one, before=before))

        assert [await put(rule(), 0), await put(rule(), 0), await put(rule("client:portal"), 0)] == [True, False, True]
        assert [await put(changed, 2), await put(changed, 1), await put(changed, 1)] == [False, True, False]
        async with harness.database.read() as tx:
            assert list(await store.all(tx)) == [rule("client:portal"), changed]
        assert not await written(harness, lambda tx: store.remove(tx, "everybody", revision=1))
        assert await written(harness, lambda tx: store.remove(tx, "everybody", revision=2))


class FactorStoresContention:
    """Many callers at once: one of them is told yes."""

    async def test_a_step_is_used_by_one(self, harness: IdpStoresHarness) -> None:
        await people(harness)
        store = harness.stores.factors.authenticators
        await written(harness, lambda tx: store.add(tx, app()))
        assert await at_once(harness, lambda tx: store.use(tx, "aut_1", step=8, at=START)) == 1

    async def test_a_revision_is_followed_by_one(self, harness: IdpStoresHarness) -> None:
        await people(harness)
        store = harness.stores.factors.recovery
        await written(harness, lambda tx: store.put(tx, RecoveryCodes("acc_1", b"ten", 1, START)))
        after = RecoveryCodes("acc_1", b"nine", 2, START)
        assert await at_once(harness, lambda tx: store.replace(tx, after, revision=1)) == 1
        rules = harness.stores.factors.rules
        assert await at_once(harness, lambda tx: rules.put(tx, rule(), before=0)) == 1
        assert await at_once(harness, lambda tx: rules.put(tx, rule(revision=2), before=1)) == 1
