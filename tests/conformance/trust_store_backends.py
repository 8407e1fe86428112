"""The implementations of `keys.trust.ports.TrustStore`, ready for the contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from core.db.engine import create_engine
from keys.stores.sql import open_key_store
from keys.stores.trust import SqlTrustStore
from keys.trust.ports import TrustStore
from tests.conformance.harness import Backend, Slow, Surroundings
from tests.support.databases import postgres_url

Make = Callable[[AsyncEngine], TrustStore]


@dataclass
class TrustHarness:
    """An empty store of lists, seen by three workers."""

    stores: list[TrustStore]

    def slow(self, worker: int) -> TrustStore:
        """One of the workers, each call delayed by a few milliseconds."""
        return Slow(self.stores[worker % len(self.stores)])


@asynccontextmanager
async def at(url: str, make: Make = SqlTrustStore) -> AsyncIterator[TrustHarness]:
    """Three workers on the key store at `url`."""
    async with AsyncExitStack() as stack:
        key_store = open_key_store(url)
        stack.push_async_callback(key_store.close)
        await key_store.open(b"check of master k"[:16])
        engines = [create_engine(url, pool_size=2) for _ in range(3)]
        for engine in engines:
            stack.push_async_callback(engine.dispose)
        yield TrustHarness([make(engine) for engine in engines])


@asynccontextmanager
async def sqlite(around: Surroundings) -> AsyncIterator[TrustHarness]:
    async with at(f"sqlite:///{around.folder}/keys/keyring.db") as harness:
        yield harness


@asynccontextmanager
async def postgres(around: Surroundings) -> AsyncIterator[TrustHarness]:
    async with postgres_url(around.server) as url, at(url) as harness:
        yield harness


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
