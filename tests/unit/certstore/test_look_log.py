"""Looks are written down before anybody is answered, many at once together, and one's fault is not the others'."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from certstore.codes import HolderCode
from certstore.look_log import LookLog
from certstore.model import AccessRecord, Look
from core.audit.event import AuditEvent
from core.audit.verify import verify_chain
from core.db.database import Database
from core.db.units import WriteTx
from core.errors import InvalidInput, Unavailable
from core.principal import PrincipalKind, Purpose
from core.text import Text
from tests.conformance.certstore_stores_backends import LIN, OFFICE
from tests.support.certstore_world import PORTAL
from tests.support.clock import FakeClock

PURPOSE = Purpose("ITEM-1", "CASE-1", "依据")


@dataclass
class Access:
    """Stands where the access store is: keeps what it is given, and can be made to wait or to fail."""

    go: asyncio.Event = field(default_factory=asyncio.Event)
    units: list[list[str]] = field(default_factory=list)
    refuses: dict[str, Exception] = field(default_factory=dict)

    async def add(self, tx: WriteTx, records: Sequence[AccessRecord]) -> None:
        await self.go.wait()
        ids = [one.id for one in records]
        for one in ids:
            if one in self.refuses:
                raise self.refuses[one]
        self.units.append(ids)

    async def of_holder(self, tx: Any, holder: HolderCode, **_: Any) -> Sequence[AccessRecord]:
        raise NotImplementedError


def record(name: str, clock: FakeClock) -> AccessRecord:
    return AccessRecord(
        name, LIN, None, None, Look.SEARCH, OFFICE, PrincipalKind.CLIENT, "c", None, PURPOSE, (), None, clock.now()
    )


def event() -> AuditEvent:
    return AuditEvent("licence.search", "done", PORTAL, None, PURPOSE, {})


async def _begun(log: LookLog, clock: FakeClock, *names: str) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(log.write([record(name, clock)], event())) for name in names]
    for _ in range(5):  # each has asked, and whose turn it is has begun
        await asyncio.sleep(0)
    return tasks


async def _events(database: Database) -> int:
    verdict = await verify_chain(database)
    assert verdict.fault is None
    return verdict.rows


async def test_looks_that_come_while_a_unit_is_written_share_the_next(database: Database, clock: FakeClock) -> None:
    access = Access()
    log = LookLog(database, access)
    first = await _begun(log, clock, "a")
    rest = await _begun(log, clock, "b", "c", "d")
    assert not any(task.done() for task in (*first, *rest))  # nobody is answered before it is written
    access.go.set()
    await asyncio.gather(*first, *rest)
    assert access.units == [["a"], ["b", "c", "d"]]
    assert await _events(database) == 4


async def test_a_look_that_cannot_be_written_fails_alone(database: Database, clock: FakeClock) -> None:
    access = Access(refuses={"c": InvalidInput("odd", Text("不行", "no"))})
    log = LookLog(database, access)
    tasks = await _begun(log, clock, "a") + await _begun(log, clock, "b", "c", "d")
    access.go.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in done] == [type(None), type(None), InvalidInput, type(None)]
    assert access.units == [["a"], ["b"], ["d"]]
    assert await _events(database) == 3


async def test_where_the_database_does_not_answer_nobody_is_answered(database: Database, clock: FakeClock) -> None:
    access = Access(refuses={"c": Unavailable("database-unavailable", Text("忙", "busy"))})
    log = LookLog(database, access)
    tasks = await _begun(log, clock, "a") + await _begun(log, clock, "b", "c")
    access.go.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(one) for one in done] == [type(None), Unavailable, Unavailable]
    await log.write([record("e", clock)], event())  # the next ones are
    assert await _events(database) == 2


async def test_a_caller_who_leaves_takes_nobodys_record_along(database: Database, clock: FakeClock) -> None:
    access = Access()
    log = LookLog(database, access)
    await _begun(log, clock, "a")
    gone, stays = await _begun(log, clock, "b", "c")
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    access.go.set()
    await stays
    assert access.units == [["a"], ["b", "c"]]
    assert await _events(database) == 3
