"""A licence and its original, for the issuing authority and for the holder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, holds, known_holder, refusals_audited, require_scope
from certstore.documents import SealedDocuments, sha256_of
from certstore.errors import LicenceNotFound, licence_ended
from certstore.history import GENESIS, version_hash
from certstore.lifecycle import FINAL, STATE_NAMES
from certstore.looks import look_at
from certstore.making import facts_of
from certstore.model import FileKind, Licence, LicenceChange, LicenceFile, LicenceType, LicenceVersion, Look
from certstore.ports import HolderDirectory, HolderIdentity, OrganisationDirectory
from certstore.records import RecordOriginals
from certstore.repository import Repository
from certstore.status import Status, status_today
from core.audit.event import AuditEvent
from core.db.database import WriteTx
from core.errors import NotFound
from core.paging import Page, decode_cursor, encode_cursor, page_size
from core.principal import Principal, PrincipalKind, Purpose
from core.text import Text

ISSUER_PURPOSE = Purpose(basis="颁发机构查看本机关颁发的证照")
OWN_PURPOSE = Purpose(basis="持证人查看本人证照")


@dataclass(frozen=True, slots=True)
class LicenceView:
    """A licence as its issuer and its holder see it."""

    licence: Licence
    licence_type: LicenceType
    status: Status
    issuer_name: Text
    history: Sequence[LicenceChange]


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file to hand out."""

    content: bytes = field(repr=False)
    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class IssuedLicence:
    """A line of the issuer's own list; free of personal data."""

    id: str
    identifier: str
    type_code: str
    status: Status
    revision: int


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of a licence.

    Attributes:
        sha256: of its sealed original as PDF; None where an OFD was issued alone, or a record has no file yet.
        ofd: of the same as OFD; None where none was issued.
        chained: it is bound to the version before it, and to its file, as it was when it was issued.
    """

    version: LicenceVersion
    sha256: str | None
    chained: bool
    ofd: str | None = None

    def forms(self, issued_under: LicenceType) -> tuple[str, ...]:
        """`pdf`, `ofd`: what it was issued in, or what a record will be in that has no file yet."""
        there = ("pdf", self.sha256), ("ofd", self.ofd)
        return tuple(form for form, digest in there if digest) or issued_under.file_forms.files


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one unit reads of a licence."""

    licence: Licence
    licence_type: LicenceType
    history: Sequence[LicenceChange]


class ReadLicence:
    """The use cases."""

    def __init__(
        self,
        repository: Repository,
        documents: SealedDocuments,
        originals: RecordOriginals,
        holders: HolderDirectory,
        organisations: OrganisationDirectory,
    ) -> None:
        self._repository = repository
        self._documents = documents
        self._originals = originals
        self._holders = holders
        self._organisations = organisations

    async def licence(self, licence_id: str, actor: Principal) -> LicenceView:
        """
        Raises:
            NotFound: `licence-not-found`; for everyone but the issuer and the holders it looks the same.
        """
        repository = self._repository
        person = await self._person(actor)
        async with (
            refusals_audited(repository.database, "licence.read", actor, subject=licence_id),
            repository.database.write() as tx,
        ):
            licence, own = await self._visible(tx, licence_id, actor, person)
            parts = await self._parts(tx, licence)
            await self._record(tx, licence, actor, own, "licence")
            await tx.commit()
        return await self._view(parts)

    async def story(self, licence_id: str, actor: Principal) -> tuple[LicenceView, Sequence[VersionLine]]:
        """The licence with all its versions, oldest first; one look.

        Raises:
            NotFound: `licence-not-found`.
        """
        repository = self._repository
        person = await self._person(actor)
        async with (
            refusals_audited(repository.database, "licence.read", actor, subject=licence_id),
            repository.database.write() as tx,
        ):
            licence, own = await self._visible(tx, licence_id, actor, person)
            parts, lines = await self._parts(tx, licence), await self._lines(tx, licence)
            await self._record(tx, licence, actor, own, "licence")
            await tx.commit()
        return await self._view(parts), lines

    async def original(
        self, licence_id: str, actor: Principal, number: int | None = None, *, ofd: bool | None = None
    ) -> FileContent:
        """The sealed original, byte for byte.

        Args:
            number: of the version; the present one when None.
            ofd: as OFD, or as PDF; None takes the PDF where there is one.

        Raises:
            NotFound: `licence-not-found`, `version-not-found`; `file-form-not-issued`: it was issued in the other form.
            NotPermitted: `licence-not-valid`, for the holder of a licence that was ended.
        """
        repository = self._repository
        person = await self._person(actor)
        async with (
            refusals_audited(repository.database, "licence.file", actor, subject=licence_id),
            repository.database.write() as tx,
        ):
            licence, own = await self._visible(tx, licence_id, actor, person)
            if own and licence.state in FINAL:
                raise licence_ended(STATE_NAMES[licence.state])
            version = await self._version(tx, licence, number, person if own else None)
            await self._record(tx, licence, actor, own, "original")
            await tx.commit()
        file = await self._originals.of(version)
        if ofd is not None:
            file = await self._in_form(version, FileKind.ORIGINAL_OFD if ofd else FileKind.ORIGINAL)
        content = await self._documents.content(file)
        suffix = "ofd" if file.kind is FileKind.ORIGINAL_OFD else "pdf"
        return FileContent(content, sha256_of(content), f"{version.identifier}.{suffix}")

    async def _in_form(self, version: LicenceVersion, kind: FileKind) -> LicenceFile:
        async with self._repository.database.read() as tx:
            found = await self._repository.files.original(tx, version.licence_id, version.number, kind)
        if found is None:
            raise NotFound("file-form-not-issued", _OTHER_FORM[kind])
        return found

    async def versions(self, licence_id: str, actor: Principal) -> Sequence[VersionLine]:
        """All that was ever issued of a licence, oldest first; without what stood on the faces.

        Raises:
            NotFound: `licence-not-found`.
        """
        repository = self._repository
        person = await self._person(actor)
        async with (
            refusals_audited(repository.database, "licence.versions", actor, subject=licence_id),
            repository.database.write() as tx,
        ):
            licence, own = await self._visible(tx, licence_id, actor, person)
            lines = await self._lines(tx, licence)
            await self._record(tx, licence, actor, own, "versions")
            await tx.commit()
        return lines

    async def _parts(self, tx: WriteTx, licence: Licence) -> _Parts:
        catalogue, licences = self._repository.catalogue, self._repository.licences
        licence_type = await catalogue.licence_type(tx, licence.type_code, licence.current.type_version)
        assert licence_type is not None  # versions of types are never removed
        return _Parts(licence, licence_type, await licences.history(tx, licence.id))

    async def _view(self, parts: _Parts) -> LicenceView:
        licence = parts.licence
        name = await self._organisations.name(licence.issuer) or Text(licence.issuer, licence.issuer)
        status = status_today(licence, self._repository.today())
        return LicenceView(licence, parts.licence_type, status, name, parts.history)

    async def _lines(self, tx: WriteTx, licence: Licence) -> Sequence[VersionLine]:
        repository, previous, lines = self._repository, GENESIS, []
        for version in await repository.licences.versions(tx, licence.id):
            file = await repository.files.original(tx, licence.id, version.number, FileKind.ORIGINAL)
            digest = file.sha256 if file else None
            beside = await repository.files.original(tx, licence.id, version.number, FileKind.ORIGINAL_OFD)
            ofd = beside.sha256 if beside else None
            lines.append(VersionLine(version, digest, _chained(version, digest, ofd, previous), ofd))
            previous = version.hash
        return lines

    async def _version(
        self, tx: WriteTx, licence: Licence, number: int | None, holder: HolderIdentity | None
    ) -> LicenceVersion:
        if number is None or number == licence.current.number:
            return licence.current
        for version in await self._repository.licences.versions(tx, licence.id):
            # whoever holds the licence now may not see what it said of whoever held it before
            theirs = holder is None or any(one.code == holder.code for one in version.holders)
            if version.number == number and theirs:
                return version
        raise NotFound("version-not-found", Text("这份证照没有这一版。", "The licence has no such version."))

    async def issued(
        self, actor: Principal, cursor: str | None = None, limit: int | None = None
    ) -> Page[IssuedLicence]:
        """What the actor's organisation has issued, newest first.

        Raises:
            NotPermitted: no `licence:read`, or nobody's organisation.
        """
        require_scope(actor, "licence:read")
        organisation = acting_organisation(actor)
        before = str(decode_cursor(cursor, 1)[0]) if cursor else None
        size = page_size(limit)
        repository = self._repository
        async with repository.database.write() as tx:
            found = await repository.licences.by_issuer(tx, organisation, before=before, limit=size + 1)
            detail = {"count": min(len(found), size)}
            tx.audit(AuditEvent("licence.list", "done", actor, purpose=ISSUER_PURPOSE, detail=detail))
            await tx.commit()
        today = repository.today()
        rows = [
            IssuedLicence(one.id, one.current.identifier, one.type_code, status_today(one, today), one.revision)
            for one in found[:size]
            if _reaches(actor, one.type_code)
        ]
        return Page(rows, encode_cursor(found[size - 1].id) if len(found) > size else None)

    async def _person(self, actor: Principal) -> HolderIdentity | None:
        return await known_holder(self._holders, actor)

    async def _visible(
        self, tx: WriteTx, licence_id: str, actor: Principal, person: HolderIdentity | None
    ) -> tuple[Licence, bool]:
        """The licence if this actor may see it, and whether it is the actor's own."""
        licence = await self._repository.licences.licence(tx, licence_id)
        if licence is None:
            raise LicenceNotFound
        if person is not None and holds(licence, person):
            return licence, True
        works_there = actor.kind in (PrincipalKind.CLIENT, PrincipalKind.STAFF) and actor.organisation == licence.issuer
        if works_there and _reaches(actor, licence.type_code):
            return licence, False
        raise LicenceNotFound

    async def _record(self, tx: WriteTx, licence: Licence, actor: Principal, own: bool, what: str) -> None:
        purpose = OWN_PURPOSE if own else ISSUER_PURPOSE
        if not own:
            looks = look_at(self._repository, actor, Look.ISSUER, purpose, licence=licence)
            await self._repository.access.add(tx, looks)
        action = "holder.look" if own else "licence.read"
        tx.audit(AuditEvent(action, "done", actor, licence.id, purpose, {"what": what}))


_OTHER_FORM = {
    FileKind.ORIGINAL_OFD: Text(
        "这一版证照只签发了 PDF，没有 OFD。请下载 PDF。",
        "This version was issued as PDF only; there is no OFD. Take the PDF.",
    ),
    FileKind.ORIGINAL: Text(
        "这一版证照只签发了 OFD，没有 PDF。请下载 OFD。",
        "This version was issued as OFD only; there is no PDF. Take the OFD.",
    ),
}


def _chained(version: LicenceVersion, digest: str | None, ofd: str | None, previous: bytes) -> bool:
    """A version from a register may have got its file later: it is bound to what it was made with."""
    files = dict.fromkeys(((digest or "", ofd or ""), ("", "")))
    hashes = [version_hash(facts_of(version, *bound), previous) for bound in files]
    return version.previous == previous and version.hash in hashes


def _reaches(actor: Principal, type_code: str) -> bool:
    """Whether one of the actor's rights to see their organisation's licences is for this type."""
    return any(actor.may(scope) and actor.may_with(scope, type_code) for scope in ("licence:read", "licence:issue"))
