"""L-14 where the chain changes to SM3: checkpoints, proofs and witnesses go on, and nothing is lost at the seam."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from api.wiring.transparency import TransparencyServices, compose_transparency
from core.audit.chain import CHANGE
from core.audit.change_digest import change_to_sm3
from core.audit.event import AuditEvent
from core.audit.tables import audit_event, audit_head
from core.db.database import Database
from core.kv.embedded import EmbeddedKeyValueStore
from core.principal import SYSTEM
from core.transparency.proof_document import Proved, check_document, event_document, growth_document
from core.transparency.verify import LogVerdict
from core.transparency.witness_folder import FolderWitness
from tests.support.clock import FakeClock
from tests.support.notes import OneNoteKey

ISSUER, ORIGIN = "https://city.example.cn", "city.example.cn/audit"
KEY = OneNoteKey()


class Log:
    """Checkpoints at 260 rows by SHA-256, at 261 (the change is the last row), at 270; then two more rows."""

    def __init__(self, database: Database, services: TransparencyServices, outside: Path) -> None:
        self.database, self.services, self.outside = database, services, outside

    async def add(self, count: int) -> None:
        async with self.database.write() as tx:
            for number in range(count):
                tx.audit(AuditEvent("licence.read", "done", SYSTEM, f"lic_{number}", detail={"number": number}))
            await tx.commit()

    async def verdict(self, *, last: int | None = None) -> LogVerdict:
        return await self.services.verify(outside=[one.read_text() for one in self.outside.glob("*.txt")], last=last)

    async def tamper(self, *statements: Any) -> None:
        async with self.database.write() as tx:
            for statement in statements:
                await tx.connection.execute(statement)
            await tx.commit()


@pytest.fixture
async def log(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Log]:
    outside, kv = tmp_path / "outside", EmbeddedKeyValueStore(tmp_path / "kv.db", clock)
    services = compose_transparency(database, clock, kv, KEY, issuer=ISSUER, witnesses=[FolderWitness(outside)])
    made = Log(database, services, outside)
    await made.add(260)
    assert await services.keeper.turn() is not None
    assert await change_to_sm3(database, SYSTEM, clock) is not None
    assert await services.keeper.turn() is not None
    await made.add(9)
    assert await services.keeper.turn() is not None
    await made.add(2)
    yield made
    await kv.close()


def checked(document: object) -> Proved:
    return check_document(json.dumps(document).encode(), ORIGIN, KEY.keys(ORIGIN), FakeClock())


async def test_every_checkpoint_on_both_sides_is_proved(log: Log) -> None:
    verdict = await log.verdict()
    assert (verdict.whole, verdict.end, list(verdict.outside)) == (True, 272, [260, 261, 270])
    assert verdict.seam is not None
    assert (verdict.seam.row, verdict.seam.proved) == (261, True)
    assert {(one.size, one.fault) for one in (await log.services.overview.state(SYSTEM)).witnesses} == {(270, "")}


async def test_the_end_alone_is_verified_from_either_side(log: Log) -> None:
    """Only a verification of all rows proves what the old ones are under SM3, and the others say so."""
    before, at, behind = [await log.verdict(last=count) for count in (12, 11, 2)]
    assert [one.whole for one in (before, at, behind)] == [True] * 3
    assert [one.start for one in (before, at, behind)] == [260, 261, 270]
    assert before.seam is not None
    assert not before.seam.proved
    assert at.seam is behind.seam is None


@pytest.mark.parametrize("number", [1, 260, 261, 262, 270])
async def test_a_row_on_either_side_is_proved_with_a_pinned_key_alone(log: Log, number: int) -> None:
    document: Any = event_document(await log.services.prove.event(number, SYSTEM))
    assert checked(document).fault is None
    assert document["event"].get("digest") == (None if number <= 260 else "sm3")
    if number == 261:
        assert document["event"]["content"]["action"] == CHANGE
    other = {**document, "event": {**document["event"], "digest": "sm3" if number <= 260 else "sha256"}}
    assert checked(other).fault == "not-the-root", "the digest is part of what is proved"
    other["event"]["digest"] = document["event"].get("digest", "sha256")
    other["event"]["content"] = {**document["event"]["content"], "actor_id": "x"}
    assert checked(other).fault == "not-the-root"


async def test_growth_over_the_seam_is_proved(log: Log) -> None:
    for first, second in ((260, 261), (260, 270), (261, 270)):
        assert checked(growth_document(await log.services.prove.growth(first, second, SYSTEM))).fault is None


async def test_the_change_taken_out_is_found(log: Log) -> None:
    """The row of the change goes and the head is set back, as if nobody had ever changed."""
    await log.tamper(delete(audit_event).where(audit_event.c.number == 261), update(audit_head).values(digest="sha256"))
    verdict = await log.verdict()
    assert (verdict.bad_row, verdict.fault) == (261, "gap")


async def test_the_log_cut_back_to_before_the_change_is_found_outside(log: Log) -> None:
    async with log.database.read() as tx:
        row = (await tx.connection.execute(audit_event.select().where(audit_event.c.number == 260))).mappings().one()
    head = {"number": 260, "hash": row["hash"], "digest": "sha256"}
    cut = [delete(audit_event).where(audit_event.c.number > 260), update(audit_head).values(**head)]
    await log.tamper(*cut)
    verdict = await log.verdict()
    assert (verdict.bad_row, verdict.fault) == (261, "tail-cut")


@pytest.mark.parametrize(("number", "fault"), [(120, "changed"), (261, "changed"), (265, "changed")])
async def test_a_changed_row_is_named_wherever_it_is(log: Log, number: int, fault: str) -> None:
    await log.tamper(update(audit_event).where(audit_event.c.number == number).values(actor_id="acc_other"))
    verdict = await log.verdict()
    assert (verdict.bad_row, verdict.fault) == (number, fault)


async def test_a_head_that_forgot_the_change_is_found(log: Log) -> None:
    await log.tamper(update(audit_head).values(digest="sha256"))
    verdict = await log.verdict()
    assert (verdict.bad_row, verdict.fault) == (273, "seam-broken")
