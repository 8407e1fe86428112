"""Sealed files at rest: encrypted before they reach the document store, found by the digest of the file itself.

The document store is no part of the unit that writes a file's row, so an address is put on the list of documents that
may be worthless before the document is stored: whatever the unit leaves without a row goes a day later.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Protocol

from certstore.model import FileKind, LicenceFile
from certstore.ports import SealedFile
from core.clock import Clock
from core.db.database import Database
from core.errors import Unavailable
from core.ids import new_id
from core.text import Text
from keys.ports import DocumentVault
from keys.reencrypt.ports import DiscardList

UNWRITTEN_FOR = dt.timedelta(days=1)  # longer than any unit takes that writes a file's row


class SealedVault(DocumentVault, Protocol):
    """A vault that says where a document will be before it is there."""

    def seal(self, content: bytes, *, context: str) -> tuple[str, bytes]:
        """Encrypt; answers the address that the document will have, and its cipher text."""

    async def put(self, sealed: bytes) -> None:
        """Store cipher text durably."""


async def put_document(
    vault: SealedVault, clock: Clock, database: Database, discards: DiscardList, content: bytes, *, context: str
) -> str:
    """Store a document that no row names yet; answers its address, for the row that the caller must write within
    `UNWRITTEN_FOR`.

    Raises:
        core.errors.Unavailable: the document store does not answer.
    """
    address, cipher_text = vault.seal(content, context=context)
    async with database.write() as tx:
        await discards.add(tx, address, clock.now() + UNWRITTEN_FOR)
        await tx.commit()
    await vault.put(cipher_text)
    return address


class SealedDocuments:
    """Keeps and opens sealed files. A file is reachable only through its row, written in the unit that made it."""

    def __init__(self, vault: SealedVault, clock: Clock, database: Database, discards: DiscardList) -> None:
        self._vault = vault
        self._clock = clock
        self._database = database
        self._discards = discards

    async def keep(self, sealed: SealedFile, *, licence_id: str, version: int, kind: FileKind) -> LicenceFile:
        """Store the bytes; answers the row that the caller must write."""
        file_id, original = new_id(self._clock, "fil"), kind is FileKind.ORIGINAL
        # ledger and public log know the signed revision; what follows it in an original is renewed
        known_by = sealed.content[: sealed.revision] if original else sealed.content
        address = await put_document(
            self._vault,
            self._clock,
            self._database,
            self._discards,
            sealed.content,
            context=content_context(file_id),
        )
        beside = None
        if sealed.beside is not None:
            beside = await self.keep(sealed.beside, licence_id=licence_id, version=version, kind=FileKind.ORIGINAL_OFD)
        return LicenceFile(
            id=file_id,
            licence_id=licence_id,
            version=version,
            kind=kind,
            content=address,
            sha256=sha256_of(known_by),
            size=len(known_by),
            seal_id=sealed.seal_id,
            signature_id=sealed.signature_id,
            made_at=self._clock.now(),
            lasting=sealed.lasting if original else None,
            beside=beside,
        )

    async def content(self, file: LicenceFile) -> bytes:
        """The sealed file, byte for byte.

        Raises:
            core.errors.Unavailable: the document store does not answer, or its bytes are damaged.
        """
        content = await self._vault.open(file.content, context=content_context(file.id))
        _check(content, file)
        return content

    async def keep_longer(self, file: LicenceFile, content: bytes) -> str:
        """Store a file with what was added to it; answers the address that the row must get.

        Raises:
            core.errors.Unavailable: the document store does not answer, or this is not that file.
        """
        _check(content, file)
        context = content_context(file.id)
        return await put_document(self._vault, self._clock, self._database, self._discards, content, context=context)


def _check(content: bytes, file: LicenceFile) -> None:
    known_by = content if file.kind is FileKind.ANNOTATED_COPY else content[: file.size]
    if sha256_of(known_by) != file.sha256:  # the row and the document do not belong together
        raise Unavailable(
            "document-damaged",
            Text("存档文件已损坏，请联系管理员。", "The stored file is damaged. Contact the administrator."),
        )


def content_context(file_id: str) -> str:
    """The place that a sealed file is bound to."""
    return f"licence_file.content:{file_id}"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
