"""Seals the files of batches, one by one, beside everything else that the service does.

A worker takes a handful of files under a lease. What happens to a file is one unit: the use of the seal is counted,
entered in the ledger and in the public log, and the file is marked as sealed, all or nothing. So whenever a worker
dies, a file is sealed, and everybody says so, or it waits, and another worker takes it up when the lease ends.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from dataclasses import dataclass

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import AppError, LimitExceeded, Unavailable
from core.principal import SYSTEM, Principal
from signing.batches.commands import command_for
from signing.batches.errors import ClaimLost, approval_over, owner_gone
from signing.batches.model import KEPT_FOR, LIFE, Batch, BatchFile, BatchState, Fault
from signing.batches.ports import BatchStore, SealUsers
from signing.batches.sources import BatchSources
from signing.errors import SealApprovalNeeded, SealNotActive, SealNotGranted, SealUsesSpent
from signing.model import SealGrant, SignatureRecord
from signing.seal_file import SealFile

_log = logging.getLogger(__name__)
LEASE = dt.timedelta(minutes=5)  # many times what a handful of files may take
HANDFUL = 16
_LANES = 4  # files of a handful at a time: while one is signed, others wait for the disk
_SMALL = 2_000_000  # octets; a larger file goes alone, so that callers who wait for an answer find a free thread
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 600.0
_STOPS_ALL = (SealNotActive, SealNotGranted, SealUsesSpent, SealApprovalNeeded)
_LASTING = frozenset({"blob-damaged", "field-damaged"})  # of what is "unavailable", what will not pass


@dataclass
class _Handful:
    """What a worker has in hand."""

    batch: Batch
    actor: Principal
    left: list[BatchFile]
    stopped: bool = False

    def __post_init__(self) -> None:
        self.stumbled = self.batch.stumbles > 0

    def rest(self) -> list[BatchFile]:
        """What nobody began; nobody will."""
        rest, self.left = self.left, []
        return rest


@dataclass(frozen=True)
class _FileOfBatch:
    """Implements `signing.ports.PartOfMore`."""

    store: BatchStore
    batch: Batch
    file: BatchFile

    def approved(self, grant: SealGrant) -> bool:
        return self.batch.approval is not None and self.batch.approval.grant_id == grant.id

    async def settle(self, tx: WriteTx, record: SignatureRecord) -> None:
        # what was acknowledged, and approved, is what is sealed
        if record.digest_before != self.file.digest or not await self.store.seal(tx, self.file, record.id):
            raise ClaimLost


class RunBatches:
    """For the worker; any number may run."""

    def __init__(
        self,
        database: Database,
        store: BatchStore,
        sources: BatchSources,
        users: SealUsers,
        seal_file: SealFile,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._sources = sources
        self._users = users
        self._seal_file = seal_file
        self._clock = clock

    async def step(self) -> bool:
        """A handful of files of the batch whose turn it is; False when there is nothing to do."""
        now = self._clock.now()
        async with self._database.write() as tx:
            claimed = await self._store.claim(tx, now=now, until=now + LEASE, most=HANDFUL)
            await tx.commit()
        if claimed is not None:
            await self._work(claimed.batch, list(claimed.files))
        await self._finish_settled()
        return claimed is not None

    async def through(self) -> int:
        """Work until there is nothing more to do here and now; answers the number of steps."""
        steps = 0
        while await self.step():
            steps += 1
        return steps

    async def forever(self, *, pause: float = 0.002, idle: float = 0.5) -> None:
        """For the life of a worker.

        Args:
            pause: seconds between two handfuls, so that callers who wait for an answer come first.
            idle: seconds between two looks when there was nothing to do.
        """
        while True:
            try:
                worked = await self.step()
            except Exception as error:  # the leases end, and the files come again
                _log.warning("files of a batch were not worked on: %s", type(error).__name__)
                worked = False
            await asyncio.sleep(pause if worked else idle)

    async def _work(self, batch: Batch, files: list[BatchFile]) -> None:
        actor, over = await self._users.now(batch.owner), self._approval_over(batch)
        if actor is None or over is not None:
            await self._halt(batch, files, over or owner_gone())
            return
        if not files:  # all that was left had to be set aside
            return
        work = _Handful(batch, actor, files)
        lanes = 1 if max(file.octets for file in files) > _SMALL else _LANES
        async with asyncio.TaskGroup() as group:
            for _ in range(min(lanes, len(files))):
                group.create_task(self._lane(work))

    async def _lane(self, work: _Handful) -> None:
        """Some files wait for the disk while others are signed."""
        while work.left:
            file = work.left.pop(0)
            if not await self._one(work, file):
                return
            if work.stumbled and not work.stopped:
                work.stumbled = False
                await self._steady(work.batch)

    async def _steady(self, batch: Batch) -> None:
        async with self._database.write() as tx:
            await self._store.steady(tx, batch.id)
            await tx.commit()

    def _approval_over(self, batch: Batch) -> Fault | None:
        given = batch.approval
        if given is None or given.until is None or given.until > self._clock.now():
            return None
        return approval_over()

    async def _one(self, work: _Handful, file: BatchFile) -> bool:
        """False when there is no use in going on now; then all that is left was given back."""
        try:
            await self._seal(work.batch, file, work.actor)
        except ClaimLost:
            pass  # it is decided, or another worker has it
        except _STOPS_ALL as reason:
            await self._halt(work.batch, [file, *work.rest()], Fault(reason.code, reason.text))
            return False
        except AppError as fault:
            if _passes(fault):
                await self._stumble(work, file, fault)
                return False
            await self._refuse(file, fault)
        except Exception as error:  # of ours, or of a parser: the file is begun again, alone, and set aside in the end
            _log.warning("a file of a batch broke its work off: %s", type(error).__name__)
            await self._give_back([file], counted=True)
        return True

    async def _seal(self, batch: Batch, file: BatchFile, actor: Principal) -> None:
        assert file.document is not None  # stays as long as the file may wait
        content = await self._sources.open(file.id, file.document)
        await self._seal_file(command_for(batch, content, actor), part=_FileOfBatch(self._store, batch, file))

    async def _refuse(self, file: BatchFile, fault: AppError) -> None:
        async with self._database.write() as tx:
            await self._store.refuse(tx, file, Fault(fault.code, fault.text))
            await tx.commit()

    async def _give_back(self, files: list[BatchFile], *, counted: bool) -> None:
        async with self._database.write() as tx:
            await self._store.give_back(tx, files, counted=counted)
            await tx.commit()

    async def _halt(self, batch: Batch, files: list[BatchFile], fault: Fault) -> None:
        now = self._clock.now()
        async with self._database.write() as tx:
            await self._store.give_back(tx, files, counted=False)
            halted = await self._store.move(
                tx,
                batch.id,
                BatchState.HALTED,
                [BatchState.RUNNING],
                now=now,
                expires_at=now + LIFE,
                halted=fault,
            )
            if halted:
                event = AuditEvent("seal.batch-halt", "done", SYSTEM, subject=batch.id, detail={"code": fault.code})
                tx.audit(event)
            await tx.commit()

    async def _stumble(self, work: _Handful, file: BatchFile, fault: AppError) -> None:
        first, work.stopped = not work.stopped, True
        batch, files = work.batch, [file, *work.rest()]
        pause = min(_FIRST_PAUSE * 2 ** min(batch.stumbles, 10), _LONGEST_PAUSE)
        async with self._database.write() as tx:
            await self._store.give_back(tx, files, counted=False)
            if first:  # what befalls several files of a handful is one stumble
                _log.warning("a batch waits: %s", fault.code)
                await self._store.stumble(tx, batch.id, due_at=self._clock.now() + dt.timedelta(seconds=pause))
            await tx.commit()

    async def _finish_settled(self) -> None:
        async with self._database.read() as tx:
            settled = await self._store.settled(tx)
        for batch_id in settled:
            now = self._clock.now()
            async with self._database.write() as tx:
                if await self._store.finish(tx, batch_id, now=now, expires_at=now + KEPT_FOR):
                    counts = await self._store.counts(tx, batch_id)
                    detail: dict[str, str | int | bool | None] = {"sealed": counts.sealed, "refused": counts.refused}
                    tx.audit(AuditEvent("seal.batch-done", "done", SYSTEM, subject=batch_id, detail=detail))
                    await tx.commit()


def _passes(fault: AppError) -> bool:
    """Whether it is nothing about the file, and may be over in a while."""
    if isinstance(fault, LimitExceeded):
        return fault.retry_after is not None
    return isinstance(fault, Unavailable) and fault.code not in _LASTING
