"""Argon2id: parameters, the bounded pool, and that an unknown account costs what a known one does."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator
from typing import Any

import argon2
import pytest

from core.errors import LimitExceeded
from keys.errors import KeyRefused
from keys.secrets.password import Argon2Hasher
from keys.secrets.password_cost import PasswordCost

PASSWORD = "正确的密码 horse battery"


@pytest.fixture
async def hasher() -> AsyncIterator[Argon2Hasher]:
    made = Argon2Hasher(workers=2, queue=8)  # two of one source may wait
    yield made
    made.close()


async def test_a_password_is_verified(hasher: Argon2Hasher) -> None:
    encoded = await hasher.hash(PASSWORD)
    assert await hasher.verify(PASSWORD, encoded)
    for wrong in ("", PASSWORD + " ", PASSWORD.upper(), PASSWORD[:-1], "\ud800", "x" * 100_000):
        assert not await hasher.verify(wrong, encoded)


async def test_parameters_are_those_of_rfc_9106(hasher: Argon2Hasher) -> None:
    first, second = await hasher.hash(PASSWORD), await hasher.hash(PASSWORD)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second  # a salt of its own
    assert argon2.PasswordHasher().verify(first, PASSWORD)  # by the library alone


async def test_the_same_characters_are_the_same_password(hasher: Argon2Hasher) -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    assert await hasher.verify(decomposed, await hasher.hash(composed))


async def test_an_unknown_account_costs_the_same_work(hasher: Argon2Hasher, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    verify = argon2.PasswordHasher.verify

    def noting(self: argon2.PasswordHasher, encoded: Any, password: Any) -> Any:
        asked.append(encoded)
        return verify(self, encoded, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", noting)
    known = await hasher.hash(PASSWORD)
    assert not await hasher.verify(PASSWORD, None)
    assert not await hasher.verify("wrong", known)
    shapes = [re.sub(r"[A-Za-z0-9+/]{22,}", lambda match: str(len(match[0])), one) for one in asked]
    assert len(asked) == 2
    assert shapes[0] == shapes[1]  # same parameters, same lengths


@pytest.mark.parametrize("encoded", ["", "x", "$argon2id$", "$2b$12$abc", PASSWORD, "$argon2id$v=19$m=1,t=1,p=1$YQ$YQ"])
async def test_a_damaged_row_lets_nobody_in(encoded: str, hasher: Argon2Hasher) -> None:
    assert not await hasher.verify(PASSWORD, encoded)
    assert not await hasher.verify("", encoded)


async def test_old_parameters_are_noticed(hasher: Argon2Hasher) -> None:
    weak = argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    assert await hasher.verify(PASSWORD, weak)
    assert hasher.needs_rehash(weak)
    assert hasher.needs_rehash("not a hash")
    assert not hasher.needs_rehash(await hasher.hash(PASSWORD))


async def test_a_hash_at_another_cost_is_verified_at_that_one_and_noticed(hasher: Argon2Hasher) -> None:
    dearer = Argon2Hasher(cost=PasswordCost(20, 3))
    try:
        cheap, dear = await hasher.hash(PASSWORD), await dearer.hash(PASSWORD)
        assert dear.startswith("$argon2id$v=19$m=20480,t=3,p=1$")
        assert await dearer.verify(PASSWORD, cheap)
        assert await hasher.verify(PASSWORD, dear)
        assert dearer.needs_rehash(cheap)
        assert not dearer.needs_rehash(dear)
    finally:
        dearer.close()


@pytest.mark.parametrize(
    "cost", [PasswordCost(18, 2), PasswordCost(19, 1), PasswordCost(64, 1), PasswordCost(19, 2, 0)]
)
def test_a_cost_that_is_too_low_is_refused(cost: PasswordCost) -> None:
    with pytest.raises(KeyRefused):
        Argon2Hasher(cost=cost)


async def test_those_beyond_the_queue_are_told_to_come_back(
    hasher: Argon2Hasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(argon2.PasswordHasher, "hash", lambda _self, _password: opened.wait(10) and "hash")
        waiting = [asyncio.ensure_future(hasher.hash(PASSWORD)) for _ in range(4)]  # two work, two wait
        await asyncio.sleep(0)
        with pytest.raises(LimitExceeded) as refused:
            await hasher.hash(PASSWORD)
        assert refused.value.code == "busy"
        assert refused.value.retry_after
        opened.set()
        assert await asyncio.gather(*waiting) == ["hash"] * 4
    assert await hasher.verify(PASSWORD, await hasher.hash(PASSWORD))  # places are free again


async def test_a_caller_who_goes_away_gives_the_place_back(
    hasher: Argon2Hasher, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()
    with monkeypatch.context() as patch:
        patch.setattr(argon2.PasswordHasher, "hash", lambda _self, _password: opened.wait(10) and "hash")
        waiting = [asyncio.ensure_future(hasher.hash(PASSWORD)) for _ in range(4)]
        await asyncio.sleep(0)
        for call in waiting:
            call.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        with pytest.raises(LimitExceeded):  # two threads are busy still, whoever has gone
            await asyncio.gather(*(hasher.hash(PASSWORD) for _ in range(3)))
        opened.set()
    async with asyncio.timeout(10):
        while True:
            try:
                assert await hasher.hash(PASSWORD)
                return
            except LimitExceeded:
                await asyncio.sleep(0.01)
