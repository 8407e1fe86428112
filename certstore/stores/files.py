"""Sealed files and annotated copies in SQL; the bytes themselves are in the document store, encrypted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, insert, select

from certstore.model import AnnotatedCopy, FileKind, LicenceFile
from certstore.ports import FileStore
from certstore.stores.lasting_tables import licence_file_care
from certstore.stores.tables import licence_copy, licence_file
from core.db.database import ReadTx, WriteTx
from core.principal import Purpose


class SqlFileStore:
    """Implements `certstore.ports.FileStore`."""

    async def add(self, tx: WriteTx, file: LicenceFile) -> None:
        values = {
            "id": file.id,
            "licence_id": file.licence_id,
            "version": file.version,
            "kind": file.kind.value,
            "content": file.content,
            "sha256": file.sha256,
            "size": file.size,
            "seal_id": file.seal_id,
            "signature_id": file.signature_id,
            "made_at": file.made_at,
        }
        await tx.connection.execute(insert(licence_file).values(values))
        if file.lasting is not None:
            care = {"file_id": file.id, "level": file.lasting.level, "due_at": file.lasting.due_at, "tries": 0}
            await tx.connection.execute(insert(licence_file_care).values(care))
        if file.beside is not None:
            await self.add(tx, file.beside)

    async def original(
        self, tx: ReadTx, licence_id: str, version: int, kind: FileKind | None = None
    ) -> LicenceFile | None:
        columns = licence_file.c
        for one in (FileKind.ORIGINAL, FileKind.ORIGINAL_OFD) if kind is None else (kind,):
            found = await self._file(
                tx,
                columns.licence_id == licence_id,
                columns.version == version,
                columns.kind == one.value,
            )
            if found is not None:
                return found
        return None

    async def file_by_digest(self, tx: ReadTx, sha256: str) -> LicenceFile | None:
        return await self._file(tx, licence_file.c.sha256 == sha256)

    async def add_copy(self, tx: WriteTx, copy: AnnotatedCopy) -> None:
        await self.add(tx, copy.file)
        values = {
            "id": copy.id,
            "licence_id": copy.licence_id,
            "file_id": copy.file.id,
            "organisation": copy.organisation,
            "service_item": copy.purpose.service_item,
            "case_number": copy.purpose.case_number,
            "basis": copy.purpose.basis,
            "fields": list(copy.fields),
            "consent_id": copy.consent_id,
            "expires_on": copy.expires_on,
            "verification_code": copy.verification_code,
            "made_at": copy.made_at,
        }
        await tx.connection.execute(insert(licence_copy).values(values))

    async def copy(self, tx: ReadTx, copy_id: str) -> AnnotatedCopy | None:
        return await self._copy(tx, licence_copy.c.id == copy_id)

    async def copy_by_code(self, tx: ReadTx, verification_code: str) -> AnnotatedCopy | None:
        return await self._copy(tx, licence_copy.c.verification_code == verification_code)

    async def copy_by_file(self, tx: ReadTx, file_id: str) -> AnnotatedCopy | None:
        return await self._copy(tx, licence_copy.c.file_id == file_id)

    async def _file(self, tx: ReadTx, *conditions: Any) -> LicenceFile | None:
        row = (await tx.connection.execute(select(licence_file).where(*conditions))).one_or_none()
        return file_of(row) if row else None

    async def _copy(self, tx: ReadTx, condition: Any) -> AnnotatedCopy | None:
        row = (await tx.connection.execute(select(licence_copy).where(condition))).one_or_none()
        if row is None:
            return None
        file = await self._file(tx, licence_file.c.id == row.file_id)
        assert file is not None  # the foreign key says so
        return AnnotatedCopy(
            id=row.id,
            licence_id=row.licence_id,
            file=file,
            organisation=row.organisation,
            purpose=Purpose(row.service_item, row.case_number, row.basis),
            fields=tuple(row.fields),
            consent_id=row.consent_id,
            expires_on=row.expires_on,
            verification_code=row.verification_code,
            made_at=row.made_at,
        )


def file_of(row: Row[Any]) -> LicenceFile:
    """The file that a row of the table tells of."""
    return LicenceFile(
        id=row.id,
        licence_id=row.licence_id,
        version=row.version,
        kind=FileKind(row.kind),
        content=row.content,
        sha256=row.sha256,
        size=row.size,
        seal_id=row.seal_id,
        signature_id=row.signature_id,
        made_at=row.made_at,
    )


_: type[FileStore] = SqlFileStore
