"""Documents at rest: encrypted before they reach the document store (AES-256-GCM, NIST SP 800-38D).

Large ones are encrypted in parts (`keys.secrets.parts`) and are never in memory whole.

The store holds cipher text only, so a copied folder or bucket is worthless. An address names the data key (16
characters), then, after a dot, the SHA-256 of the cipher text, by which the store knows it; so whoever holds the
address can tell, without opening the document, which key it needs. Before, an address was the bare digest.
"""

from __future__ import annotations

import asyncio

from core.blobs.digest import digest_of
from core.blobs.port import BlobStore
from core.files.reading import whole
from core.files.scratch import FileBytes, Scratch
from keys.ports import DocumentVault
from keys.secrets.field import EnvelopeCipher, binds_no_place
from keys.secrets.parts import is_in_parts

ANYWHERE = "document"  # the context of documents that were sealed before their place was bound
BARE_LENGTH = 64  # of an address in the form before


class EncryptedVault:
    """Implements `keys.ports.DocumentVault`; equal documents have different addresses."""

    def __init__(self, blobs: BlobStore, cipher: EnvelopeCipher, scratch: Scratch | None = None) -> None:
        self._blobs = blobs
        self._cipher = cipher
        self._parts = cipher.in_parts(scratch or Scratch())

    async def keep(self, content: FileBytes, *, context: str) -> str:
        address, sealed = await self.seal_file(content, context=context)
        await self.put(sealed)
        return address

    async def open(self, address: str, *, context: str) -> bytes:
        return whole(self._opened(await self._blobs.get(digest_in(address)), context))

    async def open_file(self, address: str, *, context: str) -> FileBytes:
        sealed = await self._blobs.get_file(digest_in(address))
        if isinstance(sealed, bytes):
            return self._opened(sealed, context)
        return await asyncio.to_thread(self._opened, sealed, context)

    def _opened(self, sealed: FileBytes, context: str) -> FileBytes:
        if is_in_parts(sealed):
            return self._parts.decrypt(sealed, context=context)
        sealed = whole(sealed)  # the form before, which was in memory whole when it was made
        return self._cipher.decrypt_bytes(sealed, context=ANYWHERE if binds_no_place(sealed) else context)

    # -- for bringing documents under another key ----------------------------------------------------------------

    def head(self) -> str:
        """What the addresses of documents under today's key begin with."""
        return f"{self._cipher.head()[1:].decode('ascii')}."

    def seal(self, content: bytes, *, context: str) -> tuple[str, bytes]:
        """Encrypt; answers the address that the document will have, and its cipher text."""
        head, sealed = self.head(), self._cipher.encrypt_bytes(content, context=context)
        return head + digest_of(sealed), sealed

    async def seal_file(self, content: FileBytes, *, context: str) -> tuple[str, FileBytes]:
        """As `seal`, of a file that may be large."""
        if isinstance(content, bytes):
            return self.seal(content, context=context)
        head = self.head()
        sealed = await asyncio.to_thread(self._parts.encrypt, content, context=context)
        return head + (await asyncio.to_thread(sealed.hashed, "sha256")).hexdigest(), sealed

    async def put(self, sealed: FileBytes) -> None:
        """Store cipher text durably."""
        if isinstance(sealed, bytes):
            await self._blobs.put(sealed)
        else:
            await self._blobs.put_file(sealed)

    async def remove(self, address: str) -> None:
        """Remove for good what nothing refers to any more."""
        await self._blobs.delete(digest_in(address))


def digest_in(address: str) -> str:
    """The name by which the document store knows the document of an address."""
    return address.rpartition(".")[2]


_: type[DocumentVault] = EncryptedVault
