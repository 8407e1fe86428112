"""The book of evidence: whatever is recorded or ends, the account's level follows in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from core.audit.event import AuditEvent, Detail, Outcome
from core.clock import Clock
from core.db.database import Database, ReadTx, WriteTx
from core.ids import new_id
from core.principal import SYSTEM, Principal
from idp.evidence.model import Evidence, EvidenceKind, NewEvidence, Result
from idp.evidence.ports import EvidenceStore
from idp.evidence.rules import end_of, level_of

EXPIRED = "expired"
_REPLACED = "replaced"
_AT_ONCE = 100


class EvidenceBook:
    """Works inside the caller's transaction; the caller commits."""

    def __init__(self, store: EvidenceStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def add(self, tx: WriteTx, account_id: str, new: NewEvidence, actor: Principal) -> int:
        """Record it, in place of an earlier record of the same kind and source.

        Returns:
            The level that the account has then.
        """
        held = await self._store.hold(tx, account_id)
        assert held is not None, "evidence is of an account"
        now = self._clock.now()
        if new.result is Result.AGREED and new.kind is not EvidenceKind.BOUND_KEY:  # several keys count side by side
            await self._store.end(tx, account_id, kind=new.kind, source=new.source, at=now, reason=_REPLACED)
        record = Evidence(
            id=new_id(self._clock, "evd"),
            account_id=account_id,
            kind=new.kind,
            source=new.source,
            result=new.result,
            at=now,
            expires_at=end_of(new.kind, now, new.until),
            by=new.by,
            level=new.level,
            reference=new.reference,
        )
        await self._store.add(tx, record)
        detail: Detail = {"kind": new.kind.value, "source": new.source, "evidence": record.id}
        outcome: Outcome = "done" if new.result is Result.AGREED else "refused"
        tx.audit(AuditEvent("evidence.add", outcome, actor, account_id, detail=detail))
        return await self._settle(tx, account_id, held, actor)

    async def end(
        self,
        tx: WriteTx,
        account_id: str,
        kind: EvidenceKind,
        *,
        reason: str,
        actor: Principal,
        reference: str | None = None,
    ) -> int:
        """End what there is of a kind, or what rests on one thing; answers the level that remains."""
        held = await self._store.hold(tx, account_id)
        assert held is not None, "evidence is of an account"
        ended = await self._store.end(
            tx, account_id, kind=kind, at=self._clock.now(), reason=reason, reference=reference
        )
        if ended:
            detail: Detail = {"kind": kind.value, "reason": reason}
            tx.audit(AuditEvent("evidence.end", "done", actor, account_id, detail=detail))
        return await self._settle(tx, account_id, held, actor)

    async def take_over(self, tx: WriteTx, *, account_id: str, to: str, actor: Principal) -> int:
        """Let the records of one account speak for another of the same person; answers the level of that one."""
        await self._store.move(tx, account_id=account_id, to=to)
        return await self.settle(tx, to, actor)

    async def settle(self, tx: WriteTx, account_id: str, actor: Principal = SYSTEM) -> int:
        """Bring the account's level to what its evidence carries now."""
        held = await self._store.hold(tx, account_id)
        assert held is not None, "evidence is of an account"
        return await self._settle(tx, account_id, held, actor)

    async def _settle(self, tx: WriteTx, account_id: str, held: int, actor: Principal) -> int:
        level = level_of(await self._store.of_account(tx, account_id), self._clock.now())
        if level != held:
            await self._store.set_level(tx, account_id, level)
            action = "account.raise-level" if level > held else "account.lower-level"
            tx.audit(AuditEvent(action, "done", actor, account_id, detail={"from": held, "to": level}))
        return level

    async def of(self, tx: ReadTx, account_id: str) -> Sequence[Evidence]:
        """All that is kept about one account, the newest first."""
        return await self._store.of_account(tx, account_id)


class LapseEvidence:
    """For the worker: ends what has run out, so that levels fall when their evidence does."""

    def __init__(self, database: Database, store: EvidenceStore, book: EvidenceBook, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._book = book
        self._clock = clock

    async def __call__(self) -> int:
        """How many accounts were looked at; a transaction for each, so that none waits for another."""
        now, count = self._clock.now(), 0
        while True:
            async with self._database.read() as tx:
                due = await self._store.run_out(tx, now, _AT_ONCE)
            for account_id in due:
                await self._one(account_id)
            count += len(due)
            if len(due) < _AT_ONCE:
                return count

    async def _one(self, account_id: str) -> None:
        async with self._database.write() as tx:
            await self._store.hold(tx, account_id)
            for one in await self._store.of_account(tx, account_id):
                if one.ended_at is None and one.expires_at is not None and one.expires_at <= self._clock.now():
                    await self._lapse(tx, one)
            await self._book.settle(tx, account_id)
            await tx.commit()

    async def _lapse(self, tx: WriteTx, one: Evidence) -> None:
        assert one.expires_at is not None
        await self._store.lapse(tx, one.id, at=one.expires_at, reason=EXPIRED)
