"""What the e-seal service stores under keys: the files that it keeps for its callers."""

from __future__ import annotations

from core.clock import Clock
from core.db.database import Database
from core.db.walk import Walk
from keys.reencrypt.documents import KeptDocuments
from keys.reencrypt.ports import DiscardList
from keys.secrets.vault import EncryptedVault
from signing.seals.look_up import document_context
from signing.stores.tables import seal_request, seal_signature
from signing.uses.ask import request_context


def signature_documents(
    database: Database, vault: EncryptedVault, discards: DiscardList, clock: Clock
) -> KeptDocuments:
    """Files of the ledger's entries."""
    walk = Walk(seal_signature)
    return KeptDocuments(
        database, walk, "seal_signature", "document", lambda row: document_context(row["id"]), vault, discards, clock
    )


def request_documents(database: Database, vault: EncryptedVault, discards: DiscardList, clock: Clock) -> KeptDocuments:
    """Files that wait for a second person."""
    walk = Walk(seal_request)
    return KeptDocuments(
        database, walk, "seal_request", "document", lambda row: request_context(row["id"]), vault, discards, clock
    )
