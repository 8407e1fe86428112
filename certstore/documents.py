"""Sealed files at rest: encrypted before they reach the document store, found by the digest of the file itself."""

from __future__ import annotations

import base64
import hashlib

from certstore.model import FileKind, LicenceFile
from certstore.ports import SealedFile
from core.blobs.port import BlobStore
from core.clock import Clock
from core.ids import new_id
from keys.ports import FieldCipher


class SealedDocuments:
    """Keeps and opens sealed files. A file is reachable only through its row, written in the unit that made it."""

    def __init__(self, blobs: BlobStore, fields: FieldCipher, clock: Clock) -> None:
        self._blobs = blobs
        self._fields = fields
        self._clock = clock

    async def keep(self, sealed: SealedFile, *, licence_id: str, version: int, kind: FileKind) -> LicenceFile:
        """Store the bytes; answers the row that the caller must write."""
        file_id = new_id(self._clock, "fil")
        text = base64.b64encode(sealed.content).decode()
        address = await self._blobs.put(self._fields.encrypt(text, context=_context(file_id)))
        return LicenceFile(
            id=file_id,
            licence_id=licence_id,
            version=version,
            kind=kind,
            content=address,
            sha256=sha256_of(sealed.content),
            size=len(sealed.content),
            seal_id=sealed.seal_id,
            signature_id=sealed.signature_id,
            made_at=self._clock.now(),
        )

    async def content(self, file: LicenceFile) -> bytes:
        """The sealed file, byte for byte.

        Raises:
            core.errors.Unavailable: the document store does not answer, or its bytes are damaged.
        """
        encrypted = await self._blobs.get(file.content)
        return base64.b64decode(self._fields.decrypt(encrypted, context=_context(file.id)))


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _context(file_id: str) -> str:
    return f"licence_file.content:{file_id}"
