"""Making licences in the standard's elements: a draft, its issue, its end (制证、签发、废止)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, refusals_audited, require_scope
from certstore.catalogue import Catalogue
from certstore.codes import CITIZEN_ID
from certstore.end import EndCommand, EndLicence
from certstore.errors import LicenceNotFound
from certstore.exchange.elements import field_names
from certstore.identifier import parse_identifier
from certstore.life.drafts import DraftCommand, Drafts
from certstore.life.model import Draft, DraftContent
from certstore.lifecycle import Event
from certstore.making import HolderInput
from certstore.metadata import LONG_TERM
from certstore.model import Licence, LicenceFile
from certstore.repository import Repository
from certstore.schema import face_fields
from core.errors import InvalidInput
from core.principal import Principal
from core.text import Text

_HOLDERS = ("CZZT", "CZZTDM", "CZZTDMLXDM")
_DATES = ("ZZYXQQSRQ", "ZZYXQJZRQ")
_MADE_BY_US = frozenset({"ZZBS", "ZZLXMC", "ZZLXDM", "ZZMC", "ZZBBH", "ZZBFJG", "ZZBFJGDM", "ZZBFRQ", "CZZTDMLX"})
"""Elements that follow from type, authority and day; a caller may send them, and they are not taken from there."""


@dataclass(frozen=True, slots=True)
class MakeCommand:
    """What the licence is to say, by element or by our field name; several holders joined by `;`.

    Attributes:
        seal_code: 印章编码 of one of the authority's seals; its official one when None.
    """

    type_code: str
    elements: Mapping[str, str | int | float | bool] = field(repr=False)
    seal_code: str | None = None


class MakeLicences:
    """The use cases; the caller's organisation is the issuing authority."""

    def __init__(self, repository: Repository, catalogue: Catalogue, drafts: Drafts, end: EndLicence) -> None:
        self._repository = repository
        self._catalogue = catalogue
        self._drafts = drafts
        self._end = end

    async def create(self, command: MakeCommand, actor: Principal) -> Draft:
        """A draft; nobody but the authority knows of it.

        Raises:
            InvalidInput: an element is unknown, missing or not acceptable; names it, never its value. `seal-unknown`.
            NotPermitted: no `licence:issue`, or not an issuing authority of the type.
            NotFound: `licence-type-not-found`.
        """
        require_scope(actor, "licence:issue")
        licence_type = await self._catalogue.licence_type(command.type_code)
        given = {name: value for name, value in command.elements.items() if name not in _MADE_BY_US}
        fixed = {name: given.pop(name) for name in (*_HOLDERS, *_DATES) if name in given}
        number = given.pop("ZZBH", None)
        names = field_names(licence_type, list(given))
        face = {one.name for one in face_fields(licence_type.schema)}
        if not set(given) == set(names) or not set(names.values()) <= face:
            raise InvalidInput(
                "element-unknown",
                Text("data_fields 里有这类证照没有的要素。", "data_fields has an element that the type does not have."),
                field="data_fields",
            )
        content = DraftContent(
            holders=_holders(fixed),
            data={names[name]: value for name, value in given.items()},
            licence_number=str(number) if number is not None else None,
            valid_from=_day(fixed.get("ZZYXQQSRQ")),
            valid_until=_day(fixed.get("ZZYXQJZRQ")),
            seal_code=command.seal_code,
        )
        return await self._drafts.create(DraftCommand(command.type_code, content), actor)

    async def issue(self, type_code: str, draft_id: str, actor: Principal) -> Licence:
        """The licence that a draft of this type becomes; asked again, the same.

        Raises:
            NotFound: `licence-not-found`.
            AppError: what `certstore.life.drafts.Drafts.issue` raises.
        """
        async with refusals_audited(self._repository.database, "licence.issue", actor):
            require_scope(actor, "licence:issue")
            known = await self._draft_or_licence(type_code, draft_id, actor)
        return await self._drafts.issue(known, f"exchange.{draft_id}", actor)

    async def named(self, type_code: str, license_code: str, actor: Principal) -> str:
        """Our id behind what a caller was given as `license_code`: a draft's id, or an identifier (GB/T 36904).

        Raises:
            InvalidInput: `identifier-invalid`.
            NotFound: `licence-not-found`, also for another type's or another authority's.
        """
        async with refusals_audited(self._repository.database, "licence.name", actor):
            require_scope(actor, "licence:issue")
            if "." not in license_code:
                return await self._draft_or_licence(type_code, license_code, actor)
            return (await self._own(type_code, license_code, actor)).id

    async def sealed(self, licence: Licence) -> LicenceFile | None:
        """What sealed the version that was just made or ended; None for a record without a file."""
        async with self._repository.database.read() as tx:
            return await self._repository.files.original(tx, licence.id, licence.current.number)

    async def abolish(
        self,
        type_code: str,
        identifier: str,
        event: Event,
        reason: str,
        actor: Principal,
        *,
        idempotency_key: str | None = None,
    ) -> Licence:
        """End a licence that the caller's authority issued.

        Args:
            event: CANCEL, WITHDRAW, REVOKE or ANNUL: different legal facts.

        Raises:
            InvalidInput: `identifier-invalid`, `reason-invalid`.
            NotFound: `licence-not-found`, also for another authority's.
            Conflict: `transition-not-allowed`, `idempotency-key-reused`.
        """
        async with refusals_audited(self._repository.database, f"licence.{event.value}", actor):
            require_scope(actor, "licence:issue")
            found = await self._own(type_code, identifier, actor)
        return await self._end(EndCommand(found.id, event, reason, idempotency_key=idempotency_key), actor)

    async def _own(self, type_code: str, identifier: str, actor: Principal) -> Licence:
        parsed, organisation = parse_identifier(identifier), acting_organisation(actor)
        async with self._repository.database.read() as tx:
            found = await self._repository.licences.by_identifier(tx, parsed.text)
        if found is None or (found.issuer, found.type_code) != (organisation, type_code):
            raise LicenceNotFound
        return found

    async def _draft_or_licence(self, type_code: str, our_id: str, actor: Principal) -> str:
        """Id of a draft, or of the licence that it has become."""
        organisation = acting_organisation(actor)
        async with self._repository.database.read() as tx:
            found: Draft | Licence | None = await self._repository.licences.licence(tx, our_id)
            found = found or await self._drafts.known(tx, our_id)
        if found is None or (found.issuer, found.type_code) != (organisation, type_code):
            raise LicenceNotFound
        return found.id


def _holders(fixed: Mapping[str, object]) -> tuple[HolderInput, ...]:
    names, codes = _parts(fixed.get("CZZT")), _parts(fixed.get("CZZTDM"))
    kinds = _parts(fixed.get("CZZTDMLXDM")) or [CITIZEN_ID] * len(codes)
    if not len(names) == len(codes) == len(kinds):
        raise InvalidInput(
            "holders-invalid",
            Text(
                "CZZT、CZZTDM、CZZTDMLXDM 的个数应一致，多个之间用分号隔开。",
                "CZZT, CZZTDM and CZZTDMLXDM have to be the same number of parts, joined by semicolons.",
            ),
            field="data_fields",
        )
    return tuple(HolderInput(kind, code, name) for kind, code, name in zip(kinds, codes, names, strict=True))


def _parts(value: object) -> list[str]:
    return [part.strip() for part in str(value).replace("；", ";").split(";")] if value not in (None, "") else []


def _day(value: object) -> dt.date | None:
    text = str(value).strip() if value is not None else ""
    if text in ("", LONG_TERM):
        return None
    try:
        return dt.datetime.strptime(text.replace("-", ""), "%Y%m%d").date()  # noqa: DTZ007 - a calendar day
    except ValueError:
        raise InvalidInput(
            "day-invalid", Text("日期写成 yyyyMMdd。", "Write days as yyyyMMdd."), field="data_fields"
        ) from None
