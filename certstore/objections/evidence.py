"""Evidence that holders give: kept encrypted, told by its first octets, handed out to save and never to be run."""

from __future__ import annotations

from certstore.documents import UNWRITTEN_FOR, SealedVault, put_document, sha256_of
from certstore.objections.errors import evidence_invalid
from certstore.objections.model import MOST_EVIDENCE, Evidence, MediaType
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.ids import new_id
from keys.reencrypt.ports import DiscardList

_BEGINNINGS = {
    b"%PDF-": MediaType.PDF,
    b"\x89PNG\r\n\x1a\n": MediaType.PNG,
    b"\xff\xd8\xff": MediaType.JPEG,
}


class EvidenceFiles:
    """Keeps and opens them. What no row names is removed a day later, as with licences' own files."""

    def __init__(self, vault: SealedVault, clock: Clock, database: Database, discards: DiscardList) -> None:
        self._vault = vault
        self._clock = clock
        self._database = database
        self._discards = discards

    async def keep(self, content: bytes) -> Evidence:
        """
        Raises:
            InvalidInput: `evidence-invalid`.
            Unavailable: the document store does not answer.
        """
        media_type = next((kind for start, kind in _BEGINNINGS.items() if content.startswith(start)), None)
        if media_type is None or len(content) > MOST_EVIDENCE:
            raise evidence_invalid()
        evidence_id = new_id(self._clock, "evd")
        address = await put_document(
            self._vault, self._clock, self._database, self._discards, content, context=evidence_context(evidence_id)
        )
        return Evidence(evidence_id, address, media_type, len(content), sha256_of(content))

    async def open(self, evidence: Evidence) -> bytes:
        return await self._vault.open(evidence.content, context=evidence_context(evidence.id))

    async def discard(self, tx: WriteTx, evidence: Evidence) -> None:
        """Its row goes in this unit; the document follows once nobody can be reading it."""
        await self._discards.add(tx, evidence.content, self._clock.now() + UNWRITTEN_FOR)


def evidence_context(evidence_id: str) -> str:
    """The place that a file of evidence is bound to."""
    return f"objection_evidence.content:{evidence_id}"
