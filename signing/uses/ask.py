"""Asks for a single use of a seal (用印申请), where the grant wants a second person's approval."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import LimitExceeded
from core.files.reading import LARGE, hashed
from core.files.scratch import FileBytes
from core.ids import new_id
from core.principal import Principal
from core.text import Text
from keys.ports import DocumentVault
from signing.errors import UseRequestNotFound, UseRequestOver
from signing.isolation.port import Isolation
from signing.model import GrantForm, RequestState, SealGrant, UseRequest
from signing.ports import SealStore, UseRequestStore
from signing.refusals import refusals_on_record
from signing.seal_file import check_sealable
from signing.seal_pdf import check_words
from signing.seals.story import checked_reason
from signing.settings import SigningSettings
from signing.use_rights import Use, UseRights
from signing.work_pool import WorkPool

LIFE = dt.timedelta(days=7)
MAX_OPEN = 50
REQUESTING = "seal.request"


@dataclass(frozen=True, slots=True)
class AskCommand:
    """A PDF or an OFD to have approved; `reason` tells the one who decides what it is for."""

    pdf: FileBytes = field(repr=False)
    seal_id: str
    actor: Principal
    document_class: str
    reason: str = field(repr=False)


class AskForUse:
    """Enters a request; the file waits, encrypted, until it is over."""

    def __init__(
        self,
        database: Database,
        store: SealStore,
        requests: UseRequestStore,
        vault: DocumentVault,
        clock: Clock,
        pool: WorkPool,
        isolation: Isolation,
        settings: SigningSettings,
    ) -> None:
        self._database = database
        self._rights = UseRights(database, store, requests, clock)
        self._requests = requests
        self._vault = vault
        self._clock = clock
        self._pool = pool
        self._isolation = isolation
        self._settings = settings

    async def __call__(self, command: AskCommand) -> UseRequest:
        """
        Raises:
            SealNotGranted: also for a seal that does not exist.
            SealNotActive
            PdfRefused, OfdRefused: a file that could not be sealed anyway.
            core.errors.Conflict: `seal-approval-not-needed`.
            core.errors.InvalidInput: `reason-invalid`, `document-class-invalid`.
            core.errors.LimitExceeded: `too-many-requests-open`, `too-large`, `busy`.
        """
        reason = checked_reason(command.reason, needed=True)
        check_words(command.document_class, reason)
        async with refusals_on_record(self._database, REQUESTING, command.actor, subject=command.seal_id):
            use = Use(command.actor, command.seal_id, command.document_class)
            grant = await self._rights.to_ask(use)
            pool = self._pool.lane(len(command.pdf))
            await pool.run(check_sealable, self._isolation, command.pdf, self._settings.max_pdf_bytes)
            if len(command.pdf) > LARGE:
                await pool.run(hashed, command.pdf)
            request = new_request(use, grant, reason, hashed(command.pdf).hexdigest(), self._clock)
            address = await self._vault.keep(command.pdf, context=request_context(request.id))
            async with self._database.write() as tx:
                await add_request(tx, self._requests, _with_file(request, address), command.actor)
                await tx.commit()
        return _with_file(request, address)

    async def withdraw(self, request_id: str, *, actor: Principal) -> UseRequest:
        """Take one's own request back, before it was used.

        Raises:
            UseRequestNotFound, UseRequestOver
        """
        async with (
            refusals_on_record(self._database, "seal.request-withdraw", actor, subject=request_id),
            self._database.write() as tx,
        ):
            request = await self._requests.request(tx, request_id)
            if request is None or not asked_by(request, actor):
                raise UseRequestNotFound
            if not await self._requests.withdraw(tx, request_id):
                raise UseRequestOver
            detail: dict[str, str | int | bool | None] = {"request": request_id}
            tx.audit(AuditEvent("seal.request-withdraw", "done", actor, subject=request.seal_id, detail=detail))
            withdrawn = await self._requests.request(tx, request_id)
            await tx.commit()
        assert withdrawn is not None
        return withdrawn


def new_request(use: Use, grant: SealGrant, reason: str, digest: str, clock: Clock) -> UseRequest:
    """An open request, not yet entered.

    Args:
        digest: of the file, or what stands for one that nobody sees.
    """
    now = clock.now()
    return UseRequest(
        id=new_id(clock, "sealreq"),
        seal_id=use.seal_id,
        grant_id=grant.id,
        requester_kind=use.actor.kind.value,
        requester=use.actor.id[:128],
        requester_organisation=use.actor.organisation,
        document_class=use.document_class,
        reason=reason,
        digest=digest,
        document=None,
        state=RequestState.OPEN,
        created_at=now,
        expires_at=now + LIFE,
        form=use.form,
    )


async def add_request(tx: WriteTx, requests: UseRequestStore, request: UseRequest, actor: Principal) -> None:
    """Enter a request, and that it was made.

    Raises:
        core.errors.LimitExceeded: `too-many-requests-open`.
    """
    waiting = await requests.open_of(tx, request.requester_kind, request.requester, request.created_at)
    if waiting >= MAX_OPEN:
        raise _too_many()
    await requests.add(tx, request)
    detail: dict[str, str | int | bool | None] = {
        "request": request.id,
        "class": request.document_class,
        "digest": request.digest,
    }
    if request.form is not GrantForm.DOCUMENT:
        detail["form"] = request.form.value
    tx.audit(AuditEvent(REQUESTING, "done", actor, subject=request.seal_id, detail=detail))


def asked_by(request: UseRequest, actor: Principal) -> bool:
    return (request.requester_kind, request.requester) == (actor.kind.value, actor.id[:128])


def request_context(request_id: str) -> str:
    """The place that a waiting file is bound to."""
    return f"seal_request.document:{request_id}"


def _with_file(request: UseRequest, address: str) -> UseRequest:
    return replace(request, document=address)


def _too_many() -> LimitExceeded:
    return LimitExceeded(
        "too-many-requests-open",
        Text(
            f"您已有 {MAX_OPEN} 个用印申请在等审批，请先等办完或撤回几个。",
            f"{MAX_OPEN} of your requests wait already. Let some be decided, or withdraw some.",
        ),
    )
