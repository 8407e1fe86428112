"""Whether somebody may use a seal now, and on which grant the use is counted; for files, digests and hashes alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from core.audit.event import AuditEvent
from core.clock import Clock, calendar_day
from core.db.database import Database, WriteTx
from core.errors import AppError, Conflict
from core.principal import Principal
from core.text import Text
from signing.errors import (
    SealApprovalNeeded,
    SealNotActive,
    SealNotGranted,
    SealUsesSpent,
    UseRequestNotFound,
    UseRequestOver,
)
from signing.model import GrantForm, RequestState, Seal, SealGrant, SealStatus, SignatureRecord, UseRequest
from signing.policy import grants_for
from signing.ports import PartOfMore, SealStore, UseRequestStore


@dataclass(frozen=True, slots=True)
class Use:
    """Who wants to use which seal for what; `request_id` where it rests on an approved request."""

    actor: Principal
    seal_id: str
    document_class: str
    form: GrantForm = GrantForm.DOCUMENT
    request_id: str | None = None


class UseRights:
    """Asks grants and requests before anything is signed, and counts the use when it is entered."""

    def __init__(self, database: Database, store: SealStore, requests: UseRequestStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._requests = requests
        self._clock = clock

    async def granted(self, use: Use) -> tuple[Seal, list[SealGrant]]:
        """The seal, active, and the grants that give it to the actor today.

        Raises:
            SealNotGranted: also for a seal that does not exist.
            SealNotActive
        """
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, use.seal_id)
            given = await self._store.grants_of(tx, use.seal_id) if seal else []
        # an unknown seal is answered like one without a grant, so that seals cannot be counted by guessing
        if seal is None:
            raise SealNotGranted
        today = calendar_day(self._clock.now())
        grants = grants_for(use.actor, seal, given, document_class=use.document_class, today=today, form=use.form)
        if not grants:
            raise SealNotGranted
        if seal.status is not SealStatus.ACTIVE:
            raise SealNotActive
        return seal, grants

    async def to_ask(self, use: Use) -> SealGrant:
        """The grant under which a second person's approval is asked for.

        Raises:
            SealNotGranted, SealNotActive
            core.errors.Conflict: `seal-approval-not-needed`.
        """
        _, grants = await self.granted(use)
        wanting = [grant for grant in grants if grant.approval]
        if not wanting:
            raise Conflict(
                "seal-approval-not-needed",
                Text("您的授权不用审批，可以直接盖章。", "Your grant needs no approval; seal the file right away."),
            )
        return wanting[0]

    async def usable(
        self,
        use: Use,
        grants: Sequence[SealGrant],
        digest: Callable[[], str],
        *,
        uses: int = 1,
        part: PartOfMore | None = None,
    ) -> Sequence[SealGrant]:
        """The grants that this use may rest on; told before anything is signed for nothing.

        Args:
            digest: of what shall be sealed, as `UseRequest.digest` has it; asked for only where a request is named.
            part: of what the use is a part, which may have been approved as a whole.

        Raises:
            UseRequestNotFound, UseRequestOver, SealNotGranted
            SealApprovalNeeded, SealUsesSpent
        """
        if use.request_id is not None:
            usable = await self._requested(use, use.request_id, grants, digest())
        else:
            usable = [grant for grant in grants if not grant.approval or (part is not None and part.approved(grant))]
            if not usable:
                raise SealApprovalNeeded
        if sum(uses if grant.max_uses is None else grant.max_uses - grant.uses for grant in usable) < uses:
            raise SealUsesSpent
        return usable

    async def _requested(
        self, use: Use, request_id: str, grants: Sequence[SealGrant], digest: str
    ) -> Sequence[SealGrant]:
        async with self._database.read() as tx:
            request = await self._requests.request(tx, request_id)
        usable = [grant for grant in grants if request is not None and grant.id == request.grant_id]
        if request is None or not is_for(request, use, digest):
            raise UseRequestNotFound
        if request.state is not RequestState.APPROVED or request.expires_at <= self._clock.now():
            raise UseRequestOver
        if not usable:  # the grant that it was asked under has ended meanwhile
            raise SealNotGranted
        return usable

    async def enter(self, tx: WriteTx, use: Use, usable: Sequence[SealGrant], record: SignatureRecord) -> None:
        """Enter a use: its request spent, its grant counted, the ledger and the audit log written. The seal must be
        active at that very moment.

        Raises:
            UseRequestOver, SealUsesSpent, SealNotGranted, SealNotActive
        """
        await self._spend(tx, use, record.id)
        grant_id = await self._count(tx, usable)
        if not await self._store.add_signature(tx, replace(record, grant_id=grant_id)):
            raise SealNotActive
        detail: dict[str, str | int | bool | None] = {
            "signature": record.id,
            "grant": grant_id,
            "class": record.document_class,
            "before": record.digest_before,
            "after": record.digest_after,
            "level": record.level,
        }
        if record.form is not GrantForm.DOCUMENT:
            detail["form"] = record.form.value
        tx.audit(AuditEvent("seal.use", "done", use.actor, subject=record.seal_id, detail=detail))

    async def refuse(self, use: Use, refusal: AppError) -> None:
        """What was refused is on record too."""
        detail: dict[str, str | int | bool | None] = {"code": refusal.code, "class": use.document_class[:64]}
        if use.form is not GrantForm.DOCUMENT:
            detail["form"] = use.form.value
        await self._database.record(
            AuditEvent("seal.use", "refused", use.actor, subject=use.seal_id[:128], detail=detail)
        )

    async def _count(self, tx: WriteTx, usable: Sequence[SealGrant]) -> str:
        """The first of the grants that has a use left at this very moment, with that use counted."""
        for grant in usable:
            if await self._store.count_use(tx, grant.id):
                return grant.id
        now = [await self._store.grant(tx, grant.id) for grant in usable]
        if any(grant is not None and grant.ended_at is None for grant in now):
            raise SealUsesSpent
        raise SealNotGranted  # taken back meanwhile

    async def _spend(self, tx: WriteTx, use: Use, signature_id: str) -> None:
        """Use the approval, if the use rests on one, and nobody was faster."""
        if use.request_id is not None and not await self._requests.spend(
            tx, use.request_id, signature_id=signature_id, at=self._clock.now()
        ):
            raise UseRequestOver


def is_for(request: UseRequest, use: Use, digest: str) -> bool:
    """Whether what was approved is what shall be sealed: the requester's own, the same seal, class, form and digest."""
    return (
        (request.requester_kind, request.requester) == (use.actor.kind.value, use.actor.id[:128])
        and (request.seal_id, request.document_class) == (use.seal_id, use.document_class)
        and (request.form, request.digest) == (use.form, digest)
    )
