"""Rows of registers under keys, for re-encryption."""

from __future__ import annotations

from certstore.bulk.parts import part_context
from certstore.stores.bulk_tables import licence_import_part
from core.clock import Clock
from core.db.database import Database
from core.db.walk import Walk
from keys.reencrypt.documents import KeptDocuments
from keys.reencrypt.ports import DiscardList
from keys.secrets.vault import EncryptedVault


def part_documents(database: Database, vault: EncryptedVault, discards: DiscardList, clock: Clock) -> KeptDocuments:
    """Parts of registers."""
    return KeptDocuments(
        database,
        Walk(licence_import_part),
        "licence_import_part",
        "content",
        lambda row: part_context(row["import_id"], row["number"]),
        vault,
        discards,
        clock,
    )
