"""Licences in SQL: versions, holders, events. Holders' numbers and names and the face data are encrypted."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Row, Select, insert, select, update

from certstore.codes import HolderCode
from certstore.lifecycle import Event, State, lapses
from certstore.model import Holder, Licence, LicenceChange, LicenceVersion, Trust
from certstore.ports import LicenceStore
from certstore.stores.changes import tell, tell_all
from certstore.stores.holder_index import holder_index, holder_indexes, number_kind
from certstore.stores.marks import SingleMarks
from certstore.stores.of_holder import held_now
from certstore.stores.places import event_place, holder_place, version_place
from certstore.stores.tables import CURRENT_VERSION, licence, licence_event, licence_holder, licence_version
from core.db.database import ReadTx, WriteTx
from core.db.long_lists import among, plan_anew
from core.db.many import add_many
from core.principal import PrincipalKind
from keys.ports import BlindIndex, FieldCipher

_VERSION_COLUMNS = (column for column in licence_version.c if column.name != "licence_id")
_LICENCES = select(licence, *_VERSION_COLUMNS).join(licence_version, CURRENT_VERSION)


class SqlLicenceStore:
    """Implements `certstore.ports.LicenceStore`."""

    def __init__(self, fields: FieldCipher, index: BlindIndex) -> None:
        self._fields = fields
        self._index = index
        self._marks = SingleMarks(index)

    async def add(self, tx: WriteTx, licence_: Licence, *changes: LicenceChange) -> None:
        await tx.connection.execute(insert(licence), self._row(licence_))
        await self._add_version_rows(tx, licence_.current)
        for change in changes:
            await self._add_event(tx, licence_, change)

    async def add_recorded(self, tx: WriteTx, licences: Sequence[Licence], recorded: LicenceChange) -> None:
        if not licences:
            return
        # half a thousand rows take long to seal, and others wait for the loop meanwhile
        rows, versions, holders, events = await asyncio.to_thread(self._recorded_rows, licences, recorded)
        await add_many(tx, licence, rows)
        await add_many(tx, licence_version, versions)
        await add_many(tx, licence_holder, holders)
        await tell_all(tx, licences, recorded)
        await add_many(tx, licence_event, events)

    async def of_numbers(self, tx: ReadTx, type_code: str, numbers: Sequence[str]) -> Sequence[Licence]:
        kind = number_kind(type_code)
        indexes = {digest for number in numbers for digest in self._index.digests(kind, number)}
        await plan_anew(tx)
        query = _LICENCES.where(among(tx, licence.c.number_index, indexes), licence.c.type_code == type_code)
        return await self._many(tx, query)

    async def add_version(self, tx: WriteTx, licence_: Licence, change: LicenceChange) -> bool:
        moved = await tx.connection.execute(
            update(licence)
            .where(licence.c.id == licence_.id, licence.c.revision == change.sequence - 1)
            .values(
                state=change.state.value,
                revision=change.sequence,
                version=licence_.current.number,
                number_index=self._number_index(licence_),
                inspected_until=licence_.inspected_until,
                lapses_on=_lapses_on(change.state, licence_),
            )
        )
        if moved.rowcount != 1:
            return False
        await self._marks.give_back(tx, licence_.id)
        await self._add_version_rows(tx, licence_.current)
        await self._add_event(tx, licence_, change)
        return True

    async def claim_single(self, tx: WriteTx, licence_: Licence, *, today: dt.date) -> bool:
        return await self._marks.claim(tx, licence_, today=today)

    async def claim_singles(self, tx: WriteTx, licences: Sequence[Licence], *, today: dt.date) -> bool:
        return await self._marks.claim_all(tx, licences, today=today)

    async def holding(
        self, tx: ReadTx, type_code: str, holders: Collection[HolderCode], *, today: dt.date
    ) -> Collection[HolderCode]:
        return await self._marks.held(tx, type_code, holders, today=today)

    async def licence(self, tx: ReadTx, licence_id: str) -> Licence | None:
        return await self._one(tx, _LICENCES.where(licence.c.id == licence_id))

    async def of_ids(self, tx: ReadTx, ids: Sequence[str]) -> Sequence[Licence]:
        """In no order; what is not there is left out."""
        return await self._many(tx, _LICENCES.where(among(tx, licence.c.id, ids)))

    async def locked(self, tx: WriteTx, licence_id: str) -> Licence | None:
        return await self._one(tx, _LICENCES.where(licence.c.id == licence_id).with_for_update(of=licence))

    async def by_identifier(self, tx: ReadTx, identifier: str) -> Licence | None:
        owner = select(licence_version.c.licence_id).where(licence_version.c.identifier == identifier)
        return await self._one(tx, _LICENCES.where(licence.c.id.in_(owner)))

    async def by_number(self, tx: ReadTx, type_code: str, licence_number: str) -> Licence | None:
        indexes = self._index.digests(number_kind(type_code), licence_number)
        query = _LICENCES.where(licence.c.number_index.in_(indexes), licence.c.type_code == type_code)
        return await self._one(tx, query.order_by(licence.c.id.desc()).limit(1))

    async def by_code(self, tx: ReadTx, verification_code: str) -> Licence | None:
        return await self._one(tx, _LICENCES.where(licence.c.verification_code == verification_code))

    async def by_holder(self, tx: ReadTx, holder: HolderCode, types: Sequence[str] | None = None) -> Sequence[Licence]:
        if types is not None and not types:
            return []
        rows = await tx.rows(*held_now(holder_indexes(self._index, holder), types))
        return [self._with_holders(list(one)) for _, one in groupby(rows, key=lambda row: row.id)]

    async def by_issuer(
        self, tx: ReadTx, issuer: str, *, before: str | None = None, limit: int = 20
    ) -> Sequence[Licence]:
        query = _LICENCES.where(licence.c.issuer == issuer)
        if before is not None:
            query = query.where(licence.c.id < before)
        return await self._many(tx, query.order_by(licence.c.id.desc()).limit(limit))

    async def change_state(self, tx: WriteTx, licence_: Licence, change: LicenceChange) -> bool:
        moved = await tx.connection.execute(
            update(licence)
            .where(licence.c.id == licence_.id, licence.c.revision == licence_.revision)
            .values(
                state=change.state.value,
                revision=change.sequence,
                inspected_until=licence_.inspected_until,
                lapses_on=_lapses_on(change.state, licence_),
            )
        )
        if moved.rowcount != 1:
            return False
        await self._add_event(tx, licence_, change)
        return True

    async def history(self, tx: ReadTx, licence_id: str) -> Sequence[LicenceChange]:
        columns = licence_event.c
        query = select(licence_event).where(columns.licence_id == licence_id).order_by(columns.sequence)
        return [self._change(row) for row in await tx.connection.execute(query)]

    async def versions(self, tx: ReadTx, licence_id: str) -> Sequence[LicenceVersion]:
        query = (
            select(licence_version, licence.c.type_code)
            .join(licence, licence.c.id == licence_version.c.licence_id)
            .where(licence_version.c.licence_id == licence_id)
            .order_by(licence_version.c.number)
        )
        rows = (await tx.connection.execute(query)).all()
        holders = await self._holders(tx, [licence_id])
        return [self._version(row, row.licence_id, holders.get((licence_id, row.number), ())) for row in rows]

    async def _add_version_rows(self, tx: WriteTx, version: LicenceVersion) -> None:
        await tx.connection.execute(insert(licence_version), self._version_row(version))
        holders = [self._holder_row(version, position, holder) for position, holder in enumerate(version.holders)]
        await tx.connection.execute(insert(licence_holder), holders)

    def _recorded_rows(self, licences: Sequence[Licence], recorded: LicenceChange) -> Sequence[list[dict[str, object]]]:
        """Of licences, versions, holders and events."""
        versions = [one.current for one in licences]
        return (
            [self._row(one) for one in licences],
            [self._version_row(version) for version in versions],
            [
                self._holder_row(version, position, holder)
                for version in versions
                for position, holder in enumerate(version.holders)
            ],
            [self._event_row(one, recorded) for one in licences],
        )

    def _row(self, licence_: Licence) -> dict[str, object]:
        return {
            "id": licence_.id,
            "type_code": licence_.type_code,
            "issuer": licence_.issuer,
            "state": licence_.state.value,
            "revision": licence_.revision,
            "version": licence_.current.number,
            "verification_code": licence_.verification_code,
            "number_index": self._number_index(licence_),
            "inspected_until": licence_.inspected_until,
            "lapses_on": _lapses_on(licence_.state, licence_),
        }

    def _number_index(self, licence_: Licence) -> bytes:
        return self._index.digest(number_kind(licence_.type_code), licence_.current.licence_number)

    # --- rows ↔ dataclasses ------------------------------------------------------------------------------------

    async def _one(self, tx: ReadTx, query: Select[Any]) -> Licence | None:
        found = await self._many(tx, query)
        return found[0] if found else None

    async def _many(self, tx: ReadTx, query: Select[Any]) -> list[Licence]:
        rows = (await tx.connection.execute(query)).all()
        holders = await self._holders(tx, [row.id for row in rows]) if rows else {}
        return [self._licence(row, holders.get((row.id, row.version), ())) for row in rows]

    async def _holders(self, tx: ReadTx, ids: Sequence[str]) -> dict[tuple[str, int], tuple[Holder, ...]]:
        columns = licence_holder.c
        query = select(licence_holder).where(among(tx, columns.licence_id, ids)).order_by(columns.position)
        found: dict[tuple[str, int], tuple[Holder, ...]] = {}
        for row in await tx.connection.execute(query):
            key = (row.licence_id, row.version)
            found[key] = (*found.get(key, ()), self._holder(row))
        return found

    def _with_holders(self, rows: Sequence[Row[Any]]) -> Licence:
        """One row for each of its holders."""
        return self._licence(rows[0], tuple([self._holder(row) for row in rows]))

    def _licence(self, row: Row[Any], holders: tuple[Holder, ...]) -> Licence:
        return Licence(
            id=row.id,
            type_code=row.type_code,
            issuer=row.issuer,
            state=State(row.state),
            revision=row.revision,
            verification_code=row.verification_code,
            current=self._version(row, row.id, holders),
            inspected_until=row.inspected_until,
        )

    def _version_row(self, version: LicenceVersion) -> dict[str, object]:
        place = (version.licence_id, version.number)
        return {
            "licence_id": version.licence_id,
            "number": version.number,
            "identifier": version.identifier,
            "type_version": version.type_version,
            "number_enc": self._fields.encrypt(version.licence_number, context=version_place("number", *place)),
            "data_enc": self._fields.encrypt(
                orjson.dumps(version.data).decode(), context=version_place("data", *place)
            ),
            "issued_at": version.issued_at,
            "valid_from": version.valid_from,
            "valid_until": version.valid_until,
            "previous": version.previous,
            "hash": version.hash,
            "trust": version.trust.value,
            "based_on": version.based_on,
            "made_by": version.made_by.value,
        }

    def _version(self, row: Row[Any], licence_id: str, holders: tuple[Holder, ...]) -> LicenceVersion:
        place = (licence_id, row.number)
        return LicenceVersion(
            licence_id=licence_id,
            number=row.number,
            identifier=row.identifier,
            type_code=row.type_code,
            type_version=row.type_version,
            licence_number=self._fields.decrypt(bytes(row.number_enc), context=version_place("number", *place)),
            holders=holders,
            data=orjson.loads(self._fields.decrypt(bytes(row.data_enc), context=version_place("data", *place))),
            issued_at=row.issued_at,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            previous=bytes(row.previous),
            hash=bytes(row.hash),
            trust=Trust(row.trust),
            based_on=row.based_on,
            made_by=Event(row.made_by),
        )

    def _holder_row(self, version: LicenceVersion, position: int, holder: Holder) -> dict[str, object]:
        place = (version.licence_id, version.number, position)
        return {
            "licence_id": version.licence_id,
            "version": version.number,
            "position": position,
            "role": holder.role,
            "code_kind": holder.code.kind,
            "code_index": holder_index(self._index, holder.code),
            "code_enc": self._fields.encrypt(holder.code.number, context=holder_place("code", *place)),
            "name_enc": self._fields.encrypt(holder.name, context=holder_place("name", *place)),
        }

    def _holder(self, row: Row[Any]) -> Holder:
        place = (row.licence_id, row.version, row.position)
        number = self._fields.decrypt(bytes(row.code_enc), context=holder_place("code", *place))
        name = self._fields.decrypt(bytes(row.name_enc), context=holder_place("name", *place))
        return Holder(HolderCode(row.code_kind, number), name, row.role)

    async def _add_event(self, tx: WriteTx, licence_: Licence, change: LicenceChange) -> None:
        await tell(tx, licence_, change, identifier=licence_.current.identifier)
        await tx.connection.execute(insert(licence_event), self._event_row(licence_, change))

    def _event_row(self, licence_: Licence, change: LicenceChange) -> dict[str, object]:
        return {
            "licence_id": licence_.id,
            "sequence": change.sequence,
            "event": change.event.value,
            "state": change.state.value,
            "version": change.version,
            "at": change.at,
            "actor_kind": change.actor_kind.value,
            "actor_id": change.actor_id,
            "organisation": change.organisation,
            "reason_enc": self._fields.encrypt(change.reason, context=event_place(licence_.id, change.sequence)),
        }

    def _change(self, row: Row[Any]) -> LicenceChange:
        place = event_place(row.licence_id, row.sequence)
        return LicenceChange(
            sequence=row.sequence,
            event=Event(row.event),
            state=State(row.state),
            version=row.version,
            at=row.at,
            actor_kind=PrincipalKind(row.actor_kind),
            actor_id=row.actor_id,
            organisation=row.organisation,
            reason=self._fields.decrypt(bytes(row.reason_enc), context=place),
        )


def _lapses_on(state: State, licence_: Licence) -> dt.date | None:
    return licence_.current.valid_until if lapses(state) else None


def held_by(indexes: Sequence[bytes]) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """That a licence's present version is held under one of these indexes.

    The first condition leads from the holder to the licences; alone the second would be tried on every licence.
    """
    ever, now = licence_holder.c, licence_holder.alias().c
    still = select(now.licence_id).where(
        now.licence_id == licence.c.id, now.version == licence.c.version, now.code_index.in_(indexes)
    )
    return licence.c.id.in_(select(ever.licence_id).where(ever.code_index.in_(indexes))), still.exists()


_: type[LicenceStore] = SqlLicenceStore
