"""Writes into the book of evidence what registration, changes and merges prove, and what they undo."""

from __future__ import annotations

from core.db.database import WriteTx
from core.principal import Principal
from idp.evidence.book import EvidenceBook
from idp.evidence.model import EvidenceKind, NewEvidence
from idp.persons.ports import EvidenceOfPersons
from idp.proofing.check import REGISTER
from idp.proofing.prove_phone import SOURCE as CODE_TO_PHONE

_REPLACED, _MERGED = "replaced", "merged"
_OF_THE_PHONE = (EvidenceKind.PHONE,)
_OF_ITS_OWN_WAYS_IN = (EvidenceKind.PHONE, EvidenceKind.BOUND_KEY)
_OF_THE_NUMBER = tuple(kind for kind in EvidenceKind if kind is not EvidenceKind.PHONE)


class BookedEvidence:
    """Implements `EvidenceOfPersons`."""

    def __init__(self, book: EvidenceBook) -> None:
        self._book = book

    async def checked(self, tx: WriteTx, account_id: str, reference: str, actor: Principal) -> None:
        new = NewEvidence(EvidenceKind.NUMBER_AND_NAME, REGISTER, by=actor.id, reference=reference)
        await self._book.add(tx, account_id, new, actor)

    async def reached(self, tx: WriteTx, account_id: str, actor: Principal) -> None:
        await self._book.add(tx, account_id, NewEvidence(EvidenceKind.PHONE, CODE_TO_PHONE, by=actor.id), actor)

    async def phone_gone(self, tx: WriteTx, account_id: str, actor: Principal) -> None:
        await self._end(tx, account_id, _OF_THE_PHONE, _REPLACED, actor)

    async def number_gone(self, tx: WriteTx, account_id: str, actor: Principal) -> None:
        await self._end(tx, account_id, _OF_THE_NUMBER, _REPLACED, actor)

    async def taken_over(self, tx: WriteTx, *, account_id: str, to: str, actor: Principal) -> None:
        await self._end(tx, account_id, _OF_ITS_OWN_WAYS_IN, _MERGED, actor)  # these do not come along
        await self._book.take_over(tx, account_id=account_id, to=to, actor=actor)

    async def _end(
        self, tx: WriteTx, account_id: str, kinds: tuple[EvidenceKind, ...], reason: str, actor: Principal
    ) -> None:
        for kind in kinds:
            await self._book.end(tx, account_id, kind, reason=reason, actor=actor)


_: type[EvidenceOfPersons] = BookedEvidence
