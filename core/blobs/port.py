"""The port for documents: content-addressed and immutable; what nothing refers to any more may be deleted."""

from __future__ import annotations

from typing import Protocol

from core.files.scratch import FileBytes, ScratchFile


class BlobStore(Protocol):
    """Keeps documents under the SHA-256 of their bytes.

    Every method raises `core.errors.Unavailable` when the store does not answer.
    """

    async def put(self, content: bytes) -> str:
        """Keep `content` durably; answers its SHA-256 in lower-case hexadecimal. Putting it again is harmless."""

    async def put_file(self, content: ScratchFile) -> str:
        """As `put`, with a file that is read by ranges and never whole."""

    async def get(self, digest: str) -> bytes:
        """The content.

        Raises:
            core.errors.NotFound: `blob-not-found`.
            core.errors.Unavailable: `blob-damaged`, when the bytes no longer match their digest.
        """

    async def get_file(self, digest: str) -> FileBytes:
        """As `get`; what is large is on disk, and was compared with its digest there."""

    async def exists(self, digest: str) -> bool: ...

    async def delete(self, digest: str) -> None:
        """Remove for good what nothing refers to any more; what is not there is removed already."""

    async def close(self) -> None: ...
