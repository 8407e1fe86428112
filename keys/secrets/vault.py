"""Documents at rest: encrypted before they reach the document store (AES-256-GCM, NIST SP 800-38D).

The store holds cipher text only, so a copied folder or bucket is worthless. An address names the data key (16
characters), then, after a dot, the SHA-256 of the cipher text, by which the store knows it; so whoever holds the
address can tell, without opening the document, which key it needs. Before, an address was the bare digest.
"""

from __future__ import annotations

from core.blobs.digest import digest_of
from core.blobs.port import BlobStore
from keys.ports import DocumentVault
from keys.secrets.field import EnvelopeCipher, binds_no_place

ANYWHERE = "document"  # the context of documents that were sealed before their place was bound
BARE_LENGTH = 64  # of an address in the form before


class EncryptedVault:
    """Implements `keys.ports.DocumentVault`; equal documents have different addresses."""

    def __init__(self, blobs: BlobStore, cipher: EnvelopeCipher) -> None:
        self._blobs = blobs
        self._cipher = cipher

    async def keep(self, content: bytes, *, context: str) -> str:
        address, sealed = self.seal(content, context=context)
        await self.put(sealed)
        return address

    async def open(self, address: str, *, context: str) -> bytes:
        sealed = await self._blobs.get(digest_in(address))
        return self._cipher.decrypt_bytes(sealed, context=ANYWHERE if binds_no_place(sealed) else context)

    # -- for bringing documents under another key ----------------------------------------------------------------

    def head(self) -> str:
        """What the addresses of documents under today's key begin with."""
        return f"{self._cipher.head()[1:].decode('ascii')}."

    def seal(self, content: bytes, *, context: str) -> tuple[str, bytes]:
        """Encrypt; answers the address that the document will have, and its cipher text."""
        head, sealed = self.head(), self._cipher.encrypt_bytes(content, context=context)
        return head + digest_of(sealed), sealed

    async def put(self, sealed: bytes) -> None:
        """Store cipher text durably."""
        await self._blobs.put(sealed)

    async def remove(self, address: str) -> None:
        """Remove for good what nothing refers to any more."""
        await self._blobs.delete(digest_in(address))


def digest_in(address: str) -> str:
    """The name by which the document store knows the document of an address."""
    return address.rpartition(".")[2]


_: type[DocumentVault] = EncryptedVault
