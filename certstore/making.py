"""Makes versions of licences: checked input → identifier → face → seal → the hash chain; writing them is for others.

A file is made and sealed before the unit that writes its record begins; it can be reached only through the record, so
when the unit fails nothing is visible. GB/T 36901 (issuing authority), 36903 (metadata), 36904 (identifier).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from certstore.codes import Bearer, parse_holder_code
from certstore.documents import SealedDocuments
from certstore.face import FaceSource
from certstore.history import GENESIS, VersionFacts, version_hash
from certstore.identifier import make_identifier, parse_identifier
from certstore.inspecting import covered_until
from certstore.lifecycle import Event, effective_state, next_state
from certstore.make_file import FileMaker
from certstore.model import (
    FaceData,
    FileForms,
    FileKind,
    Holder,
    HolderKind,
    Licence,
    LicenceFile,
    LicenceType,
    LicenceVersion,
    Trust,
)
from certstore.ports import OrganisationDirectory
from certstore.schema import check_data
from core.clock import SHANGHAI, Clock, calendar_day
from core.errors import InvalidInput, Unavailable
from core.ids import new_code, new_id, new_secret
from core.principal import Principal
from core.text import Text

_SERIAL_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MAX_HOLDERS = 20
MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class HolderInput:
    """A holder as the caller writes it."""

    code_type: str
    code: str = field(repr=False)
    name: str = field(repr=False)
    role: str = "holder"


@dataclass(frozen=True, slots=True)
class VersionContent:
    """What a version says, already in its final form.

    Attributes:
        data: checked against the type's schema by the maker.
        licence_number: None takes the identifier's serial.
        valid_until: what the type's rule or the caller's statement came to (`certstore.catalogue.validity_of`).
    """

    holders: tuple[Holder, ...] = field(repr=False)
    data: Mapping[str, object] = field(repr=False)
    licence_number: str | None = field(repr=False)
    valid_from: dt.date
    valid_until: dt.date | None


class VersionMaker:
    """Makes and seals versions."""

    def __init__(
        self,
        clock: Clock,
        documents: SealedDocuments,
        files: FileMaker,
        organisations: OrganisationDirectory,
        verify_address: str,
    ) -> None:
        self._clock = clock
        self._documents = documents
        self._files = files
        self._organisations = organisations
        self._verify_address = verify_address

    async def has_seal(self, issuer: str, seal_code: str) -> bool:
        """Whether the authority can seal with that one."""
        return await self._files.has_seal(issuer, seal_code)

    async def first(
        self,
        content: VersionContent,
        licence_type: LicenceType,
        issuer: str,
        actor: Principal,
        *,
        event: Event = Event.ISSUE,
        trust: Trust = Trust.A,
        based_on: str | None = None,
        licence_id: str | None = None,
        seal_code: str | None = None,
    ) -> tuple[Licence, LicenceFile]:
        """A new licence in the state that `event` leads to, with its sealed file.

        Args:
            licence_id: the id of the draft that it was; a new one when None.
            seal_code: one of the authority's seals; its official one when None.

        Raises:
            InvalidInput: the data do not fit the type's schema, or a sign has no glyph.
            NotPermitted: the actor has no right to the seal.
            Unavailable: seal, fonts, directory or document store do not answer; nothing was made.
        """
        version = self._first(content, licence_type, issuer, event, trust, based_on, licence_id)
        code = new_secret(16)
        chained, file = await self._sealed(version, licence_type, issuer, actor, code, seal_code)
        return _begun(chained, licence_type, issuer, code), file

    def record(
        self,
        content: VersionContent,
        licence_type: LicenceType,
        issuer: str,
        *,
        trust: Trust,
        based_on: str | None = None,
    ) -> Licence:
        """A licence taken over from a register. It has no file yet: one is made when it is first wanted
        (`certstore.records`), for a register holds millions and few of them are ever looked at.

        Raises:
            InvalidInput: the data do not fit the type's schema.
        """
        version = self._first(content, licence_type, issuer, Event.RECORD, trust, based_on, None)
        issued = dt.datetime.combine(content.valid_from, dt.time(), SHANGHAI).astimezone(dt.UTC)
        dated = replace(version, issued_at=issued)
        return _begun(
            replace(dated, hash=version_hash(facts_of(dated, ""), GENESIS)), licence_type, issuer, new_secret(16)
        )

    async def original_of(
        self, licence: Licence, version: LicenceVersion, licence_type: LicenceType, sealer: Principal
    ) -> LicenceFile:
        """The sealed file of a version that has none yet.

        Args:
            licence_type: in the version that it was taken over under.

        Raises:
            InvalidInput, NotPermitted, Unavailable: as `first`.
        """
        return await self._file(version, licence_type, licence.issuer, sealer, licence.verification_code)

    async def next(
        self,
        licence: Licence,
        content: VersionContent,
        licence_type: LicenceType,
        actor: Principal,
        *,
        event: Event,
        trust: Trust | None = None,
        sealed_before: str | None = None,
    ) -> tuple[Licence, LicenceFile]:
        """The licence with its next version, which supersedes the current one, in the state that `event` leads to.

        The identifier keeps its serial; its version part rises by one. The verification code on the face stays.

        Args:
            sealed_before: id of the seal on the current version, which the next one gets too while it can be used.

        Raises:
            TransitionNotAllowed: the life-cycle table has no such row.
            InvalidInput, NotPermitted, Unavailable: as `first`.
        """
        current, now = licence.current, self._clock.now()
        state = next_state(effective_state(licence.state, current.valid_until, calendar_day(now)), event)
        number = current.number + 1
        identifier = make_identifier(
            type_code=licence_type.code,
            issuer=licence.issuer,
            serial=parse_identifier(current.identifier).serial,
            version=number,
        )
        kept_number = content.licence_number if content.licence_number is not None else current.licence_number
        version = LicenceVersion(
            licence_id=licence.id,
            number=number,
            identifier=identifier.text,
            type_code=licence_type.code,
            type_version=licence_type.version,
            licence_number=kept_number,
            holders=content.holders,
            data=_checked(licence_type, content.data),
            issued_at=now,
            valid_from=content.valid_from,
            valid_until=content.valid_until,
            previous=current.hash,
            hash=GENESIS,
            trust=trust or current.trust,
            based_on=current.identifier,
            made_by=event,
        )
        chained, file = await self._sealed(
            version, licence_type, licence.issuer, actor, licence.verification_code, sealed_before=sealed_before
        )
        return replace(licence, state=state, revision=licence.revision + 1, current=chained), file

    def _first(
        self,
        content: VersionContent,
        licence_type: LicenceType,
        issuer: str,
        event: Event,
        trust: Trust,
        based_on: str | None,
        licence_id: str | None,
    ) -> LicenceVersion:
        now = self._clock.now()
        serial = calendar_day(now).strftime("%Y%m%d") + new_code(_SERIAL_LETTERS, 12)
        identifier = make_identifier(type_code=licence_type.code, issuer=issuer, serial=serial, version=1)
        return LicenceVersion(
            licence_id=licence_id or new_id(self._clock, "lic"),
            number=1,
            identifier=identifier.text,
            type_code=licence_type.code,
            type_version=licence_type.version,
            licence_number=content.licence_number if content.licence_number is not None else serial,
            holders=content.holders,
            data=_checked(licence_type, content.data),
            issued_at=now,
            valid_from=content.valid_from,
            valid_until=content.valid_until,
            previous=GENESIS,
            hash=GENESIS,
            trust=trust,
            based_on=based_on,
            made_by=event,
        )

    async def _sealed(
        self,
        version: LicenceVersion,
        licence_type: LicenceType,
        issuer: str,
        actor: Principal,
        code: str,
        seal_code: str | None = None,
        sealed_before: str | None = None,
    ) -> tuple[LicenceVersion, LicenceFile]:
        file = await self._file(version, licence_type, issuer, actor, code, seal_code, sealed_before)
        return replace(version, hash=version_hash(facts_of(version, *_digests(file)), version.previous)), file

    async def _file(
        self,
        version: LicenceVersion,
        licence_type: LicenceType,
        issuer: str,
        actor: Principal,
        code: str,
        seal_code: str | None = None,
        sealed_before: str | None = None,
    ) -> LicenceFile:
        issuer_name = await self._organisations.name(issuer)
        if issuer_name is None:
            raise Unavailable(
                "issuer-unknown",
                Text("机构目录里没有颁发机构的名称。", "The directory has no name for the issuing authority."),
            )
        source = FaceSource(licence_type, version, issuer, issuer_name, self._verify_address)
        sealed = await self._files.make(
            source,
            verification_code=face_code(code, version.number),
            sealed_for=actor,
            seal_code=seal_code,
            sealed_before=sealed_before,
        )
        kind = FileKind.ORIGINAL_OFD if licence_type.file_forms is FileForms.OFD else FileKind.ORIGINAL
        return await self._documents.keep(sealed, licence_id=version.licence_id, version=version.number, kind=kind)


def _begun(version: LicenceVersion, licence_type: LicenceType, issuer: str, code: str) -> Licence:
    inspected = covered_until(licence_type.inspection, version.valid_from)
    state = next_state(None, version.made_by)
    return Licence(version.licence_id, licence_type.code, issuer, state, 1, code, version, inspected)


def _digests(file: LicenceFile) -> tuple[str, str]:
    """Of the PDF, and of the OFD; empty for the one that there is not."""
    if file.kind is FileKind.ORIGINAL_OFD:
        return "", file.sha256
    return file.sha256, "" if file.beside is None else file.beside.sha256


def face_code(code: str, number: int) -> str:
    """What the QR code on a version's face says: a print of an older version must not pass for the present one."""
    return code if number == 1 else f"{code}.{number}"


def read_face_code(typed: str) -> tuple[str, int]:
    """The licence's code and the number of the version whose face shows it."""
    code, _, number = typed.partition(".")
    return code, int(number) if number.isascii() and number.isdigit() and len(number) <= 3 else 1


def facts_of(version: LicenceVersion, file: str, ofd: str = "") -> VersionFacts:
    """What the version's hash binds.

    Args:
        file: SHA-256 of the sealed original, hexadecimal; empty where an OFD was issued alone.
        ofd: of the same as OFD; empty where there is none.
    """
    return VersionFacts(
        version.licence_id,
        version.number,
        version.identifier,
        version.type_code,
        version.type_version,
        version.valid_from.isoformat(),
        version.valid_until.isoformat() if version.valid_until else "",
        file,
        version.trust.value,
        version.based_on or "",
        version.made_by.value,
        ofd,
    )


def check_first_day(day: dt.date, today: dt.date) -> dt.date:
    """
    Raises:
        InvalidInput: `validity-invalid`.
    """
    if not dt.date(1949, 10, 1) <= day <= today + dt.timedelta(days=3650):
        raise InvalidInput(
            "validity-invalid",
            Text("有效期起始日不合理。", "The first day of validity is out of range."),
            field="valid_from",
        )
    return day


def check_number(typed: str | None) -> str | None:
    """A licence number as typed, with single spaces.

    Raises:
        InvalidInput: `number-invalid`.
    """
    return None if typed is None else _clean(typed, "number", 60)


def check_holders(typed: Sequence[HolderInput], licence_type: LicenceType, today: dt.date) -> tuple[Holder, ...]:
    """Holders in canonical form.

    Raises:
        InvalidInput: `holders-invalid`, `holder-kind-wrong`, or what a holder's number is refused for.
    """
    most = MAX_HOLDERS if licence_type.several_holders else 1
    if not 1 <= len(typed) <= most:
        raise InvalidInput(
            "holders-invalid",
            Text(f"持证主体应为 1 到 {most} 个。", f"A licence of this type has 1 to {most} holders.")
            if most > 1
            else Text("这类证照只能有一个持证主体。", "A licence of this type has one holder."),
            field="holders",
        )
    holders = tuple(
        Holder(
            parse_holder_code(one.code_type, one.code, today=today),
            _clean(one.name, "name", MAX_NAME),
            _clean(one.role, "role", 40),
        )
        for one in typed
    )
    if not _of_kind(holders, licence_type.holder_kind):
        raise InvalidInput(
            "holder-kind-wrong",
            _WRONG_KIND[licence_type.holder_kind],
            field="holders",
        )
    if len({holder.code for holder in holders}) != len(holders):
        raise InvalidInput(
            "holders-invalid", Text("同一个持证主体写了两次。", "A holder is named twice."), field="holders"
        )
    return holders


def _of_kind(holders: Sequence[Holder], kind: HolderKind) -> bool:
    bearers = {holder.code.bearer for holder in holders}
    if kind is HolderKind.THING:  # the thing itself, and whoever owns it
        return Bearer.THING in bearers
    return bearers <= _BEARERS[kind]


_BEARERS = {
    HolderKind.PERSON: {Bearer.PERSON},
    HolderKind.ORGANISATION: {Bearer.ORGANISATION},
    HolderKind.EITHER: {Bearer.PERSON, Bearer.ORGANISATION},
}
_WRONG_KIND = {
    HolderKind.PERSON: Text("这类证照的持证主体是自然人。", "Licences of this type are held by persons."),
    HolderKind.ORGANISATION: Text("这类证照的持证主体是单位。", "Licences of this type are held by organisations."),
    HolderKind.EITHER: Text(
        "这类证照的持证主体是自然人或单位。", "Licences of this type are held by persons or organisations."
    ),
    HolderKind.THING: Text(
        "这类证照说的是物：请写物自己的编码，可以再写所有人。",
        "Licences of this type are about a thing: give its own number, and its owners if you like.",
    ),
}


def _checked(licence_type: LicenceType, data: Mapping[str, object]) -> FaceData:
    return check_data(licence_type.schema, data)


def _clean(typed: str, name: str, longest: int) -> str:
    value = " ".join(typed.split())
    if not value or len(value) > longest or not value.isprintable():
        raise InvalidInput(
            f"{name}-invalid",
            Text(f"{name} 应为 1 到 {longest} 个可见字符。", f"{name} takes 1 to {longest} printable characters."),
            field=name,
        )
    return value
