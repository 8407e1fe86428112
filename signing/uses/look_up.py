"""Finds requests to use a seal, and opens their files for whoever decides."""

from __future__ import annotations

from core.audit.event import AuditEvent
from core.db.database import Database
from core.files.scratch import FileBytes
from core.paging import Page, encode_cursor, last_id, page_size
from core.principal import Principal
from keys.ports import DocumentVault
from signing.errors import UseRequestNotFound
from signing.model import RequestState, UseRequest
from signing.policy import may_approve, may_look
from signing.ports import SealStore, UseRequestStore
from signing.uses.ask import asked_by, request_context


class UseRequests:
    """Look-ups. Requests are for those who asked, and for those who look after the seal."""

    def __init__(self, database: Database, store: SealStore, requests: UseRequestStore, vault: DocumentVault) -> None:
        self._database = database
        self._store = store
        self._requests = requests
        self._vault = vault

    async def one(self, request_id: str, *, actor: Principal) -> UseRequest:
        """
        Raises:
            UseRequestNotFound: also when it is nothing to this caller.
        """
        async with self._database.read() as tx:
            request = await self._requests.request(tx, request_id)
            seal = await self._store.seal(tx, request.seal_id) if request else None
        if request is None or seal is None:
            raise UseRequestNotFound
        if not asked_by(request, actor) and not may_look(actor, seal.organisation):
            raise UseRequestNotFound
        return request

    async def page(
        self,
        *,
        actor: Principal,
        state: RequestState | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> Page[UseRequest]:
        """Those about the seals of the caller's organisation, newest first: all for those who look after them, their
        own for everybody else."""
        organisation, size, before = actor.organisation or "", page_size(limit), last_id(cursor)
        own = None if may_look(actor, organisation) else (actor.kind.value, actor.id[:128])
        async with self._database.read() as tx:
            found = await self._requests.of_seals(
                tx, organisation, requester=own, state=state, before=before, limit=size + 1
            )
        more = len(found) > size
        return Page(found[:size], encode_cursor(found[size - 1].id) if more else None)

    async def file(self, request_id: str, *, actor: Principal) -> FileBytes:
        """The file that waits: for the one who asked, and for those who decide. Each look is on record.

        Raises:
            UseRequestNotFound: also when the request is over, and its file gone.
        """
        request = await self.one(request_id, actor=actor)
        async with self._database.read() as tx:
            seal = await self._store.seal(tx, request.seal_id)
        allowed = asked_by(request, actor) or (seal is not None and may_approve(actor, seal.organisation))
        if request.document is None or not allowed:
            raise UseRequestNotFound
        content = await self._vault.open_file(request.document, context=request_context(request.id))
        detail: dict[str, str | int | bool | None] = {"request": request.id}
        await self._database.record(
            AuditEvent("seal.request-read", "done", actor, subject=request.seal_id, detail=detail)
        )
        return content
