"""Passkeys in SQL; one `UPDATE … WHERE` decides whether a use counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, select, update

from core.db.database import ReadTx, WriteTx
from idp.factors.passkeys.model import Passkey, PasskeyState
from idp.login.proofs import Method
from idp.stores.key_tables import passkey
from idp.stores.upsert import insert_if_new


class SqlPasskeyStore:
    """Implements `idp.factors.passkeys.ports.PasskeyStore` and `idp.factors.ways_in.HeldKeys`."""

    method = Method.PASSKEY

    async def add(self, tx: WriteTx, made: Passkey) -> bool:
        values = {name: getattr(made, name) for name in passkey.c.keys()}  # noqa: SIM118 - not a dict
        return await insert_if_new(
            tx.connection, passkey, values | {"transports": list(made.transports), "state": made.state.value}
        )

    async def by_credential(self, tx: ReadTx, credential_id: bytes) -> Passkey | None:
        query = select(passkey).where(passkey.c.credential_id == credential_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _passkey(row)

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Passkey]:
        columns = passkey.c
        query = select(passkey).where(columns.account_id == account_id).order_by(columns.created_at, columns.id)
        return [_passkey(row) for row in (await tx.connection.execute(query)).all()]

    async def held(self, tx: ReadTx, account_id: str) -> frozenset[str]:
        columns = passkey.c
        active = (columns.account_id == account_id, columns.state == PasskeyState.ACTIVE.value)
        return frozenset((await tx.connection.execute(select(columns.id).where(*active))).scalars())

    async def used(self, tx: WriteTx, passkey_id: str, *, sign_count: int, backed_up: bool, at: dt.datetime) -> bool:
        columns = passkey.c
        # an authenticator without a counter always says 0 (WebAuthn L3 §6.1.1)
        goes_on = columns.sign_count < sign_count if sign_count else columns.sign_count == 0
        change = (
            update(passkey)
            .where(columns.id == passkey_id, columns.state == PasskeyState.ACTIVE.value, goes_on)
            .values(sign_count=sign_count, backed_up=backed_up, used_at=at)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def suspend(self, tx: WriteTx, passkey_id: str) -> bool:
        columns = passkey.c
        active = (columns.id == passkey_id, columns.state == PasskeyState.ACTIVE.value)
        change = update(passkey).where(*active).values(state=PasskeyState.SUSPENDED.value)
        return (await tx.connection.execute(change)).rowcount == 1

    async def rename(self, tx: WriteTx, passkey_id: str, *, account_id: str, name: bytes) -> bool:
        own = (passkey.c.id == passkey_id, passkey.c.account_id == account_id)
        return (await tx.connection.execute(update(passkey).where(*own).values(name=name))).rowcount == 1

    async def remove(self, tx: WriteTx, passkey_id: str, *, account_id: str) -> bool:
        own = (passkey.c.id == passkey_id, passkey.c.account_id == account_id)
        return (await tx.connection.execute(delete(passkey).where(*own))).rowcount == 1


def _passkey(row: Row[Any]) -> Passkey:
    values = dict(row._mapping)
    octets = {name: bytes(values[name]) for name in ("credential_id", "public_key", "user_handle", "name")}
    return Passkey(
        **{**values, **octets, "transports": tuple(values["transports"]), "state": PasskeyState(values["state"])}
    )
