"""What may be told of a licence or a copy to anybody who asks: states, dates and offices, no person and no value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from certstore.model import AnnotatedCopy, Licence
from certstore.ports import OrganisationDirectory
from certstore.repository import Repository
from certstore.status import Status, status_today, version_status_on
from core.db.database import ReadTx
from core.text import Text


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """What may be told about a copy to anybody who holds it."""

    id: str
    requester_name: Text
    item: str
    expires_on: dt.date
    expired: bool


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """What may be told about a licence to anybody: no person, no face values.

    Attributes:
        version: number of the version asked about.
        superseded_by, superseded_by_version: the present identifier, when the one asked about is an older version's.
    """

    licence_id: str
    identifier: str
    version: int
    type_code: str
    type_name: Text
    issuer: str
    issuer_name: Text
    status: Status
    status_since: dt.datetime
    issued_at: dt.datetime
    valid_from: dt.date
    valid_until: dt.date | None
    superseded_by: str | None = None
    superseded_by_version: int | None = None


@dataclass(frozen=True, slots=True)
class DayAnswer:
    """What a version was on a day (a calendar day in Asia/Shanghai)."""

    day: dt.date
    status: Status


@dataclass(frozen=True, slots=True)
class Facts:
    """What the store says about a licence, and about the version asked for."""

    licence: Licence
    type_name: Text
    since: dt.datetime
    identifier: str
    version: int
    on: DayAnswer | None = None


async def facts_of(
    tx: ReadTx, repository: Repository, licence: Licence, identifier: str | None = None, on: dt.date | None = None
) -> Facts:
    """What the store says about a licence, about the version that `identifier` names, and about the day `on`."""
    licence_type = await repository.catalogue.licence_type(tx, licence.type_code, licence.current.type_version)
    history = await repository.licences.history(tx, licence.id)
    assert licence_type is not None
    asked = identifier or licence.current.identifier
    version, day = parse_version(asked), None
    if on is not None:
        versions = await repository.licences.versions(tx, licence.id)
        day = DayAnswer(on, version_status_on(history, versions, version, on))
    return Facts(licence, licence_type.name, history[-1].at, asked, version, day)


def parse_version(identifier: str) -> int:
    return int(identifier.rsplit(".", 2)[1])


async def told_facts(repository: Repository, organisations: OrganisationDirectory, facts: Facts) -> LicenceFacts:
    """The same as it may be told to anybody."""
    licence = facts.licence
    current = licence.current
    older = facts.version < current.number
    return LicenceFacts(
        licence_id=licence.id,
        identifier=facts.identifier,
        version=facts.version,
        type_code=licence.type_code,
        type_name=facts.type_name,
        issuer=licence.issuer,
        issuer_name=await organisations.name(licence.issuer) or Text(licence.issuer, licence.issuer),
        status=Status.SUPERSEDED if older else status_today(licence, repository.today()),
        status_since=facts.since,
        issued_at=current.issued_at,
        valid_from=current.valid_from,
        valid_until=current.valid_until,
        superseded_by=current.identifier if older else None,
        superseded_by_version=current.number if older else None,
    )


async def told_copy(
    repository: Repository, organisations: OrganisationDirectory, copy: AnnotatedCopy | None
) -> CopyFacts | None:
    if copy is None:
        return None
    name = await organisations.name(copy.organisation) or Text(copy.organisation, copy.organisation)
    item = copy.purpose.service_item or ""
    return CopyFacts(copy.id, name, item, copy.expires_on, repository.today() > copy.expires_on)
