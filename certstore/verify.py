"""Is a licence genuine and valid, now or on a day? By identifier, number, or the QR code on a face."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from certstore.authorise import require_scope
from certstore.facts import CopyFacts, DayAnswer, Facts, LicenceFacts, facts_of, told_copy, told_facts
from certstore.identifier import Check, parse_identifier, spellings
from certstore.making import read_face_code
from certstore.model import AnnotatedCopy, Licence
from certstore.ports import OrganisationDirectory
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx
from core.principal import Principal


@dataclass(frozen=True, slots=True)
class LicenceVerdict:
    """The answer; `facts` is None for a licence that this repository does not know.

    Attributes:
        check: for an identifier, by which routine its check character is right.
        on: the answer for the day that was asked for.
    """

    facts: LicenceFacts | None
    check: Check | None = None
    copy: CopyFacts | None = None
    on: DayAnswer | None = None


class VerifyLicence:
    """The use cases. What anybody may ask is audited without purpose, what needs a scope with one."""

    def __init__(self, repository: Repository, organisations: OrganisationDirectory) -> None:
        self._repository = repository
        self._organisations = organisations

    async def by_identifier(self, typed: str, actor: Principal, on: dt.date | None = None) -> LicenceVerdict:
        """
        Args:
            on: a day to answer for, besides today.

        Raises:
            InvalidInput: `identifier-invalid`.
            NotPermitted: no `licence:verify`.
        """
        require_scope(actor, "licence:verify")
        identifier = parse_identifier(typed)
        async with self._repository.database.read() as tx:
            facts = await self._found(tx, spellings(identifier), on)
        return await self._answer(facts, None, actor, "identifier", identifier.judgement)

    async def _found(self, tx: ReadTx, forms: Sequence[str], on: dt.date | None) -> Facts | None:
        for form in forms:
            licence = await self._repository.licences.by_identifier(tx, form)
            if licence is not None:
                return await facts_of(tx, self._repository, licence, form, on)
        return None

    async def by_number(
        self, type_code: str, number: str, actor: Principal, on: dt.date | None = None
    ) -> LicenceVerdict:
        """
        Raises:
            NotPermitted: no `licence:verify`.
        """
        require_scope(actor, "licence:verify")
        async with self._repository.database.read() as tx:
            licence = await self._repository.licences.by_number(tx, type_code, " ".join(number.split()))
            facts = await facts_of(tx, self._repository, licence, on=on) if licence else None
        return await self._answer(facts, None, actor, "number", None)

    async def by_code(self, code: str, actor: Principal, on: dt.date | None = None) -> LicenceVerdict:
        """By the random code in the QR code on a face, of a licence or of a copy; anybody may ask."""
        repository = self._repository
        async with repository.database.read() as tx:
            copy = await repository.files.copy_by_code(tx, code[:64])
            if copy is not None:
                licence = await repository.licences.licence(tx, copy.licence_id)
            else:
                secret, number = read_face_code(code[:64])
                licence = await repository.licences.by_code(tx, secret)
            asked = await self._shown_on_face(tx, licence, number) if licence and copy is None else None
            facts = await facts_of(tx, repository, licence, asked, on) if licence else None
        return await self._answer(facts, copy, actor, "code", None)

    async def _shown_on_face(self, tx: ReadTx, licence: Licence, number: int) -> str:
        """The identifier of the version that a QR code stands on: a print of an older one is superseded."""
        if number >= licence.current.number:
            return licence.current.identifier
        versions = await self._repository.licences.versions(tx, licence.id)
        return next(one.identifier for one in versions if one.number >= number)

    async def _answer(
        self, facts: Facts | None, copy: AnnotatedCopy | None, actor: Principal, by: str, check: Check | None
    ) -> LicenceVerdict:
        subject = facts.licence.id if facts else None
        detail: Detail = {"by": by, "known": facts is not None}
        await self._repository.database.record(AuditEvent("licence.verify", "done", actor, subject, detail=detail))
        told = await told_facts(self._repository, self._organisations, facts) if facts else None
        on = facts.on if facts else None
        return LicenceVerdict(told, check, await told_copy(self._repository, self._organisations, copy), on)
