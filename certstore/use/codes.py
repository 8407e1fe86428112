"""Use codes (用证码): each stands for one lawful use of one licence, bound to consumer, service item and case.

The code is a random value that only the caller gets; what is stored is its keyed digest (OWASP ASVS 11.4, attacks
L-05). It gives no more than the use that it was made for, and not longer than consent, grant and licence allow.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from certstore.authorise import acting_organisation, refusals_audited, require_scope
from certstore.codes import HolderCode, parse_holder_code
from certstore.errors import mandate_over
from certstore.looks import look_at, look_for
from certstore.model import Look
from certstore.ports import Act, AgencyDirectory, Case, Deed, Mandate
from certstore.purpose import parse_purpose
from certstore.reach import Hit, Reach
from certstore.repository import Repository
from certstore.status import Status, status_today
from certstore.use.model import UseCode
from certstore.use.ports import UseCodeStore
from core.audit.event import AuditEvent, Detail
from core.db.database import WriteTx
from core.errors import InvalidInput
from core.ids import new_id, new_secret
from core.principal import Principal, Purpose
from core.text import Text
from keys.ports import TokenDigests

DIGEST_USE = "use-code"
MAX_MINUTES, DEFAULT_MINUTES = 24 * 60, 30
MAX_USES = 20


@dataclass(frozen=True, slots=True)
class UseCodeQuery:
    """Whose licences, for what.

    Attributes:
        types, fields: None for all that grants and consents allow.
        minutes: how long a code lives.
        uses: how often it can be redeemed.
        licence_id: only this one; None for all.
    """

    code_type: str
    code: str = field(repr=False)
    service_item: str
    case_number: str
    basis: str
    types: Sequence[str] | None = None
    fields: Sequence[str] | None = None
    minutes: int = DEFAULT_MINUTES
    uses: int = 1
    licence_id: str | None = None


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code, shown this once, with what it is for."""

    code: str = field(repr=False)
    use: UseCode
    type_name: Text
    identifier: str
    valid_until: dt.date | None


@dataclass(frozen=True, slots=True)
class Under:
    """The mandate under which somebody has codes issued for another (委托用证)."""

    agencies: AgencyDirectory
    mandate: Mandate
    case: Case

    async def hold(self, tx: WriteTx) -> None:
        """First of all that is locked: whoever ends the mandate finds what was issued under it, or is found first."""
        await self._act(tx, Act(Deed.LOOK, self.case))

    async def record(self, tx: WriteTx, issued: Sequence[IssuedCode]) -> None:
        types = tuple(dict.fromkeys(one.use.type_code for one in issued))
        await self._act(tx, Act(Deed.CODES, self.case, types, tuple(one.use.id for one in issued)))

    async def _act(self, tx: WriteTx, act: Act) -> None:
        if not await self.agencies.act(tx, self.mandate, act):
            raise mandate_over()


class IssueUseCodes:
    """The use case: one code for each licence that the caller may use."""

    def __init__(self, repository: Repository, store: UseCodeStore, digests: TokenDigests) -> None:
        self._repository = repository
        self._store = store
        self._digests = digests
        self._reach = Reach(repository)

    async def __call__(self, query: UseCodeQuery, actor: Principal, under: Under | None = None) -> Sequence[IssuedCode]:
        """
        Args:
            under: what somebody acts under who asks for the holder.

        Raises:
            InvalidInput: number, purpose, service item, minutes or uses are not acceptable.
            NotPermitted: no `licence:read`; `use-not-granted`, `fields-not-granted`.
            LimitExceeded: `clerk-quota-used-up`, `grant-quota-used-up`.
            Gone: `mandate-over`; nothing was issued.
        """
        repository = self._repository
        purpose = parse_purpose(query.service_item, query.case_number, query.basis)
        async with refusals_audited(repository.database, "use-code.issue", actor, purpose=purpose):
            require_scope(actor, "licence:read")
            acting_organisation(actor)
            holder = parse_holder_code(query.code_type, query.code, today=repository.today())
            _check_limits(query)
            await repository.quota.count_look(actor)
            async with repository.database.write() as tx:
                if under is not None:
                    await under.hold(tx)
                types = await self._reach.types(tx, actor, purpose, query.types)
                hits = await self._reach.hits(tx, actor, holder, purpose, types, query.fields, counted=False)
                usable = [hit for hit in hits if self._usable(hit, query.licence_id)]
                issued = [await self._issue(tx, hit, query, purpose, actor) for hit in usable]
                if under is not None and issued:
                    await under.record(tx, issued)
                await self._record(tx, usable, holder, purpose, actor, under)
                await tx.commit()
        return issued

    def _usable(self, hit: Hit, only: str | None) -> bool:
        wanted = only is None or hit.licence.id == only
        return wanted and status_today(hit.licence, self._repository.today()) is Status.VALID

    async def _issue(
        self, tx: WriteTx, hit: Hit, query: UseCodeQuery, purpose: Purpose, actor: Principal
    ) -> IssuedCode:
        now, code = self._repository.now(), new_secret(24)
        made = UseCode(
            id=new_id(self._repository.clock, "use"),
            client_id=actor.id,
            organisation=acting_organisation(actor),
            licence_id=hit.licence.id,
            version=hit.licence.current.number,
            type_code=hit.licence.type_code,
            purpose=purpose,
            fields=hit.fields,
            consent_id=hit.consent_id,
            created_at=now,
            ends_at=now + dt.timedelta(minutes=query.minutes),
            max_uses=query.uses,
        )
        await self._store.add(tx, made, self._digests.digest(DIGEST_USE, code))
        version = hit.licence.current
        return IssuedCode(code, made, hit.licence_type.name, version.identifier, version.valid_until)

    async def _record(
        self,
        tx: WriteTx,
        hits: Sequence[Hit],
        holder: HolderCode,
        purpose: Purpose,
        actor: Principal,
        under: Under | None,
    ) -> None:
        """That there are such licences was told; what is in them is recorded when a code is redeemed."""
        repository, looks = self._repository, []
        for hit in hits:
            looks += look_at(repository, actor, Look.USE_CODE, purpose, licence=hit.licence, consent_id=hit.consent_id)
        await repository.access.add(tx, looks or [look_for(repository, actor, Look.USE_CODE, purpose, holder)])
        detail: Detail = {"codes": len(hits)} | ({"authority": under.mandate.id} if under else {})
        tx.audit(AuditEvent("use-code.issue", "done", actor, None, purpose, detail))


def _check_limits(query: UseCodeQuery) -> None:
    if not 1 <= query.minutes <= MAX_MINUTES:
        raise InvalidInput(
            "minutes-invalid", Text("有效时间应为 1 到 1440 分钟。", "Minutes of life: 1 to 1440."), field="minutes"
        )
    if not 1 <= query.uses <= MAX_USES:
        raise InvalidInput("uses-invalid", Text("使用次数应为 1 到 20 次。", "Number of uses: 1 to 20."), field="uses")
