"""What the e-seal service stores under keys: the files that it keeps for its callers."""

from __future__ import annotations

from collections.abc import Sequence

from core.clock import Clock
from core.db.database import Database
from core.db.walk import Walk
from keys.ports import FieldCipher
from keys.reencrypt.documents import KeptDocuments
from keys.reencrypt.ports import Collection, DiscardList
from keys.reencrypt.rows import SealedColumn, SealedRows
from keys.secrets.purposes import DOCUMENTS, FORMER_FIELDS
from keys.secrets.vault import EncryptedVault
from signing.batches.sources import source_context
from signing.seals.look_up import document_context
from signing.stores.batch_rows import name_key_place, name_place
from signing.stores.batch_tables import seal_batch, seal_batch_file
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


def batch_documents(database: Database, vault: EncryptedVault, discards: DiscardList, clock: Clock) -> KeptDocuments:
    """Files of batches, as they were brought."""
    walk = Walk(seal_batch_file)
    return KeptDocuments(
        database,
        walk,
        "seal_batch_file.document",
        "document",
        lambda row: source_context(row["id"]),
        vault,
        discards,
        clock,
    )


def batch_collections(database: Database, fields: FieldCipher) -> Sequence[Collection]:
    """What batches call their files, and the keys of these names' digests."""
    purposes = (DOCUMENTS, FORMER_FIELDS)
    keys = SealedColumn("name_key_enc", fields, lambda row: name_key_place(row["id"]))
    names = SealedColumn("name_enc", fields, lambda row: name_place(row["id"]))
    return (
        SealedRows(database, Walk(seal_batch), "seal_batch", purposes, [keys]),
        SealedRows(database, Walk(seal_batch_file), "seal_batch_file", purposes, [names]),
    )
