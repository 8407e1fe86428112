"""The implementations of `keys.ports.KeyStore`, ready for its contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import text

from core.db.engine import WRITE
from keys.ports import KeyStore
from keys.stores.sql import SqlKeyStore, open_key_store
from tests.conformance.harness import Backend, Slow, Surroundings
from tests.support.databases import postgres_url

CHECK = b"check of master k"[:16]


@dataclass
class KeyStoreHarness:
    """An empty place for keys, seen by three workers.

    Attributes:
        store: the store under test, not opened yet.
        others: further workers on the same data.
        execute: runs SQL past the store, as somebody with access to the database would.
    """

    store: KeyStore
    others: list[KeyStore]
    execute: Callable[[str], Awaitable[None]]

    @property
    def slow_workers(self) -> list[KeyStore]:
        """All workers, each call delayed by a few milliseconds."""
        return [Slow(store) for store in (self.store, *self.others)]


@asynccontextmanager
async def at(url: str, make: Callable[[str], SqlKeyStore] = open_key_store) -> AsyncIterator[KeyStoreHarness]:
    """Three workers on the key store at `url`."""
    stores = [make(url) for _ in range(3)]

    async def execute(statement: str) -> None:
        async with stores[0].engine.connect() as connection:
            connection = await connection.execution_options(**{WRITE: True})
            await connection.execute(text(statement))
            await connection.commit()

    async with AsyncExitStack() as stack:
        for store in stores:
            stack.push_async_callback(store.close)
        yield KeyStoreHarness(stores[0], [*stores[1:]], execute)


@asynccontextmanager
async def sqlite(around: Surroundings) -> AsyncIterator[KeyStoreHarness]:
    async with at(f"sqlite:///{around.folder}/keys/keyring.db") as harness:
        yield harness


@asynccontextmanager
async def postgres(around: Surroundings) -> AsyncIterator[KeyStoreHarness]:
    async with postgres_url(around.server) as url, at(url) as harness:
        yield harness


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
