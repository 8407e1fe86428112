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
from enum import Enum, auto

from core.audit.event import AuditEvent
from core.clock import Clock
from core.db.database import Database, WriteTx
from core.errors import AppError, LimitExceeded, NotFound, Unavailable
from core.principal import SYSTEM, Principal
from keys.errors import FieldDamaged
from signing.batches.commands import command_for
from signing.batches.errors import ClaimLost, approval_over, owner_gone
from signing.batches.model import KEPT_FOR, LIFE, Batch, BatchFile, BatchState, Fault
from signing.batches.ports import BatchStore, SealUsers
from signing.batches.sources import BatchSources
from signing.errors import SealApprovalNeeded, SealNotActive, SealNotGranted, SealUsesSpent
from signing.model import SealGrant, SignatureRecord
from signing.seal_pdf import SealPdf

_log = logging.getLogger(__name__)
LEASE = dt.timedelta(minutes=5)  # many times what a handful of files may take
HANDFUL = 8
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 600.0
_STOPS_ALL = (SealNotActive, SealNotGranted, SealUsesSpent, SealApprovalNeeded)
_DAMAGED = "blob-damaged"


class _Next(Enum):
    """What follows one file."""

    GO_ON = auto()
    STOP = auto()  # the rest of the handful is given back


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
        seal_pdf: SealPdf,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._sources = sources
        self._users = users
        self._seal_pdf = seal_pdf
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
        stumbled = batch.stumbles > 0
        while files:
            file = files.pop(0)
            if await self._one(batch, file, actor, files) is _Next.STOP:
                return
            if stumbled:
                stumbled = False
                await self._steady(batch)

    async def _steady(self, batch: Batch) -> None:
        async with self._database.write() as tx:
            await self._store.steady(tx, batch.id)
            await tx.commit()

    def _approval_over(self, batch: Batch) -> Fault | None:
        given = batch.approval
        if given is None or given.until is None or given.until > self._clock.now():
            return None
        return approval_over()

    async def _one(self, batch: Batch, file: BatchFile, actor: Principal, rest: list[BatchFile]) -> _Next:
        try:
            await self._seal(batch, file, actor)
        except ClaimLost:
            return _Next.GO_ON  # it is decided, or another worker has it
        except _STOPS_ALL as reason:
            await self._halt(batch, [file, *rest], Fault(reason.code, reason.text))
            return _Next.STOP
        except (FieldDamaged, NotFound) as fault:
            await self._refuse(file, fault)
        except Unavailable as fault:
            if fault.code == _DAMAGED:
                await self._refuse(file, fault)
            else:
                await self._stumble(batch, [file, *rest], fault)
                return _Next.STOP
        except LimitExceeded as fault:
            if fault.retry_after is None:
                await self._refuse(file, fault)
            else:
                await self._stumble(batch, [file, *rest], fault)
                return _Next.STOP
        except AppError as fault:
            await self._refuse(file, fault)
        except Exception as error:  # of ours, or of a parser: the file is begun again, alone, and set aside in the end
            _log.warning("a file of a batch broke its work off: %s", type(error).__name__)
            await self._give_back([file], counted=True)
        return _Next.GO_ON

    async def _seal(self, batch: Batch, file: BatchFile, actor: Principal) -> None:
        assert file.document is not None  # stays as long as the file may wait
        content = await self._sources.open(file.id, file.document)
        await self._seal_pdf(command_for(batch, content, actor), part=_FileOfBatch(self._store, batch, file))

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

    async def _stumble(self, batch: Batch, files: list[BatchFile], fault: AppError) -> None:
        pause = min(_FIRST_PAUSE * 2 ** min(batch.stumbles, 10), _LONGEST_PAUSE)
        _log.warning("a batch waits: %s", fault.code)
        async with self._database.write() as tx:
            await self._store.give_back(tx, files, counted=False)
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
