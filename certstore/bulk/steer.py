"""What an authority does with its imports: look, start, pause, resume, cancel; the file of rows at fault."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.bulk.difference_words import told_difference
from certstore.bulk.errors import ImportChanged, ImportMoved, ImportNotFound
from certstore.bulk.fault_words import words_of
from certstore.bulk.mapping import checked_mapping, targets_of
from certstore.bulk.model import STATE_NAMES, Difference, Import, ImportState, RowFault
from certstore.bulk.parts import PartDocuments
from certstore.bulk.ports import ImportStore
from certstore.model import LicenceType
from certstore.ports import OrganisationDirectory
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.csv_lines import BYTE_ORDER_MARK, csv_line
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal
from core.text import Text

SHOWN_FAULTS = 50


class SteerImports:
    """The use cases; all of them for the import's own authority only."""

    def __init__(
        self, repository: Repository, store: ImportStore, parts: PartDocuments, organisations: OrganisationDirectory
    ) -> None:
        self._repository = repository
        self._store = store
        self._parts = parts
        self._organisations = organisations

    async def all(self, actor: Principal, cursor: str | None = None, limit: int | None = None) -> Page[Import]:
        """Newest first."""
        require_scope(actor, "licence:issue")
        size, before = page_size(limit), str(decode_cursor(cursor, 1)[0]) if cursor else None
        async with self._repository.database.read() as tx:
            found = await self._store.of_organisation(tx, acting_organisation(actor), before=before, limit=size + 1)
        mine = [one for one in found if actor.may_with("licence:issue", one.type_code)]
        more = len(found) > size
        return Page(mine[:size], encode_cursor(found[size - 1].id) if more else None)

    async def one(self, import_id: str, actor: Principal) -> tuple[Import, LicenceType, Sequence[RowFault]]:
        """An import with its type and the first rows at fault.

        Raises:
            NotFound: `import-not-found`.
        """
        async with refusals_audited(self._repository.database, "import.read", actor, subject=import_id):
            made = await self._own(import_id, actor)
        async with self._repository.database.read() as tx:
            licence_type = await self._repository.catalogue.licence_type(tx, made.type_code)
            faults = await self._store.first_faults(tx, import_id, SHOWN_FAULTS)
        assert licence_type is not None  # versions of types are never removed
        return made, licence_type, faults

    async def differences(self, import_id: str, actor: Principal) -> Sequence[tuple[Difference, Text]]:
        """The first rows whose holder has another name elsewhere, with whom to ask.

        Raises:
            NotFound: `import-not-found`.
        """
        async with refusals_audited(self._repository.database, "import.read", actor, subject=import_id):
            await self._own(import_id, actor)
        async with self._repository.database.read() as tx:
            found = await self._store.first_differences(tx, import_id, SHOWN_FAULTS)
        offices = await self._names({one.office for one in found})
        return [(one, told_difference(one.kind, offices[one.office])) for one in found]

    async def start(
        self,
        import_id: str,
        columns: Mapping[str, str],
        actor: Principal,
        *,
        dry: bool,
        seen: dt.datetime | None = None,
    ) -> Import:
        """Run it: dry, to learn what is wrong, or in earnest. A dry run can be followed by either.

        Args:
            seen: `Import.changed_at` of what the caller looked at, for a colleague may have run it since; None does
                not ask.

        Raises:
            InvalidInput: `mapping-invalid`.
            NotFound: `import-not-found`.
            Conflict: `import-state`, `import-changed`.
        """
        async with refusals_audited(self._repository.database, "import.start", actor, subject=import_id):
            made, licence_type, _ = await self.one(import_id, actor)
            chosen, repository = checked_mapping(licence_type, made.header, columns), self._repository
            async with self._repository.database.write() as tx:
                if not await self._store.start(tx, import_id, chosen, dry=dry, now=repository.now(), seen=seen):
                    raise ImportMoved(STATE_NAMES[made.state]) if seen in (None, made.changed_at) else ImportChanged
                detail: Detail = {"type": made.type_code, "rows": made.rows, "dry": dry}
                tx.audit(AuditEvent("import.start", "done", actor, import_id, detail=detail))
                await tx.commit()
        return await self._own(import_id, actor)

    async def pause(self, import_id: str, actor: Principal) -> Import:
        """The part in hand is still finished."""
        return await self._move(import_id, actor, "import.pause", ImportState.PAUSED, [ImportState.RUNNING])

    async def resume(self, import_id: str, actor: Principal) -> Import:
        """From where it was paused."""
        return await self._move(import_id, actor, "import.resume", ImportState.RUNNING, [ImportState.PAUSED])

    async def cancel(self, import_id: str, actor: Principal) -> Import:
        """What was written stays; the rest is not done."""
        before = [ImportState.READY, ImportState.RUNNING, ImportState.PAUSED]
        return await self._move(import_id, actor, "import.cancel", ImportState.CANCELLED, before)

    async def faulty_rows(self, import_id: str, actor: Principal) -> AsyncIterator[bytes]:
        """The rows at fault as CSV (UTF-8 with mark), as they came, with their number and what is wrong with them:
        to be mended and taken in again.

        Raises:
            NotFound: `import-not-found`.
        """
        made, licence_type, _ = await self.one(import_id, actor)
        await self._repository.database.record(
            AuditEvent("import.faulty-rows", "done", actor, import_id, detail={"rows": made.faulty})
        )
        return self._faulty(made, targets_of(licence_type))

    async def _faulty(self, made: Import, targets: Mapping[str, Text]) -> AsyncIterator[bytes]:
        yield BYTE_ORDER_MARK + csv_line([*made.header, "行号", "问题"])
        for number in range(1, made.parts + 1):
            async with self._repository.database.read() as tx:
                faults = {one.row: one for one in await self._store.faults(tx, made.id, part=number)}
                part = await self._store.part(tx, made.id, number) if faults else None
            if part is None:
                continue
            rows = await self._parts.rows(part)
            lines = [
                csv_line([*row.cells, str(row.number), "；".join(words_of(*pair, targets).zh for pair in found.faults)])
                for row in rows
                if (found := faults.get(row.number)) is not None
            ]
            yield b"".join(lines)

    async def differing_rows(self, import_id: str, actor: Principal) -> AsyncIterator[bytes]:
        """All rows whose holder has another name elsewhere as CSV (UTF-8 with mark), as they came, with their number
        and whom to ask.

        Raises:
            NotFound: `import-not-found`.
        """
        made, _, _ = await self.one(import_id, actor)
        await self._repository.database.record(AuditEvent("import.differing-rows", "done", actor, import_id))
        return self._differing(made)

    async def _differing(self, made: Import) -> AsyncIterator[bytes]:
        yield BYTE_ORDER_MARK + csv_line([*made.header, "行号", "不同之处"])
        for number in range(1, made.parts + 1):
            async with self._repository.database.read() as tx:
                found = await self._store.differences(tx, made.id, part=number)
                part = await self._store.part(tx, made.id, number) if found else None
            if part is None:
                continue
            offices = await self._names({one.office for one in found})
            told: dict[int, list[str]] = {}
            for one in found:
                told.setdefault(one.row, []).append(told_difference(one.kind, offices[one.office]).zh)
            rows = [row for row in await self._parts.rows(part) if row.number in told]
            yield b"".join(csv_line([*row.cells, str(row.number), "；".join(told[row.number])]) for row in rows)

    async def _names(self, offices: Collection[str]) -> Mapping[str, Text]:
        names = {office: await self._organisations.name(office) for office in offices if office}
        return {office: names.get(office) or Text(office, office) for office in offices}

    async def _move(
        self, import_id: str, actor: Principal, action: str, state: ImportState, before: Sequence[ImportState]
    ) -> Import:
        async with refusals_audited(self._repository.database, action, actor, subject=import_id):
            made = await self._own(import_id, actor)
            async with self._repository.database.write() as tx:
                if not await self._store.move(tx, import_id, state, before, now=self._repository.now()):
                    raise ImportMoved(STATE_NAMES[made.state])
                tx.audit(AuditEvent(action, "done", actor, import_id))
                await tx.commit()
        return await self._own(import_id, actor)

    async def _own(self, import_id: str, actor: Principal) -> Import:
        require_scope(actor, "licence:issue")
        organisation = acting_organisation(actor)
        async with self._repository.database.read() as tx:
            found = await self._store.one(tx, import_id)
        if found is None or found.organisation != organisation:
            raise ImportNotFound
        require_type(actor, "licence:issue", found.type_code)
        return found
