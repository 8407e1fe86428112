"""The contract of the audit log: complete, in order, and every tampering named (L-14)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from core.audit.chain import row_hash
from core.audit.event import AuditEvent, Detail
from core.audit.sql import read_chain
from core.audit.tables import audit_event, audit_head
from core.audit.verify import Checkpoint
from core.db.database import Database
from core.principal import SYSTEM, Principal, PrincipalKind, Purpose
from tests.conformance.database import Trouble
from tests.conformance.database_backends import DatabaseHarness, thing
from tests.conformance.harness import at_once

CLERK = Principal(PrincipalKind.STAFF, "acc_1", organisation="11410100005252017U", session="s-secret")


async def _five(harness: DatabaseHarness) -> Checkpoint:
    """A log of five events; answers its head."""
    for number in range(1, 6):
        purpose = Purpose("410100-0001", f"办件-{number}", "依申请核验")
        detail: Detail = {"number": number, "名": "值", "none": None, "yes": True, "big": 2**53 + number}
        await harness.database.record(
            AuditEvent(f"licence.read.{number}", "done", CLERK, f"lic_{number}", purpose, detail)
        )
    return (await harness.verify(harness.other, None)).head


async def _found(harness: DatabaseHarness, checkpoint: Checkpoint | None = None) -> tuple[int | None, str | None]:
    verdict = await harness.verify(harness.other, checkpoint)
    return verdict.bad_row, verdict.fault


class AuditBasic:
    """A whole log passes; each tampering is named with the first bad row."""

    async def test_an_empty_log_is_whole(self, harness: DatabaseHarness) -> None:
        verdict = await harness.verify(harness.other, None)
        assert verdict.whole
        assert verdict.rows == 0

    async def test_an_honest_log_is_whole(self, harness: DatabaseHarness) -> None:
        checkpoint = await _five(harness)
        verdict = await harness.verify(harness.other, checkpoint)
        assert verdict.whole
        assert verdict.rows == 5

    async def test_a_log_that_grew_since_the_checkpoint_is_whole(self, harness: DatabaseHarness) -> None:
        checkpoint = await _five(harness)
        await harness.database.record(AuditEvent("later", "done", SYSTEM))
        assert await _found(harness, checkpoint) == (None, None)

    async def test_a_row_says_who_what_why_and_never_the_session_itself(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        async with harness.other.read() as tx:
            row = (await tx.connection.execute(select(audit_event).where(audit_event.c.number == 1))).mappings().one()
        assert row["at"] == "2026-11-23T01:00:00.000000+00:00"
        assert (row["actor_kind"], row["actor_id"], row["actor_organisation"]) == ("staff", "acc_1", CLERK.organisation)
        assert (row["service_item"], row["case_number"], row["basis"]) == ("410100-0001", "办件-1", "依申请核验")
        assert row["detail"]["名"] == "值"
        assert "s-secret" not in str(dict(row))

    async def test_hostile_text_is_recorded_and_verifies(self, harness: DatabaseHarness) -> None:
        hostile = "a\x00b\nc\x1b[31m\ud800" + "长" * 500
        actor = Principal(PrincipalKind.ANONYMOUS, hostile)
        purpose = Purpose(hostile, hostile, hostile)
        await harness.database.record(AuditEvent("try", "refused", actor, hostile, purpose, {"code": "x"}))
        assert await _found(harness) == (None, None)

    async def test_a_changed_field_is_named(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        await harness.tamper(update(audit_event).where(audit_event.c.number == 3).values(actor_id="acc_2"))
        assert await _found(harness) == (3, "changed")

    async def test_a_changed_detail_is_named(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        await harness.tamper(update(audit_event).where(audit_event.c.number == 2).values(detail={"number": 2}))
        assert await _found(harness) == (2, "changed")

    async def test_a_changed_row_with_its_own_hash_made_anew_is_named_by_the_next(
        self, harness: DatabaseHarness
    ) -> None:
        await _five(harness)
        await self._rewrite(harness, 3)
        assert await _found(harness) == (4, "broken-link")

    async def test_a_deleted_row_is_named(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        await harness.tamper(delete(audit_event).where(audit_event.c.number == 3))
        assert await _found(harness) == (3, "gap")

    async def test_a_deleted_first_row_is_named(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        await harness.tamper(delete(audit_event).where(audit_event.c.number == 1))
        assert await _found(harness) == (1, "gap")

    async def test_a_row_put_in_between_is_named(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        for number in (5, 4, 3):
            await harness.tamper(update(audit_event).where(audit_event.c.number == number).values(number=number + 1))
        async with harness.other.read() as tx:
            row = (await tx.connection.execute(select(audit_event).where(audit_event.c.number == 2))).mappings().one()
        await harness.tamper(insert(audit_event).values(**{**row, "number": 3, "action": "never.happened"}))
        assert (await _found(harness))[0] == 3

    async def test_rows_that_changed_places_are_named(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        for old, new in ((2, 99), (3, 2), (99, 3)):
            await harness.tamper(update(audit_event).where(audit_event.c.number == old).values(number=new))
        assert (await _found(harness))[0] == 2

    async def test_a_cut_tail_is_named(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        await harness.tamper(delete(audit_event).where(audit_event.c.number >= 4))
        assert await _found(harness) == (4, "tail-cut")

    async def test_a_row_added_behind_the_head_is_named(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        async with harness.other.read() as tx:
            rows = [row async for row in read_chain(tx.connection)]
        content = {**rows[-1].content, "action": "never.happened"}
        digest = row_hash(6, rows[-1].hash, content)
        await harness.tamper(insert(audit_event).values(number=6, previous=rows[-1].hash, hash=digest, **content))
        assert await _found(harness) == (6, "beyond-head")

    async def test_an_emptied_log_is_named(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        await harness.tamper(delete(audit_event))
        assert await _found(harness) == (1, "tail-cut")

    async def test_a_tail_cut_with_its_head_is_found_by_the_checkpoint(self, harness: DatabaseHarness) -> None:
        checkpoint = await _five(harness)
        await self._cut_to(harness, 3)
        assert await _found(harness) == (None, None)  # from within it cannot be seen: hence checkpoints
        assert await _found(harness, checkpoint) == (4, "tail-cut")

    async def test_a_chain_written_anew_is_found_by_the_checkpoint(self, harness: DatabaseHarness) -> None:
        checkpoint = await _five(harness)
        await self._cut_to(harness, 0)
        for number in range(1, 8):
            await harness.database.record(AuditEvent(f"forged.{number}", "done", CLERK))
        assert await _found(harness) == (None, None)
        assert await _found(harness, checkpoint) == (5, "not-as-checkpointed")

    @staticmethod
    async def _rewrite(harness: DatabaseHarness, number: int) -> None:
        """Change a row and give it the hash that fits its new content."""
        async with harness.other.read() as tx:
            rows = [row async for row in read_chain(tx.connection)]
        row = replace(rows[number - 1], content={**rows[number - 1].content, "actor_id": "acc_2"})
        digest = row_hash(number, row.previous, row.content)
        await harness.tamper(
            update(audit_event).where(audit_event.c.number == number).values(actor_id="acc_2", hash=digest)
        )

    @staticmethod
    async def _cut_to(harness: DatabaseHarness, number: int) -> None:
        """Cut the tail and set the head back, as one with all rights in the database would."""
        await harness.tamper(delete(audit_event).where(audit_event.c.number > number))
        await harness.tamper(delete(audit_head))
        async with harness.other.read() as tx:
            rows = [row async for row in read_chain(tx.connection)]
        if rows:
            await harness.tamper(insert(audit_head).values(id=1, number=number, hash=rows[-1].hash))


class AuditTransaction:
    """The log and the change it tells of stand or fall together."""

    async def test_an_undone_unit_leaves_no_number_behind(self, harness: DatabaseHarness) -> None:
        await harness.database.record(AuditEvent("one", "done", SYSTEM))
        try:
            async with harness.database.write() as tx:
                tx.audit(AuditEvent("undone", "done", SYSTEM))
                raise Trouble
        except Trouble:
            pass
        await harness.other.record(AuditEvent("two", "done", SYSTEM))
        assert await harness.actions() == ["one", "two"]
        assert await _found(harness) == (None, None)

    async def test_a_change_whose_event_cannot_be_written_is_not_made(self, harness: DatabaseHarness) -> None:
        """L-16: no change without its event."""
        unwritable: Any = {"detail": object()}
        with pytest.raises(TypeError):
            async with harness.database.write() as tx:
                await tx.connection.execute(insert(thing).values(id="a", state="open"))
                tx.audit(AuditEvent("thing.make", "done", SYSTEM, detail=unwritable))
                await tx.commit()
        assert await harness.things() == {}
        assert await harness.actions() == []

    async def test_events_of_one_unit_keep_their_order(self, harness: DatabaseHarness) -> None:
        async with harness.database.write() as tx:
            for number in range(10):
                tx.audit(AuditEvent(f"step.{number}", "done", SYSTEM))
            await tx.commit()
        assert await harness.actions() == [f"step.{number}" for number in range(10)]
        assert await _found(harness) == (None, None)

    async def test_what_is_appended_meanwhile_does_not_disturb_the_verifier(self, harness: DatabaseHarness) -> None:
        await _five(harness)
        stop = asyncio.Event()

        async def keep_writing() -> None:
            while not stop.is_set():
                await harness.database.record(AuditEvent("meanwhile", "done", SYSTEM))

        writing = asyncio.create_task(keep_writing())
        try:
            for _ in range(10):
                assert await _found(harness) == (None, None)
        finally:
            stop.set()
            await writing


class AuditContention:
    """Many writers at once make one unbroken chain."""

    async def test_the_first_events_ever_meet(self, harness: DatabaseHarness) -> None:
        await self._many(harness, 8)

    async def test_forty_units_on_two_workers_make_one_chain(self, harness: DatabaseHarness) -> None:
        await harness.database.record(AuditEvent("first", "done", SYSTEM))
        await self._many(harness, 40)

    @staticmethod
    async def _many(harness: DatabaseHarness, count: int) -> None:
        before = len(await harness.actions())

        async def write(database: Database, number: int) -> None:
            async with database.write() as tx:
                tx.audit(AuditEvent(f"a.{number}", "done", SYSTEM))
                tx.audit(AuditEvent(f"b.{number}", "done", SYSTEM))
                await tx.commit()

        workers = (harness.database, harness.other)
        await at_once(*(write(workers[i % 2], i) for i in range(count)))
        actions = (await harness.actions())[before:]
        assert sorted(actions) == sorted(f"{letter}.{i}" for letter in "ab" for i in range(count))
        assert all(actions[i][2:] == actions[i + 1][2:] for i in range(0, len(actions), 2)), (
            "a unit's events stay together"
        )
        assert await _found(harness) == (None, None)
