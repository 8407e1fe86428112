"""Documents at rest: encrypted before they reach the document store (AES-256-GCM, NIST SP 800-38D).

The store holds cipher text only, so a copied folder or bucket is worthless.
"""

from __future__ import annotations

from core.blobs.port import BlobStore
from keys.ports import DocumentVault
from keys.secrets.field import EnvelopeCipher, binds_no_place

_ANYWHERE = "document"  # the context of documents that were sealed before their place was bound


class EncryptedVault:
    """Implements `keys.ports.DocumentVault`; an address is the SHA-256 of the cipher text, another one each time."""

    def __init__(self, blobs: BlobStore, cipher: EnvelopeCipher) -> None:
        self._blobs = blobs
        self._cipher = cipher

    async def keep(self, content: bytes, *, context: str) -> str:
        return await self._blobs.put(self._cipher.encrypt_bytes(content, context=context))

    async def open(self, address: str, *, context: str) -> bytes:
        sealed = await self._blobs.get(address)
        return self._cipher.decrypt_bytes(sealed, context=_ANYWHERE if binds_no_place(sealed) else context)


_: type[DocumentVault] = EncryptedVault
