"""Who looked, in SQL: one row per look and holder."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, select

from certstore.codes import HolderCode
from certstore.model import AccessRecord, Look
from certstore.ports import AccessStore
from certstore.stores.holder_index import holder_index, holder_indexes
from certstore.stores.look_delays import not_yet_shown
from certstore.stores.places import look_place
from certstore.stores.tables import access_record
from core.db.database import ReadTx, WriteTx
from core.principal import PrincipalKind, Purpose
from keys.ports import BlindIndex, FieldCipher


class SqlAccessStore:
    """Implements `certstore.ports.AccessStore`."""

    def __init__(self, fields: FieldCipher, index: BlindIndex) -> None:
        self._fields = fields
        self._index = index

    async def add(self, tx: WriteTx, records: Sequence[AccessRecord]) -> None:
        await tx.add_last(access_record, [self._row(record) for record in records])

    async def of_holder(
        self, tx: ReadTx, holder: HolderCode, *, now: dt.datetime, before: str | None = None, limit: int = 20
    ) -> Sequence[AccessRecord]:
        query = select(access_record).where(access_record.c.holder_index.in_(holder_indexes(self._index, holder)))
        hidden = await not_yet_shown(tx, now)
        if hidden is not None:
            query = query.where(~hidden)
        if before is not None:
            query = query.where(access_record.c.id < before)
        rows = await tx.connection.execute(query.order_by(access_record.c.id.desc()).limit(limit))
        return [self._record(row, holder) for row in rows]

    def _row(self, record: AccessRecord) -> dict[str, object]:
        name = record.actor_name
        return {
            "id": record.id,
            "holder_kind": record.holder.kind,
            "holder_index": holder_index(self._index, record.holder),
            "holder_enc": self._fields.encrypt(record.holder.number, context=look_place("holder", record.id)),
            "licence_id": record.licence_id,
            "type_code": record.type_code,
            "look": record.look.value,
            "organisation": record.organisation,
            "actor_kind": record.actor_kind.value,
            "actor_id": record.actor_id,
            "actor_name_enc": self._fields.encrypt(name, context=look_place("actor_name", record.id)) if name else None,
            "service_item": record.purpose.service_item,
            "case_number": record.purpose.case_number,
            "basis": record.purpose.basis,
            "fields": list(record.fields),
            "consent_id": record.consent_id,
            "at": record.at,
            "about_other": record.about_other,
        }

    def _record(self, row: Row[Any], holder: HolderCode) -> AccessRecord:
        sealed, context = row.actor_name_enc, look_place("actor_name", row.id)
        return AccessRecord(
            id=row.id,
            holder=holder,
            licence_id=row.licence_id,
            type_code=row.type_code,
            look=Look(row.look),
            organisation=row.organisation,
            actor_kind=PrincipalKind(row.actor_kind),
            actor_id=row.actor_id,
            actor_name=self._fields.decrypt(bytes(sealed), context=context) if sealed else None,
            purpose=Purpose(row.service_item, row.case_number, row.basis),
            fields=tuple(row.fields),
            consent_id=row.consent_id,
            at=row.at,
            about_other=row.about_other,
        )


_: type[AccessStore] = SqlAccessStore
