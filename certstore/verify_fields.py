"""Is it so, what somebody claims of a licence? Yes or no, and no more than that to whoever does not know the holder."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, refusals_audited, require_scope
from certstore.codes import parse_holder_code
from certstore.face import plain
from certstore.identifier import parse_identifier, spellings
from certstore.looks import look_at
from certstore.misses import Misses
from certstore.model import HOLDER_CODE, HOLDER_NAME, NUMBER, Licence, Look
from certstore.purpose import parse_purpose
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.db.database import ReadTx
from core.errors import InvalidInput, LimitExceeded
from core.kv.port import KeyValueStore
from core.principal import Principal
from core.text import Text

CHECKS_PER_HOUR = 60  # tries with claimed values per caller and licence: too few to guess by trying
MISSES_PER_HOUR = 200  # claims of one caller that are not so, whatever the licence: too few to sweep a register
MAX_CLAIMS = 20


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


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """Whether all claimed values are so. Which ones are not is told only to a caller who has shown to know the holder:
    with `holder_name` and `holder_code` claimed and right. To all others the answer is one bit (attacks L-06)."""

    match: bool
    fields: Mapping[str, bool] | None = None


class CompareFields:
    """The use case."""

    def __init__(self, repository: Repository, throttle: KeyValueStore) -> None:
        self._repository = repository
        self._throttle = throttle
        self._misses = Misses(throttle, "field-check", MISSES_PER_HOUR, 3600)

    async def __call__(self, claim: FieldClaim, actor: Principal) -> FieldComparison:
        """Whether every claimed value is so; an unknown licence, a wrong field name and a wrong value look the same.

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
                compared = self._compared(licence, claim) if licence else FieldComparison(match=False)
                if licence is not None:
                    await repository.access.add(
                        tx, look_at(repository, actor, Look.FIELD_CHECK, purpose, licence=licence)
                    )
                each = compared.fields is not None
                detail: Detail = {"by": "fields", "claims": len(claim.claims), "match": compared.match, "each": each}
                subject = licence.id if licence else None
                tx.audit(AuditEvent("licence.verify", "done", actor, subject, purpose, detail))
                await tx.commit()
            if not compared.match:
                await self._misses.count(actor)
        return compared

    async def _claimed(self, tx: ReadTx, claim: FieldClaim) -> Licence | None:
        licences = self._repository.licences
        licence = None
        if claim.identifier is None:
            licence = await licences.by_number(tx, claim.type_code, " ".join((claim.number or "").split()))
        else:
            for form in spellings(parse_identifier(claim.identifier)):
                licence = licence or await licences.by_identifier(tx, form)
        return licence if licence is not None and licence.type_code == claim.type_code else None

    def _compared(self, licence: Licence, claim: FieldClaim) -> FieldComparison:
        # every claim is compared, and in constant time: which one was wrong cannot be told from the answer's time
        found = {name: self._is_so(licence, name, value, claim.code_type) for name, value in claim.claims.items()}
        knows_holder = all(found.get(name, False) for name in (HOLDER_NAME, HOLDER_CODE))
        return FieldComparison(all(found.values()), found if knows_holder else None)

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
        if tries > CHECKS_PER_HOUR or await self._misses.paused(actor):
            raise LimitExceeded(
                "too-many-checks",
                Text(
                    "核对得太频繁，或对不上的太多，请一小时后再试。",
                    "Too many checks, or too many that did not match. Try again in an hour.",
                ),
                retry_after=3600,
            )


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
