"""Shares licences by holder or by identifier: which there are, their data in the standard's elements, annotated copies.

GB/T 36906 practice; GB/T 36903 elements. Everything rests on use codes: who has no right to a licence cannot tell it
from one that does not exist (attacks L-01), and each look is recorded for the holder.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from certstore.authorise import refusals_audited, require_scope
from certstore.copies import AnnotatedCopies, CopyCommand
from certstore.errors import LicenceNotFound, UseNotGranted
from certstore.exchange.cause import Cause, FindItem, KnownCause
from certstore.exchange.elements import elements_of
from certstore.identifier import LicenceIdentifier, parse_identifier, spellings
from certstore.model import AnnotatedCopy, Licence, Trust
from certstore.ports import OrganisationDirectory
from certstore.read import FileContent
from certstore.repository import Repository
from certstore.use.codes import IssuedCode, IssueUseCodes, UseCodeQuery
from certstore.use.redeem import RedeemUseCode
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text


@dataclass(frozen=True, slots=True)
class HolderQuestion:
    """Whose licences of one type, perhaps the one with a number."""

    code_type: str
    code: str = field(repr=False)
    type_code: str
    cause: Cause
    number: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SharedData:
    """A licence as it is shared.

    Attributes:
        elements: GB/T 36903 names (`ZZBS`, `CZZT`, `KZ_…`) and values, only what the grant allows.
    """

    identifier: str
    type_code: str
    trust: Trust
    elements: Mapping[str, object] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SharedCopy:
    """An annotated copy with its file."""

    copy: AnnotatedCopy
    identifier: str
    file: FileContent


class ShareLicences:
    """The use cases."""

    def __init__(
        self,
        repository: Repository,
        find_item: FindItem,
        codes: IssueUseCodes,
        redeem: RedeemUseCode,
        copies: AnnotatedCopies,
        organisations: OrganisationDirectory,
    ) -> None:
        self._repository = repository
        self._find_item = find_item
        self._codes = codes
        self._redeem = redeem
        self._copies = copies
        self._organisations = organisations

    async def of_holder(self, asked: HolderQuestion, actor: Principal) -> Sequence[IssuedCode]:
        """The holder's licences that may be used, with a use code each; nothing in them is told.

        Raises:
            InvalidInput: number, cause or item are not acceptable.
            NotPermitted: `use-not-granted`.
            LimitExceeded: a quota is used up.
        """
        cause = await self._find_item(asked.cause, asked.type_code, actor)
        query = self._query(asked.code_type, asked.code, asked.type_code, cause)
        if asked.number is not None:
            licence = await self._by_number(asked.type_code, asked.number)
            # a number that is nobody's is looked up like any other: the answer is the same
            query = replace(query, licence_id=licence.id if licence else "")
        return await self._codes(query, actor)

    async def by_identifier(self, identifier: str, cause: Cause, actor: Principal) -> IssuedCode:
        """A use code for the licence that the identifier of any of its versions names.

        Raises:
            InvalidInput: `identifier-invalid`, or the cause is not acceptable.
            NotFound: `licence-not-found`; without a grant or a consent for it, it looks absent.
            LimitExceeded: a quota is used up.
        """
        parsed = parse_identifier(identifier)
        async with refusals_audited(self._repository.database, "licence.share", actor):
            require_scope(actor, "licence:read")
            try:
                known = await self._find_item(cause, parsed.type_code, actor)
                found = await self._named(parsed, known, actor)
            except UseNotGranted:
                raise LicenceNotFound from None
            if found is None:
                raise LicenceNotFound
        return found

    async def _named(self, identifier: LicenceIdentifier, cause: KnownCause, actor: Principal) -> IssuedCode | None:
        licence = None
        async with self._repository.database.read() as tx:
            for form in spellings(identifier):
                licence = licence or await self._repository.licences.by_identifier(tx, form)
        if licence is None:
            return None
        for holder in licence.current.holders:  # any of them may have consented
            query = self._query(holder.code.kind, holder.code.number, licence.type_code, cause)
            found = await self._codes(replace(query, licence_id=licence.id), actor)
            if found:
                return found[0]
        return None

    async def data(self, code: IssuedCode, actor: Principal) -> SharedData:
        """The granted data of a licence, in the standard's elements.

        Raises:
            NotPermitted: what the code rested on has ended.
            LimitExceeded: a quota is used up.
        """
        return await self.redeemed(code.code, actor)

    async def redeemed(self, code: str, actor: Principal) -> SharedData:
        """The same for a code that the caller was given.

        Raises:
            NotFound: `use-code-not-found`.
            NotPermitted: `use-code-gone`, or what it rested on has ended.
        """
        given = await self._redeem.data(code, actor)
        async with self._repository.database.read() as tx:
            versions = await self._repository.licences.versions(tx, given.use.licence_id)
            # the one that the code was for, also when another has followed meanwhile
            version = next(one for one in versions if one.number == given.use.version)
            licence_type = await self._repository.catalogue.licence_type(tx, version.type_code, version.type_version)
        assert licence_type is not None  # versions of types are never removed
        authority = parse_identifier(version.identifier).issuer
        issuer = await self._organisations.name(authority) or Text(authority, authority)
        elements = elements_of(version, licence_type, issuer, given.values)
        return SharedData(version.identifier, version.type_code, version.trust, elements)

    async def copy(self, code: IssuedCode, actor: Principal, *, until: dt.date | None = None) -> SharedCopy:
        """An annotated copy instead of the original.

        Args:
            until: last day of use; a copy by consent ends with the consent.

        Raises:
            InvalidInput: `days-invalid`.
            NotPermitted: what the code rested on has ended.
        """
        use, purpose = code.use, code.use.purpose
        command = CopyCommand(
            use.licence_id,
            purpose.service_item or "",
            purpose.case_number or "",
            purpose.basis or "",
            use.consent_id,
            use.fields,
            self._days(until),
        )
        made = await self._copies.make(command, actor)
        return SharedCopy(made, code.identifier, await self._copies.file(made.licence_id, made.id, actor))

    def _days(self, until: dt.date | None) -> int | None:
        if until is None:
            return None
        days = (until - self._repository.today()).days
        if days < 1:
            raise InvalidInput(
                "days-invalid",
                Text("加注件的截止日至少是明天。", "A copy's last day is tomorrow at the earliest."),
                field="until",
            )
        return days

    async def _by_number(self, type_code: str, number: str) -> Licence | None:
        async with self._repository.database.read() as tx:
            return await self._repository.licences.by_number(tx, type_code, " ".join(number.split()))

    @staticmethod
    def _query(code_type: str, code: str, type_code: str, cause: KnownCause) -> UseCodeQuery:
        return UseCodeQuery(code_type, code, cause.item, cause.case_number, cause.text, types=(type_code,))
