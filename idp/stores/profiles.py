"""Sealed profiles of people in SQL."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update

from core.db.database import ReadTx, WriteTx
from idp.model import AccountProfile
from idp.ports import ProfileStore
from idp.stores.tables import account_profile
from idp.stores.upsert import insert_or_replace


class SqlProfileStore:
    """Implements `idp.ports.ProfileStore`."""

    async def get(self, tx: ReadTx, account_id: str) -> AccountProfile | None:
        query = select(account_profile).where(account_profile.c.account_id == account_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else AccountProfile(row.account_id, bytes(row.content), row.updated_at)

    async def put(self, tx: WriteTx, profile: AccountProfile) -> None:
        values = {name: getattr(profile, name) for name in account_profile.c.keys()}  # noqa: SIM118 - not a dict
        await insert_or_replace(tx.connection, account_profile, values, key=("account_id",))

    async def replace(self, tx: WriteTx, profile: AccountProfile, *, since: dt.datetime) -> bool:
        same = (account_profile.c.account_id == profile.account_id, account_profile.c.updated_at == since)
        change = update(account_profile).where(*same).values(content=profile.content, updated_at=profile.updated_at)
        return (await tx.connection.execute(change)).rowcount == 1


_: type[ProfileStore] = SqlProfileStore
