"""The contract of `core.kv.port.KeyValueStore` at three strengths."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import Unavailable
from core.kv.port import KeyValueStore
from tests.conformance.harness import at_once
from tests.conformance.kv_backends import KvHarness

MINUTE = 60.0


def _every_verb() -> list[tuple[str, tuple[object, ...]]]:
    """Names of the verbs that take a key, and what follows the key."""
    return [
        ("get", ()),
        ("put", (b"v", MINUTE)),
        ("put_if_absent", (b"v", MINUTE)),
        ("take", ()),
        ("compare_and_swap", (b"v", b"w", MINUTE)),
        ("incr", (MINUTE,)),
        ("delete", ()),
    ]


class KvBasic:
    """One caller at a time."""

    async def test_absent_is_absent_for_every_verb(self, harness: KvHarness) -> None:
        store = harness.store
        assert await store.get("k") is None
        assert await store.take("k") is None
        assert await store.delete("k") is False
        assert await store.compare_and_swap("k", b"", b"new", MINUTE) is False
        assert await store.get("k") is None

    async def test_put_keeps_and_replaces(self, harness: KvHarness) -> None:
        await harness.store.put("k", b"one", MINUTE)
        await harness.store.put("k", b"two", MINUTE)
        assert await harness.store.get("k") == b"two"

    @staticmethod
    async def _keeps(store: KeyValueStore, value: bytes) -> None:
        await store.put("k", value, MINUTE)
        assert await store.get("k") == value
        assert await store.compare_and_swap("k", value, value + b"!", MINUTE)
        assert await store.take("k") == value + b"!"

    async def test_any_bytes_come_back_as_they_were(self, harness: KvHarness) -> None:
        for value in (b"", bytes(range(256)), b"12", "一证".encode(), b"x" * 200_000):
            await self._keeps(harness.store, value)

    async def test_keys_that_look_alike_are_different(self, harness: KvHarness) -> None:
        keys = ["a", "A", "a ", "a:b", "a:*", "a?", "a%", "a_", "[a]", "a'b", 'a"b', "0", "00", "x" * 512]
        for number, key in enumerate(keys):
            await harness.store.put(key, b"%d" % number, MINUTE)
        assert [await harness.store.get(key) for key in keys] == [b"%d" % number for number in range(len(keys))]

    async def test_put_if_absent_answers_true_once_and_keeps_the_first(self, harness: KvHarness) -> None:
        assert await harness.store.put_if_absent("k", b"first", MINUTE) is True
        assert await harness.store.put_if_absent("k", b"second", MINUTE) is False
        assert await harness.store.get("k") == b"first"

    async def test_take_gives_once(self, harness: KvHarness) -> None:
        await harness.store.put("k", b"v", MINUTE)
        assert await harness.store.take("k") == b"v"
        assert await harness.store.take("k") is None
        assert await harness.store.get("k") is None

    async def test_compare_and_swap_replaces_only_what_was_expected(self, harness: KvHarness) -> None:
        await harness.store.put("k", b"old", MINUTE)
        assert await harness.store.compare_and_swap("k", b"other", b"new", MINUTE) is False
        assert await harness.store.get("k") == b"old"
        assert await harness.store.compare_and_swap("k", b"old", b"new", MINUTE) is True
        assert await harness.store.get("k") == b"new"

    async def test_incr_counts_from_one_and_reads_as_a_number(self, harness: KvHarness) -> None:
        assert [await harness.store.incr("k", MINUTE) for _ in range(11)] == list(range(1, 12))
        assert await harness.store.get("k") == b"11"
        assert await harness.store.compare_and_swap("k", b"11", b"20", MINUTE) is True
        assert await harness.store.incr("k", MINUTE) == 21

    async def test_incr_refuses_what_is_no_counter(self, harness: KvHarness) -> None:
        for value in (b"word", b"", b"1.5", b"\x00", b"1\x00"):
            await harness.store.put("k", value, MINUTE)
            with pytest.raises(ValueError):
                await harness.store.incr("k", MINUTE)
            assert await harness.store.get("k") == value

    async def test_delete_says_whether_something_was_there(self, harness: KvHarness) -> None:
        await harness.store.put("k", b"v", MINUTE)
        assert await harness.store.delete("k") is True
        assert await harness.store.delete("k") is False

    async def test_what_has_ended_is_absent_for_every_verb(self, harness: KvHarness) -> None:
        store = harness.store
        for key in ("get", "take", "delete", "swap", "absent", "incr"):
            await store.put(key, b"5", MINUTE)
        await harness.advance(MINUTE + 1)
        assert await store.get("get") is None
        assert await store.take("take") is None
        assert await store.delete("delete") is False
        assert await store.compare_and_swap("swap", b"5", b"6", MINUTE) is False
        assert await store.put_if_absent("absent", b"new", MINUTE) is True
        assert await store.incr("incr", MINUTE) == 1
        assert await store.get("absent") == b"new"

    async def test_every_writing_verb_gives_an_end(self, harness: KvHarness) -> None:
        store = harness.store
        await store.put("put", b"v", MINUTE)
        await store.put_if_absent("absent", b"v", MINUTE)
        await store.incr("incr", MINUTE)
        await store.put("swap", b"v", 10 * MINUTE)
        await store.compare_and_swap("swap", b"v", b"w", MINUTE)
        await harness.advance(MINUTE - 2)
        assert None not in [await store.get(key) for key in ("put", "absent", "incr", "swap")]
        await harness.advance(3)
        assert [await store.get(key) for key in ("put", "absent", "incr", "swap")] == [None] * 4

    async def test_put_and_swap_renew_the_end(self, harness: KvHarness) -> None:
        store = harness.store
        for key in ("put", "swap"):
            await store.put(key, b"v", MINUTE)
        await harness.advance(MINUTE / 2)
        await store.put("put", b"v", MINUTE)
        await store.compare_and_swap("swap", b"v", b"w", MINUTE)
        await harness.advance(MINUTE * 0.75)
        assert [await store.get(key) for key in ("put", "swap")] == [b"v", b"w"]

    async def test_a_counter_that_was_put_keeps_its_end(self, harness: KvHarness) -> None:
        await harness.store.put("counter", b"0", MINUTE)
        assert await harness.store.incr("counter", 10 * MINUTE) == 1
        await harness.advance(MINUTE + 1)
        assert await harness.store.get("counter") is None

    async def test_incr_and_refused_writes_do_not_renew_the_end(self, harness: KvHarness) -> None:
        store = harness.store
        await store.incr("incr", MINUTE)
        await store.put_if_absent("absent", b"v", MINUTE)
        await store.put("swap", b"v", MINUTE)
        await harness.advance(MINUTE / 2)
        assert await store.incr("incr", MINUTE) == 2
        assert await store.put_if_absent("absent", b"w", MINUTE) is False
        assert await store.compare_and_swap("swap", b"other", b"w", MINUTE) is False
        await harness.advance(MINUTE * 0.75)
        assert [await store.get(key) for key in ("incr", "absent", "swap")] == [None] * 3
        assert await store.incr("incr", MINUTE) == 1

    async def test_sweep_removes_nothing_that_lives(self, harness: KvHarness) -> None:
        await harness.store.put("short", b"v", MINUTE)
        await harness.store.put("long", b"v", 10 * MINUTE)
        await harness.advance(2 * MINUTE)
        await harness.store.sweep()
        assert await harness.store.sweep() == 0
        assert await harness.store.get("short") is None
        assert await harness.store.get("long") == b"v"

    async def test_clear_removes_everything_for_everybody(self, harness: KvHarness) -> None:
        for number in range(1200):
            await harness.store.put(f"k{number}", b"v", MINUTE)
        await harness.store.incr("counter", MINUTE)
        await harness.store.clear()
        for worker in (harness.store, *harness.others):
            assert [await worker.get(key) for key in ("k0", "k1199", "counter")] == [None] * 3
        assert await harness.store.incr("counter", MINUTE) == 1

    async def test_other_workers_see_the_same(self, harness: KvHarness) -> None:
        await harness.store.put("k", b"v", MINUTE)
        assert [await other.get("k") for other in harness.others] == [b"v"] * len(harness.others)
        assert await harness.others[0].take("k") == b"v"
        assert await harness.store.get("k") is None

    async def test_misuse_is_refused(self, harness: KvHarness) -> None:
        store = harness.store
        for key in ("", "身份证", "a\nb", "x" * 513):
            for verb, arguments in _every_verb():
                with pytest.raises(ValueError):
                    await getattr(store, verb)(key, *arguments)
        for ttl in (0, -1, float("nan")):
            with pytest.raises(ValueError):
                await store.put("k", b"v", ttl)
            with pytest.raises(ValueError):
                await store.put_if_absent("k", b"v", ttl)
            with pytest.raises(ValueError):
                await store.incr("k", ttl)
        assert await store.get("k") is None

    async def test_a_store_that_does_not_answer_is_unavailable(self, harness: KvHarness) -> None:
        store = harness.unreachable
        for verb, arguments in _every_verb():
            with pytest.raises(Unavailable) as refused:
                await getattr(store, verb)("k", *arguments)
            assert refused.value.code == "kv-unavailable"


class KvTransaction:
    """Two callers who both looked first; one of them loses."""

    async def test_the_second_swap_from_the_same_look_loses(self, harness: KvHarness) -> None:
        one, other = harness.store, harness.others[0]
        await one.put("k", b"0", MINUTE)
        seen, seen_too = await one.get("k"), await other.get("k")
        assert seen is not None
        assert seen_too is not None
        assert await one.compare_and_swap("k", seen, b"one", MINUTE) is True
        assert await other.compare_and_swap("k", seen_too, b"other", MINUTE) is False
        assert await one.get("k") == b"one"

    async def test_of_two_who_saw_nothing_one_sets(self, harness: KvHarness) -> None:
        one, other = harness.store, harness.others[0]
        assert await one.get("k") is None
        assert await other.get("k") is None
        assert await one.put_if_absent("k", b"one", MINUTE) is True
        assert await other.put_if_absent("k", b"other", MINUTE) is False

    async def test_what_was_taken_cannot_be_swapped(self, harness: KvHarness) -> None:
        one, other = harness.store, harness.others[0]
        await one.put("k", b"v", MINUTE)
        assert await one.get("k") == b"v"
        assert await other.take("k") == b"v"
        assert await one.compare_and_swap("k", b"v", b"w", MINUTE) is False
        assert await one.get("k") is None


class KvContention:
    """Many callers on several workers at once, each call delayed by a few milliseconds."""

    async def test_of_fifty_takers_exactly_one_wins(self, harness: KvHarness) -> None:
        await harness.store.put("code", b"v", MINUTE)
        workers = harness.slow_workers
        taken = await at_once(*(workers[i % len(workers)].take("code") for i in range(50)))
        assert [value for value in taken if value is not None] == [b"v"]

    async def test_of_fifty_who_set_exactly_one_wins_and_its_value_stays(self, harness: KvHarness) -> None:
        workers = harness.slow_workers
        won = await at_once(*(workers[i % len(workers)].put_if_absent("id", b"%d" % i, MINUTE) for i in range(50)))
        assert won.count(True) == 1
        assert await harness.store.get("id") == b"%d" % won.index(True)

    async def test_of_fifty_swappers_exactly_one_wins_and_its_value_stays(self, harness: KvHarness) -> None:
        await harness.store.put("k", b"start", MINUTE)
        workers = harness.slow_workers
        calls = (workers[i % len(workers)].compare_and_swap("k", b"start", b"%d" % i, MINUTE) for i in range(50))
        won = await at_once(*calls)
        assert won.count(True) == 1
        assert await harness.store.get("k") == b"%d" % won.index(True)

    async def test_of_fifty_who_delete_exactly_one_is_told_so(self, harness: KvHarness) -> None:
        await harness.store.put("k", b"v", MINUTE)
        workers = harness.slow_workers
        assert (await at_once(*(workers[i % len(workers)].delete("k") for i in range(50)))).count(True) == 1

    async def test_fifty_increments_give_fifty_numbers(self, harness: KvHarness) -> None:
        workers = harness.slow_workers
        numbers = await at_once(*(workers[i % len(workers)].incr("k", MINUTE) for i in range(50)))
        assert sorted(numbers) == list(range(1, 51))

    async def test_an_ended_value_is_set_anew_by_exactly_one(self, harness: KvHarness) -> None:
        await harness.store.put("k", b"ended", MINUTE)
        await harness.advance(MINUTE + 1)
        workers = harness.slow_workers
        won = await at_once(*(workers[i % len(workers)].put_if_absent("k", b"%d" % i, MINUTE) for i in range(50)))
        assert won.count(True) == 1

    async def test_no_update_is_lost_when_all_retry(self, harness: KvHarness) -> None:
        await harness.store.put("k", b"0", MINUTE)

        async def add_five(worker: KeyValueStore) -> None:
            for _ in range(5):
                while True:
                    seen = await worker.get("k")
                    assert seen is not None
                    if await worker.compare_and_swap("k", seen, b"%d" % (int(seen) + 1), MINUTE):
                        break

        await asyncio.gather(*(add_five(worker) for worker in harness.slow_workers * 2))
        assert await harness.store.get("k") == b"%d" % (5 * 2 * len(harness.slow_workers))
