"""What shares, objections and entrustments are stored under: for re-encryption, and for whoever destroys a key."""

from __future__ import annotations

from collections.abc import Sequence

from certstore.objections.evidence import evidence_context
from certstore.stores.entrustment_tables import entrustment
from certstore.stores.holder_index import holder_kind
from certstore.stores.objection_tables import objection, objection_evidence, objection_step
from certstore.stores.own_places import entrustment_place, objection_place, objection_step_place, share_place
from certstore.stores.share_tables import licence_share
from core.clock import Clock
from core.db.database import Database
from core.db.walk import Walk
from keys.ports import BlindIndex, FieldCipher
from keys.reencrypt.digests import StoredDigests
from keys.reencrypt.documents import KeptDocuments
from keys.reencrypt.ports import Collection, DiscardList, KeyHolder
from keys.reencrypt.rows import IndexColumn, SealedColumn, SealedRows
from keys.secrets.purposes import LICENCES, LICENCES_INDEX
from keys.secrets.vault import EncryptedVault


def holder_collections(database: Database, fields: FieldCipher, index: BlindIndex) -> Sequence[Collection]:
    """The tables of what holders do themselves."""
    number = IndexColumn("holder_index", index, "holder_enc", lambda row: holder_kind(row["holder_kind"]))
    both = (LICENCES, LICENCES_INDEX)
    share_columns = [
        SealedColumn("holder_enc", fields, lambda row: share_place("holder", row["id"])),
        SealedColumn("purpose_enc", fields, lambda row: share_place("purpose", row["id"])),
    ]
    parties = [_party(side, index) for side in ("principal", "agent")]
    entrusted = [_entrusted(name, fields) for name in ("principal", "principal_name", "agent", "agent_name", "purpose")]
    whose = SealedColumn("holder_enc", fields, lambda row: objection_place(row["id"]))
    words = SealedColumn("text_enc", fields, lambda row: objection_step_place(row["objection_id"], row["sequence"]))
    return (
        SealedRows(database, Walk(licence_share), licence_share.name, both, share_columns, [number]),
        SealedRows(database, Walk(entrustment), entrustment.name, both, entrusted, parties),
        SealedRows(database, Walk(objection), objection.name, both, [whose], [number]),
        SealedRows(database, Walk(objection_step), objection_step.name, (LICENCES,), [words], ()),
    )


def _party(side: str, index: BlindIndex) -> IndexColumn:
    return IndexColumn(f"{side}_index", index, f"{side}_enc", lambda row: holder_kind(row[f"{side}_kind"]))


def _entrusted(name: str, fields: FieldCipher) -> SealedColumn:
    return SealedColumn(f"{name}_enc", fields, lambda row: entrustment_place(name, row["id"]))


def evidence_documents(database: Database, vault: EncryptedVault, discards: DiscardList, clock: Clock) -> KeptDocuments:
    """What holders gave to show what is wrong on a licence."""
    return KeptDocuments(
        database,
        Walk(objection_evidence),
        "objection_evidence",
        "content",
        lambda row: evidence_context(row["id"]),
        vault,
        discards,
        clock,
    )


def share_digests(clock: Clock) -> Sequence[KeyHolder]:
    """Digests of codes that open something as long as their share lives."""
    return (StoredDigests(licence_share, "code_digest", lambda: licence_share.c.expires_at > clock.now()),)
