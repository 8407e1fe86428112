"""Issues a licence: checked input → identifier → face → seal → one unit with rows, event and audit.

The file is made and sealed before the unit begins; it can be reached only through the rows, so when the unit fails
nothing is visible. GB/T 36901 (issuing authority), 36903 (metadata), 36904 (identifier).
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from certstore.authorise import acting_organisation, refusals_audited, require_scope, require_type
from certstore.catalogue import validity_of
from certstore.codes import ORGANISATION_CODE, parse_holder_code
from certstore.documents import SealedDocuments
from certstore.errors import AlreadyHeld, NotIssuingAuthority
from certstore.face import FaceSource
from certstore.history import GENESIS, VersionFacts, version_hash
from certstore.identifier import make_identifier
from certstore.lifecycle import Event, next_state
from certstore.make_file import FileMaker
from certstore.model import (
    FaceData,
    FileKind,
    Holder,
    HolderKind,
    Licence,
    LicenceChange,
    LicenceFile,
    LicenceType,
    LicenceVersion,
)
from certstore.ports import OrganisationDirectory
from certstore.repository import Repository
from certstore.schema import check_data
from core.audit.event import AuditEvent, Detail
from core.clock import calendar_day
from core.errors import Conflict, InvalidInput, NotFound, Unavailable
from core.idempotency import AlreadyDone, find_result, remember_result
from core.ids import new_id, new_secret
from core.principal import Principal
from core.text import Text
from keys.ports import TokenDigests

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
class IssueCommand:
    """What to issue.

    Attributes:
        licence_number: 证照编号 as printed; the identifier's serial when None.
        valid_from: today when None.
        valid_until: only for types whose rule is `stated`.
    """

    type_code: str
    holders: Sequence[HolderInput]
    data: Mapping[str, object] = field(repr=False)
    idempotency_key: str
    licence_number: str | None = field(default=None, repr=False)
    valid_from: dt.date | None = None
    valid_until: dt.date | None = None


class IssueLicence:
    """The use case. The actor's organisation is the issuing authority."""

    def __init__(
        self,
        repository: Repository,
        documents: SealedDocuments,
        files: FileMaker,
        organisations: OrganisationDirectory,
        digests: TokenDigests,
        verify_address: str,
    ) -> None:
        self._repository = repository
        self._documents = documents
        self._files = files
        self._organisations = organisations
        self._digests = digests
        self._verify_address = verify_address

    async def __call__(self, command: IssueCommand, actor: Principal) -> Licence:
        """Issue, or answer what the same Idempotency-Key issued before.

        Raises:
            InvalidInput: the input does not fit the type; names the field, never the value.
            NotPermitted: no `licence:issue`, or not an issuing authority of the type, or no right to the seal.
            NotFound: `licence-type-not-found`.
            Conflict: `licence-already-held`, `idempotency-key-reused`.
            Unavailable: seal, fonts or document store do not answer; nothing was issued.
        """
        async with refusals_audited(self._repository.database, "licence.issue", actor):
            require_scope(actor, "licence:issue")
            require_type(actor, "licence:issue", command.type_code)
            issuer = acting_organisation(actor)
            scope = f"{actor.id} licence.issue"[:128]
            key, fingerprints = command.idempotency_key, self._fingerprints(command, issuer)
            async with self._repository.database.read() as tx:
                earlier = await find_result(tx, scope=scope, key=key, fingerprints=fingerprints)
                licence_type = await self._repository.catalogue.licence_type(tx, command.type_code)
            if earlier is not None:
                return await self._issued(earlier)
            if licence_type is None:
                raise NotFound(
                    "licence-type-not-found", Text("目录里没有这类证照。", "The catalogue has no such licence type.")
                )
            if issuer not in licence_type.issuers:
                raise NotIssuingAuthority
            licence, file = await self._make(command, licence_type, issuer, actor)
            try:
                return await self._write(licence, file, licence_type, actor, (scope, key, fingerprints))
            except AlreadyDone as done:
                return await self._issued(done.result)

    async def _make(
        self, command: IssueCommand, licence_type: LicenceType, issuer: str, actor: Principal
    ) -> tuple[Licence, LicenceFile]:
        issuer_name = await self._organisations.name(issuer)
        if issuer_name is None:
            raise Unavailable(
                "issuer-unknown",
                Text("机构目录里没有颁发机构的名称。", "The directory has no name for the issuing authority."),
            )
        version = self._version(command, licence_type, issuer)
        code = new_secret(16)
        source = FaceSource(licence_type, version, issuer, issuer_name, self._verify_address)
        sealed = await self._files.make(source, verification_code=code, sealed_for=actor)
        file = await self._documents.keep(
            sealed, licence_id=version.licence_id, version=version.number, kind=FileKind.ORIGINAL
        )
        facts = VersionFacts(
            version.licence_id,
            version.number,
            version.identifier,
            version.type_code,
            version.type_version,
            version.valid_from.isoformat(),
            version.valid_until.isoformat() if version.valid_until else "",
            file.sha256,
        )
        chained = replace(version, hash=version_hash(facts, GENESIS))
        state = next_state(None, Event.ISSUE)
        return Licence(version.licence_id, licence_type.code, issuer, state, 1, code, chained), file

    def _version(self, command: IssueCommand, licence_type: LicenceType, issuer: str) -> LicenceVersion:
        now = self._repository.now()
        today = calendar_day(now)
        data: FaceData = check_data(licence_type.schema, command.data)
        holders = _holders(command.holders, licence_type.holder_kind, today)
        valid_from = command.valid_from or today
        if not dt.date(1949, 10, 1) <= valid_from <= today + dt.timedelta(days=3650):
            raise InvalidInput(
                "validity-invalid",
                Text("有效期起始日不合理。", "The first day of validity is out of range."),
                field="valid_from",
            )
        serial = today.strftime("%Y%m%d") + "".join(secrets.choice(_SERIAL_LETTERS) for _ in range(12))
        identifier = make_identifier(type_code=licence_type.code, issuer=issuer, serial=serial, version=1)
        number = _clean(command.licence_number, "number", 60) if command.licence_number is not None else serial
        return LicenceVersion(
            licence_id=new_id(self._repository.clock, "lic"),
            number=1,
            identifier=identifier.text,
            type_code=licence_type.code,
            type_version=licence_type.version,
            licence_number=number,
            holders=holders,
            data=data,
            issued_at=now,
            valid_from=valid_from,
            valid_until=validity_of(licence_type.validity, valid_from, command.valid_until),
            previous=GENESIS,
            hash=GENESIS,
        )

    async def _write(
        self,
        licence: Licence,
        file: LicenceFile,
        licence_type: LicenceType,
        actor: Principal,
        idempotency: tuple[str, str, tuple[str, ...]],
    ) -> Licence:
        repository, version = self._repository, licence.current
        scope, key, fingerprints = idempotency
        change = LicenceChange(
            1, Event.ISSUE, licence.state, version.number, version.issued_at, actor.kind, actor.id, actor.organisation
        )
        async with repository.database.write() as tx:
            await remember_result(
                tx, repository.clock, scope=scope, key=key, fingerprints=fingerprints, result=licence.id
            )
            newest = await repository.catalogue.licence_type(tx, licence_type.code)
            if newest is None or newest.version != licence_type.version:
                raise Conflict(
                    "licence-type-changed",
                    Text("这类证照的定义刚刚更新，请重试。", "The type's definition just changed. Try again."),
                )
            await repository.licences.add(tx, licence, change)
            if licence_type.one_per_holder and not await repository.licences.claim_single(
                tx, licence, today=repository.today()
            ):
                raise AlreadyHeld
            await repository.files.add(tx, file)
            detail: Detail = {
                "type": licence_type.code,
                "version": version.number,
                "file": file.sha256,
                "seal": file.seal_id,
            }
            tx.audit(AuditEvent("licence.issue", "done", actor, licence.id, detail=detail))
            await tx.commit()
        return licence

    async def _issued(self, licence_id: str) -> Licence:
        async with self._repository.database.read() as tx:
            found = await self._repository.licences.licence(tx, licence_id)
        assert found is not None  # written in the same unit as the key
        return found

    def _fingerprints(self, command: IssueCommand, issuer: str) -> tuple[str, ...]:
        # keyed: the request holds an ID number, and a plain digest of it could be guessed from a stolen table
        parts = [
            issuer,
            command.type_code,
            [[holder.code_type, holder.code, holder.name, holder.role] for holder in command.holders],
            command.data,
            command.licence_number,
            command.valid_from,
            command.valid_until,
        ]
        try:
            content = orjson.dumps(parts, option=orjson.OPT_SORT_KEYS).decode()
        except TypeError:
            raise InvalidInput(
                "licence-data-invalid", Text("照面信息读不懂。", "The face data cannot be read."), field="data"
            ) from None
        return self._digests.digests("idempotency/licence.issue", content)


def _holders(typed: Sequence[HolderInput], kind: HolderKind, today: dt.date) -> tuple[Holder, ...]:
    if not 1 <= len(typed) <= MAX_HOLDERS:
        raise InvalidInput(
            "holders-invalid", Text("持证主体应为 1 到 20 个。", "A licence has 1 to 20 holders."), field="holders"
        )
    holders = tuple(
        Holder(
            parse_holder_code(one.code_type, one.code, today=today),
            _clean(one.name, "name", MAX_NAME),
            _clean(one.role, "role", 40),
        )
        for one in typed
    )
    organisations = [holder.code.kind == ORGANISATION_CODE for holder in holders]
    if any(organisations) != (kind is HolderKind.ORGANISATION) or any(organisations) != all(organisations):
        raise InvalidInput(
            "holder-kind-wrong",
            Text("这类证照的持证主体种类不对（自然人或法人）。", "This type is held by the other kind of holder."),
            field="holders",
        )
    if len({holder.code for holder in holders}) != len(holders):
        raise InvalidInput(
            "holders-invalid", Text("同一个持证主体写了两次。", "A holder is named twice."), field="holders"
        )
    return holders


def _clean(typed: str, name: str, longest: int) -> str:
    value = " ".join(typed.split())
    if not value or len(value) > longest or not value.isprintable():
        raise InvalidInput(
            f"{name}-invalid",
            Text(f"{name} 应为 1 到 {longest} 个可见字符。", f"{name} takes 1 to {longest} printable characters."),
            field=name,
        )
    return value
