"""The implementations of `keys.x509.ports.CertificateStore` and `ListStore`, ready for their contracts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from core.db.engine import create_engine
from keys.stores.certificates import SqlCertificateStore
from keys.stores.revocation_lists import SqlListStore
from keys.stores.sql import open_key_store
from keys.stores.transactions import writing
from tests.conformance.harness import Backend, Slow, Surroundings
from tests.support.databases import postgres_url

CHECK = b"check of master k"[:16]


@dataclass
class CertificatesHarness:
    """An empty register, seen by three workers.

    Attributes:
        stores, lists: those of each worker.
        execute: runs SQL past the stores.
    """

    stores: list[Any]
    lists: list[Any]
    execute: Callable[[str], Awaitable[None]]

    @property
    def store(self) -> Any:
        return self.stores[0]

    @property
    def list_store(self) -> Any:
        return self.lists[0]

    def slow(self, number: int) -> Any:
        """A worker's register, each call delayed by a few milliseconds."""
        return Slow(self.stores[number % len(self.stores)])

    def slow_lists(self, number: int) -> Any:
        return Slow(self.lists[number % len(self.lists)])


@asynccontextmanager
async def at(
    url: str, make: Any = SqlCertificateStore, make_lists: Any = SqlListStore
) -> AsyncIterator[CertificatesHarness]:
    """Three workers on the key store at `url`."""
    async with AsyncExitStack() as stack:
        key_store = open_key_store(url)
        stack.push_async_callback(key_store.close)
        await key_store.open(CHECK)
        engines = [create_engine(url, pool_size=2) for _ in range(3)]
        for engine in engines:
            stack.push_async_callback(engine.dispose)

        async def execute(statement: str) -> None:
            async with writing(engines[0]) as connection:
                await connection.execute(text(statement))

        yield CertificatesHarness([make(one) for one in engines], [make_lists(one) for one in engines], execute)


@asynccontextmanager
async def sqlite(around: Surroundings) -> AsyncIterator[CertificatesHarness]:
    async with at(f"sqlite:///{around.folder}/keys/keyring.db") as harness:
        yield harness


@asynccontextmanager
async def postgres(around: Surroundings) -> AsyncIterator[CertificatesHarness]:
    async with postgres_url(around.server) as url, at(url) as harness:
        yield harness


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
