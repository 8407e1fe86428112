"""What log-in by certificate asks of others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from core.db.database import ReadTx, WriteTx
from idp.factors.certificates.model import BoundCertificate


class CertificateStore(Protocol):
    """Keeps which certificates people have bound; every method works inside the transaction it is given."""

    async def add(self, tx: WriteTx, certificate: BoundCertificate) -> bool:
        """False, and nothing changes, when the certificate is bound already, whoever has bound it."""

    async def by_thumbprint(self, tx: ReadTx, thumbprint: str) -> BoundCertificate | None: ...

    async def of_account(self, tx: ReadTx, account_id: str) -> Sequence[BoundCertificate]:
        """In the order in which they were bound."""

    async def used(self, tx: WriteTx, certificate_id: str, at: dt.datetime) -> bool:
        """Write a use down; False when it is bound no more."""

    async def remove(self, tx: WriteTx, certificate_id: str, *, account_id: str) -> bool:
        """False when the account has no such certificate."""

    async def delete_expired(self, tx: WriteTx, before: dt.datetime) -> int:
        """Remove a part of those that ran out before a moment; answers how many went."""
