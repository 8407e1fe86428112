"""`core.kv.port.KeyValueStore` over SQLite and Redis: the contract, and what only one of them promises."""

from __future__ import annotations

import asyncio
import stat
import sys
from pathlib import Path

import pytest
import redis.asyncio

from core.errors import Unavailable
from core.kv.embedded import EmbeddedKeyValueStore
from core.kv.redis import RedisKeyValueStore
from tests.conformance.harness import parametrised
from tests.conformance.kv import KvBasic, KvContention, KvTransaction
from tests.conformance.kv_backends import BACKENDS
from tests.support.clock import FakeClock
from tests.support.servers import RedisServer

_WORKER = """
import asyncio, sys
from pathlib import Path
from core.clock import SystemClock
from core.kv.embedded import EmbeddedKeyValueStore
from core.kv.redis import RedisKeyValueStore

async def all_at(store, step):
    await store.incr(step, 60)
    while int(await store.get(step)) < 3:
        await asyncio.sleep(0.005)

async def main():
    place = sys.argv[1]
    store = RedisKeyValueStore(place) if "://" in place else EmbeddedKeyValueStore(Path(place), SystemClock())
    await all_at(store, "opened")
    won = await asyncio.gather(*(store.put_if_absent(f"code{i}", b"v", 60) for i in range(200)))
    await all_at(store, "written")
    taken = await asyncio.gather(*(store.take(f"code{i}") for i in range(200)))
    print(won.count(True), sum(value is not None for value in taken))
    await store.close()

asyncio.run(main())
"""


@parametrised(BACKENDS)
class TestKvBasic(KvBasic):
    pass


@parametrised(BACKENDS)
class TestKvTransaction(KvTransaction):
    pass


@parametrised(BACKENDS)
class TestKvContention(KvContention):
    pass


async def _won_by_processes(place: str) -> list[int]:
    """How many of 200 codes were set, and how many taken, by three processes together."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", _WORKER, place]
    processes = [
        await asyncio.create_subprocess_exec(*command, cwd=root, stdout=asyncio.subprocess.PIPE) for _ in range(3)
    ]
    answers = await asyncio.wait_for(asyncio.gather(*(process.communicate() for process in processes)), 60)
    return [sum(counts) for counts in zip(*(map(int, out.split()) for out, _ in answers), strict=True)]


async def test_three_processes_on_a_new_file_set_and_take_each_code_once(tmp_path: Path) -> None:
    assert await _won_by_processes(str(tmp_path / "kv.db")) == [200, 200]


async def test_three_processes_on_one_redis_set_and_take_each_code_once(redis_server: RedisServer) -> None:
    client = redis.asyncio.Redis.from_url(redis_server.url)
    await client.flushall()
    await client.aclose()
    assert await _won_by_processes(redis_server.url) == [200, 200]


async def test_redis_ends_a_value_by_itself(redis_server: RedisServer) -> None:
    store = RedisKeyValueStore(redis_server.url)
    await store.put("short", b"v", 0.001)
    async with asyncio.timeout(10):
        while await store.get("short") is not None:
            await asyncio.sleep(0.01)
    await store.close()


async def test_redis_keys_carry_the_prefix(redis_server: RedisServer) -> None:
    one, other = RedisKeyValueStore(redis_server.url, "one:"), RedisKeyValueStore(redis_server.url, "other:")
    await one.put("k", b"v", 60)
    assert await other.get("k") is None
    await one.close()
    await other.close()


async def test_redis_says_unavailable_when_it_can_keep_no_more(redis_server: RedisServer) -> None:
    """A full server refuses writes (`noeviction`); the refusal is not an answer about the key."""
    store = RedisKeyValueStore(redis_server.url)
    admin = store._redis
    try:
        await admin.config_set("maxmemory", "1")
        with pytest.raises(Unavailable):
            await store.put_if_absent("k", b"v", 60)
        with pytest.raises(Unavailable):
            await store.incr("n", 60)
    finally:
        await admin.config_set("maxmemory", "0")
        await store.close()


async def test_the_file_is_readable_by_its_owner_only_and_survives_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "kv.db"
    store = EmbeddedKeyValueStore(path, clock)
    await store.put("k", b"v", 60)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    await store.close()
    again = EmbeddedKeyValueStore(path, clock)
    assert await again.get("k") == b"v"
    await again.close()


async def test_sweep_counts_and_shrinks(tmp_path: Path, clock: FakeClock) -> None:
    store = EmbeddedKeyValueStore(tmp_path / "kv.db", clock)
    await asyncio.gather(*(store.put(f"k{i}", b"v", 60) for i in range(2500)))
    await store.put("alive", b"v", 600)
    clock.advance(61)
    assert await store.sweep() == 2500
    assert await store.get("alive") == b"v"
    await store.close()


async def test_a_closed_store_refuses_and_closing_twice_is_harmless(tmp_path: Path, clock: FakeClock) -> None:
    store = EmbeddedKeyValueStore(tmp_path / "kv.db", clock)
    await store.put("k", b"v", 60)
    await store.close()
    await store.close()
    with pytest.raises(Unavailable):
        await store.get("k")


async def test_work_that_was_asked_for_before_closing_is_done(tmp_path: Path, clock: FakeClock) -> None:
    store = EmbeddedKeyValueStore(tmp_path / "kv.db", clock)
    asked = [asyncio.ensure_future(store.incr("n", 60)) for _ in range(600)]
    await asyncio.sleep(0)
    await store.close()
    assert sorted(await asyncio.gather(*asked)) == list(range(1, 601))


async def test_a_caller_who_gives_up_disturbs_nobody(tmp_path: Path, clock: FakeClock) -> None:
    store = EmbeddedKeyValueStore(tmp_path / "kv.db", clock)
    impatient = asyncio.ensure_future(store.incr("n", 60))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await store.incr("n", 60) == 2  # what was asked for is done all the same
    await store.close()


async def test_a_damaged_file_is_unavailable_and_a_mended_one_answers_again(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "kv.db"
    path.write_bytes(b"this is no database" * 100)
    store = EmbeddedKeyValueStore(path, clock)
    with pytest.raises(Unavailable):
        await store.get("k")
    path.unlink()
    assert await store.get("k") is None
    await store.close()


async def test_clearing_leaves_what_others_keep_on_the_same_server(redis_server: RedisServer) -> None:
    ours, neighbour = (RedisKeyValueStore(redis_server.url, prefix=name) for name in ("a*:", "ab:"))
    try:
        await ours.put("k", b"ours", 60)
        await neighbour.put("k", b"theirs", 60)
        await ours.clear()
        assert await ours.get("k") is None
        assert await neighbour.get("k") == b"theirs"
    finally:
        for store in (ours, neighbour):
            await store.close()
