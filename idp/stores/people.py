"""Accounts, staff roles and organisations in SQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from core.prepared import Prepared
from core.text import Text
from idp.model import Account, AccountStatus, Organisation, OrganisationStatus, StaffRole
from idp.stores.tables import account, account_index, organisation, staff_role
from idp.stores.upsert import insert_if_new

# Built once: log-ins, real names and look-ups by portals all come this way.
_HELD = (
    select(func.coalesce(account.c.merged_into, account.c.id))
    .join(account_index, account_index.c.account_id == account.c.id)
    .where(account_index.c.digest.in_(bindparam("digests", expanding=True)))
)
_BY_IDENTIFIER = select(account).where(account.c.id.in_(_HELD))

_LOOK = select(account).where(account.c.id == bindparam("account_id"))
_GET = Prepared(_LOOK)
_HELD_ACCOUNT = Prepared(_LOOK.with_for_update(read=True))  # SQLite has one writer at a time anyway
_ORGANISATION = Prepared(select(organisation).where(organisation.c.uscc == bindparam("uscc")))
_ROLES = Prepared(
    select(staff_role)
    .where(staff_role.c.account_id == bindparam("account_id"))
    .order_by(staff_role.c.since, staff_role.c.organisation, staff_role.c.role)
)


class SqlAccountStore:
    """Implements `idp.ports.AccountStore`."""

    async def add(self, tx: WriteTx, account_: Account, indexes: Mapping[str, Sequence[bytes]]) -> bool:
        values = {name: getattr(account_, name) for name in account.c.keys()}  # noqa: SIM118 - not a dict
        ordered = sorted((digest, kind) for kind, digests in indexes.items() for digest in digests)
        rows = [{"digest": digest, "account_id": account_.id, "kind": kind} for digest, kind in ordered]
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(account).values({**values, "status": account_.status.value}))
                # in one order, so that two who meet wait for each other and not in a ring
                await tx.connection.execute(insert(account_index), rows)
        except IntegrityError:
            return False
        return True

    async def get(self, tx: ReadTx, account_id: str) -> Account | None:
        row = await tx.row(_GET, {"account_id": account_id})
        return None if row is None else account_of(row, row.id)

    async def hold(self, tx: WriteTx, account_id: str) -> Account | None:
        row = await tx.row(_HELD_ACCOUNT, {"account_id": account_id})
        return None if row is None else account_of(row, row.id)

    async def by_identifier(self, tx: ReadTx, indexes: Sequence[bytes]) -> Account | None:
        row = (await tx.connection.execute(_BY_IDENTIFIER, {"digests": list(indexes)})).one_or_none()
        return None if row is None else account_of(row, row.id)

    async def merged(self, tx: ReadTx, account_id: str) -> Sequence[Account]:
        query = select(account).where(account.c.merged_into == account_id).order_by(account.c.id)
        return [account_of(row, row.id) for row in await tx.connection.execute(query)]

    async def change_status(
        self,
        tx: WriteTx,
        account_id: str,
        status: AccountStatus,
        *,
        reason: str = "",
        since: AccountStatus | None = None,
    ) -> bool:
        held = account.c.status == since.value if since else account.c.status != AccountStatus.CLOSED.value
        change = (
            update(account).where(account.c.id == account_id, held).values(status=status.value, status_reason=reason)
        )
        return (await tx.connection.execute(change)).rowcount == 1

    async def change_password(self, tx: WriteTx, account_id: str, password_hash: str) -> bool:
        change = update(account).where(account.c.id == account_id).values(password_hash=password_hash)
        return (await tx.connection.execute(change)).rowcount == 1

    async def renew_password_hash(self, tx: WriteTx, account_id: str, *, old: str, new: str) -> bool:
        same = (account.c.id == account_id, account.c.password_hash == old)
        change = update(account).where(*same).values(password_hash=new)
        return (await tx.connection.execute(change)).rowcount == 1

    async def add_role(self, tx: WriteTx, role: StaffRole, at: dt.datetime) -> bool:
        values = {
            "account_id": role.account_id,
            "organisation": role.organisation,
            "role": role.role,
            "limits": {key: list(values) for key, values in role.limits.items()},
            "until": role.until,
            "since": at,
        }
        return await insert_if_new(tx.connection, staff_role, values)

    async def remove_role(self, tx: WriteTx, role: StaffRole) -> bool:
        removal = delete(staff_role).where(
            staff_role.c.account_id == role.account_id,
            staff_role.c.organisation == role.organisation,
            staff_role.c.role == role.role,
        )
        return (await tx.connection.execute(removal)).rowcount == 1

    async def roles(self, tx: ReadTx, account_id: str) -> Sequence[StaffRole]:
        rows = await tx.rows(_ROLES, {"account_id": account_id})
        return [StaffRole(row.account_id, row.organisation, row.role, row.limits, row.until) for row in rows]


class SqlOrganisationStore:
    """Implements `idp.ports.OrganisationStore`."""

    async def add(self, tx: WriteTx, organisation_: Organisation, at: dt.datetime) -> bool:
        values = {
            "uscc": organisation_.uscc,
            "name_zh": organisation_.name.zh,
            "name_en": organisation_.name.en,
            "kind": organisation_.kind,
            "parent": organisation_.parent,
            "status": organisation_.status.value,
            "created_at": at,
        }
        return await insert_if_new(tx.connection, organisation, values)

    async def get(self, tx: ReadTx, uscc: str) -> Organisation | None:
        row = await tx.row(_ORGANISATION, {"uscc": uscc})
        return None if row is None else organisation_of(row)

    async def change_status(self, tx: WriteTx, uscc: str, status: OrganisationStatus) -> bool:
        change = (
            update(organisation)
            .where(organisation.c.uscc == uscc, organisation.c.status != status.value)
            .values(status=status.value)
        )
        return (await tx.connection.execute(change)).rowcount == 1


def organisation_of(row: Any) -> Organisation:
    return Organisation(row.uscc, Text(row.name_zh, row.name_en), row.kind, row.parent, OrganisationStatus(row.status))


def account_of(row: Row[Any], account_id: str) -> Account:
    """The account in a row that may hold other things as well."""
    return Account(
        id=account_id,
        number=None if row.number is None else bytes(row.number),
        name=bytes(row.name),
        phone=None if row.phone is None else bytes(row.phone),
        password_hash=row.password_hash,
        level=row.level,
        status=AccountStatus(row.status),
        created_at=row.created_at,
        status_reason=row.status_reason,
        merged_into=row.merged_into,
    )
