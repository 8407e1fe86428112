"""Key stores that are wrong on purpose: the contract must catch each of them."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.db.engine import create_engine
from keys.errors import KeyStateConflict, MasterKeyWrong
from keys.journal import KeyStep
from keys.ports import KeyRecord
from keys.spec import KeyState
from keys.stores.sql import SqlKeyStore
from keys.stores.tables import key_store, keys
from keys.stores.transactions import changing, writing
from tests.conformance.harness import failing
from tests.conformance.keystore import KeyStoreBasic, KeyStoreContention, KeyStoreTransaction
from tests.conformance.keystore_backends import KeyStoreHarness, at

_CONTRACTS = (KeyStoreBasic, KeyStoreTransaction, KeyStoreContention)


class _WithoutIndex(SqlKeyStore):
    """Looks first whether the purpose is free, and has no unique index that decides."""

    async def open(self, master_key_check: bytes) -> None:
        await super().open(master_key_check)
        async with writing(self.engine) as connection:
            for state in ("active", "next"):
                await connection.execute(text(f"DROP INDEX IF EXISTS uq_keys_one_{state}"))

    async def add(self, record: KeyRecord) -> None:
        _, records = await self.load()
        if any(one.purpose == record.purpose and one.state is record.state for one in records):
            raise KeyStateConflict("key-exists", "")
        await asyncio.sleep(0.003)
        await super().add(record)


class _RotatesInTwoSteps(SqlKeyStore):
    """Reads in one transaction and writes in the next."""

    async def activate_next(
        self, purpose: str, *, published_before: dt.datetime, moment: dt.datetime, key_id: str | None = None
    ) -> str:
        async with self.engine.connect() as connection:
            following = await connection.execute(
                select(keys.c.key_id).where(keys.c.purpose == purpose, keys.c.state == KeyState.NEXT)
            )
            found = following.scalar_one_or_none()
        if found is None or key_id not in (None, found):
            raise KeyStateConflict("no-next-key", "")
        await asyncio.sleep(0.003)
        async with changing(self.engine) as connection:
            await self._move(connection, keys.c.state == KeyState.ACTIVE, KeyState.VERIFY_ONLY, moment)
            await self._move(connection, keys.c.key_id == found, KeyState.ACTIVE, moment)
        return str(found)

    @staticmethod
    async def _move(connection: AsyncConnection, where: Any, state: KeyState, moment: dt.datetime) -> None:
        await connection.execute(update(keys).where(where).values(state=str(state), state_since=moment))


class _ForgetsTheFormerKey(SqlKeyStore):
    """Retires the former key at the rotation, so its tokens end."""

    async def activate_next(
        self, purpose: str, *, published_before: dt.datetime, moment: dt.datetime, key_id: str | None = None
    ) -> str:
        key_id = await super().activate_next(purpose, published_before=published_before, moment=moment, key_id=key_id)
        async with writing(self.engine) as connection:
            former = update(keys).where(keys.c.state == KeyState.VERIFY_ONLY).values(state=str(KeyState.RETIRED))
            await connection.execute(former)
        return key_id


class _NeverTooFresh(SqlKeyStore):
    """Activates a key in the moment in which it was made."""

    async def activate_next(
        self, purpose: str, *, published_before: dt.datetime, moment: dt.datetime, key_id: str | None = None
    ) -> str:
        return await super().activate_next(purpose, published_before=moment, moment=moment, key_id=key_id)


class _Silent(SqlKeyStore):
    """Rotates without moving the generation, so other workers never hear of it."""

    async def activate_next(
        self, purpose: str, *, published_before: dt.datetime, moment: dt.datetime, key_id: str | None = None
    ) -> str:
        made = await super().activate_next(purpose, published_before=published_before, moment=moment, key_id=key_id)
        async with writing(self.engine) as connection:
            await connection.execute(update(key_store).values(generation=key_store.c.generation - 1))
        return made


class _AnyMasterKey(SqlKeyStore):
    """Opens with whatever master key."""

    async def open(self, master_key_check: bytes) -> None:
        try:
            await super().open(master_key_check)
        except MasterKeyWrong:
            return


class _RetiresAnything(SqlKeyStore):
    """Retires the active key too."""

    async def retire(self, key_id: str, *, moment: dt.datetime) -> None:
        async with changing(self.engine) as connection:
            retired = (
                update(keys).where(keys.c.key_id == key_id).values(state=str(KeyState.RETIRED), state_since=moment)
            )
            await connection.execute(retired)


class _ErasesAnything(SqlKeyStore):
    """Erases a key that is still in use."""

    async def erase(self, key_id: str, *, moment: dt.datetime) -> None:
        async with changing(self.engine) as connection:
            await connection.execute(update(keys).where(keys.c.key_id == key_id).values(sealed=None))


class _LoadsRetired(SqlKeyStore):
    """Brings retired keys back to life at the next start."""

    async def load(self) -> tuple[int, Sequence[KeyRecord]]:
        async with self.engine.connect() as connection:
            names = (await connection.execute(select(keys.c.key_id))).scalars().all()
        found = [await self.find(name) for name in names]
        return await self.generation(), [record for record in found if record is not None]


class _AnyNext(SqlKeyStore):
    """Activates whichever key is next, not the one that is meant."""

    async def activate_next(
        self, purpose: str, *, published_before: dt.datetime, moment: dt.datetime, key_id: str | None = None
    ) -> str:
        return await super().activate_next(purpose, published_before=published_before, moment=moment)


class _RevokesInTwoSteps(SqlKeyStore):
    """Retires the leaked key, and looks for another one in the next transaction."""

    async def revoke(
        self,
        key_id: str,
        *,
        replace: bool,
        successor: KeyRecord | None,
        moment: dt.datetime,
        under: bytes | None = None,
    ) -> str | None:
        record = await self.find(key_id)
        await super().revoke(key_id, replace=False, successor=None, moment=moment)
        if record is None or record.state is not KeyState.ACTIVE or not replace:
            return None
        if successor is None:
            raise KeyStateConflict("no-next-key", "")
        await self.add(successor)
        return successor.key_id


class _KeepsTheRevoked(SqlKeyStore):
    """Rotates at once instead: what the leaked key signed stays good."""

    async def revoke(
        self,
        key_id: str,
        *,
        replace: bool,
        successor: KeyRecord | None,
        moment: dt.datetime,
        under: bytes | None = None,
    ) -> str | None:
        following = await super().revoke(key_id, replace=replace, successor=successor, moment=moment)
        async with writing(self.engine) as connection:
            back = update(keys).where(keys.c.key_id == key_id).values(state=str(KeyState.VERIFY_ONLY))
            await connection.execute(back)
        return following


class _ResealsOneByOne(SqlKeyStore):
    """Each private part in a transaction of its own."""

    async def reseal(
        self, *, before: bytes, after: bytes, sealed: Callable[[KeyRecord], bytes], moment: dt.datetime
    ) -> int:
        records = [*(await self.load())[1], *await self.retired()]
        for record in records:
            async with changing(self.engine) as connection:
                where = keys.c.key_id == record.key_id
                await connection.execute(update(keys).where(where).values(sealed=sealed(record)))
        async with writing(self.engine) as connection:
            await connection.execute(update(key_store).values(master_key_check=after))
        return len(records)


class _TakesAnySeal(SqlKeyStore):
    """Lets a key in whatever master key it is sealed under."""

    async def add(self, record: KeyRecord, *, step: KeyStep = KeyStep.MADE, under: bytes | None = None) -> None:
        await super().add(record, step=step)


class _EveryoneErases(SqlKeyStore):
    """Tells every caller that it was the one who erased."""

    async def erase(self, key_id: str, *, moment: dt.datetime) -> bool:
        await super().erase(key_id, moment=moment)
        return True


_BROKEN: list[tuple[type[SqlKeyStore], str]] = [
    (_WithoutIndex, "test_one_worker_makes_the_active_key"),
    (_RotatesInTwoSteps, "test_one_worker_rotates"),
    (_ForgetsTheFormerKey, "test_rotation_moves_both_keys"),
    (_NeverTooFresh, "test_a_key_is_published_before_it_is_used"),
    (_Silent, "test_every_change_moves_the_generation_and_no_look_does"),
    (_AnyMasterKey, "test_another_master_key_is_refused"),
    (_RetiresAnything, "test_only_a_key_that_does_not_sign_is_retired"),
    (_ErasesAnything, "test_only_a_retired_key_is_erased"),
    (_LoadsRetired, "test_a_retired_key_is_found_but_not_loaded"),
    (_AnyNext, "test_the_next_key_that_is_meant_becomes_active_and_no_other"),
    (_RevokesInTwoSteps, "test_a_revoked_key_is_replaced_in_one_step"),
    (_KeepsTheRevoked, "test_a_revoked_key_is_replaced_in_one_step"),
    (_EveryoneErases, "test_retired_keys_are_told_until_they_are_erased"),
    (_ResealsOneByOne, "test_another_master_key_is_for_all_private_parts_or_for_none"),
    (_ResealsOneByOne, "test_one_of_several_master_keys_is_taken"),
    (_TakesAnySeal, "test_nothing_comes_in_under_a_former_master_key"),
    (_EveryoneErases, "test_one_worker_erases"),
]


def _opened(store: type[SqlKeyStore], folder: Path) -> Any:
    count = iter(range(1000))

    @asynccontextmanager
    async def opened() -> AsyncIterator[KeyStoreHarness]:
        url = f"sqlite:///{folder}/{next(count)}.db"
        async with at(url, lambda address: store(create_engine(address, pool_size=2))) as harness:
            yield harness

    return opened


@pytest.mark.parametrize(("broken", "caught_by"), _BROKEN, ids=lambda value: getattr(value, "__name__", ""))
async def test_a_broken_store_fails_the_contract(broken: type[SqlKeyStore], caught_by: str, tmp_path: Path) -> None:
    contracts = [contract for contract in _CONTRACTS if hasattr(contract, caught_by)]
    assert caught_by in await failing(contracts, _opened(broken, tmp_path))


async def test_a_right_store_passes(tmp_path: Path) -> None:
    assert await failing(_CONTRACTS, _opened(SqlKeyStore, tmp_path)) == set()
