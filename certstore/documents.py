"""Sealed files at rest: encrypted before they reach the document store, found by the digest of the file itself."""

from __future__ import annotations

import hashlib

from certstore.model import FileKind, LicenceFile
from certstore.ports import SealedFile
from core.clock import Clock
from core.errors import Unavailable
from core.ids import new_id
from core.text import Text
from keys.ports import DocumentVault


class SealedDocuments:
    """Keeps and opens sealed files. A file is reachable only through its row, written in the unit that made it."""

    def __init__(self, vault: DocumentVault, clock: Clock) -> None:
        self._vault = vault
        self._clock = clock

    async def keep(self, sealed: SealedFile, *, licence_id: str, version: int, kind: FileKind) -> LicenceFile:
        """Store the bytes; answers the row that the caller must write."""
        file_id = new_id(self._clock, "fil")
        address = await self._vault.keep(sealed.content, context=content_context(file_id))
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
        content = await self._vault.open(file.content, context=content_context(file.id))
        if sha256_of(content) != file.sha256:  # the row and the document no longer belong together
            raise Unavailable(
                "document-damaged",
                Text("存档文件已损坏，请联系管理员。", "The stored file is damaged. Contact the administrator."),
            )
        return content


def content_context(file_id: str) -> str:
    """The place that a sealed file is bound to."""
    return f"licence_file.content:{file_id}"


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
