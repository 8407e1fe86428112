"""Documents at rest: encrypted before they reach the document store (AES-256-GCM, NIST SP 800-38D).

A sealed document names people. The store holds cipher text only, so a copied folder or bucket is worthless.
"""

from __future__ import annotations

from core.blobs.port import BlobStore
from keys.secrets.field import EnvelopeCipher

_CONTEXT = "document"


class DocumentVault:
    """Keeps documents encrypted; an address is the SHA-256 of the cipher text, so it betrays nothing of the content."""

    def __init__(self, blobs: BlobStore, cipher: EnvelopeCipher) -> None:
        self._blobs = blobs
        self._cipher = cipher

    async def keep(self, content: bytes) -> str:
        """Encrypt and store durably; answers the address, another one each time.

        Raises:
            core.errors.Unavailable: the document store does not answer.
        """
        return await self._blobs.put(self._cipher.encrypt_bytes(content, context=_CONTEXT))

    async def open(self, address: str) -> bytes:
        """The document, byte for byte.

        Raises:
            core.errors.NotFound: `blob-not-found`.
            core.errors.Unavailable: the store does not answer, or what it holds was changed.
        """
        return self._cipher.decrypt_bytes(await self._blobs.get(address), context=_CONTEXT)
