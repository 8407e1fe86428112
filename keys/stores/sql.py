"""The key store on SQLite or PostgreSQL. Every change first takes the store's one version row, so changes queue."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Row, insert, inspect, select, text, update
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from core.db.engine import create_engine
from keys.errors import KeyStateConflict, KeyStoreDamaged, KeyStoreNewer, MasterKeyWrong
from keys.journal import KeyStep
from keys.ports import KeyRecord, KeyStore
from keys.spec import KeyState
from keys.stores import certificate_tables, trust_tables, tsa_tables  # noqa: F401 - their tables are made with the others
from keys.stores.journal import note
from keys.stores.tables import RESTORING, VERSION, key_metadata, key_store, keys
from keys.stores.transactions import changing, writing
from keys.stores.upgrade import upgrade

_SCHEMA_LOCK = 7_941_227  # any number, the same in every worker


def open_key_store(url: str) -> SqlKeyStore:
    """A store at `url`. For SQLite the file is made with mode 0600, in a folder of mode 0700 if that is new."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        _private_file(Path(address.database))
    return SqlKeyStore(create_engine(url, pool_size=2))


def _private_file(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.fchmod(descriptor, 0o600)  # SQLite gives its -wal and -shm files the mode of this one
    finally:
        os.close(descriptor)


class SqlKeyStore:
    """Implements `keys.ports.KeyStore`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def in_use(self) -> bool:
        async with self.engine.connect() as connection:
            if not await connection.run_sync(lambda sync: inspect(sync).has_table(key_store.name)):
                return False
            return (await connection.execute(select(key_store.c.id))).first() is not None

    async def open(self, master_key_check: bytes) -> None:
        async with writing(self.engine) as connection:
            if connection.dialect.name == "postgresql":  # several workers may start at once
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_SCHEMA_LOCK})"))
            await connection.run_sync(key_metadata.create_all)
            row = (await connection.execute(select(key_store))).one_or_none()
            if row is None:
                first = {"id": 1, "version": VERSION, "generation": 1, "master_key_check": master_key_check}
                await connection.execute(insert(key_store).values(first))
                return
            if row.version == RESTORING:
                raise KeyStoreDamaged("a restore of the key store was broken off: run `yizheng restore` again")
            if row.version > VERSION:
                raise KeyStoreNewer(f"the key store has version {row.version}; this program knows {VERSION}")
            if row.master_key_check != master_key_check:
                raise MasterKeyWrong
            if row.version < VERSION:
                await upgrade(connection, row.version)

    async def check(self) -> bytes | None:
        if not await self.in_use():
            return None
        async with self.engine.connect() as connection:
            return bytes((await connection.execute(select(key_store.c.master_key_check))).scalar_one())

    async def reseal(
        self, *, before: bytes, after: bytes, sealed: Callable[[KeyRecord], bytes], moment: dt.datetime
    ) -> int:
        async with changing(self.engine) as connection:
            await _check_master_key(connection, before)
            rows = (await connection.execute(select(keys).where(keys.c.sealed.is_not(None)))).all()
            for row in rows:
                new = sealed(_record(row))
                await connection.execute(update(keys).where(keys.c.key_id == row.key_id).values(sealed=new))
            await connection.execute(update(key_store).values(master_key_check=after))
            await note(connection, KeyStep.RESEALED, moment)
            return len(rows)

    async def generation(self) -> int:
        async with self.engine.connect() as connection:
            return int((await connection.execute(select(key_store.c.generation))).scalar_one())

    async def load(self) -> tuple[int, Sequence[KeyRecord]]:
        async with self.engine.connect() as connection:
            generation = int((await connection.execute(select(key_store.c.generation))).scalar_one())
            # A change between the two statements is seen at the next refresh: its generation is newer than ours.
            rows = await connection.execute(
                select(keys).where(keys.c.state != KeyState.RETIRED).order_by(keys.c.created_at.desc(), keys.c.key_id)
            )
            return generation, [_record(row) for row in rows]

    async def find(self, key_id: str) -> KeyRecord | None:
        async with self.engine.connect() as connection:
            row = (await connection.execute(select(keys).where(keys.c.key_id == key_id))).one_or_none()
            return None if row is None else _record(row)

    async def retired(self) -> Sequence[KeyRecord]:
        whole = select(keys).where(keys.c.state == KeyState.RETIRED, keys.c.sealed.is_not(None))
        async with self.engine.connect() as connection:
            return [_record(row) for row in await connection.execute(whole.order_by(keys.c.state_since, keys.c.key_id))]

    async def add(self, record: KeyRecord, *, step: KeyStep = KeyStep.MADE, under: bytes | None = None) -> None:
        try:
            async with changing(self.engine) as connection:
                await _check_master_key(connection, under)
                await connection.execute(insert(keys).values(_values(record)))
                await note(connection, step, record.created_at, record.key_id, record.purpose)
                if record.state is KeyState.ACTIVE:
                    await note(connection, KeyStep.ACTIVATED, record.created_at, record.key_id, record.purpose)
        except IntegrityError:
            raise KeyStateConflict("key-exists", f"{record.purpose} has a key in the state {record.state}") from None

    async def activate_next(
        self, purpose: str, *, published_before: dt.datetime, moment: dt.datetime, key_id: str | None = None
    ) -> str:
        async with changing(self.engine) as connection:
            following = await _one(connection, keys.c.purpose == purpose, keys.c.state == KeyState.NEXT)
            if following is None or key_id not in (None, following.key_id):
                raise KeyStateConflict("no-next-key", f"{purpose} has no next key; prepare one first")
            if following.created_at > published_before:
                raise KeyStateConflict("key-too-fresh", f"the next key of {purpose} was not published long enough")
            active = await _one(connection, keys.c.purpose == purpose, keys.c.state == KeyState.ACTIVE)
            if active is not None:
                await _move(connection, active, KeyState.VERIFY_ONLY, KeyStep.REPLACED, moment)
            await _move(connection, following, KeyState.ACTIVE, KeyStep.ACTIVATED, moment)
            return following.key_id

    async def revoke(
        self,
        key_id: str,
        *,
        replace: bool,
        successor: KeyRecord | None,
        moment: dt.datetime,
        under: bytes | None = None,
    ) -> str | None:
        async with changing(self.engine) as connection:
            await _check_master_key(connection, under)
            leaked = await _one(connection, keys.c.key_id == key_id, keys.c.state != KeyState.RETIRED)
            if leaked is None:
                raise KeyStateConflict("key-state", f"key {key_id} is retired already or unknown")
            await _move(connection, leaked, KeyState.RETIRED, KeyStep.REVOKED, moment)
            if leaked.state is not KeyState.ACTIVE or not replace:
                return None
            following = await _one(connection, keys.c.purpose == leaked.purpose, keys.c.state == KeyState.NEXT)
            if following is not None:
                await _move(connection, following, KeyState.ACTIVE, KeyStep.ACTIVATED, moment)
                return following.key_id
            if successor is None:
                raise KeyStateConflict("no-next-key", f"{leaked.purpose} has no key to go on with")
            await connection.execute(insert(keys).values(_values(successor)))
            for step in (KeyStep.MADE, KeyStep.ACTIVATED):
                await note(connection, step, moment, successor.key_id, successor.purpose)
            return successor.key_id

    async def retire(self, key_id: str, *, moment: dt.datetime) -> None:
        async with changing(self.engine) as connection:
            allowed = keys.c.state.in_([KeyState.NEXT, KeyState.VERIFY_ONLY])
            record = await _one(connection, keys.c.key_id == key_id, allowed)
            if record is None:
                raise KeyStateConflict("key-state", f"key {key_id} is active, retired already or unknown")
            await _move(connection, record, KeyState.RETIRED, KeyStep.RETIRED, moment)

    async def erase(self, key_id: str, *, moment: dt.datetime) -> bool:
        async with changing(self.engine) as connection:
            record = await _one(connection, keys.c.key_id == key_id, keys.c.state == KeyState.RETIRED)
            if record is None:
                raise KeyStateConflict("key-state", f"key {key_id} is not retired")
            if record.sealed is None:
                return False
            await connection.execute(update(keys).where(keys.c.key_id == key_id).values(sealed=None))
            await note(connection, KeyStep.DESTROYED, moment, key_id, record.purpose)
            return True

    async def close(self) -> None:
        await self.engine.dispose()


async def _check_master_key(connection: AsyncConnection, expected: bytes | None) -> None:
    """What was sealed under a former master key must not come into the store: nobody could open it."""
    if expected is None:
        return
    if bytes((await connection.execute(select(key_store.c.master_key_check))).scalar_one()) != expected:
        raise MasterKeyWrong


async def _one(connection: AsyncConnection, *where: ColumnElement[bool]) -> KeyRecord | None:
    row = (await connection.execute(select(keys).where(*where))).one_or_none()
    return None if row is None else _record(row)


async def _move(
    connection: AsyncConnection, record: KeyRecord, state: KeyState, step: KeyStep, moment: dt.datetime
) -> None:
    where = keys.c.key_id == record.key_id
    await connection.execute(update(keys).where(where).values(state=str(state), state_since=moment))
    await note(connection, step, moment, record.key_id, record.purpose)


def _record(row: Row[Any]) -> KeyRecord:
    return KeyRecord(**{**row._mapping, "state": KeyState(row.state)})


def _values(record: KeyRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in keys.c.keys()} | {"state": str(record.state)}  # noqa: SIM118


_: type[KeyStore] = SqlKeyStore
