"""The key store while it is backed up and restored.

A store that is being restored has a version that no program knows, so that nobody opens half a store.
"""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, MetaData, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from keys.archive.inventory import DeviceKeyNote, KeyInventory
from keys.spec import FIXED_PURPOSES, SECRETS, KeyState
from keys.stores.sql import open_key_store
from keys.stores.tables import RESTORING, VERSION, key_metadata, key_store, keys
from keys.stores.transactions import writing
from keys.stores.upgrade import upgrade

_IN_THE_STORE = "software:"


class StoreState(StrEnum):
    """Whether something may be restored into a store."""

    EMPTY = "empty"
    UNFINISHED = "unfinished"  # a restore was broken off
    IN_USE = "in-use"


async def take_inventory(connection: AsyncConnection) -> KeyInventory | None:
    """What is in the store as the connection sees it; None when no store was made there."""
    if not await connection.run_sync(lambda sync: inspect(sync).has_table(key_store.name)):
        return None
    store = (await connection.execute(select(key_store))).one_or_none()
    if store is None:
        return None
    columns = keys.c.key_id, keys.c.purpose, keys.c.uri, keys.c.algorithm
    kept = select(*columns).where(keys.c.state != KeyState.RETIRED.value).order_by(keys.c.key_id)
    rows = (await connection.execute(kept)).all()
    return KeyInventory(
        version=store.version,
        check=bytes(store.master_key_check),
        secrets=[row.key_id for row in rows if row.algorithm in SECRETS and _lasting(row.purpose)],
        device_keys=[
            DeviceKeyNote(row.key_id, row.purpose, row.uri) for row in rows if not row.uri.startswith(_IN_THE_STORE)
        ],
    )


class KeyStoreRestore:
    """Puts a store in place, in a folder of its own for SQLite."""

    def __init__(self, url: str) -> None:
        self.engine: AsyncEngine = open_key_store(url).engine
        self.newest = VERSION

    async def state(self) -> StoreState:
        async with self.engine.connect() as connection:
            found = await take_inventory(connection)
        if found is None:
            return StoreState.EMPTY
        return StoreState.UNFINISHED if found.version == RESTORING else StoreState.IN_USE

    async def inventory(self) -> KeyInventory | None:
        async with self.engine.connect() as connection:
            return await take_inventory(connection)

    async def make_tables(self, connection: AsyncConnection) -> None:
        """Empty tables, whatever a broken-off restore has left."""
        await connection.run_sync(_drop_all)
        await connection.run_sync(key_metadata.create_all)

    async def bring_up(self, connection: AsyncConnection, version: int) -> None:
        """Lead restored rows of an earlier version to today's tables; let nobody open the store until `release`."""
        if version < VERSION:
            await upgrade(connection, version)
        await connection.execute(update(key_store).values(version=RESTORING))

    async def release(self) -> None:
        """The store is whole: it may be opened, and what workers remember of another one is out of date."""
        async with writing(self.engine) as connection:
            await connection.execute(
                update(key_store).values(version=VERSION, generation=key_store.c.generation + 1_000_000)
            )

    async def close(self) -> None:
        await self.engine.dispose()


def _lasting(purpose: str) -> bool:
    """Whether rows rest on the purpose's secrets for as long as they are kept."""
    return purpose.startswith("field.") or purpose in FIXED_PURPOSES


def _drop_all(connection: Connection) -> None:
    found = MetaData()
    found.reflect(connection)
    found.drop_all(connection)
