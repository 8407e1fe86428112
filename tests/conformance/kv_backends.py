"""The implementations of `core.kv.port.KeyValueStore`, ready for its contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from redis.asyncio import Redis

from core.kv.embedded import EmbeddedKeyValueStore
from core.kv.port import KeyValueStore
from core.kv.redis import RedisKeyValueStore
from tests.conformance.harness import Backend, Slow, Surroundings
from tests.support.servers import free_port

_embedded: type[KeyValueStore] = EmbeddedKeyValueStore  # mypy says here whether they implement the port
_redis: type[KeyValueStore] = RedisKeyValueStore


@dataclass
class KvHarness:
    """An empty store, and what happens to it.

    Attributes:
        store: the store under test.
        others: further workers on the same data.
        advance: lets so many seconds pass.
        unreachable: a store whose file or server does not answer.
    """

    store: KeyValueStore
    others: Sequence[KeyValueStore]
    advance: Callable[[float], Coroutine[Any, Any, None]]
    unreachable: KeyValueStore

    @property
    def slow_workers(self) -> list[KeyValueStore]:
        """All workers, each call delayed by a few milliseconds."""
        return [Slow(store) for store in (self.store, *self.others)]


@asynccontextmanager
async def embedded(around: Surroundings) -> AsyncIterator[KvHarness]:
    async def advance(seconds: float) -> None:
        around.clock.advance(seconds)

    stores = [EmbeddedKeyValueStore(around.folder / "kv.db", around.clock) for _ in range(3)]
    broken = EmbeddedKeyValueStore(around.folder, around.clock)  # a folder is no database
    async with AsyncExitStack() as stack:
        for store in (*stores, broken):
            stack.push_async_callback(store.close)
        yield KvHarness(stores[0], stores[1:], advance, broken)


@asynccontextmanager
async def redis(around: Surroundings) -> AsyncIterator[KvHarness]:
    client = Redis.from_url(around.server.url)

    async def advance(seconds: float) -> None:
        await travel(client, seconds)

    stores = [RedisKeyValueStore(around.server.url) for _ in range(3)]
    broken = RedisKeyValueStore(f"redis://127.0.0.1:{free_port()}/0")
    async with AsyncExitStack() as stack:
        for store in (*stores, broken):
            stack.push_async_callback(store.close)
        stack.push_async_callback(client.aclose)
        await client.flushall()
        yield KvHarness(stores[0], stores[1:], advance, broken)


async def travel(client: Redis, seconds: float) -> None:
    """Bring every key's end nearer by so much: the server's own clock cannot be set, and waiting makes tests flaky."""
    async for key in client.scan_iter():
        left = await client.pttl(key)
        if left >= 0:  # -1: a key that never ends, which the contract finds out
            await client.pexpire(key, max(int(left - seconds * 1000), 0))


BACKENDS = [Backend("embedded", None, embedded), Backend("redis", "redis_server", redis)]
