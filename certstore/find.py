"""A department finds among the licences that it issued: by type, state, days, trust, number, or holder's number.

Pages follow a key, never an offset, and each request looks at a bounded number of rows: what fits only here and there
comes in shorter pages (attacks L-20). Lists hold no personal data; a holder's number is asked in a body only, and the
holder sees that it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.codes import HolderCode, parse_holder_code
from certstore.errors import LicenceNotFound
from certstore.identifier import parse_identifier, parse_type_code
from certstore.looks import look_at, look_for
from certstore.model import AccessRecord, Licence, Look, Trust
from certstore.read import ISSUER_PURPOSE
from certstore.repository import Repository
from certstore.status import Status, status_on, status_today
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx, WriteTx
from core.errors import InvalidInput
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal
from core.text import Text

MOST_LOOKED_AT = 20_000
"""Rows that one request looks at."""

SCOPE = "licence:read"
_STATUSES = frozenset(Status) - {Status.NOT_ISSUED}
_EARLIEST, _LATEST = dt.date(1900, 1, 1), dt.date(2200, 12, 31)


@dataclass(frozen=True, slots=True)
class FindQuery:
    """What to find; everything that is named must fit. Days are calendar days in Asia/Shanghai.

    Attributes:
        types: type codes; None for all that the caller reaches.
        status: what the licence is today.
        valid_on: it was valid on this day, whatever it is today.
        issued_from, issued_until: when its present version was issued.
        expiring_until: its last day is not before today and not after this day; the soonest come first.
        number: 证照编号; with exactly one type.
    """

    types: Sequence[str] | None = None
    status: Status | None = None
    trust: Trust | None = None
    valid_on: dt.date | None = None
    issued_from: dt.date | None = None
    issued_until: dt.date | None = None
    expiring_until: dt.date | None = None
    number: str | None = field(default=None, repr=False)
    identifier: str | None = None
    holder_kind: str | None = None
    holder_code: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Filters:
    """The same, checked and in canonical form, with whose licences and which day it is."""

    issuer: str
    today: dt.date
    types: tuple[str, ...] | None
    query: FindQuery
    holder: HolderCode | None = field(repr=False)


Place = tuple[str, ...]
"""Where a page ended: the id, or in the order of last days the day and the id."""


@dataclass(frozen=True, slots=True)
class FoundRows:
    """One page; `ended` is where to go on, None at the end."""

    licences: Sequence[Licence]
    ended: Place | None


class FindStore(Protocol):
    """Finds along an index."""

    async def find(
        self, tx: ReadTx, filters: Filters, *, after: Place | None, limit: int, most: int = MOST_LOOKED_AT
    ) -> FoundRows:
        """The newest first; with `expiring_until` those whose last day comes first.

        Args:
            most: rows that are looked at; a page may be shorter for it, and is not the last for that.
        """


@dataclass(frozen=True, slots=True)
class ListedLicence:
    """A line of a department's list; free of personal data."""

    id: str
    identifier: str
    type_code: str
    status: Status
    trust: Trust
    issued_at: dt.datetime
    valid_from: dt.date
    valid_until: dt.date | None
    revision: int


class FindLicences:
    """The use case."""

    def __init__(self, repository: Repository, store: FindStore) -> None:
        self._repository = repository
        self._store = store

    async def __call__(
        self, query: FindQuery, actor: Principal, cursor: str | None = None, limit: int | None = None
    ) -> Page[ListedLicence]:
        """
        Raises:
            InvalidInput: a filter that cannot be, `cursor-invalid`.
            NotPermitted: no `licence:read`, nobody's organisation, a type beyond the caller's role.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "licence.find", actor, purpose=ISSUER_PURPOSE):
            filters = self.filters(query, actor)
            after, size = _place(cursor, 2 if query.expiring_until else 1), page_size(limit)
            async with repository.database.write() as tx:
                found = await self._store.find(tx, filters, after=after, limit=size)
                await repository.access.add(tx, self._looks(actor, filters, found))
                detail: Detail = {"count": len(found.licences), "filters": _named(query)}
                tx.audit(AuditEvent("licence.find", "done", actor, purpose=ISSUER_PURPOSE, detail=detail))
                await tx.commit()
        return Page([self._line(one) for one in found.licences], encode_cursor(*found.ended) if found.ended else None)

    async def status_on(self, licence_id: str, day: dt.date, actor: Principal) -> Status:
        """What a licence that the actor's organisation issued was on a day.

        Raises:
            NotPermitted: no `licence:read`, or nobody's organisation.
            NotFound: `licence-not-found`.
            InvalidInput: `day-out-of-range`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "licence.status-on", actor, subject=licence_id):
            require_scope(actor, SCOPE)
            organisation = acting_organisation(actor)
            _check_day(day, "on")
            async with repository.database.write() as tx:
                licence = await self._own(tx, licence_id, organisation, actor)
                history = await repository.licences.history(tx, licence.id)
                versions = await repository.licences.versions(tx, licence.id)
                detail: Detail = {"day": day.isoformat()}
                tx.audit(AuditEvent("licence.status-on", "done", actor, licence.id, ISSUER_PURPOSE, detail))
                await tx.commit()
        return status_on(history, versions, day)

    async def _own(self, tx: WriteTx, licence_id: str, organisation: str, actor: Principal) -> Licence:
        licence = await self._repository.licences.licence(tx, licence_id)
        if licence is None or licence.issuer != organisation or not actor.may_with(SCOPE, licence.type_code):
            raise LicenceNotFound
        return licence

    def filters(self, query: FindQuery, actor: Principal) -> Filters:
        """What the actor may find by `query`, checked.

        Raises:
            InvalidInput, NotPermitted: as when called.
        """
        require_scope(actor, SCOPE)
        organisation, today = acting_organisation(actor), self._repository.today()
        for code in query.types or ():
            require_type(actor, SCOPE, parse_type_code(code))
        _check(query)
        reach = actor.types.get(SCOPE)
        types = tuple(query.types) if query.types is not None else tuple(sorted(reach)) if reach is not None else None
        holder = None
        if query.holder_code is not None:
            holder = parse_holder_code(query.holder_kind or "", query.holder_code, today=today)
        if query.identifier is not None:
            query = replace(query, identifier=parse_identifier(query.identifier).text)
        return Filters(organisation, today, types, query, holder)

    def _looks(self, actor: Principal, filters: Filters, found: FoundRows) -> list[AccessRecord]:
        holder = filters.holder
        if holder is None:
            return []
        if not found.licences:
            return [look_for(self._repository, actor, Look.ISSUER, ISSUER_PURPOSE, holder)]
        return [
            record
            for one in found.licences
            for record in look_at(self._repository, actor, Look.ISSUER, ISSUER_PURPOSE, licence=one)
        ]

    def _line(self, licence: Licence) -> ListedLicence:
        version = licence.current
        return ListedLicence(
            id=licence.id,
            identifier=version.identifier,
            type_code=licence.type_code,
            status=status_today(licence, self._repository.today()),
            trust=version.trust,
            issued_at=version.issued_at,
            valid_from=version.valid_from,
            valid_until=version.valid_until,
            revision=licence.revision,
        )


def _check(query: FindQuery) -> None:
    if query.status is not None and query.status not in _STATUSES:
        raise InvalidInput(
            "status-unknown", Text("没有这种状态可查。", "Nothing can be found by this state."), field="status"
        )
    for name in ("valid_on", "issued_from", "issued_until", "expiring_until"):
        if (day := getattr(query, name)) is not None:
            _check_day(day, name)
    if query.number is not None and (query.types is None or len(query.types) != 1):
        raise InvalidInput(
            "type-needed",
            Text("按证照编号查，请同时选定一种证照。", "To find by number, name exactly one type."),
            field="types",
        )
    if (query.holder_kind is None) != (query.holder_code is None):
        raise InvalidInput(
            "holder-code-invalid",
            Text("证件号码和它的类型要一起给出。", "A holder's number and its kind go together."),
            field="holder",
        )


def _check_day(day: dt.date, name: str) -> None:
    if not _EARLIEST <= day <= _LATEST:
        raise InvalidInput("day-out-of-range", Text("日期超出了范围。", "The day is out of range."), field=name)


def _named(query: FindQuery) -> str:
    """Which filters were used; never their values."""
    names = (name for name in FindQuery.__dataclass_fields__ if name != "holder_kind")
    return ",".join(name for name in names if getattr(query, name) is not None)


def _place(cursor: str | None, size: int) -> Place | None:
    if not cursor:
        return None
    values = decode_cursor(cursor, size)
    if not all(isinstance(one, str) and one.isprintable() and len(one) <= 40 for one in values):
        raise _cursor_invalid()
    try:
        if size > 1:
            dt.date.fromisoformat(str(values[0]))
    except ValueError:
        raise _cursor_invalid() from None
    return tuple(map(str, values))


def _cursor_invalid() -> InvalidInput:
    text = Text("翻页标记无效，请从第一页开始。", "The cursor is not valid. Start from the first page.")
    return InvalidInput("cursor-invalid", text, field="cursor")
