"""Attachments in SQL, and what they are stored under."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, exists, insert, select
from sqlalchemy.exc import IntegrityError

from certstore.attachments.keep import attachment_context
from certstore.attachments.model import Attachment
from certstore.attachments.ports import AttachmentStore
from certstore.stores.attachment_tables import licence_attachment
from certstore.stores.life_tables import licence_draft
from certstore.stores.tables import licence
from core.clock import Clock
from core.db.database import Database, ReadTx, WriteTx
from core.db.walk import Walk
from core.ids import is_id
from keys.ports import FieldCipher
from keys.reencrypt.documents import KeptDocuments
from keys.reencrypt.ports import Collection, DiscardList
from keys.reencrypt.rows import SealedColumn, SealedRows
from keys.secrets.purposes import LICENCES
from keys.secrets.vault import EncryptedVault


class SqlAttachmentStore:
    """Implements `certstore.attachments.ports.AttachmentStore`."""

    def __init__(self, fields: FieldCipher) -> None:
        self._fields = fields

    async def add(self, tx: WriteTx, attachment: Attachment) -> bool:
        values = {
            "id": attachment.id,
            "licence_id": attachment.licence_id,
            "issuer": attachment.issuer,
            "ordinal": attachment.ordinal,
            "name_enc": self._fields.encrypt(attachment.name, context=_place(attachment.id)),
            "content": attachment.content,
            "media_type": attachment.media_type,
            "size": attachment.size,
            "sha256": attachment.sha256,
            "made_at": attachment.made_at,
            "made_by": attachment.made_by,
        }
        try:
            async with tx.connection.begin_nested():
                await tx.connection.execute(insert(licence_attachment).values(values))
        except IntegrityError:
            return False
        return True

    async def of_licence(self, tx: ReadTx, licence_id: str) -> Sequence[Attachment]:
        columns = licence_attachment.c
        query = select(licence_attachment).where(columns.licence_id == licence_id).order_by(columns.ordinal)
        return [self._attachment(row) for row in await tx.connection.execute(query)]

    async def attachment(self, tx: ReadTx, attachment_id: str) -> Attachment | None:
        if not is_id(attachment_id):  # what somebody sent instead may hold what no database takes
            return None
        query = select(licence_attachment).where(licence_attachment.c.id == attachment_id)
        row = (await tx.connection.execute(query)).one_or_none()
        return None if row is None else self._attachment(row)

    async def take_left(self, tx: WriteTx, made_before: dt.datetime, *, limit: int = 100) -> Sequence[Attachment]:
        columns = licence_attachment.c
        # one statement sees both tables at one moment: a draft that is being issued is in the one or in the other
        query = (
            select(licence_attachment)
            .where(columns.made_at < made_before)
            .where(~exists().where(licence.c.id == columns.licence_id))
            .where(~exists().where(licence_draft.c.id == columns.licence_id))
            .order_by(columns.made_at)
            .limit(limit)
        )
        left = [self._attachment(row) for row in await tx.connection.execute(query)]
        await tx.connection.execute(delete(licence_attachment).where(columns.id.in_([one.id for one in left])))
        return left

    def _attachment(self, row: Row[Any]) -> Attachment:
        return Attachment(
            id=row.id,
            licence_id=row.licence_id,
            issuer=row.issuer,
            ordinal=row.ordinal,
            name=self._fields.decrypt(bytes(row.name_enc), context=_place(row.id)),
            content=row.content,
            media_type=row.media_type,
            size=row.size,
            sha256=row.sha256,
            made_at=row.made_at,
            made_by=row.made_by,
        )


def attachment_collection(database: Database, fields: FieldCipher) -> Collection:
    """The names, for re-encryption."""
    name = SealedColumn("name_enc", fields, lambda row: _place(row["id"]))
    return SealedRows(database, Walk(licence_attachment), licence_attachment.name, (LICENCES,), [name], ())


def attachment_documents(
    database: Database, vault: EncryptedVault, discards: DiscardList, clock: Clock
) -> KeptDocuments:
    """The files, for re-encryption."""
    return KeptDocuments(
        database,
        Walk(licence_attachment),
        "licence_attachment_file",
        "content",
        lambda row: attachment_context(row["id"]),
        vault,
        discards,
        clock,
    )


def _place(attachment_id: str) -> str:
    return f"licence_attachment.name:{attachment_id}"


_: type[AttachmentStore] = SqlAttachmentStore
