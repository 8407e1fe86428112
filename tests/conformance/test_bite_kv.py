"""Key-value stores broken on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.kv.embedded import EmbeddedKeyValueStore
from core.kv.port import KeyValueStore
from tests.conformance.harness import DELAY, Surroundings, failing
from tests.conformance.kv import KvBasic, KvContention, KvTransaction
from tests.conformance.kv_backends import KvHarness, embedded
from tests.support.clock import FakeClock

CONTRACT = [KvBasic, KvTransaction, KvContention]


class Broken:
    """A good store with one verb replaced; subclasses say which."""

    def __init__(self, store: KeyValueStore) -> None:
        self.good = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self.good, name)


class TakeReadsThenDeletes(Broken):
    async def take(self, key: str) -> bytes | None:
        value = await self.good.get(key)
        await asyncio.sleep(DELAY)
        await self.good.delete(key)
        return value


class TakeLeavesTheValue(Broken):
    async def take(self, key: str) -> bytes | None:
        return await self.good.get(key)


class PutIfAbsentLooksThenPuts(Broken):
    async def put_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        if await self.good.get(key) is not None:
            return False
        await asyncio.sleep(DELAY)
        await self.good.put(key, value, ttl)
        return True


class PutIfAbsentAlwaysPuts(Broken):
    async def put_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        absent = await self.good.get(key) is None
        await self.good.put(key, value, ttl)
        return absent


class SwapLooksThenPuts(Broken):
    async def compare_and_swap(self, key: str, expected: bytes, new: bytes, ttl: float) -> bool:
        if await self.good.get(key) != expected:
            return False
        await asyncio.sleep(DELAY)
        await self.good.put(key, new, ttl)
        return True


class SwapDoesNotCompare(Broken):
    async def compare_and_swap(self, key: str, expected: bytes, new: bytes, ttl: float) -> bool:
        if await self.good.get(key) is None:
            return False
        await self.good.put(key, new, ttl)
        return True


class SwapKeepsTheOldEnd(Broken):
    def __init__(self, store: KeyValueStore) -> None:
        super().__init__(store)
        self._ends: dict[str, float] = {}

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        self._ends[key] = self.good._clock.now().timestamp() + ttl  # type: ignore[attr-defined]
        await self.good.put(key, value, ttl)

    async def compare_and_swap(self, key: str, expected: bytes, new: bytes, ttl: float) -> bool:
        now = self.good._clock.now().timestamp()  # type: ignore[attr-defined]
        return await self.good.compare_and_swap(key, expected, new, max(self._ends.get(key, now) - now, 0.001))


class IncrReadsThenWrites(Broken):
    async def incr(self, key: str, ttl: float) -> int:
        number = int(await self.good.get(key) or 0) + 1
        await asyncio.sleep(DELAY)
        await self.good.put(key, b"%d" % number, ttl)
        return number


class IncrRenewsTheEnd(Broken):
    async def incr(self, key: str, ttl: float) -> int:
        number = await self.good.incr(key, ttl)
        await self.good.put(key, b"%d" % number, ttl)
        return number


class IncrStartsOverOnWords(Broken):
    async def incr(self, key: str, ttl: float) -> int:
        try:
            return await self.good.incr(key, ttl)
        except ValueError:
            await self.good.put(key, b"1", ttl)
            return 1


class NothingEnds(Broken):
    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await self.good.put(key, value, ttl * 1_000_000)


class EverythingEndsAtOnce(Broken):
    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await self.good.put(key, value, ttl / 1_000)


class MillisecondsForSeconds(Broken):
    async def put_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        return await self.good.put_if_absent(key, value, ttl * 1000)


class SweepTakesAll(Broken):
    async def sweep(self) -> int:
        await self.good.delete("long")
        return 0


class ClearsWhatIsShort(Broken):
    async def clear(self) -> None:
        await self.good.sweep()


class KeysLoseTheirCase(Broken):
    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await self.good.put(key.lower(), value, ttl)

    async def get(self, key: str) -> bytes | None:
        return await self.good.get(key.lower())


class ValuesAreText(Broken):
    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await self.good.put(key, value.decode(errors="ignore").encode(), ttl)


class DeleteAlwaysSaysYes(Broken):
    async def delete(self, key: str) -> bool:
        await self.good.delete(key)
        return True


class SilenceMeansAbsent(Broken):
    async def get(self, key: str) -> bytes | None:
        try:
            return await self.good.get(key)
        except Exception:
            return None


class EndlessIsAllowed(Broken):
    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await self.good.put(key, value, ttl if ttl > 0 else 1_000_000)


@pytest.mark.parametrize(
    ("broken", "caught_by"),
    [
        (TakeReadsThenDeletes, "test_of_fifty_takers_exactly_one_wins"),
        (TakeLeavesTheValue, "test_take_gives_once"),
        (PutIfAbsentLooksThenPuts, "test_of_fifty_who_set_exactly_one_wins_and_its_value_stays"),
        (PutIfAbsentAlwaysPuts, "test_put_if_absent_answers_true_once_and_keeps_the_first"),
        (SwapLooksThenPuts, "test_no_update_is_lost_when_all_retry"),
        (SwapDoesNotCompare, "test_the_second_swap_from_the_same_look_loses"),
        (SwapKeepsTheOldEnd, "test_put_and_swap_renew_the_end"),
        (IncrReadsThenWrites, "test_fifty_increments_give_fifty_numbers"),
        (IncrRenewsTheEnd, "test_incr_and_refused_writes_do_not_renew_the_end"),
        (IncrStartsOverOnWords, "test_incr_refuses_what_is_no_counter"),
        (NothingEnds, "test_what_has_ended_is_absent_for_every_verb"),
        (EverythingEndsAtOnce, "test_every_writing_verb_gives_an_end"),
        (MillisecondsForSeconds, "test_every_writing_verb_gives_an_end"),
        (SweepTakesAll, "test_sweep_removes_nothing_that_lives"),
        (ClearsWhatIsShort, "test_clear_removes_everything_for_everybody"),
        (KeysLoseTheirCase, "test_keys_that_look_alike_are_different"),
        (ValuesAreText, "test_any_bytes_come_back_as_they_were"),
        (DeleteAlwaysSaysYes, "test_delete_says_whether_something_was_there"),
        (SilenceMeansAbsent, "test_a_store_that_does_not_answer_is_unavailable"),
        (EndlessIsAllowed, "test_misuse_is_refused"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_the_contract_catches(broken: type[Broken], caught_by: str, tmp_path: Path) -> None:
    assert await failing(CONTRACT, lambda: _opened(tmp_path, broken), only=caught_by) == {caught_by}


async def test_a_store_that_others_do_not_see_is_caught(tmp_path: Path) -> None:
    """In-process state behind several workers: each has its own file."""

    @asynccontextmanager
    async def apart() -> AsyncIterator[KvHarness]:
        clock = FakeClock()
        async with _opened(tmp_path, None) as harness:
            lonely = EmbeddedKeyValueStore(_fresh(tmp_path) / "lonely.db", clock)
            yield replace(harness, others=[lonely])
            await lonely.close()

    caught = await failing(CONTRACT, apart)
    assert {"test_other_workers_see_the_same", "test_of_fifty_who_set_exactly_one_wins_and_its_value_stays"} <= caught


async def test_the_good_store_passes_in_the_same_frame(tmp_path: Path) -> None:
    """The legitimate twin: what is caught above is the fault, not the frame."""
    assert await failing(CONTRACT, lambda: _opened(tmp_path, Broken)) == set()


def _fresh(folder: Path) -> Path:
    place = folder / str(len(list(folder.iterdir())))
    place.mkdir()
    return place


@asynccontextmanager
async def _opened(folder: Path, broken: type[Broken] | None) -> AsyncIterator[KvHarness]:
    async with embedded(Surroundings(_fresh(folder), FakeClock())) as good:
        if broken is None:
            yield good
            return
        stores = [broken(store) for store in (good.store, *good.others)]
        yield replace(good, store=stores[0], others=stores[1:], unreachable=broken(good.unreachable))
