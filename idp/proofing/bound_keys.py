"""Keys that cannot be given away, as evidence: the highest level rests on one that was bound after proof in person."""

from __future__ import annotations

import datetime as dt

from core.db.database import WriteTx
from core.principal import Principal, PrincipalKind
from idp.evidence.book import EvidenceBook
from idp.evidence.model import EvidenceKind, NewEvidence
from idp.factors.changes import BoundKeyEvidence
from idp.login.proofs import Method
from idp.model import Account

_KEY_REMOVED = "key-removed"


class BoundKeys:
    """Implements `idp.factors.changes.BoundKeyEvidence`."""

    def __init__(self, book: EvidenceBook) -> None:
        self._book = book

    async def bound(
        self, tx: WriteTx, account: Account, *, method: Method, reference: str, until: dt.datetime | None
    ) -> None:
        new = NewEvidence(EvidenceKind.BOUND_KEY, method.value, by=account.id, reference=reference, until=until)
        await self._book.add(tx, account.id, new, _themselves(account.id))

    async def unbound(self, tx: WriteTx, account_id: str, *, method: Method, reference: str) -> None:
        await self._book.end(
            tx,
            account_id,
            EvidenceKind.BOUND_KEY,
            reason=_KEY_REMOVED,
            reference=reference,
            actor=_themselves(account_id),
        )


def _themselves(account_id: str) -> Principal:
    return Principal(PrincipalKind.PERSON, account_id)


_: type[BoundKeyEvidence] = BoundKeys
