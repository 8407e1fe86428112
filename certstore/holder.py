"""The holder's own pages: my licences, and who looked at them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from certstore.authorise import identity_of
from certstore.codes import mask_code
from certstore.face import plain
from certstore.masking import mask
from certstore.model import AccessRecord, Licence, LicenceType, Look, Masking
from certstore.own_numbers import newest_first
from certstore.ports import HolderDirectory, OrganisationDirectory
from certstore.read import OWN_PURPOSE
from certstore.repository import Repository
from certstore.schema import face_fields
from certstore.status import Status, status_today
from core.audit.event import AuditEvent, Detail
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal, Purpose
from core.text import Text


@dataclass(frozen=True, slots=True)
class MyLicence:
    """A card: masked where the full value is not needed; the full face is `ReadLicence`."""

    id: str
    identifier: str
    type_code: str
    type_name: Text
    colour: str
    number: str = field(repr=False)
    status: Status
    issuer: str
    issuer_name: Text
    issued_at: dt.datetime
    valid_from: dt.date
    valid_until: dt.date | None
    holder_names: Sequence[str] = field(repr=False)
    holder_codes: Sequence[str] = field(repr=False)
    rows: Sequence[tuple[Text, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MyAccess:
    """A line of "who looked": office, person, purpose, what, on what ground, when."""

    record: AccessRecord
    organisation_name: Text | None
    item_name: Text | None
    type_name: Text | None

    @property
    def by_consent(self) -> bool:
        return self.record.consent_id is not None

    @property
    def shared(self) -> bool:
        """Whether the holder's own share was opened, or an office acted."""
        return self.record.look is Look.SHARE

    @property
    def entrusted(self) -> bool:
        """Whether it was somebody whom the holder entrusted."""
        return self.record.look is Look.ENTRUSTED


class MyLicences:
    """All licences of the person logged in; newest first."""

    def __init__(self, repository: Repository, holders: HolderDirectory, organisations: OrganisationDirectory) -> None:
        self._repository = repository
        self._holders = holders
        self._organisations = organisations

    async def __call__(self, actor: Principal) -> Sequence[MyLicence]:
        """
        Raises:
            NotPermitted: `person-needed`.
        """
        repository = self._repository
        identity = await identity_of(self._holders, actor)
        async with repository.database.write() as tx:
            held = await newest_first(
                identity, lambda code: repository.licences.by_holder(tx, code), key=lambda one: one.id
            )
            types: dict[tuple[str, int], LicenceType] = {}
            for one in held:
                key = (one.type_code, one.current.type_version)
                if key not in types:
                    found = await repository.catalogue.licence_type(tx, *key)
                    assert found is not None
                    types[key] = found
            detail: Detail = {"what": "licences", "count": len(held)}
            tx.audit(AuditEvent("holder.look", "done", actor, None, OWN_PURPOSE, detail))
            await tx.commit()
        return [await self._card(one, types[one.type_code, one.current.type_version]) for one in held]

    async def _card(self, licence: Licence, licence_type: LicenceType) -> MyLicence:
        version = licence.current
        name = await self._organisations.name(licence.issuer)
        rows = [
            (one.title, mask(plain(version.data[one.name]) + (f" {one.unit}" if one.unit else ""), one.masking))
            for one in face_fields(licence_type.schema)
            if one.name in version.data and one.masking is not Masking.FULL
        ]
        return MyLicence(
            id=licence.id,
            identifier=version.identifier,
            type_code=licence.type_code,
            type_name=licence_type.name,
            colour=licence_type.colour.value,
            number=version.licence_number,
            status=status_today(licence, self._repository.today()),
            issuer=licence.issuer,
            issuer_name=name or Text(licence.issuer, licence.issuer),
            issued_at=version.issued_at,
            valid_from=version.valid_from,
            valid_until=version.valid_until,
            holder_names=[holder.name for holder in version.holders],
            holder_codes=[mask_code(holder.code) for holder in version.holders],
            rows=rows,
        )


class MyAccesses:
    """Who looked at the licences of the person logged in; newest first."""

    def __init__(self, repository: Repository, holders: HolderDirectory, organisations: OrganisationDirectory) -> None:
        self._repository = repository
        self._holders = holders
        self._organisations = organisations

    async def __call__(self, actor: Principal, cursor: str | None = None, limit: int | None = None) -> Page[MyAccess]:
        """
        Raises:
            NotPermitted: `person-needed`.
            InvalidInput: `cursor-invalid`.
        """
        repository = self._repository
        identity = await identity_of(self._holders, actor)
        before = str(decode_cursor(cursor, 1)[0]) if cursor else None
        size = page_size(limit)
        async with repository.database.write() as tx:
            now = repository.now()
            found = await newest_first(
                identity,
                lambda code: repository.access.of_holder(tx, code, now=now, before=before, limit=size + 1),
                key=lambda one: one.id,
            )
            items: dict[str, Text] = {}
            types: dict[str, Text] = {}
            for record in found[:size]:
                item, code = record.purpose.service_item, record.type_code
                if item and item not in items and (known := await repository.catalogue.item(tx, item)):
                    items[item] = known.name
                if code and code not in types and (made := await repository.catalogue.licence_type(tx, code)):
                    types[code] = made.name
            tx.audit(AuditEvent("holder.look", "done", actor, None, OWN_PURPOSE, {"what": "access-records"}))
            await tx.commit()
        rows = [await self._line(told_to_holder(record), items, types) for record in found[:size]]
        return Page(rows, encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def _line(self, record: AccessRecord, items: Mapping[str, Text], types: Mapping[str, Text]) -> MyAccess:
        name = await self._organisations.name(record.organisation) if record.organisation else None
        item = items.get(record.purpose.service_item or "")
        return MyAccess(record, name, item, types.get(record.type_code or ""))


def told_to_holder(record: AccessRecord) -> AccessRecord:
    """What the holder may know of a look: whose case it was, and why, is no business of the licence's other holders."""
    if not record.about_other:
        return record
    return replace(record, purpose=Purpose(), actor_name=None, fields=(), consent_id=None)
