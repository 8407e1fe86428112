"""Authenticator apps and recovery codes in SQL; one `UPDATE … WHERE` decides whether a use counts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from core.db.database import ReadTx, WriteTx
from idp.factors.recovery.ports import RecoveryCodes, RecoveryCodeStore
from idp.factors.totp.model import Authenticator
from idp.factors.totp.ports import AuthenticatorStore
from idp.stores.factor_tables import authenticator, recovery_codes
from idp.stores.upsert import insert_or_replace


class SqlAuthenticatorStore:
    """Implements `idp.factors.totp.ports.AuthenticatorStore`."""

    async def add(self, tx: WriteTx, made: Authenticator) -> None:
        values = {name: getattr(made, name) for name in authenticator.c.keys()}  # noqa: SIM118 - not a dict
        await tx.connection.execute(insert(authenticator).values(values))

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[Authenticator]:
        columns = authenticator.c
        own = select(authenticator).where(columns.account_id == account_id).order_by(columns.created_at, columns.id)
        return [_authenticator(row) for row in (await tx.connection.execute(own)).all()]

    async def use(self, tx: WriteTx, authenticator_id: str, *, step: int, at: dt.datetime) -> bool:
        unused = (authenticator.c.id == authenticator_id, authenticator.c.last_step < step)
        change = update(authenticator).where(*unused).values(last_step=step, used_at=at)
        return (await tx.connection.execute(change)).rowcount == 1

    async def remove(self, tx: WriteTx, authenticator_id: str, *, account_id: str) -> bool:
        own = (authenticator.c.id == authenticator_id, authenticator.c.account_id == account_id)
        return (await tx.connection.execute(delete(authenticator).where(*own))).rowcount == 1


class SqlRecoveryCodeStore:
    """Implements `idp.factors.recovery.ports.RecoveryCodeStore`."""

    async def get(self, tx: ReadTx, account_id: str) -> RecoveryCodes | None:
        query = select(recovery_codes).where(recovery_codes.c.account_id == account_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else RecoveryCodes(row.account_id, bytes(row.content), row.revision, row.made_at)

    async def put(self, tx: WriteTx, codes: RecoveryCodes) -> None:
        values = {name: getattr(codes, name) for name in recovery_codes.c.keys()}  # noqa: SIM118 - not a dict
        await insert_or_replace(tx.connection, recovery_codes, values, key=("account_id",))

    async def replace(self, tx: WriteTx, codes: RecoveryCodes, *, revision: int) -> bool:
        columns = recovery_codes.c
        same = (columns.account_id == codes.account_id, columns.revision == revision)
        change = update(recovery_codes).where(*same).values(content=codes.content, revision=codes.revision)
        return (await tx.connection.execute(change)).rowcount == 1

    async def remove(self, tx: WriteTx, account_id: str) -> bool:
        own = recovery_codes.c.account_id == account_id
        return (await tx.connection.execute(delete(recovery_codes).where(own))).rowcount == 1


def _authenticator(row: Row[Any]) -> Authenticator:
    values = dict(row._mapping)
    return Authenticator(**{**values, "name": bytes(values["name"]), "secret": bytes(values["secret"])})


_: tuple[type[AuthenticatorStore], type[RecoveryCodeStore]] = (SqlAuthenticatorStore, SqlRecoveryCodeStore)
