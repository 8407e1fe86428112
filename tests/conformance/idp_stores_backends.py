"""The SQL stores of the identity provider on both databases, ready for their contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from api.wiring.idp import IdpStores, sql_stores
from core.db.database import Database
from tests.conformance.harness import Backend, Slow, Surroundings
from tests.support.clock import FakeClock
from tests.support.databases import postgres_database, sqlite_database


@dataclass
class IdpStoresHarness:
    """Empty tables and the stores over them."""

    database: Database
    clock: FakeClock
    stores: IdpStores

    @property
    def slow(self) -> IdpStores:
        """The same stores, each call delayed by a few milliseconds."""
        return IdpStores(**{name: Slow(store) for name, store in vars(self.stores).items()})


Make = Callable[[], IdpStores]


@asynccontextmanager
async def sqlite(around: Surroundings, make: Make = sql_stores) -> AsyncIterator[IdpStoresHarness]:
    async with sqlite_database(around.folder, around.clock) as database:
        yield IdpStoresHarness(database, around.clock, make())


@asynccontextmanager
async def postgres(around: Surroundings, make: Make = sql_stores) -> AsyncIterator[IdpStoresHarness]:
    async with postgres_database(around.server, around.clock) as database:
        yield IdpStoresHarness(database, around.clock, make())


BACKENDS = [Backend("sqlite", None, sqlite), Backend("postgres", "postgres_server", postgres)]
