"""Takes a register's file in as it comes over the wire: read, cut into parts, sealed part by part.

The file as a whole is never stored, in memory or on disk, but for a workbook, which can be read only whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.bulk.errors import FileRefused
from certstore.bulk.mapping import proposed
from certstore.bulk.model import PART_ROWS, Import, ImportState
from certstore.bulk.parts import PartDocuments
from certstore.bulk.ports import ImportStore
from certstore.bulk.reading.csv_rows import CsvRows
from certstore.bulk.reading.json_rows import JsonRows
from certstore.bulk.reading.table import TableReader, TableRow
from certstore.bulk.reading.xlsx_rows import XlsxRows
from certstore.errors import NotIssuingAuthority
from certstore.model import LicenceType, Trust
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.errors import NotFound
from core.ids import new_id
from core.principal import Principal
from core.text import Text


class FileFormat(StrEnum):
    """What a register comes as."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON_LINES = "jsonl"


_READERS: dict[FileFormat, type[TableReader]] = {
    FileFormat.CSV: CsvRows,
    FileFormat.XLSX: XlsxRows,
    FileFormat.JSON_LINES: JsonRows,
}


@dataclass(frozen=True, slots=True)
class IntakeCommand:
    """Into which type, and how far the register can be relied on.

    Attributes:
        file_name: for people; never a path.
    """

    type_code: str
    format: FileFormat
    trust: Trust
    file_name: str = field(default="", repr=False)


class TakeIn:
    """The use case."""

    def __init__(self, repository: Repository, store: ImportStore, parts: PartDocuments) -> None:
        self._repository = repository
        self._store = store
        self._parts = parts

    async def __call__(self, command: IntakeCommand, pieces: AsyncIterator[bytes], actor: Principal) -> Import:
        """Take a file in; it is `ready` then, with a mapping of its columns proposed.

        Raises:
            FileRefused: the file cannot be read; nothing is kept of it.
            NotPermitted: no `licence:issue`, or not an issuing authority of the type.
            NotFound: `licence-type-not-found`.
        """
        repository = self._repository
        async with refusals_audited(repository.database, "import.take-in", actor):
            require_scope(actor, "licence:issue")
            require_type(actor, "licence:issue", command.type_code)
            organisation = acting_organisation(actor)
            licence_type = await self._type(command.type_code, organisation)
            made = await self._begun(command, organisation, actor)
            try:
                return await self._received(made, licence_type, _READERS[command.format](), pieces, actor)
            except BaseException:
                await self._given_up(made)
                raise

    async def _type(self, code: str, organisation: str) -> LicenceType:
        async with self._repository.database.read() as tx:
            found = await self._repository.catalogue.licence_type(tx, code)
        if found is None:
            raise NotFound(
                "licence-type-not-found", Text("目录里没有这类证照。", "The catalogue has no such licence type.")
            )
        if organisation not in found.issuers:
            raise NotIssuingAuthority
        return found

    async def _begun(self, command: IntakeCommand, organisation: str, actor: Principal) -> Import:
        now = self._repository.now()
        made = Import(
            id=new_id(self._repository.clock, "imp"),
            organisation=organisation,
            type_code=command.type_code,
            trust=command.trust,
            file_name=_shown_name(command.file_name),
            header=(),
            columns={},
            state=ImportState.READING,
            dry=True,
            rows=0,
            parts=0,
            next_part=1,
            seen=0,
            kept=0,
            faulty=0,
            unchanged=0,
            findings={},
            actor_kind=actor.kind,
            actor_id=actor.id,
            began_at=now,
            changed_at=now,
        )
        async with self._repository.database.write() as tx:
            await self._store.add(tx, made)
            await tx.commit()
        return made

    async def _received(
        self,
        made: Import,
        licence_type: LicenceType,
        reader: TableReader,
        pieces: AsyncIterator[bytes],
        actor: Principal,
    ) -> Import:
        rows = parts = 0
        async for part in _in_parts(reader, pieces):
            parts, rows = parts + 1, rows + len(part)
            kept = await self._parts.keep(made.id, parts, part)
            async with self._repository.database.write() as tx:
                await self._store.add_part(tx, kept)
                await tx.commit()
        if not rows:
            raise FileRefused("file-empty", "文件里只有列名，没有数据行。", "The file has column titles and no rows.")
        columns = proposed(licence_type, reader.header, await self._former(made))
        ready = replace(
            made,
            header=tuple(reader.header),
            columns=columns,
            rows=rows,
            parts=parts,
            state=ImportState.READY,
            changed_at=self._repository.now(),
        )
        async with self._repository.database.write() as tx:
            await self._store.received(tx, ready)
            detail: Detail = {"type": made.type_code, "rows": rows}
            tx.audit(AuditEvent("import.take-in", "done", actor, made.id, detail=detail))
            await tx.commit()
        return ready

    async def _former(self, made: Import) -> dict[str, str]:
        """The mapping of the newest import into the same type that was ever started."""
        async with self._repository.database.read() as tx:
            earlier = await self._store.of_organisation(tx, made.organisation, limit=50)
        same = (one for one in earlier if one.type_code == made.type_code and one.id != made.id and one.columns)
        return dict(next((one.columns for one in same), {}))

    async def _given_up(self, made: Import) -> None:
        async with self._repository.database.write() as tx:
            await self._store.move(
                tx, made.id, ImportState.CANCELLED, [ImportState.READING], now=self._repository.now()
            )
            await tx.commit()


async def _in_parts(reader: TableReader, pieces: AsyncIterator[bytes]) -> AsyncIterator[list[TableRow]]:
    waiting: list[TableRow] = []
    async for piece in pieces:
        for row in reader.feed(piece):
            waiting.append(row)
            if len(waiting) == PART_ROWS:
                yield waiting
                waiting = []
    for row in reader.finish():
        waiting.append(row)
        if len(waiting) == PART_ROWS:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def _shown_name(typed: str) -> str:
    """The last part of whatever a browser says, in signs that can stand on a page."""
    name = typed.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(sign for sign in name if sign.isprintable())[:200]
