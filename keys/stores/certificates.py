"""The register of certificates on SQLite or PostgreSQL: a change of status is one UPDATE that only one can win."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from keys.stores.certificate_tables import authorities, register
from keys.stores.transactions import writing
from keys.x509.model import (
    AuthorityRow,
    CertificateQuery,
    CertificateRecord,
    CertificateStatus,
    Origin,
    RevocationReason,
)
from keys.x509.ports import CertificateStore
from keys.x509.publication import part_of

_FIELDS = [column.name for column in register.c if column.name != "part"]


class SqlCertificateStore:
    """Implements `keys.x509.ports.CertificateStore` in the key store's database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    async def add(self, record: CertificateRecord) -> bool:
        try:
            async with writing(self.engine) as connection:
                await connection.execute(insert(register).values(values_of(record)))
        except IntegrityError:
            return False
        return True

    async def find(self, sha256: str) -> CertificateRecord | None:
        return await self._one(select(register).where(register.c.sha256 == sha256))

    async def of_serial(self, issuer_key_id: str, serial: str) -> CertificateRecord | None:
        return await self._one(
            select(register).where(register.c.issuer_key_id == issuer_key_id, register.c.serial == serial)
        )

    async def of_key(self, subject_key_id: str, purpose: str | None = None) -> Sequence[CertificateRecord]:
        query = select(register).where(register.c.subject_key_id == subject_key_id)
        if purpose is not None:
            query = query.where(register.c.purpose == purpose)
        return await self._all(query.order_by(register.c.edition.desc()))

    async def of_authorities(self) -> Sequence[CertificateRecord]:
        query = select(register).where(register.c.purpose.like("ca.%"))
        return await self._all(query.order_by(register.c.edition.desc(), register.c.created_at, register.c.sha256))

    async def search(self, query: CertificateQuery) -> Sequence[CertificateRecord]:
        found = select(register).where(*_conditions(query))
        if query.after is not None:
            last = select(register.c.created_at).where(register.c.sha256 == query.after).scalar_subquery()
            same = (register.c.created_at == last) & (register.c.sha256 > query.after)
            found = found.where(or_(register.c.created_at < last, same))
        order = (register.c.created_at.desc(), register.c.sha256)
        return await self._all(found.order_by(*order).limit(query.limit))

    async def change_status(
        self,
        sha256: str,
        *,
        expected: Sequence[CertificateStatus],
        new: CertificateStatus,
        at: dt.datetime,
        reason: RevocationReason | None = None,
        invalidity_at: dt.datetime | None = None,
    ) -> bool:
        good = new is CertificateStatus.GOOD
        change = (
            update(register)
            .where(register.c.sha256 == sha256, register.c.status.in_([str(one) for one in expected]))
            .values(
                status=str(new),
                reason=None if reason is None else str(reason),
                revoked_at=None if good else func.coalesce(register.c.revoked_at, at),
                invalidity_at=invalidity_at,
                change=select(authorities.c.changes)
                .where(authorities.c.key_id == register.c.issuer_key_id)
                .scalar_subquery(),
            )
        )
        async with writing(self.engine) as connection:
            # the issuer's row first: changes of one issuer queue there, and their numbers come in order
            issuer = select(register.c.issuer_key_id).where(register.c.sha256 == sha256).scalar_subquery()
            counted = await _count_change(connection, authorities.c.key_id == issuer)
            if counted and (await connection.execute(change)).rowcount == 1:
                return True
            await connection.rollback()
            return False

    async def add_authority(self, key_id: str, name: str, *, moment: dt.datetime) -> AuthorityRow:
        while True:
            known = await self.authorities()
            mine = next((row for row in known if row.key_id == key_id), None)
            if mine is not None:
                return mine
            generation = sum(row.name == name for row in known) + 1
            slug = name if generation == 1 else f"{name}-{generation}"
            row = AuthorityRow(key_id, name, slug, generation, changes=0, list_number=0, created_at=moment)
            try:
                async with writing(self.engine) as connection:
                    await connection.execute(insert(authorities).values(_authority_values(row)))
            except IntegrityError:  # another worker was faster: look again
                continue
            return row

    async def authorities(self) -> Sequence[AuthorityRow]:
        columns = [authorities.c[name] for name in AuthorityRow.__dataclass_fields__]
        query = select(*columns).order_by(authorities.c.created_at, authorities.c.slug)
        async with self.engine.connect() as connection:
            return [AuthorityRow(**row._mapping) for row in await connection.execute(query)]

    async def touch(self, key_id: str) -> None:
        async with writing(self.engine) as connection:
            await _count_change(connection, authorities.c.key_id == key_id)

    async def changed_since(self, issuer_key_id: str, change: int) -> Mapping[str, int]:
        query = select(register.c.serial, register.c.change).where(
            register.c.issuer_key_id == issuer_key_id, register.c.change > change
        )
        async with self.engine.connect() as connection:
            return dict((await connection.execute(query)).tuples().all())

    async def _one(self, query: Select[Any]) -> CertificateRecord | None:
        found = await self._all(query)
        return found[0] if found else None

    async def _all(self, query: Select[Any]) -> Sequence[CertificateRecord]:
        async with self.engine.connect() as connection:
            return [record_of_row(row) for row in await connection.execute(query)]


async def _count_change(connection: AsyncConnection, where: ColumnElement[bool]) -> bool:
    done = await connection.execute(update(authorities).where(where).values(changes=authorities.c.changes + 1))
    return done.rowcount == 1


def _conditions(query: CertificateQuery) -> list[ColumnElement[bool]]:
    equal = {
        "serial": query.serial,
        "organisation": query.organisation,
        "code": query.code,
        "subject_key_id": query.key_id,
        "purpose": query.purpose,
        "issuer": query.issuer,
        "profile": query.profile,
        "status": None if query.status is None else str(query.status),
    }
    found = [register.c[name] == value for name, value in equal.items() if value is not None]
    if query.text:
        found.append(register.c.subject.icontains(query.text, autoescape=True))
    if query.expires_before is not None:
        found.append(register.c.not_after < query.expires_before)
    return found


def record_of_row(row: Row[Any]) -> CertificateRecord:
    values = {name: row._mapping[name] for name in _FIELDS}
    values |= {"origin": Origin(row.origin), "status": CertificateStatus(row.status)}
    values["reason"] = None if row.reason is None else RevocationReason(row.reason)
    return CertificateRecord(**values)


def values_of(record: CertificateRecord) -> dict[str, Any]:
    """The row of a certificate."""
    values = {name: getattr(record, name) for name in _FIELDS}
    values |= {"origin": str(record.origin), "status": str(record.status), "part": part_of(record.number)}
    values["reason"] = None if record.reason is None else str(record.reason)
    return values


def _authority_values(row: AuthorityRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in AuthorityRow.__dataclass_fields__}


_: type[CertificateStore] = SqlCertificateStore
