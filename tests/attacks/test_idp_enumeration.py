"""Whether there is an account must not show: by the work that is done, nor by the time it takes (rows O-52, F-07)."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from core.errors import AppError
from core.kv.port import KeyValueStore
from idp.login.circumstances import Circumstances
from idp.login.proofs import Method
from idp.settings import IdpSettings
from tests.support.clock import FakeClock
from tests.support.idp_world import ISSUER, IdpWorld, citizen_number, embedded_world

GENEROUS = IdpSettings(
    issuer=ISSUER,
    even_answers=0.02,
    tries_per_source=10**6,
    tries_per_identifier=10**6,
    tries_per_source_wide=10**6,
    stuffing_from=10**6,
    spraying_from=10**6,
    code_pause=1,
    codes_per_source=10**6,
    codes_per_address=10**6,
)
WORK: Counter[str] = Counter()


class Counted:
    """A key-value store that counts what is asked of it."""

    def __init__(self, store: KeyValueStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._store, name)

        async def counted(*args: Any, **options: Any) -> Any:
            WORK[f"kv {name}"] += 1
            return await call(*args, **options)

        return counted


@pytest.fixture
async def world(tmp_path: Path, clock: FakeClock) -> AsyncIterator[IdpWorld]:
    async with embedded_world(tmp_path, clock, settings=GENEROUS, wrap_kv=Counted) as made:
        yield made


Ask = Callable[[IdpWorld, str, Circumstances], Awaitable[object]]


async def by_password(world: IdpWorld, identifier: str, here: Circumstances) -> object:
    return await world.idp.log_in(identifier, "not the password", here)


async def by_code(world: IdpWorld, identifier: str, here: Circumstances) -> object:
    return await world.idp.factors.log_in_by_code.send(Method.SMS, identifier, here, "zh")


async def by_wrong_code(world: IdpWorld, identifier: str, here: Circumstances) -> object:
    asked = await world.idp.factors.log_in_by_code.send(Method.SMS, identifier, here, "zh")
    return await world.idp.factors.log_in_by_code.check(Method.SMS, asked.ticket, "not it", here)


async def by_reset(world: IdpWorld, identifier: str, here: Circumstances) -> object:
    return await world.idp.passwords.reset.begin(identifier, here, "zh")


async def by_wrong_reset_code(world: IdpWorld, identifier: str, here: Circumstances) -> object:
    cookie = await world.idp.passwords.reset.begin(identifier, here, "zh")
    return await world.idp.passwords.reset.prove_phone(cookie, "not it", here)


WAYS: list[Ask] = [by_password, by_code, by_wrong_code, by_reset, by_wrong_reset_code]
named = pytest.mark.parametrize("ask", WAYS, ids=lambda one: one.__name__)


async def asked(world: IdpWorld, ask: Ask, identifier: str, number: int) -> str:
    """What comes of it, in words, without what is random."""
    world.clock.advance(2)
    here = Circumstances(f"198.51.{number // 250}.{number % 250}", device_cookie="A" * 43)
    try:
        return type(await ask(world, identifier, here)).__name__
    except AppError as error:
        return f"{type(error).__name__} {error.code} {error.text}"


@named
async def test_o_52_the_same_is_done_for_nobody(world: IdpWorld, ask: Ask) -> None:
    done, hashed = [], world.keys.passwords.verified
    for number, identifier in enumerate((world.lin.number, citizen_number(99), world.lin.phone, "13900000099")):
        WORK.clear()
        rows, hashes = len(await world.audit()), len(hashed)
        answer = await asked(world, ask, identifier, number)
        done.append((answer, dict(WORK), len(await world.audit()) - rows, len(hashed) - hashes))
    assert all(one == done[0] for one in done), done


def auc(first: list[float], second: list[float]) -> float:
    """How often one of the first takes longer than one of the second: 0.5 when nothing tells them apart."""
    ranked = sorted([(took, 0) for took in first] + [(took, 1) for took in second])
    below, wins = 0, 0
    for _, which in ranked:
        if which:
            below += 1
        else:
            wins += below
    return wins / (len(first) * len(second))


async def pairs(world: IdpWorld, ask: Ask, many: int, *, known: str, nobody: str) -> tuple[list[float], list[float]]:
    """Times of interleaved calls, in seconds.

    Chance says which of a pair comes first: a store that tidies up at every so manieth write would meet the same one
    again and again in a fixed order.
    """
    times: dict[str, list[float]] = {known: [], nobody: []}
    order = random.Random(many)
    for number in range(many):
        for identifier in order.sample((known, nobody), 2):
            began = time.perf_counter()
            await asked(world, ask, identifier, number)
            times[identifier].append(time.perf_counter() - began)
    return times[known], times[nobody]


@pytest.mark.slow
@named
async def test_f_07_time_does_not_tell(world: IdpWorld, ask: Ask) -> None:
    """A leak shows in every round, the noise of a busy machine in some."""
    found = []
    for _ in range(4):
        known, nobody = await pairs(world, ask, 200, known=world.lin.number, nobody=citizen_number(99))
        found.append(auc(known, nobody))
        if 0.44 < found[-1] < 0.56:
            return
    raise AssertionError(f"separable in every round: {found}")
