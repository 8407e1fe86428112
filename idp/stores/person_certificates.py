"""Which certificates people have bound, in SQL; a unique thumbprint decides who bound one first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, select, update

from core.db.database import ReadTx, WriteTx
from idp.factors.certificates.model import BoundCertificate
from idp.stores.key_tables import person_certificate
from idp.stores.some import delete_some
from idp.stores.upsert import insert_if_new


class SqlPersonCertificateStore:
    """Implements `idp.factors.certificates.ports.CertificateStore`."""

    async def add(self, tx: WriteTx, certificate: BoundCertificate) -> bool:
        values = {name: getattr(certificate, name) for name in person_certificate.c.keys()}  # noqa: SIM118 - not a dict
        return await insert_if_new(tx.connection, person_certificate, values)

    async def by_thumbprint(self, tx: ReadTx, thumbprint: str) -> BoundCertificate | None:
        query = select(person_certificate).where(person_certificate.c.thumbprint == thumbprint)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else _certificate(row)

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[BoundCertificate]:
        columns = person_certificate.c
        query = select(person_certificate).where(columns.account_id == account_id)
        query = query.order_by(columns.created_at, columns.id)
        return [_certificate(row) for row in (await tx.connection.execute(query)).all()]

    async def used(self, tx: WriteTx, certificate_id: str, at: dt.datetime) -> bool:
        change = update(person_certificate).where(person_certificate.c.id == certificate_id).values(used_at=at)
        return (await tx.connection.execute(change)).rowcount == 1

    async def remove(self, tx: WriteTx, certificate_id: str, *, account_id: str) -> bool:
        own = (person_certificate.c.id == certificate_id, person_certificate.c.account_id == account_id)
        return (await tx.connection.execute(delete(person_certificate).where(*own))).rowcount == 1

    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int:
        return await delete_some(tx, person_certificate, person_certificate.c.not_after < before)


def _certificate(row: Row[Any]) -> BoundCertificate:
    values = dict(row._mapping)
    return BoundCertificate(**{**values, "name": bytes(values["name"])})
