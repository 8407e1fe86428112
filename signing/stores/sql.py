"""Keeps seals, grants and the ledger of signatures in SQL (SQLite and PostgreSQL)."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, exists, false, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from core.db.database import ReadTx, WriteTx
from signing.errors import SealCodeTaken
from signing.model import GranteeKind, GrantForm, Seal, SealGrant, SealKind, SealStatus, SignatureRecord
from signing.ports import UseQuery
from signing.public_log.entry import LogEntry, LogEvent
from signing.stores.public_log import enter
from signing.stores.rows import grant_of, grant_values, seal_of, seal_values, signature_of, signature_values
from signing.stores.tables import seal as seal_table
from signing.stores.tables import seal_certificate, seal_grant, seal_signature

_TOLD = {
    SealStatus.ACTIVE: LogEvent.RESUMED,
    SealStatus.SUSPENDED: LogEvent.SUSPENDED,
    SealStatus.REVOKED: LogEvent.REVOKED,
    SealStatus.REPLACED: LogEvent.REPLACED,
    SealStatus.DESTROYED: LogEvent.DESTROYED,
}
_SIGNED = {
    GrantForm.DOCUMENT: LogEvent.SIGNATURE,
    GrantForm.DIGEST: LogEvent.DIGEST_SIGNATURE,
    GrantForm.HASH: LogEvent.HASH_SIGNATURE,
}


class SqlSealStore:
    """Implements `signing.ports.SealStore`."""

    async def add_seal(self, tx: WriteTx, seal: Seal) -> None:
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(seal_table).values(seal_values(seal, _digest(seal.certificate))))
                await self._remember(tx, seal.id, seal.certificate, seal.created_at)
                digest = _digest(seal.certificate)
                await enter(tx, LogEntry(LogEvent.MADE, seal.code, digest, seal.created_at))
        except IntegrityError:
            raise SealCodeTaken from None

    async def seal(self, tx: ReadTx, seal_id: str) -> Seal | None:
        return await self._one_seal(tx, seal_table.c.id == seal_id)

    async def seal_of_code(self, tx: ReadTx, code: str) -> Seal | None:
        return await self._one_seal(tx, seal_table.c.code == code)

    async def seal_of_certificate(self, tx: ReadTx, digest: str) -> Seal | None:
        known = select(seal_certificate.c.seal_id).where(seal_certificate.c.digest == digest)
        return await self._one_seal(tx, seal_table.c.id == known.scalar_subquery())

    async def _one_seal(self, tx: ReadTx, condition: Any) -> Seal | None:
        row = (await tx.connection.execute(select(seal_table).where(condition))).mappings().one_or_none()
        return None if row is None else seal_of(row)

    async def seals_of(
        self,
        tx: ReadTx,
        organisation: str | None,
        *,
        status: SealStatus | None = None,
        kind: SealKind | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> list[Seal]:
        query = select(seal_table).order_by(seal_table.c.id).limit(limit)
        wanted = {seal_table.c.organisation: organisation, seal_table.c.status: status, seal_table.c.kind: kind}
        for column, value in wanted.items():
            if value is not None:
                query = query.where(column == str(value))
        if after is not None:
            query = query.where(seal_table.c.id > after)
        return [seal_of(row) for row in (await tx.connection.execute(query)).mappings()]

    async def set_status(
        self, tx: WriteTx, seal_id: str, *, expected: Sequence[SealStatus], new: SealStatus, at: dt.datetime
    ) -> bool:
        values: dict[str, object] = {"status": new.value}
        if new in (SealStatus.REVOKED, SealStatus.REPLACED):
            values["revoked_at"] = at
        changed = await tx.connection.execute(
            update(seal_table)
            .where(seal_table.c.id == seal_id, seal_table.c.status.in_([state.value for state in expected]))
            .values(values)
            .returning(seal_table.c.code, seal_table.c.certificate_digest)
        )
        row = changed.one_or_none()
        if row is not None:
            told = LogEvent.ACTIVATED if SealStatus.MADE in expected and new is SealStatus.ACTIVE else _TOLD[new]
            await enter(tx, LogEntry(told, row.code, row.certificate_digest, at))
        return row is not None

    async def set_certificates(
        self, tx: WriteTx, seal_id: str, *, expected: bytes, certificates: Sequence[bytes], at: dt.datetime
    ) -> bool:
        values = {"certificates": b"".join(certificates), "certificate_digest": _digest(certificates[0])}
        changed = await tx.connection.execute(
            update(seal_table)
            .where(
                seal_table.c.id == seal_id,
                seal_table.c.certificate_digest == _digest(expected),
                seal_table.c.status == SealStatus.ACTIVE.value,
                ~exists().where(
                    seal_certificate.c.digest == values["certificate_digest"], seal_certificate.c.seal_id != seal_id
                ),
            )
            .values(values)
            .returning(seal_table.c.code)
        )
        code = changed.scalar_one_or_none()
        if code is None:
            return False
        await enter(tx, LogEntry(LogEvent.CERTIFICATE, code, _digest(certificates[0]), at))
        known = select(seal_certificate.c.digest).where(seal_certificate.c.digest == values["certificate_digest"])
        if (await tx.connection.execute(known)).first() is None:
            await self._remember(tx, seal_id, certificates[0], at)
        return True

    async def _remember(self, tx: WriteTx, seal_id: str, certificate: bytes, at: dt.datetime) -> None:
        entry = {"digest": _digest(certificate), "seal_id": seal_id, "since": at}
        await tx.connection.execute(insert(seal_certificate).values(entry))

    async def add_grant(self, tx: WriteTx, grant: SealGrant) -> None:
        await tx.connection.execute(insert(seal_grant).values(grant_values(grant)))

    async def grant(self, tx: ReadTx, grant_id: str) -> SealGrant | None:
        query = select(seal_grant).where(seal_grant.c.id == grant_id)
        row = (await tx.connection.execute(query)).mappings().one_or_none()
        return None if row is None else grant_of(row)

    async def grants_of(self, tx: ReadTx, seal_id: str) -> list[SealGrant]:
        query = select(seal_grant).where(seal_grant.c.seal_id == seal_id).order_by(seal_grant.c.id)
        return [grant_of(row) for row in (await tx.connection.execute(query)).mappings()]

    async def granted_to(self, tx: ReadTx, grantees: Sequence[tuple[GranteeKind, str]]) -> list[SealGrant]:
        named = [and_(seal_grant.c.grantee_kind == kind.value, seal_grant.c.grantee == who) for kind, who in grantees]
        query = (
            select(seal_grant).where(or_(false(), *named), seal_grant.c.ended_at.is_(None)).order_by(seal_grant.c.id)
        )
        return [grant_of(row) for row in (await tx.connection.execute(query)).mappings()]

    async def end_grant(self, tx: WriteTx, grant_id: str, *, by: str, at: dt.datetime) -> bool:
        ended = await tx.connection.execute(
            update(seal_grant)
            .where(seal_grant.c.id == grant_id, seal_grant.c.ended_at.is_(None))
            .values(ended_at=at, ended_by=by)
        )
        return ended.rowcount == 1

    async def count_use(self, tx: WriteTx, grant_id: str) -> bool:
        # one statement decides: it takes the row's lock and counts only what is left
        counted = await tx.connection.execute(
            update(seal_grant)
            .where(
                seal_grant.c.id == grant_id,
                seal_grant.c.ended_at.is_(None),
                or_(seal_grant.c.max_uses.is_(None), seal_grant.c.uses < seal_grant.c.max_uses),
            )
            .values(uses=seal_grant.c.uses + 1)
        )
        return counted.rowcount == 1

    async def add_signature(self, tx: WriteTx, record: SignatureRecord) -> bool:
        # one statement decides: it takes the row's lock and counts the use only while the seal is active
        counted = await tx.connection.execute(
            update(seal_table)
            .where(seal_table.c.id == record.seal_id, seal_table.c.status == SealStatus.ACTIVE.value)
            .values(uses=seal_table.c.uses + 1)
            .returning(seal_table.c.code)
        )
        code = counted.scalar_one_or_none()
        if code is None:
            return False
        await tx.connection.execute(insert(seal_signature).values(signature_values(record)))
        if record.certificate is not None:
            sealed = LogEntry(_SIGNED[record.form], code, record.certificate, record.signed_at, record.digest_after)
            await enter(tx, sealed)
        return True

    async def signature(self, tx: ReadTx, signature_id: str) -> SignatureRecord | None:
        query = select(seal_signature).where(seal_signature.c.id == signature_id)
        row = (await tx.connection.execute(query)).mappings().one_or_none()
        return None if row is None else signature_of(row)

    async def signature_of_file(self, tx: ReadTx, digest_after: str) -> SignatureRecord | None:
        query = select(seal_signature).where(seal_signature.c.digest_after == digest_after)
        row = (await tx.connection.execute(query.order_by(seal_signature.c.id).limit(1))).mappings().one_or_none()
        return None if row is None else signature_of(row)

    async def uses(self, tx: ReadTx, query: UseQuery, *, before: str | None, limit: int) -> list[SignatureRecord]:
        wanted = {
            seal_signature.c.seal_id: query.seal_id,
            seal_signature.c.actor_id: query.actor_id,
            seal_signature.c.document_class: query.document_class,
        }
        conditions = [column == value for column, value in wanted.items() if value is not None]
        if query.since is not None:
            conditions.append(seal_signature.c.signed_at >= query.since)
        if query.until is not None:
            conditions.append(seal_signature.c.signed_at < query.until)
        if before is not None:
            conditions.append(seal_signature.c.id < before)
        own = select(seal_table.c.id).where(seal_table.c.organisation == query.organisation)
        found = await tx.connection.execute(
            select(seal_signature)
            .where(seal_signature.c.seal_id.in_(own), *conditions)
            .order_by(seal_signature.c.id.desc())
            .limit(limit)
        )
        return [signature_of(row) for row in found.mappings()]


def _digest(certificate: bytes) -> str:
    return hashlib.sha256(certificate).hexdigest()
