"""L-14: somebody who can write the tables changes, deletes, inserts, reorders, cuts or replaces the audit log.

Each tampering is made as well as it can be made from within: the hashes that follow are made anew where that helps.
What the database alone cannot tell is told by signed checkpoints, the last of them by those that are kept outside.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from api.wiring.transparency import TransparencyServices, compose_transparency
from core.audit.chain import GENESIS, row_hash
from core.audit.event import AuditEvent
from core.audit.tables import audit_event, audit_head
from core.db.database import Database
from core.errors import Conflict
from core.kv.embedded import EmbeddedKeyValueStore
from core.principal import SYSTEM
from core.transparency.tables import audit_checkpoint, audit_tile
from core.transparency.verify import LogVerdict
from core.transparency.witness_folder import FolderWitness
from tests.support.clock import FakeClock
from tests.support.notes import OneNoteKey


@dataclass
class Log:
    """A log whose first checkpoint covers 300 rows (one whole tile and a part) and whose second covers 310."""

    database: Database
    services: TransparencyServices
    signer: OneNoteKey
    outside: Path

    async def add(self, count: int, action: str = "licence.read") -> None:
        async with self.database.write() as tx:
            for number in range(count):
                tx.audit(AuditEvent(action, "done", SYSTEM, f"lic_{number}", detail={"number": number}))
            await tx.commit()

    async def verify(self, *, kept_outside: bool = False) -> tuple[int | None, str | None]:
        verdict = await self.verdict(kept_outside=kept_outside)
        return verdict.bad_row, verdict.fault

    async def verdict(self, *, kept_outside: bool = False, last: int | None = None) -> LogVerdict:
        notes = [one.read_text() for one in sorted(self.outside.glob("*.txt"))] if kept_outside else []
        return await self.services.verify(outside=notes, last=last)

    async def tamper(self, *statements: Any) -> None:
        async with self.database.write() as tx:
            for statement in statements:
                await tx.connection.execute(statement)
            await tx.commit()

    async def rows(self) -> list[dict[str, Any]]:
        async with self.database.read() as tx:
            query = select(audit_event).order_by(audit_event.c.number)
            return [{str(name): value for name, value in one.items()} for one in (await tx.connection.execute(query)).mappings()]  # fmt: skip  # noqa: E501

    async def rewrite(self, rows: list[dict[str, Any]]) -> None:
        """Put these rows in place of the log, numbers, hashes and head made anew: a chain without a fault."""
        written, previous = [], GENESIS
        for number, row in enumerate(rows, 1):
            content = {name: value for name, value in row.items() if name not in ("number", "previous", "hash")}
            digest = row_hash(number, previous, content)
            written.append({**content, "number": number, "previous": previous, "hash": digest})
            previous = digest
        head = {"number": len(written), "hash": previous}
        await self.tamper(delete(audit_event), insert(audit_event).values(written[0]), update(audit_head).values(head))
        async with self.database.write() as tx:
            await tx.connection.execute(insert(audit_event), written[1:])
            await tx.commit()


@pytest.fixture
async def log(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Log]:
    signer, outside = OneNoteKey(), tmp_path / "outside"
    kv = EmbeddedKeyValueStore(tmp_path / "kv.db", clock)
    services = compose_transparency(
        database, clock, kv, signer, issuer="https://city.example.cn", witnesses=[FolderWitness(outside)]
    )
    made = Log(database, services, signer, outside)
    for size in (300, 10):
        await made.add(size)
        assert await services.keeper.turn() is not None
    await made.add(5)
    yield made
    await kv.close()


async def test_an_honest_log_is_whole_and_every_checkpoint_is_proved(log: Log) -> None:
    verdict = await log.verdict(kept_outside=True)
    assert verdict.whole
    assert (verdict.end, list(verdict.checkpoints), list(verdict.outside)) == (315, [300, 310], [300, 310])
    tail = await log.verdict(last=4)
    assert (tail.whole, tail.start, tail.end, list(tail.checkpoints)) == (True, 310, 315, [310])
    assert await log.services.checkpoints.make() is not None
    assert await log.services.checkpoints.make() is None, "a log that did not grow needs no further checkpoint"


async def test_a_changed_row_is_named(log: Log) -> None:
    await log.tamper(update(audit_event).where(audit_event.c.number == 120).values(actor_id="acc_other"))
    assert await log.verify() == (120, "changed")


async def test_a_deleted_row_is_named(log: Log) -> None:
    await log.tamper(delete(audit_event).where(audit_event.c.number == 120))
    assert await log.verify() == (120, "gap")


@pytest.mark.parametrize("deed", ["changed", "deleted", "inserted", "reordered"])
async def test_with_all_later_hashes_made_anew_the_first_bad_row_is_named_by_its_tile(log: Log, deed: str) -> None:
    rows = await log.rows()
    if deed == "changed":
        rows[119] = {**rows[119], "actor_id": "acc_other"}
    elif deed == "deleted":
        del rows[119]
    elif deed == "inserted":
        rows.insert(119, {**rows[119], "action": "never.happened"})
    else:
        rows[119], rows[120] = rows[120], rows[119]
    await log.rewrite(rows)
    assert await log.verify() == (120, "not-as-signed")
    await log.tamper(delete(audit_tile))
    with pytest.raises(Conflict) as refused:
        await log.services.checkpoints.make()
    assert refused.value.code == "audit-log-changed", "what was changed under a signature gets no further one"


async def test_with_the_tiles_made_anew_too_the_span_between_two_checkpoints_is_named(log: Log) -> None:
    rows = await log.rows()
    rows[304] = {**rows[304], "actor_id": "acc_other"}
    await log.rewrite(rows)
    await log.tamper(delete(audit_tile))
    verdict = await log.verdict()
    assert (verdict.bad_row, verdict.until, verdict.fault) == (301, 310, "not-as-signed")


async def test_a_tail_that_was_cut_with_its_checkpoints_is_found_by_those_outside(log: Log) -> None:
    await log.rewrite((await log.rows())[:305])
    await log.tamper(delete(audit_checkpoint).where(audit_checkpoint.c.size > 305))
    assert await log.verify() == (None, None), "from within it cannot be seen: hence checkpoints outside"
    assert await log.verify(kept_outside=True) == (306, "tail-cut")


async def test_a_whole_log_written_anew_is_found_by_the_checkpoints_outside(log: Log) -> None:
    rows = [{**row, "action": "forged"} for row in await log.rows()]
    await log.rewrite(rows)
    await log.tamper(delete(audit_tile), delete(audit_checkpoint))
    assert await log.verify() == (None, None)
    found = await log.verdict(kept_outside=True)
    assert (found.bad_row, found.until, found.fault) == (1, 300, "not-as-signed")


async def test_a_checkpoint_that_another_key_signed_counts_for_nothing(log: Log) -> None:
    rows = [{**row, "action": "forged"} for row in await log.rows()]
    await log.rewrite(rows)
    await log.tamper(delete(audit_tile), delete(audit_checkpoint))
    forger = compose_transparency(
        log.database, FakeClock(), log.services.keeper._kv, OneNoteKey(), issuer="https://city.example.cn"
    )
    assert await forger.checkpoints.make() is not None
    assert await log.verify() == (315, "checkpoint-forged")


async def test_a_restored_copy_that_goes_on_is_told_apart_by_whoever_keeps_checkpoints(log: Log) -> None:
    """Two logs of one name: the folder outside keeps the first, and says so."""
    await log.rewrite((await log.rows())[:305])
    await log.tamper(delete(audit_checkpoint).where(audit_checkpoint.c.size > 305), delete(audit_tile))
    await log.add(5, "another.history")
    await log.services.keeper.turn()
    async with log.database.read() as tx:
        (state,) = await log.services.witnesses.states(tx)
    assert state.fault == "forked"
