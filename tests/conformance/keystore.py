"""The contract of `keys.ports.KeyStore` at three strengths."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import itertools
from collections.abc import Awaitable, Callable, Sequence

import pytest

from keys.errors import KeyStateConflict, KeyStoreDamaged, KeyStoreNewer, MasterKeyWrong
from keys.ports import KeyRecord, KeyStore
from keys.spec import KeyState
from tests.conformance.harness import at_once
from tests.conformance.keystore_backends import CHECK, KeyStoreHarness

NOW = dt.datetime(2026, 11, 23, 1, 0, tzinfo=dt.UTC)
OTHER = b"of another key.."
LATER = NOW + dt.timedelta(hours=1)
PURPOSE = "oidc.es256"


def key(name: str, state: KeyState = KeyState.ACTIVE, purpose: str = PURPOSE) -> KeyRecord:
    return KeyRecord(
        name, purpose, "ES256", state, f"software:{name}", b"public\x00" + name.encode(), b"sealed\xff", NOW, NOW
    )


async def states(store: KeyStore, *names: str) -> list[KeyState | None]:
    found = [await store.find(name) for name in names]
    return [None if record is None else record.state for record in found]


async def rotated(store: KeyStore, *, published_before: dt.datetime = NOW) -> str:
    return await store.activate_next(PURPOSE, published_before=published_before, moment=LATER)


class KeyStoreBasic:
    """One caller at a time."""

    async def test_a_new_store_is_not_in_use_until_it_is_opened(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        assert not await store.in_use()
        await store.open(CHECK)
        assert await store.in_use()
        await store.open(CHECK)  # again, by the next start
        assert await store.generation() == await harness.others[0].generation()

    async def test_another_master_key_is_refused(self, harness: KeyStoreHarness) -> None:
        await harness.store.open(CHECK)
        with pytest.raises(MasterKeyWrong):
            await harness.others[0].open(bytes(16))
        await harness.others[0].open(CHECK)

    async def test_a_store_of_a_later_version_is_refused(self, harness: KeyStoreHarness) -> None:
        await harness.store.open(CHECK)
        await harness.execute("UPDATE key_store_version SET version = version + 1")
        with pytest.raises(KeyStoreNewer, match="version"):
            await harness.others[0].open(CHECK)

    async def test_a_key_comes_back_as_it_went_in(self, harness: KeyStoreHarness) -> None:
        await harness.store.open(CHECK)
        record = dataclasses.replace(key("k1"), state_since=LATER)
        secret = dataclasses.replace(key("s1", purpose="field.data"), algorithm="secret-256", public_key=None)
        await harness.store.add(record)
        await harness.store.add(secret)
        other = harness.others[0]
        assert await other.find("k1") == record
        assert await other.find("s1") == secret
        assert await other.find("k2") is None
        assert sorted((await other.load())[1], key=lambda one: one.key_id) == [record, secret]

    async def test_a_retired_key_is_found_but_not_loaded(self, harness: KeyStoreHarness) -> None:
        await harness.store.open(CHECK)
        await harness.store.add(key("k1", KeyState.NEXT))
        await harness.store.retire("k1", moment=LATER)
        assert (await harness.store.load())[1] == []
        found = await harness.store.find("k1")
        assert found is not None
        assert (found.state, found.state_since) == (KeyState.RETIRED, LATER)

    async def test_retired_keys_are_told_until_they_are_erased(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1", KeyState.NEXT))
        await store.add(key("k2"))
        assert list(await store.retired()) == []
        await store.retire("k1", moment=LATER)
        assert [record.key_id for record in await harness.others[0].retired()] == ["k1"]
        assert await store.erase("k1", moment=LATER)
        assert not await store.erase("k1", moment=LATER)
        assert list(await store.retired()) == []

    async def test_every_change_moves_the_generation_and_no_look_does(self, harness: KeyStoreHarness) -> None:
        store, other = harness.store, harness.others[0]
        await store.open(CHECK)
        seen = [await other.generation()]
        changes: list[Callable[[], Awaitable[object]]] = [
            lambda: store.add(key("k1")),
            lambda: store.add(key("k2", KeyState.NEXT)),
            lambda: rotated(store),
            lambda: store.retire("k1", moment=LATER),
            lambda: store.erase("k1", moment=LATER),
            lambda: store.revoke("k2", replace=True, successor=key("k3"), moment=LATER),
            lambda: store.reseal(before=CHECK, after=OTHER, sealed=_new, moment=LATER),
        ]
        for change in changes:
            await change()
            seen.append((await other.load())[0])
            assert await other.generation() == seen[-1]
        assert all(before < after for before, after in itertools.pairwise(seen))


class KeyStoreTransaction:
    """All of a change or nothing."""

    async def test_a_purpose_has_one_active_and_one_next_key(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1"))
        await store.add(key("k2", KeyState.NEXT))
        await store.add(key("k3", purpose="oidc.rs256"))
        before = await store.load()
        for extra in (key("k4"), key("k5", KeyState.NEXT)):
            with pytest.raises(KeyStateConflict) as refused:
                await store.add(extra)
            assert refused.value.code == "key-exists"
        assert await store.load() == before  # the generation has not moved either

    async def test_rotation_moves_both_keys(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1"))
        await store.add(key("k2", KeyState.NEXT))
        await store.add(key("k3", purpose="oidc.rs256"))
        assert await rotated(store) == "k2"
        assert await states(store, "k1", "k2", "k3") == [KeyState.VERIFY_ONLY, KeyState.ACTIVE, KeyState.ACTIVE]
        moved = await store.find("k2")
        assert moved is not None
        assert (moved.created_at, moved.state_since) == (NOW, LATER)

    async def test_rotation_without_a_next_key_changes_nothing(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1"))
        before = await store.load()
        with pytest.raises(KeyStateConflict) as refused:
            await rotated(store)
        assert refused.value.code == "no-next-key"
        assert await store.load() == before

    async def test_a_key_is_published_before_it_is_used(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1"))
        await store.add(key("k2", KeyState.NEXT))
        before = await store.load()
        with pytest.raises(KeyStateConflict) as refused:
            await rotated(store, published_before=NOW - dt.timedelta(seconds=1))
        assert refused.value.code == "key-too-fresh"
        assert await store.load() == before
        assert await rotated(store, published_before=NOW) == "k2"

    async def test_the_next_key_that_is_meant_becomes_active_and_no_other(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1"))
        await store.add(key("k2", KeyState.NEXT))
        before = await store.load()
        with pytest.raises(KeyStateConflict) as refused:
            await store.activate_next(PURPOSE, published_before=NOW, moment=LATER, key_id="k0")
        assert refused.value.code == "no-next-key"
        assert await store.load() == before
        assert await store.activate_next(PURPOSE, published_before=NOW, moment=LATER, key_id="k2") == "k2"

    async def test_a_revoked_key_is_replaced_in_one_step(self, harness: KeyStoreHarness) -> None:
        store, other = harness.store, harness.others[0]
        await store.open(CHECK)
        await store.add(key("k1"))
        before = await store.load()
        with pytest.raises(KeyStateConflict) as refused:  # nothing to go on with: all stays as it was
            await store.revoke("k1", replace=True, successor=None, moment=LATER)
        assert refused.value.code == "no-next-key"
        assert await other.load() == before
        assert await store.revoke("k1", replace=True, successor=key("k2"), moment=LATER) == "k2"
        assert await states(other, "k1", "k2") == [KeyState.RETIRED, KeyState.ACTIVE]
        await store.add(key("k3", KeyState.NEXT))  # a key that is published already goes first
        assert await store.revoke("k2", replace=True, successor=key("k4"), moment=LATER) == "k3"
        assert await states(other, "k2", "k3", "k4") == [KeyState.RETIRED, KeyState.ACTIVE, None]
        assert await store.revoke("k3", replace=False, successor=None, moment=LATER) is None
        assert (await other.load())[1] == []

    async def test_a_key_that_does_not_sign_is_revoked_alone(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1"))
        await store.add(key("k2", KeyState.NEXT))
        await rotated(store)
        await store.add(key("k3", KeyState.NEXT))
        for name in ("k1", "k3"):
            assert await store.revoke(name, replace=True, successor=None, moment=LATER) is None
        assert await states(store, "k1", "k2", "k3") == [KeyState.RETIRED, KeyState.ACTIVE, KeyState.RETIRED]
        before = await store.load()
        for name in ("k1", "unknown"):
            with pytest.raises(KeyStateConflict) as refused:
                await store.revoke(name, replace=True, successor=key("k4"), moment=LATER)
            assert refused.value.code == "key-state"
        assert await store.load() == before

    async def test_another_master_key_is_for_all_private_parts_or_for_none(self, harness: KeyStoreHarness) -> None:
        store, other = harness.store, harness.others[0]
        assert await store.check() is None
        await store.open(CHECK)
        for name, state in (("k1", KeyState.ACTIVE), ("k2", KeyState.NEXT)):
            await store.add(key(name, state))
        await store.add(key("k3", purpose="oidc.rs256"))
        await store.retire("k2", moment=LATER)  # a retired key can be destroyed later only if it opens
        before = await store.load()

        def half(record: KeyRecord) -> bytes:
            if record.key_id == "k3":
                raise KeyStoreDamaged("a flipped byte")
            return b"new " + record.key_id.encode()

        with pytest.raises(KeyStoreDamaged):
            await store.reseal(before=CHECK, after=OTHER, sealed=half, moment=LATER)
        assert await other.load() == before
        assert await other.check() == CHECK
        with pytest.raises(MasterKeyWrong):
            await store.reseal(before=OTHER, after=CHECK, sealed=_new, moment=LATER)
        assert await other.load() == before
        assert await store.reseal(before=CHECK, after=OTHER, sealed=_new, moment=LATER) == 3
        assert await other.check() == OTHER
        found = [await other.find(name) for name in ("k1", "k2", "k3")]
        assert [one.sealed for one in found if one is not None] == [b"new k1", b"new k2", b"new k3"]
        assert (await other.load())[0] > before[0]
        with pytest.raises(MasterKeyWrong):
            await other.open(CHECK)
        await other.open(OTHER)

    async def test_nothing_comes_in_under_a_former_master_key(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1"), under=CHECK)
        await store.reseal(before=CHECK, after=OTHER, sealed=_new, moment=LATER)
        before = await store.load()
        with pytest.raises(MasterKeyWrong):
            await harness.others[0].add(key("k2", KeyState.NEXT), under=CHECK)
        with pytest.raises(MasterKeyWrong):
            await store.revoke("k1", replace=True, successor=key("k3"), moment=LATER, under=CHECK)
        assert await store.load() == before
        await store.add(key("k2", KeyState.NEXT), under=OTHER)

    async def test_only_a_key_that_does_not_sign_is_retired(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1"))
        await store.add(key("k2", KeyState.NEXT))
        await rotated(store)
        await store.retire("k1", moment=LATER)
        before = await store.load()
        for name in ("k1", "k2", "unknown"):  # retired, active, not there
            with pytest.raises(KeyStateConflict) as refused:
                await store.retire(name, moment=LATER)
            assert refused.value.code == "key-state"
        assert await store.load() == before

    async def test_only_a_retired_key_is_erased(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1", KeyState.NEXT))
        with pytest.raises(KeyStateConflict):
            await store.erase("k1", moment=LATER)
        untouched = await store.find("k1")
        assert untouched is not None
        assert untouched.sealed is not None
        await store.retire("k1", moment=LATER)
        await store.erase("k1", moment=LATER)
        erased = await store.find("k1")
        assert erased is not None
        assert (erased.sealed, erased.state, erased.public_key) == (None, KeyState.RETIRED, b"public\x00k1")


class KeyStoreContention:
    """Several workers at once: of those who want the same thing one gets it, and nobody breaks."""

    async def test_workers_that_start_together_share_one_store(self, harness: KeyStoreHarness) -> None:
        await at_once(*(store.open(CHECK) for store in harness.slow_workers))
        assert len({await store.generation() for store in harness.others}) == 1

    async def test_one_worker_makes_the_active_key(self, harness: KeyStoreHarness) -> None:
        await harness.store.open(CHECK)
        workers = harness.slow_workers * 4
        wins = await _winners([store.add(key(f"k{number}")) for number, store in enumerate(workers)])
        assert wins == 1
        assert [record.state for record in (await harness.store.load())[1]] == [KeyState.ACTIVE]

    async def test_one_worker_rotates(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1"))
        for number in range(2, 6):
            await store.add(key(f"k{number}", KeyState.NEXT))
            assert await _winners([rotated(worker) for worker in harness.slow_workers * 2]) == 1
            loaded = [record.state for record in (await store.load())[1]]
            assert loaded.count(KeyState.ACTIVE) == 1
            assert loaded.count(KeyState.VERIFY_ONLY) == number - 1

    async def test_one_worker_revokes(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k0"))
        active = "k0"
        for turn in range(3):
            calls = [
                worker.revoke(active, replace=True, successor=key(f"t{turn}w{place}"), moment=LATER)
                for place, worker in enumerate(harness.slow_workers * 2)
            ]
            assert await _winners(calls) == 1
            (left,) = (await store.load())[1]
            assert (left.state, left.key_id[:2]) == (KeyState.ACTIVE, f"t{turn}")
            active = left.key_id

    async def test_one_of_several_master_keys_is_taken(self, harness: KeyStoreHarness) -> None:
        await harness.store.open(CHECK)
        await harness.store.add(key("k1"))
        workers = harness.slow_workers * 2

        def under(number: int) -> Awaitable[int]:
            return workers[number].reseal(
                before=CHECK, after=bytes([number] * 16), sealed=lambda _record: bytes([number]), moment=LATER
            )

        answers = await asyncio.gather(*(under(number) for number in range(6)), return_exceptions=True)
        assert sum(answer == 1 for answer in answers) == 1
        assert sum(isinstance(answer, MasterKeyWrong) for answer in answers) == 5
        kept = await harness.store.find("k1")
        check = await harness.store.check()
        assert kept is not None
        assert check is not None
        assert kept.sealed == check[:1]  # the key and what is sealed under it are one worker's

    async def test_one_worker_erases(self, harness: KeyStoreHarness) -> None:
        store = harness.store
        await store.open(CHECK)
        await store.add(key("k1", KeyState.NEXT))
        await store.retire("k1", moment=LATER)
        assert sum(await at_once(*(worker.erase("k1", moment=LATER) for worker in harness.slow_workers * 2))) == 1

    async def test_no_change_is_lost(self, harness: KeyStoreHarness) -> None:
        await harness.store.open(CHECK)
        before = await harness.store.generation()
        workers = harness.slow_workers * 4
        calls = [store.add(key(f"k{number}", purpose=f"seal/{number}")) for number, store in enumerate(workers)]
        await at_once(*calls)
        generation, records = await harness.store.load()
        assert len(records) == len(workers)
        assert generation == before + len(workers)


def _new(record: KeyRecord) -> bytes:
    return b"new " + record.key_id.encode()


async def _winners(calls: Sequence[Awaitable[object]]) -> int:
    """How many calls went through; the others must have been refused for the state, and for nothing else."""
    answers = await asyncio.gather(*calls, return_exceptions=True)
    failures = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(failure, KeyStateConflict) for failure in failures), failures
    return len(answers) - len(failures)
