"""What the owner of a batch decides: started, resumed, tried again, cancelled."""

from __future__ import annotations

import hashlib

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, ReadTx, WriteTx
from core.principal import Principal
from signing.batches.errors import BatchEmpty, BatchFileNotFound, BatchMoved
from signing.batches.grounds import approval_grant, own_batch
from signing.batches.model import KEPT_FOR, LIFE, LIVING, Approval, Batch, BatchState
from signing.batches.ports import BatchStore
from signing.model import SealGrant
from signing.refusals import refusals_on_record
from signing.seals.story import checked_reason
from signing.use_rights import Use, UseRights

_AT_ONCE = 500


class SteerBatch:
    """For the owner."""

    def __init__(self, database: Database, store: BatchStore, rights: UseRights, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._rights = rights
        self._clock = clock

    async def start(self, batch_id: str, actor: Principal) -> Batch:
        """No files come in from now on. Where the grant wants it, a second person decides over all of them at once.

        Raises:
            BatchNotFound, BatchMoved, BatchEmpty
            SealNotGranted, SealNotActive, SealUsesSpent
            core.errors.InvalidInput: `reason-invalid`: whoever approves must know what for.
        """
        return await self._go(batch_id, actor, "seal.batch-start", [BatchState.COLLECTING])

    async def resume(self, batch_id: str, actor: Principal) -> Batch:
        """Go on with a batch that was halted, when what it rests on holds again.

        Raises:
            As `start`.
        """
        return await self._go(batch_id, actor, "seal.batch-resume", [BatchState.HALTED])

    async def try_again(self, batch_id: str, actor: Principal, file_id: str | None = None) -> Batch:
        """Have refused files, or the one, tried once more, as they were brought.

        Raises:
            As `start`; BatchFileNotFound: there is none to try.
        """
        states = [BatchState.DONE, BatchState.HALTED, BatchState.RUNNING]
        return await self._go(batch_id, actor, "seal.batch-retry", states, again=(file_id,))

    async def _go(
        self,
        batch_id: str,
        actor: Principal,
        action: str,
        states: list[BatchState],
        *,
        again: tuple[str | None] | None = None,
    ) -> Batch:
        async with refusals_on_record(self._database, action, actor, subject=batch_id):
            batch = await own_batch(self._database, self._store, batch_id, actor)
            if batch.state not in states:
                raise BatchMoved(batch.state)
            wishes = batch.wishes
            _, grants = await self._rights.granted(Use(actor, batch.seal_id, wishes.document_class))
            grant = approval_grant(grants)
            if grant is not None:
                checked_reason(wishes.reason or "", needed=True)
            async with self._database.write() as tx:
                held = await self._store.hold(tx, batch_id)
                if held is None or held.state not in states:
                    raise BatchMoved(held.state if held else BatchState.LAPSED)
                if not held.files:
                    raise BatchEmpty
                if again is not None and not await self._store.try_again(tx, batch_id, *again):
                    raise BatchFileNotFound
                await self._set_going(tx, held, grant)
                detail: dict[str, str | int | bool | None] = {"files": held.files}
                tx.audit(AuditEvent(action, "done", actor, subject=batch_id, detail=detail))
                await tx.commit()
        return await own_batch(self._database, self._store, batch_id, actor)

    async def _set_going(self, tx: WriteTx, held: Batch, grant: SealGrant | None) -> None:
        now = self._clock.now()
        if grant is None or _approved(held, grant, self._clock):
            state, approval = BatchState.RUNNING, None
        else:
            state, approval = BatchState.ASKED, Approval(grant.id, await list_digest(self._store, tx, held.id))
        await self._store.move(tx, held.id, state, [held.state], now=now, expires_at=now + LIFE, approval=approval)

    async def cancel(self, batch_id: str, actor: Principal) -> Batch:
        """What is sealed stays sealed; nothing more is, from the answer on.

        Raises:
            BatchNotFound, BatchMoved
        """
        async with refusals_on_record(self._database, "seal.batch-cancel", actor, subject=batch_id):
            await own_batch(self._database, self._store, batch_id, actor)
            now = self._clock.now()
            async with self._database.write() as tx:
                if not await self._store.move(
                    tx, batch_id, BatchState.CANCELLED, sorted(LIVING), now=now, expires_at=now + KEPT_FOR
                ):
                    held = await self._store.batch(tx, batch_id)
                    raise BatchMoved(held.state if held else BatchState.LAPSED)
                cancelled = await self._store.cancel_waiting(tx, batch_id)
                detail: dict[str, str | int | bool | None] = {"cancelled": cancelled}
                tx.audit(AuditEvent("seal.batch-cancel", "done", actor, subject=batch_id, detail=detail))
                await tx.commit()
        return await own_batch(self._database, self._store, batch_id, actor)


def _approved(batch: Batch, grant: SealGrant, clock: Clock) -> bool:
    given = batch.approval
    return given is not None and given.grant_id == grant.id and given.until is not None and given.until > clock.now()


async def list_digest(store: BatchStore, tx: ReadTx, batch_id: str) -> str:
    """SHA-256 of the list of files, hexadecimal: what a second person approves."""
    digest, after = hashlib.sha256(), 0
    while files := await store.files(tx, batch_id, after=after, limit=_AT_ONCE):
        for file in files:
            digest.update(list_line(file.digest, file.name))
        after = files[-1].number
    return digest.hexdigest()


def list_line(digest: str, name: str) -> bytes:
    """One line of the list, as `sha256sum` writes it."""
    return f"{digest}  {name}\n".encode()
