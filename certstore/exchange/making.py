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
from certstore.model import Licence
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
    """What the licence is to say, by element or by our field name; several holders joined by `;`."""

    type_code: str
    elements: Mapping[str, str | int | float | bool] = field(repr=False)


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
            InvalidInput: an element is unknown, missing or not acceptable; names it, never its value.
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
        )
        return await self._drafts.create(DraftCommand(command.type_code, content), actor)

    async def issue(self, draft_id: str, actor: Principal) -> Licence:
        """The licence that a draft becomes; asked again, the same.

        Raises:
            NotFound: `licence-not-found`.
            AppError: what `certstore.life.drafts.Drafts.issue` raises.
        """
        return await self._drafts.issue(draft_id, f"exchange.{draft_id}", actor)

    async def abolish(self, identifier: str, event: Event, reason: str, actor: Principal) -> Licence:
        """End a licence that the caller's authority issued.

        Args:
            event: CANCEL, WITHDRAW or REVOKE: three different legal facts.

        Raises:
            InvalidInput: `identifier-invalid`, `reason-invalid`.
            NotFound: `licence-not-found`, also for another authority's.
            Conflict: `transition-not-allowed`.
        """
        parsed = parse_identifier(identifier)
        async with refusals_audited(self._repository.database, f"licence.{event.value}", actor):
            require_scope(actor, "licence:issue")
            organisation = acting_organisation(actor)
            async with self._repository.database.read() as tx:
                found = await self._repository.licences.by_identifier(tx, parsed.text)
            if found is None or found.issuer != organisation:
                raise LicenceNotFound
        return await self._end(EndCommand(found.id, event, reason), actor)


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
