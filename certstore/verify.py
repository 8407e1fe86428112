"""Is a licence genuine and valid now? By identifier, number, QR code, or claimed values (yes or no only)."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, refusals_audited, require_scope
from certstore.codes import parse_holder_code
from certstore.face import plain
from certstore.identifier import Check, parse_identifier
from certstore.looks import look_at
from certstore.making import read_face_code
from certstore.model import HOLDER_CODE, HOLDER_NAME, NUMBER, AnnotatedCopy, Licence, Look
from certstore.ports import OrganisationDirectory
from certstore.purpose import parse_purpose
from certstore.repository import Repository
from certstore.status import Status, status_today
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx
from core.errors import InvalidInput, LimitExceeded
from core.kv.port import KeyValueStore
from core.principal import Principal
from core.text import Text

CHECKS_PER_HOUR = 60  # tries with claimed values per caller and licence: too few to guess by trying
MAX_CLAIMS = 20


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """What may be told about a copy to anybody who holds it."""

    id: str
    requester_name: Text
    item: str
    expires_on: dt.date
    expired: bool


@dataclass(frozen=True, slots=True)
class LicenceFacts:
    """What may be told about a licence to anybody: no person, no face values.

    Attributes:
        version: number of the version asked about.
        superseded_by: the present identifier, when the one asked about is an older version's.
    """

    licence_id: str
    identifier: str
    version: int
    type_code: str
    type_name: Text
    issuer: str
    issuer_name: Text
    status: Status
    status_since: dt.datetime
    issued_at: dt.datetime
    valid_from: dt.date
    valid_until: dt.date | None
    superseded_by: str | None = None


@dataclass(frozen=True, slots=True)
class LicenceVerdict:
    """The answer; `facts` is None for a licence that this repository does not know.

    Attributes:
        check: for an identifier, by which routine its check character is right.
    """

    facts: LicenceFacts | None
    check: Check | None = None
    copy: CopyFacts | None = None


@dataclass(frozen=True, slots=True)
class FieldClaim:
    """Values that somebody claims of a licence named by identifier or number.

    Attributes:
        claims: by field name; a holder's number is `{"holder_code": "…"}` with `code_type`.
    """

    type_code: str
    claims: Mapping[str, object] = field(repr=False)
    service_item: str
    case_number: str
    basis: str
    identifier: str | None = None
    number: str | None = field(default=None, repr=False)
    code_type: str = "111"


class VerifyLicence:
    """The use cases. What anybody may ask is audited without purpose, what needs a scope with one."""

    def __init__(self, repository: Repository, organisations: OrganisationDirectory, throttle: KeyValueStore) -> None:
        self._repository = repository
        self._organisations = organisations
        self._throttle = throttle

    async def by_identifier(self, typed: str, actor: Principal) -> LicenceVerdict:
        """
        Raises:
            InvalidInput: `identifier-invalid`.
            NotPermitted: no `licence:verify`.
        """
        require_scope(actor, "licence:verify")
        identifier = parse_identifier(typed)
        async with self._repository.database.read() as tx:
            licence = await self._repository.licences.by_identifier(tx, identifier.text)
            facts = await facts_of(tx, self._repository, licence, identifier.text) if licence else None
        return await self._answer(facts, None, actor, "identifier", identifier.judgement)

    async def by_number(self, type_code: str, number: str, actor: Principal) -> LicenceVerdict:
        """
        Raises:
            NotPermitted: no `licence:verify`.
        """
        require_scope(actor, "licence:verify")
        async with self._repository.database.read() as tx:
            licence = await self._repository.licences.by_number(tx, type_code, " ".join(number.split()))
            facts = await facts_of(tx, self._repository, licence) if licence else None
        return await self._answer(facts, None, actor, "number", None)

    async def by_code(self, code: str, actor: Principal) -> LicenceVerdict:
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
            facts = await facts_of(tx, repository, licence, asked) if licence else None
        return await self._answer(facts, copy, actor, "code", None)

    async def _shown_on_face(self, tx: ReadTx, licence: Licence, number: int) -> str:
        """The identifier of the version that a QR code stands on: a print of an older one is superseded."""
        if number >= licence.current.number:
            return licence.current.identifier
        versions = await self._repository.licences.versions(tx, licence.id)
        return next(one.identifier for one in versions if one.number >= number)

    async def by_fields(self, claim: FieldClaim, actor: Principal) -> bool:
        """True if every claimed value is so; an unknown licence, a wrong field name and a wrong value look the same.

        Raises:
            InvalidInput: `claims-invalid`, or the purpose is not acceptable.
            NotPermitted: no `licence:verify`.
            LimitExceeded: `too-many-checks`.
        """
        repository = self._repository
        purpose = parse_purpose(claim.service_item, claim.case_number, claim.basis)
        async with refusals_audited(repository.database, "licence.verify", actor, purpose=purpose):
            require_scope(actor, "licence:verify")
            acting_organisation(actor)
            if not 1 <= len(claim.claims) <= MAX_CLAIMS or (claim.identifier is None) == (claim.number is None):
                raise InvalidInput(
                    "claims-invalid",
                    Text(
                        "请用标识或编号之一指明证照，并给出 1 到 20 个要核对的值。",
                        "Name the licence by identifier or number, one of the two, and claim 1 to 20 values.",
                    ),
                    field="claims",
                )
            await self._count_check(claim, actor)
            async with repository.database.write() as tx:
                licence = await self._claimed(tx, claim)
                matches = licence is not None and self._matches(licence, claim)
                if licence is not None:
                    await repository.access.add(
                        tx, look_at(repository, actor, Look.FIELD_CHECK, purpose, licence=licence)
                    )
                detail: Detail = {"by": "fields", "claims": len(claim.claims), "match": matches}
                subject = licence.id if licence else None
                tx.audit(AuditEvent("licence.verify", "done", actor, subject, purpose, detail))
                await tx.commit()
        return matches

    async def _claimed(self, tx: ReadTx, claim: FieldClaim) -> Licence | None:
        licences = self._repository.licences
        if claim.identifier is not None:
            licence = await licences.by_identifier(tx, parse_identifier(claim.identifier).text)
        else:
            licence = await licences.by_number(tx, claim.type_code, " ".join((claim.number or "").split()))
        return licence if licence is not None and licence.type_code == claim.type_code else None

    def _matches(self, licence: Licence, claim: FieldClaim) -> bool:
        # every claim is compared, and in constant time: which one was wrong cannot be told from the answer's time
        results = [self._is_so(licence, name, value, claim.code_type) for name, value in claim.claims.items()]
        return all(results)

    def _is_so(self, licence: Licence, name: str, claimed: object, code_type: str) -> bool:
        if not isinstance(claimed, str | int | float | bool):
            return False
        version = licence.current
        if name == HOLDER_NAME:
            named = [_equal(holder.name, str(claimed).strip()) for holder in version.holders]
            return any(named)
        if name == HOLDER_CODE:
            try:
                code = parse_holder_code(code_type, str(claimed), today=self._repository.today())
            except InvalidInput:
                return False
            held = [_equal(h.code.number, code.number) and h.code.kind == code.kind for h in version.holders]
            return any(held)
        if name == NUMBER:
            return _equal(version.licence_number, str(claimed))
        return name in version.data and _equal(plain(version.data[name]), plain(claimed))

    async def _count_check(self, claim: FieldClaim, actor: Principal) -> None:
        named = hashlib.sha256(f"{claim.type_code} {claim.identifier} {claim.number}".encode()).hexdigest()[:32]
        caller = hashlib.sha256(actor.id.encode()).hexdigest()[:32]
        tries = await self._throttle.incr(f"certstore:field-check:{caller}:{named}", 3600)
        if tries > CHECKS_PER_HOUR:
            raise LimitExceeded(
                "too-many-checks",
                Text(
                    "对这份证照核对得太频繁，请一小时后再试。", "Too many checks of this licence. Try again in an hour."
                ),
                retry_after=3600,
            )

    async def _answer(
        self, facts: _Facts | None, copy: AnnotatedCopy | None, actor: Principal, by: str, check: Check | None
    ) -> LicenceVerdict:
        subject = facts.licence.id if facts else None
        detail: Detail = {"by": by, "known": facts is not None}
        await self._repository.database.record(AuditEvent("licence.verify", "done", actor, subject, detail=detail))
        told = await told_facts(self._repository, self._organisations, facts) if facts else None
        return LicenceVerdict(told, check, await told_copy(self._repository, self._organisations, copy))


@dataclass(frozen=True, slots=True)
class _Facts:
    licence: Licence
    type_name: Text
    since: dt.datetime
    identifier: str
    version: int


async def facts_of(tx: ReadTx, repository: Repository, licence: Licence, identifier: str | None = None) -> _Facts:
    """What the store says about a licence, and about the version that `identifier` names."""
    licence_type = await repository.catalogue.licence_type(tx, licence.type_code, licence.current.type_version)
    history = await repository.licences.history(tx, licence.id)
    assert licence_type is not None
    asked = identifier or licence.current.identifier
    return _Facts(licence, licence_type.name, history[-1].at, asked, parse_version(asked))


def parse_version(identifier: str) -> int:
    return int(identifier.rsplit(".", 2)[1])


async def told_facts(repository: Repository, organisations: OrganisationDirectory, facts: _Facts) -> LicenceFacts:
    """The same as it may be told to anybody."""
    licence = facts.licence
    current = licence.current
    older = facts.version < current.number
    return LicenceFacts(
        licence_id=licence.id,
        identifier=facts.identifier,
        version=facts.version,
        type_code=licence.type_code,
        type_name=facts.type_name,
        issuer=licence.issuer,
        issuer_name=await organisations.name(licence.issuer) or Text(licence.issuer, licence.issuer),
        status=Status.SUPERSEDED if older else status_today(licence, repository.today()),
        status_since=facts.since,
        issued_at=current.issued_at,
        valid_from=current.valid_from,
        valid_until=current.valid_until,
        superseded_by=current.identifier if older else None,
    )


async def told_copy(
    repository: Repository, organisations: OrganisationDirectory, copy: AnnotatedCopy | None
) -> CopyFacts | None:
    if copy is None:
        return None
    name = await organisations.name(copy.organisation) or Text(copy.organisation, copy.organisation)
    item = copy.purpose.service_item or ""
    return CopyFacts(copy.id, name, item, copy.expires_on, repository.today() > copy.expires_on)


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
