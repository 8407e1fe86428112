"""Runs imports, part by part: what a part comes to and how far the import got are one transaction.

A crash costs the part that was in hand, and it is done again from its beginning: nothing is lost, nothing doubled. Any
number of workers may look; a lease gives each part to one of them, and runs out if it dies.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from certstore.bulk.checking import CheckedRow, RowCheck
from certstore.bulk.model import Difference, Import, ImportState, RowFault
from certstore.bulk.parts import PartDocuments
from certstore.bulk.ports import ImportStore
from certstore.bulk.reconcile import Differences, Reconcile, differences_of
from certstore.bulk.telling import NOT_COMPARED, Telling
from certstore.bulk.twice import Judged, SeenBefore, counts_as_single
from certstore.errors import AlreadyHeld
from certstore.lifecycle import Event, State
from certstore.making import VersionMaker
from certstore.model import AccessRecord, Licence, LicenceChange, LicenceType
from certstore.repository import Repository
from core.audit.event import AuditEvent, Detail
from core.db.database import WriteTx
from core.principal import Principal

_LEASE = dt.timedelta(minutes=2)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What one part came to."""

    kept: Sequence[Licence]
    faults: Sequence[RowFault]
    differences: Sequence[Difference]
    looks: Sequence[AccessRecord]
    unchanged: int
    findings: Counter[str]


class RunImports:
    """For the worker."""

    def __init__(
        self,
        repository: Repository,
        store: ImportStore,
        parts: PartDocuments,
        maker: VersionMaker,
        seen_before: SeenBefore,
        reconcile: Reconcile,
    ) -> None:
        self._repository = repository
        self._store = store
        self._parts = parts
        self._maker = maker
        self._seen_before = seen_before
        self._reconcile = reconcile
        self._telling = Telling(repository)

    async def step(self) -> bool:
        """One part of an import that is free; False when there is none."""
        now = self._repository.now()
        async with self._repository.database.write() as tx:
            claimed = await self._store.claim(tx, now=now, until=now + _LEASE)
            await tx.commit()
        if claimed is None:
            return False
        async with self._repository.database.read() as tx:
            part = await self._store.part(tx, claimed.id, claimed.next_part)
            licence_type = await self._repository.catalogue.licence_type(tx, claimed.type_code)
        assert part is not None  # parts stay while their import can run
        assert licence_type is not None
        rows = await self._parts.rows(part)
        check, today = RowCheck(licence_type, claimed.header, claimed.columns), self._repository.today()
        checked = await asyncio.to_thread(lambda: [check(row, today) for row in rows])
        found = await self._reconcile(claimed, checked)  # before the unit: it would only hold up other writers
        known, left_out = await self._telling.within_ceiling(claimed, found)
        async with self._repository.database.write() as tx:
            outcome = await self._outcome(tx, claimed, licence_type, checked, known)
            if left_out:
                outcome.findings[NOT_COMPARED] += len(rows)
            moved = _moved(claimed, outcome, len(rows))
            if not await self._store.advance(tx, moved, now=self._repository.now()):
                return True  # the lease ran out: another worker has done, or does, the same part
            await self._write(tx, claimed, licence_type, outcome, moved)
            await tx.commit()
        return True

    async def through(self) -> int:
        """Work until there is nothing more to do here and now; answers the number of parts."""
        parts = 0
        while await self.step():
            parts += 1
        return parts

    async def forever(self, *, pause: float = 0.005, idle: float = 2.0) -> None:
        """For the life of a worker.

        Args:
            pause: seconds between two parts, so that the service's own work comes first.
            idle: seconds between two looks when there was nothing to do.
        """
        while True:
            try:
                worked = await self.step()
            except Exception as error:  # the lease runs out, and the part comes again
                _log.warning("an import's part failed: %s", type(error).__name__)
                worked = False
            await asyncio.sleep(pause if worked else idle)

    async def _outcome(
        self,
        tx: WriteTx,
        made: Import,
        licence_type: LicenceType,
        checked: Sequence[CheckedRow],
        known: Differences,
    ) -> _Outcome:
        judged = await self._telling.judged(made, await self._seen_before.judge(tx, made, licence_type, checked))
        faults = [RowFault(one.number, one.faults) for one in judged.rows if one.faults]
        kept = await asyncio.to_thread(self._recorded, made, licence_type, judged)
        findings = Counter(name for one in judged.rows for name in one.findings)
        findings.update(f"fault:{code.partition('@')[0]}" for fault in faults for _, code in fault.faults)
        differences = [one for row, new in judged.newcomers.items() for one in differences_of(row, new, known)]
        findings.update(f"differs:{kind.value}" for _, kind in {(one.row, one.kind) for one in differences})
        looks = self._telling.looks(made, _actor(made), judged, known)
        return _Outcome(kept, faults, differences, looks, len(judged.unchanged), findings)

    def _recorded(self, made: Import, licence_type: LicenceType, judged: Judged) -> Sequence[Licence]:
        """The licences of the good rows."""
        return [
            self._maker.record(one.content, licence_type, made.organisation, trust=made.trust, based_on=one.based_on)
            for one in judged.rows
            if not one.faults and one.content is not None and one.number not in judged.unchanged
        ]

    async def _write(
        self, tx: WriteTx, made: Import, licence_type: LicenceType, outcome: _Outcome, moved: Import
    ) -> None:
        licences, today, part = self._repository.licences, self._repository.today(), made.next_part
        if not made.dry:
            await licences.add_recorded(tx, outcome.kept, self._change(made))
            if licence_type.one_per_holder:
                living = [one for one in outcome.kept if counts_as_single(one.current.valid_until, today)]
                if not await licences.claim_singles(tx, living, today=today):
                    raise AlreadyHeld  # issued at this moment: the part is done again, and sees it
        await self._store.add_differences(tx, made.id, part, outcome.differences)
        await self._store.add_faults(tx, made.id, part, outcome.faults)
        detail: Detail = {
            "part": part,
            "kept": len(outcome.kept),
            "faulty": len(outcome.faults),
            "differing": len(outcome.differences),
            "told-of": len(outcome.looks),
            "dry": made.dry,
        }
        tx.audit(AuditEvent("import.part", "done", _actor(made), made.id, detail=detail))
        await self._repository.access.add(tx, outcome.looks)
        if moved.state is ImportState.DONE:
            await self._store.forget_sightings(tx, made.id)

    def _change(self, made: Import) -> LicenceChange:
        now = self._repository.now()
        return LicenceChange(
            1, Event.RECORD, State.VALID, 1, now, made.actor_kind, made.actor_id, made.organisation, reason=made.id
        )


def _moved(made: Import, outcome: _Outcome, rows: int) -> Import:
    findings = Counter(made.findings)
    findings.update(outcome.findings)
    return replace(
        made,
        state=ImportState.DONE if made.next_part == made.parts else ImportState.RUNNING,
        next_part=made.next_part + 1,
        seen=made.seen + rows,
        kept=made.kept + len(outcome.kept),
        faulty=made.faulty + len(outcome.faults),
        unchanged=made.unchanged + outcome.unchanged,
        findings=dict(findings),
    )


def _actor(made: Import) -> Principal:
    return Principal(made.actor_kind, made.actor_id, organisation=made.organisation)
