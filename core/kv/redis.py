"""Short-lived state in Redis or Valkey, shared by all workers on all machines.

Each verb is one command or one script, which the server runs alone. Nothing is sent twice: a repeated `take`
or `incr` after a lost answer would be a guess, so the caller is told that the store did not answer. The server
must keep what it acknowledged (`maxmemory-policy noeviction`, `appendonly yes`).
"""

from __future__ import annotations

import math
from collections.abc import Awaitable
from typing import Any

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.maint_notifications import MaintNotificationsConfig

from core.errors import Unavailable
from core.kv.limits import checked_key, checked_ttl
from core.text import Text

_COMPARE_AND_SWAP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
"""
_INCR = """
local fresh = redis.call('EXISTS', KEYS[1]) == 0
local number = redis.call('INCR', KEYS[1])
if fresh then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return number
"""
_UNAVAILABLE = Text("服务暂时不可用，请稍后再试。", "The service is not available for the moment. Try again shortly.")


class RedisKeyValueStore:
    """Implements `core.kv.port.KeyValueStore`.

    Args:
        url: `redis://[USER:PASSWORD@]HOST:PORT/DB`, or `rediss://…` for TLS.
        prefix: put before each key, so that several services can share one server.
        connections: how many at most; a caller waits for a free one up to `timeout`.
        timeout: seconds for a connection and for an answer.
    """

    def __init__(self, url: str, prefix: str = "yz:", *, connections: int = 32, timeout: float = 5) -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=connections,
            timeout=timeout,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
            driver_info=None,
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )
        self._redis: Any = Redis.from_pool(pool)  # its stubs leave sync and async open
        self._prefix = prefix
        self._swap = self._redis.register_script(_COMPARE_AND_SWAP)
        self._count = self._redis.register_script(_INCR)

    async def get(self, key: str) -> bytes | None:
        value: bytes | None = await _answer(self._redis.get(self._name(key)))
        return value

    async def put(self, key: str, value: bytes, ttl: float) -> None:
        await _answer(self._redis.set(self._name(key), value, px=_milliseconds(ttl)))

    async def put_if_absent(self, key: str, value: bytes, ttl: float) -> bool:
        return bool(await _answer(self._redis.set(self._name(key), value, px=_milliseconds(ttl), nx=True)))

    async def take(self, key: str) -> bytes | None:
        value: bytes | None = await _answer(self._redis.getdel(self._name(key)))
        return value

    async def compare_and_swap(self, key: str, expected: bytes, new: bytes, ttl: float) -> bool:
        call = self._swap(keys=[self._name(key)], args=[expected, new, _milliseconds(ttl)])
        return bool(await _answer(call))

    async def incr(self, key: str, ttl: float) -> int:
        return int(await _answer(self._count(keys=[self._name(key)], args=[_milliseconds(ttl)])))

    async def delete(self, key: str) -> bool:
        return bool(await _answer(self._redis.delete(self._name(key))))

    async def sweep(self) -> int:
        """The server removes expired values by itself."""
        return 0

    async def clear(self) -> None:
        async def remove() -> None:
            ours = "".join(f"\\{letter}" if letter in "*?[]\\^-" else letter for letter in self._prefix) + "*"
            async for name in self._redis.scan_iter(match=ours, count=1000):
                await self._redis.unlink(name)

        await _answer(remove())

    async def close(self) -> None:
        await self._redis.aclose(close_connection_pool=True)

    def _name(self, key: str) -> str:
        return self._prefix + checked_key(key)


def _milliseconds(ttl: float) -> int:
    return math.ceil(checked_ttl(ttl) * 1000)


async def _answer(call: Awaitable[Any]) -> Any:
    """
    Raises:
        Unavailable: `kv-unavailable`.
        ValueError: `incr` met a value that is not a counter.
    """
    try:
        return await call
    except ResponseError as error:
        if "not an integer" in str(error):
            raise ValueError("the value is not a counter") from None
        raise _unavailable(error) from error
    except (RedisError, OSError) as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> Unavailable:
    # the message may name host and port, never the key or the value
    return Unavailable("kv-unavailable", _UNAVAILABLE, private=f"{type(error).__name__}: {error}")
