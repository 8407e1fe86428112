"""The contract of the change from SHA-256 to SM3: nothing is lost at the seam, and what is changed there is named."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from core.audit import change_digest
from core.audit.chain import CHANGE, GENESIS, ChainDigest, ChainedRow, row_hash
from core.audit.change_digest import change_to_sm3
from core.audit.event import AuditEvent
from core.audit.sql import read_chain, read_digest
from core.audit.tables import audit_event, audit_head
from core.audit.verify import Checkpoint
from core.audit.walk import Seam
from core.db.database import Database
from core.errors import Conflict
from core.principal import SYSTEM
from tests.conformance.database import Trouble
from tests.conformance.database_backends import DatabaseHarness
from tests.conformance.harness import at_once


async def add(database: Database, *actions: str) -> None:
    for action in actions:
        await database.record(AuditEvent(action, "done", SYSTEM, detail={"名": "值", "n": 2**53}))


async def changed(harness: DatabaseHarness) -> Seam:
    """A log of three rows, the change, and two more."""
    await add(harness.database, "a", "b", "c")
    seam = await change_to_sm3(harness.database, SYSTEM, harness.clock)
    assert seam is not None
    await add(harness.database, "d", "e")
    return seam


async def rows_of(harness: DatabaseHarness) -> list[ChainedRow]:
    async with harness.other.read() as tx:
        return [row async for row in read_chain(tx.connection)]


async def found(harness: DatabaseHarness, checkpoint: Checkpoint | None = None) -> tuple[int | None, str | None]:
    verdict = await harness.verify(harness.other, checkpoint)
    return verdict.bad_row, verdict.fault


class AuditChangeBasic:
    """What the change is, and each tampering around it."""

    async def test_before_and_behind_the_change_the_log_is_whole(self, harness: DatabaseHarness) -> None:
        await add(harness.database, "a", "b", "c")
        kept = (await harness.verify(harness.other, None)).head
        assert (await harness.verify(harness.other, None)).seam is None
        seam = await change_to_sm3(harness.database, SYSTEM, harness.clock)
        await add(harness.database, "d")
        await add(harness.other, "e")
        verdict = await harness.verify(harness.other, kept)
        assert (verdict.whole, verdict.rows, verdict.seam) == (True, 6, seam)
        assert seam is not None
        assert (seam.row, seam.proved) == (4, True)
        assert await harness.actions() == ["a", "b", "c", CHANGE, "d", "e"]
        later = (await harness.verify(harness.other, None)).head
        await add(harness.other, "f")
        assert await found(harness, later) == (None, None)

    async def test_the_hashes_are_those_of_each_digest(self, harness: DatabaseHarness) -> None:
        """Computed here by their definition alone."""
        seam = await changed(harness)
        rows, previous, under_sm3 = await rows_of(harness), GENESIS, GENESIS
        for row in rows:
            digest = ChainDigest.SHA256 if row.number < 4 else ChainDigest.SM3
            assert row.previous == previous
            assert row.hash == row_hash(row.number, previous, row.content, digest)
            if row.number < 4:
                under_sm3 = row_hash(row.number, under_sm3, row.content, ChainDigest.SM3)
            previous = row.hash
        detail = {"digest": "sm3", "rows": 3, "head": rows[2].hash.hex(), "old": under_sm3.hex()}
        assert rows[3].content["detail"] == detail
        assert seam.old == under_sm3

    async def test_an_empty_log_is_by_sm3_from_its_first_row_on(self, harness: DatabaseHarness) -> None:
        seam = await change_to_sm3(harness.database, SYSTEM, harness.clock)
        assert seam == Seam(1, GENESIS, proved=True)
        await add(harness.database, "a")
        assert await found(harness) == (None, None)
        assert await harness.actions() == [CHANGE, "a"]

    async def test_it_is_changed_once(self, harness: DatabaseHarness) -> None:
        await changed(harness)
        assert await change_to_sm3(harness.other, SYSTEM, harness.clock) is None
        assert (await harness.actions()).count(CHANGE) == 1

    async def test_no_event_passes_for_the_change(self, harness: DatabaseHarness) -> None:
        for unit in (harness.database.write, harness.database.quick_write):
            with pytest.raises(ValueError, match="no event of its own"):
                async with unit() as tx:
                    tx.audit(AuditEvent(CHANGE, "done", SYSTEM))
                    await tx.commit()
        assert await harness.actions() == []

    async def test_a_changed_old_row_is_named(self, harness: DatabaseHarness) -> None:
        await changed(harness)
        await harness.tamper(update(audit_event).where(audit_event.c.number == 2).values(actor_id="x"))
        assert await found(harness) == (2, "changed")

    async def test_old_rows_written_anew_are_found_by_what_they_are_under_sm3(self, harness: DatabaseHarness) -> None:
        """As somebody could who breaks SHA-256: the hash that the change follows is the same, the rows are not.

        What stands for the broken digest here is the hash of the last old row, kept while the row is another.
        """
        await changed(harness)
        rows = await rows_of(harness)
        other = {**rows[2].content, "actor_id": "x"}
        digest = row_hash(3, rows[2].previous, other)
        await harness.tamper(update(audit_event).where(audit_event.c.number == 3).values(actor_id="x", hash=digest))
        await self._rewrite_from(harness, 4, {"head": digest.hex()})
        assert await found(harness) == (4, "seam-broken")

    async def test_a_row_dropped_at_the_seam_is_found(self, harness: DatabaseHarness) -> None:
        """The last old row goes, and everything behind it is numbered, linked and told anew."""
        await changed(harness)
        rows = await rows_of(harness)
        await harness.tamper(delete(audit_event).where(audit_event.c.number == 3))
        for number in (4, 5, 6):
            await harness.tamper(update(audit_event).where(audit_event.c.number == number).values(number=number - 1))
        await self._rewrite_from(harness, 3, {"head": rows[1].hash.hex(), "rows": 2})
        assert await found(harness) == (3, "seam-broken")

    @pytest.mark.parametrize(
        "change",
        [
            {"rows": 2},
            {"head": "00" * 32},
            {"old": "00" * 32},
            {"old": None},
            {"old": "zz" * 32},
            {"digest": "sha256"},
            {"more": 1},
        ],
    )
    async def test_a_change_that_says_something_else_is_named(
        self, harness: DatabaseHarness, change: dict[str, Any]
    ) -> None:
        await changed(harness)
        await self._rewrite_from(harness, 4, change)
        assert await found(harness) == (4, "seam-broken")

    async def test_twin_the_same_rewriting_without_a_lie_is_whole(self, harness: DatabaseHarness) -> None:
        await changed(harness)
        await self._rewrite_from(harness, 4, {})
        assert await found(harness) == (None, None)

    async def test_a_second_change_is_named(self, harness: DatabaseHarness) -> None:
        await changed(harness)
        await harness.tamper(update(audit_event).where(audit_event.c.number == 5).values(action=CHANGE))
        await self._rewrite_from(harness, 5, {})
        assert await found(harness) == (5, "seam-broken")

    async def test_going_back_to_sha256_is_named(self, harness: DatabaseHarness) -> None:
        """Who sets the head back makes writers go on with the other digest: the first such row does not fit."""
        await changed(harness)
        await harness.tamper(update(audit_head).values(digest="sha256"))
        assert await found(harness) == (7, "seam-broken")
        await add(harness.database, "f")
        await add(harness.other, "g")
        assert await found(harness) == (7, "changed")

    async def test_a_head_that_was_set_forward_is_named(self, harness: DatabaseHarness) -> None:
        await add(harness.database, "a")
        await harness.tamper(update(audit_head).values(digest="sm3"))
        assert await found(harness) == (2, "seam-broken")

    async def test_a_broken_log_is_not_bound_anew(self, harness: DatabaseHarness) -> None:
        await add(harness.database, "a", "b", "c")
        await harness.tamper(update(audit_event).where(audit_event.c.number == 2).values(actor_id="x"))
        with pytest.raises(Conflict) as refused:
            await change_to_sm3(harness.database, SYSTEM, harness.clock)
        assert refused.value.code == "audit-log-broken"
        async with harness.other.read() as tx:
            assert await read_digest(tx.connection) is ChainDigest.SHA256
        await harness.tamper(delete(audit_event).where(audit_event.c.number == 3))
        with pytest.raises(Conflict):
            await change_to_sm3(harness.database, SYSTEM, harness.clock)

    @staticmethod
    async def _rewrite_from(harness: DatabaseHarness, number: int, detail: dict[str, Any]) -> None:
        """Make the row's detail another, and all hashes from there on anew; None leaves a member out."""
        rows = await rows_of(harness)
        previous = rows[number - 2].hash
        for row in rows[number - 1 :]:
            content = dict(row.content)
            if row.number == number and detail:
                told: Any = {**dict(content["detail"]), **detail}  # type: ignore[call-overload]
                content["detail"] = {name: value for name, value in told.items() if value is not None}
            digest = row_hash(row.number, previous, content, ChainDigest.SM3)
            values = {"detail": content["detail"], "previous": previous, "hash": digest}
            await harness.tamper(update(audit_event).where(audit_event.c.number == row.number).values(**values))
            previous = digest
        await harness.tamper(update(audit_head).values(number=rows[-1].number, hash=previous))


class AuditChangeTransaction:
    """All of it or nothing."""

    async def test_broken_off_it_leaves_nothing(
        self, harness: DatabaseHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await add(harness.database, "a", "b")
        write = change_digest._write

        async def dies(*arguments: Any) -> Seam:
            await write(*arguments)
            raise Trouble

        with monkeypatch.context() as broken:
            broken.setattr(change_digest, "_write", dies)
            with pytest.raises(Trouble):
                await change_to_sm3(harness.database, SYSTEM, harness.clock)
        assert await harness.actions() == ["a", "b"]
        await add(harness.database, "c")
        assert await found(harness) == (None, None)
        assert await change_to_sm3(harness.database, SYSTEM, harness.clock) is not None
        assert await found(harness) == (None, None)

    async def test_rows_that_come_while_the_old_ones_are_read_are_before_it(
        self, harness: DatabaseHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """More of them than are read with the head held, so the old ones are gone on with; then a few."""
        await add(harness.database, "a", "b", "c", "d")
        monkeypatch.setattr(change_digest, "FEW", 2)
        on, come = change_digest._Read.on, iter([5, 1, 2])

        async def meanwhile(self: Any, connection: Any, until: int) -> None:
            await on(self, connection, until)
            await add(harness.other, *["meanwhile"] * next(come, 0))

        monkeypatch.setattr(change_digest._Read, "on", meanwhile)
        seam = await change_to_sm3(harness.database, SYSTEM, harness.clock)
        assert seam is not None
        assert seam.row == 4 + 8 + 1
        assert (await harness.actions())[4:] == ["meanwhile"] * 8 + [CHANGE]
        assert await found(harness) == (None, None)


class AuditChangeContention:
    """Writers on every way, and several who change, at once."""

    async def test_writers_at_the_change_make_one_chain(self, harness: DatabaseHarness) -> None:
        await add(harness.database, "first")
        workers = (harness.database, harness.other)

        async def write(number: int) -> None:
            database = workers[number % 2]
            if number % 3 == 0:
                async with database.write() as tx:
                    tx.audit(AuditEvent(f"w.{number}", "done", SYSTEM))
                    await tx.commit()
            else:
                await database.record(AuditEvent(f"w.{number}", "done", SYSTEM))

        async def change(number: int) -> Seam | None:
            await asyncio.sleep(0)
            return await change_to_sm3(workers[number], SYSTEM, harness.clock)

        done = await at_once(*(write(number) for number in range(24)), change(0), change(1))
        seams = [one for one in done if isinstance(one, Seam)]
        assert len(seams) == 1
        for number in range(24, 30):  # both go on, and what they knew of the log's end is old
            await write(number)
        actions = await harness.actions()
        assert sorted(actions) == sorted(["first", CHANGE, *(f"w.{number}" for number in range(30))])
        verdict = await harness.verify(harness.other, None)
        assert (verdict.whole, verdict.seam) == (True, seams[0])
        async with harness.other.read() as tx:
            query = select(audit_event.c.number).where(audit_event.c.action == CHANGE)
            assert (await tx.connection.execute(query)).scalars().all() == [seams[0].row]
