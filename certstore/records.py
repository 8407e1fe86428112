"""Originals of licences that were taken over from a register: made and sealed when somebody first wants one.

Two who want it at once get the same file: the unit that keeps it holds the licence, and only the first finds none.
"""

from __future__ import annotations

from certstore.errors import LicenceNotFound
from certstore.make_file import REPOSITORY
from certstore.making import VersionMaker
from certstore.model import LicenceFile, LicenceVersion
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail


class RecordOriginals:
    """Makes what is missing."""

    def __init__(self, repository: Repository, maker: VersionMaker) -> None:
        self._repository = repository
        self._maker = maker

    async def of(self, version: LicenceVersion) -> LicenceFile:
        """The version's file, made now if there is none.

        Raises:
            NotPermitted: the issuing authority's seal was not granted to the repository.
            Unavailable: seal, fonts or document store do not answer; nothing was made.
        """
        repository = self._repository
        async with repository.database.read() as tx:
            found = await repository.files.original(tx, version.licence_id, version.number)
            licence = await repository.licences.licence(tx, version.licence_id)
            licence_type = await repository.catalogue.licence_type(tx, version.type_code, version.type_version)
        if found is not None:
            return found
        if licence is None or licence_type is None:
            raise LicenceNotFound
        made = await self._maker.original_of(licence, version, licence_type, REPOSITORY)
        async with repository.database.write() as tx:
            await repository.licences.locked(tx, licence.id)
            found = await repository.files.original(tx, licence.id, version.number)
            if found is not None:
                return found  # what was made meanwhile has no record, and goes with the worthless documents
            await repository.files.add(tx, made)
            detail: Detail = {"version": version.number, "file": made.sha256, "seal": made.seal_id}
            tx.audit(AuditEvent("licence.seal-record", "done", REPOSITORY, licence.id, detail=detail))
            await tx.commit()
        return made
