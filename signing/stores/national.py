"""Keeps seals in their national form, and what departments want, in SQL (SQLite and PostgreSQL)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import RowMapping, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from keys.der import split
from keys.profile import Profile
from signing.errors import SealCertificateStale
from signing.model import SealStatus
from signing.national.model import NationalForm
from signing.national.ports import DepartmentStore, NationalStore
from signing.public_log.entry import LogEntry, LogEvent
from signing.stores.national_tables import seal_department, seal_national
from signing.stores.public_log import enter
from signing.stores.tables import seal, seal_certificate

_columns = seal_national.c


async def count_profiles(tx: ReadTx) -> dict[Profile, int]:
    """How many seals in use there are, by the forms that they have."""
    query = select(seal.c.profile, func.count()).where(seal.c.status == SealStatus.ACTIVE.value)
    found = await tx.connection.execute(query.group_by(seal.c.profile))
    return {Profile(name): number for name, number in found}


class SqlNationalStore:
    """Implements `signing.national.ports.NationalStore`."""

    async def add(self, tx: WriteTx, form: NationalForm, *, code: str) -> None:
        digest = form.certificate_digest
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(
                    update(seal_national)
                    .where(_columns.seal_id == form.seal_id, _columns.ended_at.is_(None))
                    .values(ended_at=form.created_at)
                )
                await tx.connection.execute(insert(seal_national).values(_values(form)))
                known = {"digest": digest, "seal_id": form.seal_id, "since": form.created_at}
                await tx.connection.execute(insert(seal_certificate).values(known))
        except IntegrityError:  # the index allows one current edition
            raise SealCertificateStale from None
        await enter(tx, LogEntry(LogEvent.CERTIFICATE, code, digest, form.created_at))

    async def current(self, tx: ReadTx, seal_id: str) -> NationalForm | None:
        return await self._one(tx, _columns.seal_id == seal_id, _columns.ended_at.is_(None))

    async def of_seal(self, tx: ReadTx, seal_id: str) -> list[NationalForm]:
        query = select(seal_national).where(_columns.seal_id == seal_id).order_by(_columns.id.desc())
        return [_form_of(row) for row in (await tx.connection.execute(query)).mappings()]

    async def by_digest(self, tx: ReadTx, digest: str) -> NationalForm | None:
        return await self._one(tx, _columns.digest == digest)

    async def by_certificate(self, tx: ReadTx, digest: str) -> NationalForm | None:
        return await self._one(tx, _columns.certificate_digest == digest)

    async def knows(self, tx: ReadTx, esid: str) -> bool:
        found = await tx.connection.execute(select(exists().where(_columns.esid == esid)))
        return bool(found.scalar_one())

    async def unsettled(self, tx: ReadTx, limit: int) -> list[NationalForm]:
        query = select(seal_national).where(_columns.ended_at.is_(None), _columns.settled.is_(False))
        return [_form_of(row) for row in (await tx.connection.execute(query.limit(limit))).mappings()]

    async def settle(self, tx: WriteTx, form_id: str) -> None:
        await tx.connection.execute(update(seal_national).where(_columns.id == form_id).values(settled=True))

    async def widen(self, tx: WriteTx, seal_id: str, profile: Profile) -> bool:
        changed = await tx.connection.execute(
            update(seal)
            .where(seal.c.id == seal_id, seal.c.status == SealStatus.ACTIVE.value)
            .values(profile=profile.value)
        )
        return changed.rowcount == 1

    async def _one(self, tx: ReadTx, *conditions: Any) -> NationalForm | None:
        row = (await tx.connection.execute(select(seal_national).where(*conditions))).mappings().one_or_none()
        return None if row is None else _form_of(row)


class SqlDepartmentStore:
    """Implements `signing.national.ports.DepartmentStore`."""

    async def profile_of(self, tx: ReadTx, organisation: str) -> Profile | None:
        query = select(seal_department.c.profile).where(seal_department.c.organisation == organisation)
        found = (await tx.connection.execute(query)).scalar_one_or_none()
        return None if found is None else Profile(found)

    async def set_profile(
        self, tx: WriteTx, organisation: str, profile: Profile | None, *, by: str, at: dt.datetime
    ) -> None:
        await tx.connection.execute(delete(seal_department).where(seal_department.c.organisation == organisation))
        if profile is not None:
            row = {"organisation": organisation, "profile": profile.value, "set_by": by, "set_at": at}
            await tx.connection.execute(insert(seal_department).values(row))


def _values(form: NationalForm) -> dict[str, object]:
    return {
        "id": form.id,
        "seal_id": form.seal_id,
        "key_id": form.key_id,
        "certificates": b"".join(form.certificates),
        "certificate_digest": form.certificate_digest,
        "encoded": form.encoded,
        "digest": form.digest,
        "esid": form.esid,
        "created_at": form.created_at,
        "valid_from": form.valid_from,
        "valid_to": form.valid_to,
        "ended_at": form.ended_at,
        "settled": form.settled,
    }


def _form_of(row: RowMapping) -> NationalForm:
    return NationalForm(
        id=row["id"],
        seal_id=row["seal_id"],
        key_id=row["key_id"],
        certificates=tuple(split(bytes(row["certificates"]))),
        encoded=bytes(row["encoded"]),
        esid=row["esid"],
        created_at=row["created_at"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        ended_at=row["ended_at"],
        settled=row["settled"],
    )


_: type[NationalStore] = SqlNationalStore
_departments: type[DepartmentStore] = SqlDepartmentStore
