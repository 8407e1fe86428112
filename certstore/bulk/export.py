"""A department takes the licences that it issued out of the repository: CSV or JSON Lines, one type at a time.

What fits the filters of `certstore.find` is written page by page as it is read, so an export of millions is never in
memory. Before a page goes out, its access records, one for each holder, and its audit event are committed. The titles
of the CSV are those that an import knows, so what was taken out can be taken in elsewhere.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson

from certstore.authorise import refusals_audited
from certstore.bulk.mapping import IDENTIFIER, targets_of
from certstore.errors import NotIssuingAuthority
from certstore.find import Filters, FindLicences, FindQuery, FindStore, FoundRows, Place
from certstore.looks import look_at
from certstore.model import Licence, LicenceType, Look
from certstore.repository import Repository
from certstore.schema import face_fields
from certstore.status import status_today
from core.audit.event import AuditEvent, Detail
from core.csv_lines import BYTE_ORDER_MARK, csv_line
from core.errors import InvalidInput
from core.ids import new_id
from core.paging import MAX_PAGE
from core.principal import Principal, Purpose
from core.text import Text

MAX_REASON = 200
_STATUS, _TRUST, _ISSUED = "status", "trust", "issued_at"
_LONG_TERM = "长期"
_MORE_TITLES = {
    IDENTIFIER: Text("电子证照标识", "Identifier"),  # of ours; what an import calls the former one
    _STATUS: Text("状态", "State"),
    _TRUST: Text("可信等级", "Trust"),
    _ISSUED: Text("颁发时间", "Issued"),
}


class ExportFormat(StrEnum):
    """How the file is written."""

    CSV = "csv"
    JSON_LINES = "jsonl"


@dataclass(frozen=True, slots=True)
class ExportCommand:
    """What to take out; the query names exactly one type.

    Attributes:
        reason: what for, in words; the holders see it.
    """

    query: FindQuery
    format: ExportFormat
    reason: str


class ExportLicences:
    """The use case."""

    def __init__(self, repository: Repository, find: FindLicences, store: FindStore) -> None:
        self._repository = repository
        self._find = find
        self._store = store

    async def __call__(self, command: ExportCommand, actor: Principal) -> AsyncIterator[bytes]:
        """The file in pieces; everything is refused before the first of them.

        Raises:
            InvalidInput: `type-needed`, `reason-invalid`, or a filter that cannot be.
            NotPermitted: no `licence:read`, nobody's organisation, a type beyond the caller's role or office.
        """
        repository, export_id = self._repository, new_id(self._repository.clock, "exp")
        async with refusals_audited(repository.database, "licence.export", actor):
            filters = self._find.filters(command.query, actor)
            purpose = Purpose(basis=_checked_reason(command.reason))
            licence_type = await self._type(command.query)
            if filters.issuer not in licence_type.issuers:
                raise NotIssuingAuthority
            detail: Detail = {"type": licence_type.code, "format": command.format.value}
            await repository.database.record(
                AuditEvent("licence.export", "done", actor, export_id, purpose=purpose, detail=detail)
            )
        return self._pieces(command.format, licence_type, filters, actor, purpose, export_id)

    async def _type(self, query: FindQuery) -> LicenceType:
        found = None
        if query.types is not None and len(query.types) == 1:
            async with self._repository.database.read() as tx:
                found = await self._repository.catalogue.licence_type(tx, query.types[0])
        if found is None:
            raise InvalidInput(
                "type-needed",
                Text("导出请选定一种证照：各类证照的列不同。", "Name exactly one type: each has columns of its own."),
                field="types",
            )
        return found

    async def _pieces(
        self,
        form: ExportFormat,
        licence_type: LicenceType,
        filters: Filters,
        actor: Principal,
        purpose: Purpose,
        export_id: str,
    ) -> AsyncIterator[bytes]:
        columns, fields = _columns(licence_type), [one.name for one in face_fields(licence_type.schema)]
        if form is ExportFormat.CSV:
            yield BYTE_ORDER_MARK + csv_line([title.zh for title in columns.values()])
        after: Place | None = None
        while True:
            found = await self._page(filters, after, actor, purpose, export_id, tuple(columns))
            values = [self._values(one, fields) for one in found.licences]
            if values:
                yield b"".join(_WRITERS[form](columns, one) for one in values)
            after = found.ended
            if after is None:
                return

    async def _page(
        self,
        filters: Filters,
        after: Place | None,
        actor: Principal,
        purpose: Purpose,
        export_id: str,
        fields: tuple[str, ...],
    ) -> FoundRows:
        """The next rows, with the records of the look at them committed."""
        repository = self._repository
        async with repository.database.write() as tx:
            found = await self._store.find(tx, filters, after=after, limit=MAX_PAGE)
            looks = [
                record
                for one in found.licences
                for record in look_at(repository, actor, Look.EXPORT, purpose, licence=one, fields=fields)
            ]
            await repository.access.add(tx, looks)
            detail: Detail = {"count": len(found.licences)}
            tx.audit(AuditEvent("licence.export-part", "done", actor, export_id, purpose=purpose, detail=detail))
            await tx.commit()
        return found

    def _values(self, licence: Licence, fields: Sequence[str]) -> Mapping[str, object]:
        version = licence.current
        until = version.valid_until
        face = {f"data.{name}": version.data.get(name) for name in fields}
        return {
            "holder_name": [holder.name for holder in version.holders],
            "holder_code": [holder.code.number for holder in version.holders],
            "holder_code_type": [holder.code.kind for holder in version.holders],
            "number": version.licence_number,
            "valid_from": version.valid_from.isoformat(),
            "valid_until": until.isoformat() if until else _LONG_TERM,
            "identifier": version.identifier,
            **face,
            _STATUS: status_today(licence, self._repository.today()).value,
            _TRUST: version.trust.value,
            _ISSUED: version.issued_at.isoformat(timespec="seconds"),
        }


def _columns(licence_type: LicenceType) -> dict[str, Text]:
    """Names with their titles, in the order of the file."""
    return targets_of(licence_type) | _MORE_TITLES


def _as_csv(columns: Mapping[str, Text], values: Mapping[str, object]) -> bytes:
    return csv_line([_cell(name, values[name]) for name in columns])


def _cell(name: str, value: object) -> str:
    if isinstance(value, list):  # several holders have one kind of number in a register's row
        return ";".join(dict.fromkeys(value) if name == "holder_code_type" else value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return "" if value is None else str(value)


def _as_json(columns: Mapping[str, Text], values: Mapping[str, object]) -> bytes:
    return orjson.dumps({name: values[name] for name in columns}, option=orjson.OPT_APPEND_NEWLINE)


_WRITERS: Mapping[ExportFormat, Callable[[Mapping[str, Text], Mapping[str, object]], bytes]] = {
    ExportFormat.CSV: _as_csv,
    ExportFormat.JSON_LINES: _as_json,
}


def _checked_reason(typed: str) -> str:
    reason = " ".join(typed.split())
    if not reason or len(reason) > MAX_REASON or not reason.isprintable():
        raise InvalidInput(
            "reason-invalid",
            Text(
                f"请写明导出用途，{MAX_REASON} 字以内；持证人会看到。",
                f"Say what the export is for, in at most {MAX_REASON} characters; the holders will see it.",
            ),
            field="reason",
        )
    return reason
