"""What making signatures last asks of others: time-stamps, what our own register says, files and their care."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from core.files.scratch import FileBytes
from keys.ports import DocumentVault
from keys.tsa.client import Stamped
from keys.tsa.imprint import Content
from signing.longlife.model import Care
from signing.pades.security_store import ValidationData


class Timestamps(Protocol):
    """Asks time-stamping authorities."""

    async def stamp(self, content: Content) -> Stamped:
        """
        Raises:
            keys.tsa.errors.TimestampUnavailable: no authority gave one that counts.
        """


class OwnAnswers(Protocol):
    """What our own authorities publish about a certificate of theirs, for whoever keeps it with a document."""

    async def about(self, certificate: bytes, issuer: bytes) -> ValidationData:
        """A signed OCSP response, or a revocation list; nothing when the issuer is not ours or does not answer.

        Args:
            certificate, issuer: DER.
        """


class KeepingVault(DocumentVault, Protocol):
    """A vault that says where a document will be before it is there."""

    def seal(self, content: bytes, *, context: str) -> tuple[str, bytes]:
        """Encrypt; answers the address that the document will have, and its cipher text."""

    async def seal_file(self, content: FileBytes, *, context: str) -> tuple[str, FileBytes]:
        """As `seal`, of a file that may be large."""

    async def put(self, sealed: FileBytes) -> None:
        """Store cipher text durably."""


class CareStore(Protocol):
    """Keeps which kept files are looked after, and when something is due."""

    async def add(self, tx: WriteTx, care: Care) -> None:
        """Take a file of the ledger into care, in the transaction that enters its use."""

    async def find(self, tx: ReadTx, signature_id: str) -> Care | None: ...

    async def due(self, tx: ReadTx, now: dt.datetime, limit: int) -> Sequence[str]:
        """Files for which something is due and on which nobody works, the longest due first."""

    async def claim(self, tx: WriteTx, signature_id: str, *, now: dt.datetime, until: dt.datetime) -> Care | None:
        """Take one to work on until a moment, in one atomic step; None when somebody else has it, or nothing is due."""

    async def finish(self, tx: WriteTx, care: Care, *, document: str, level: str, due_at: dt.datetime | None) -> bool:
        """Put a longer-lasting file in place of the one that was read; False, and no change, unless the claim still
        holds and the ledger still has that very file.

        Args:
            care: as it was claimed.
            due_at: when the next step is due; None for never.
        """

    async def put_off(self, tx: WriteTx, care: Care, *, due_at: dt.datetime, fault: str) -> bool:
        """Give a claim back; False when it does not hold any more."""
