"""Writes down looks that change nothing else: those that come while one unit is written go into the next together.

Nobody is answered before the record of their look, and its event in the audit log, are durable. Appends to that log
wait for each other, each until the one before is on the disk; many at once share that wait instead of queueing for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from certstore.model import AccessRecord
from certstore.ports import AccessStore
from core.audit.event import AuditEvent
from core.db.database import Database
from core.errors import Unavailable


@dataclass(slots=True)
class _Entry:
    """One look, and why it could not be written down if it could not."""

    records: Sequence[AccessRecord]
    event: AuditEvent
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class _Gathering:
    entries: list[_Entry]
    written: asyncio.Task[None]


class LookLog:
    """The one way to write them down in this process."""

    def __init__(self, database: Database, access: AccessStore) -> None:
        self._database = database
        self._access = access
        self._turn = asyncio.Lock()
        self._gathering: _Gathering | None = None

    async def write(self, records: Sequence[AccessRecord], event: AuditEvent) -> None:
        """Durable when it returns.

        Raises:
            Unavailable: `database-unavailable`; then nothing may be given out.
        """
        entry = _Entry(records, event)
        gathering = self._gathering or self._gather()
        gathering.entries.append(entry)
        await asyncio.shield(gathering.written)  # others wait for it too: one caller's end must not cancel it
        if entry.error is not None:
            raise entry.error

    def _gather(self) -> _Gathering:
        entries: list[_Entry] = []
        self._gathering = _Gathering(entries, asyncio.create_task(self._in_turn(entries)))
        return self._gathering

    async def _in_turn(self, entries: Sequence[_Entry]) -> None:
        async with self._turn:
            self._gathering = None  # whoever comes from here on is in the next one
            await self._write(entries)

    async def _write(self, entries: Sequence[_Entry]) -> None:
        try:
            await self._unit(entries)
        except Exception as error:
            if len(entries) > 1 and not isinstance(error, Unavailable):
                for entry in entries:  # one of them is at fault, and the others are not to suffer for it
                    await self._write([entry])
            else:
                for entry in entries:
                    entry.error = error

    async def _unit(self, entries: Sequence[_Entry]) -> None:
        async with self._database.quick_write() as tx:
            await self._access.add(tx, [record for entry in entries for record in entry.records])
            for entry in entries:
                tx.audit(entry.event)
            await tx.commit()
