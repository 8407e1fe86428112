"""What the repository stores under keys: for re-encryption, and for whoever wants to destroy a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Table, select

from certstore.documents import content_context
from certstore.stores.holder_index import holder_kind, number_kind
from certstore.stores.life_tables import ending_proposal, licence_draft
from certstore.stores.places import (
    check_place,
    consent_place,
    draft_place,
    event_place,
    holder_place,
    look_place,
    proposal_place,
    secret_place,
    version_place,
)
from certstore.stores.subscription_tables import subscription_secret
from certstore.stores.tables import (
    CURRENT_VERSION,
    access_record,
    consent,
    licence,
    licence_event,
    licence_file,
    licence_holder,
    licence_mark,
    licence_mark_index,
    licence_version,
)
from certstore.stores.use_tables import exemption_check, use_code
from core.clock import Clock
from core.db.database import Database, ReadTx, WriteTx
from core.db.held_names import HeldNames
from core.db.walk import Walk
from keys.ports import BlindIndex, FieldCipher
from keys.reencrypt.digests import StoredDigests
from keys.reencrypt.documents import KeptDocuments
from keys.reencrypt.held import HeldIndexes, Owner
from keys.reencrypt.ports import Collection, DiscardList, KeyHolder
from keys.reencrypt.rows import IndexColumn, Record, SealedColumn, SealedRows
from keys.secrets.purposes import FORMER_FIELDS, FORMER_INDEX, LICENCES, LICENCES_INDEX
from keys.secrets.vault import EncryptedVault

Place = Callable[[Record], str]

_FIELDS = (LICENCES, FORMER_FIELDS)
_INDEXES = (LICENCES_INDEX, FORMER_INDEX)


def licence_collections(database: Database, fields: FieldCipher, index: BlindIndex) -> Sequence[Collection]:
    """The tables of the repository that hold personal data."""

    def rows(
        table: Table, sealed: Sequence[SealedColumn], indexes: Sequence[IndexColumn] = (), walk: Walk | None = None
    ) -> Collection:
        purposes = (*_FIELDS, *_INDEXES) if indexes else _FIELDS
        return SealedRows(database, walk or Walk(table), table.name, purposes, sealed, indexes)

    def sealed(name: str, place: Place, *, own: bool = True) -> SealedColumn:
        return SealedColumn(name, fields, place, own)

    # a licence's number is sealed in its versions and found through the licence
    numbers = select(licence, licence_version.c.number, licence_version.c.number_enc).join(
        licence_version, CURRENT_VERSION
    )
    return (
        rows(
            licence_version,
            [
                sealed("number_enc", _version("number", "licence_id")),
                sealed("data_enc", _version("data", "licence_id")),
            ],
        ),
        rows(
            licence,
            [sealed("number_enc", _version("number", "id"), own=False)],
            [IndexColumn("number_index", index, "number_enc", lambda row: number_kind(row["type_code"]))],
            Walk(licence, numbers.subquery()),
        ),
        rows(
            licence_holder,
            [sealed("code_enc", _holder("code")), sealed("name_enc", _holder("name"))],
            [IndexColumn("code_index", index, "code_enc", lambda row: holder_kind(row["code_kind"]))],
        ),
        rows(licence_event, [sealed("reason_enc", lambda row: event_place(row["licence_id"], row["sequence"]))]),
        rows(licence_draft, [sealed("content_enc", lambda row: draft_place(row["id"]))]),
        rows(
            ending_proposal,
            [sealed("reason_enc", _proposal("reason")), sealed("proposer_name_enc", _proposal("proposer_name"))],
        ),
        rows(
            consent,
            [sealed("holder_enc", lambda row: consent_place(row["id"]))],
            [IndexColumn("holder_index", index, "holder_enc", lambda row: holder_kind(row["holder_kind"]))],
        ),
        rows(
            access_record,
            [sealed("actor_name_enc", _look("actor_name")), sealed("holder_enc", _look("holder"))],
            [IndexColumn("holder_index", index, "holder_enc", lambda row: holder_kind(row["holder_kind"]))],
        ),
        rows(
            subscription_secret,
            [sealed("secret_enc", lambda row: secret_place(row["subscription_id"], row["key_id"]))],
        ),
        rows(exemption_check, [sealed("holder_enc", _check("holder")), sealed("agent_enc", _check("agent"))]),
        HeldIndexes(
            database,
            HeldNames(licence_mark_index, "mark_id"),
            MarkOwners(fields),
            index,
            name="licence_mark_index",
            purposes=_INDEXES,
        ),
    )


def licence_documents(database: Database, vault: EncryptedVault, discards: DiscardList, clock: Clock) -> KeptDocuments:
    """Sealed files of licences."""
    walk = Walk(licence_file)
    return KeptDocuments(
        database, walk, "licence_file", "content", lambda row: content_context(row["id"]), vault, discards, clock
    )


def licence_digests(clock: Clock) -> Sequence[KeyHolder]:
    """Digests that are worthless once what they stand for has ended."""
    return (StoredDigests(use_code, "digest", lambda: use_code.c.ends_at > clock.now()),)


class MarkOwners:
    """Implements `keys.reencrypt.held.Owners`: marks by the number of their holder."""

    def __init__(self, fields: FieldCipher) -> None:
        self._fields = fields

    async def read(self, tx: ReadTx, ids: Sequence[str]) -> Sequence[Owner]:
        same = (
            (licence_holder.c.licence_id == licence_mark.c.licence_id)
            & (licence_holder.c.version == licence_mark.c.version)
            & (licence_holder.c.position == licence_mark.c.position)
        )
        columns = (licence_mark, licence.c.type_code, licence_holder.c.code_kind, licence_holder.c.code_enc)
        query = (
            select(*columns)
            .join(licence_holder, same)
            .join(licence, licence.c.id == licence_mark.c.licence_id)
            .where(licence_mark.c.id.in_(ids))
        )
        return [self._owner(row) for row in await tx.connection.execute(query)]

    def _owner(self, row: Row[Any]) -> Owner:
        place = holder_place("code", row.licence_id, row.version, row.position)
        number = self._fields.decrypt(bytes(row.code_enc), context=place)
        name = {"type_code": row.type_code, "mark_id": row.id}
        guard = {"licence_id": row.licence_id, "version": row.version, "position": row.position}
        return Owner(row.id, guard, [(name, holder_kind(row.code_kind), number)])

    async def keep(self, tx: WriteTx, owner_id: str, guard: Mapping[str, object]) -> bool:
        return await Walk(licence_mark).exchange(tx, (owner_id,), guard, guard)


def _version(column: str, licence_id: str) -> Place:
    return lambda row: version_place(column, row[licence_id], row["number"])


def _holder(column: str) -> Place:
    return lambda row: holder_place(column, row["licence_id"], row["version"], row["position"])


def _proposal(column: str) -> Place:
    return lambda row: proposal_place(column, row["id"])


def _look(column: str) -> Place:
    return lambda row: look_place(column, row["id"])


def _check(column: str) -> Place:
    return lambda row: check_place(column, row["id"])
