"""What attachments need stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from certstore.attachments.model import Attachment
from core.db.database import ReadTx, WriteTx


class AttachmentStore(Protocol):
    """Attachments; their names are encrypted."""

    async def add(self, tx: WriteTx, attachment: Attachment) -> bool:
        """False if the licence has one with this ordinal already (another caller was first)."""

    async def of_licence(self, tx: ReadTx, licence_id: str) -> Sequence[Attachment]:
        """In order."""

    async def attachment(self, tx: ReadTx, attachment_id: str) -> Attachment | None: ...

    async def take_left(self, tx: WriteTx, made_before: dt.datetime, *, limit: int = 100) -> Sequence[Attachment]:
        """Remove a part of those whose draft went and became no licence."""
