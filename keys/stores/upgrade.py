"""Brings a key store that an earlier version made to today's tables; there is no way back.

Version 1 kept certificates without their state. Version 2 has the register of `certificate_tables`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from asn1crypto import x509
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.tables import UtcDateTime
from keys.stores.certificate_tables import authorities, register
from keys.stores.certificates import values_of
from keys.stores.tables import VERSION, key_store, keys
from keys.x509.certificate import key_identifier
from keys.x509.model import CertificateRecord, record_of

_V1 = Table(
    "certificates",
    MetaData(),
    Column("serial", String(40), primary_key=True),
    Column("purpose", String(160)),
    Column("subject_key_id", String(64)),
    Column("der", LargeBinary),
    Column("not_after", UtcDateTime),
    Column("created_at", UtcDateTime),
)


async def upgrade(connection: AsyncConnection, version: int) -> None:
    """Raise the store from `version` in the caller's transaction, in which today's tables are there already."""
    if version == 1:
        await _certificates_to_register(connection)
    await connection.execute(update(key_store).values(version=VERSION))


async def _certificates_to_register(connection: AsyncConnection) -> None:
    columns = [_V1.c[name] for name in ("serial", "purpose", "subject_key_id", "der", "created_at")]
    rows = (await connection.execute(select(*columns).order_by(_V1.c.created_at, _V1.c.serial))).all()
    purposes = dict((await connection.execute(select(keys.c.key_id, keys.c.purpose))).tuples().all())
    issuers = {
        key_identifier(x509.Certificate.load(row.der).public_key.dump()): row
        for row in rows
        if row.purpose.startswith("ca.")
    }
    editions: dict[str, int] = {}
    for row in rows:
        editions[row.subject_key_id] = editions.get(row.subject_key_id, 0) + 1
        record = _record(row, issuers, purposes, editions[row.subject_key_id])
        await connection.execute(insert(register).values(values_of(record)))
    await _name_authorities(connection, list(issuers.values()))
    await connection.run_sync(_V1.drop)


def _record(row: Any, issuers: dict[bytes, Any], purposes: dict[str, str], edition: int) -> CertificateRecord:
    certificate = x509.Certificate.load(row.der)
    issuer = issuers.get(certificate.authority_key_identifier_value.native["key_identifier"], row)
    return record_of(
        certificate,
        issuer=issuer.purpose.removeprefix("ca."),
        issuer_key_id=issuer.subject_key_id,
        profile=_profile(row.purpose),
        purpose=purposes.get(row.subject_key_id, row.purpose),
        subject_key_id=row.subject_key_id,
        edition=edition,
        created_at=row.created_at,
    )


def _profile(purpose: str) -> str:
    """The profile of a certificate of version 1, which knew few purposes."""
    if purpose == "ca.root":
        return "root"
    if purpose.startswith("ca."):
        return "issuing"
    return "timestamp" if purpose.startswith("tsa/") else "seal"


async def _name_authorities(connection: AsyncConnection, rows: list[Any]) -> None:
    generations: dict[str, int] = {}
    for row in sorted(rows, key=lambda one: (one.created_at, one.serial)):
        name = row.purpose.removeprefix("ca.")
        generation = generations[name] = generations.get(name, 0) + 1
        slug = name if generation == 1 else f"{name}-{generation}"
        values: dict[str, str | int | dt.datetime] = {
            "key_id": row.subject_key_id,
            "name": name,
            "slug": slug,
            "generation": generation,
            "changes": 0,
            "list_number": 0,
            "created_at": row.created_at,
        }
        await connection.execute(insert(authorities).values(values))
