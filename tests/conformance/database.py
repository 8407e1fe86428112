"""The contract of `core.db.database.Database`: units of work on every database, at three strengths."""

from __future__ import annotations

import asyncio
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from core.audit.event import AuditEvent
from core.db.database import Database, ReadTx
from core.db.many import add_many
from core.principal import SYSTEM
from tests.conformance.database_backends import DatabaseHarness, moment, thing
from tests.conformance.harness import DELAY, at_once


class Trouble(Exception):
    """Something that goes wrong in the middle of a unit."""


def event(action: str) -> AuditEvent:
    return AuditEvent(action, "done", SYSTEM)


class DatabaseBasic:
    """One caller at a time."""

    async def test_a_committed_unit_is_there_for_every_worker(self, harness: DatabaseHarness) -> None:
        await harness.make("a")
        assert await harness.things() == {"a": "open"}

    async def test_a_unit_is_durable_when_commit_returns(self, harness: DatabaseHarness) -> None:
        async with harness.database.write() as tx:
            await tx.connection.execute(insert(thing).values(id="a", state="open"))
            tx.audit(event("thing.make"))
            await tx.commit()
            assert await harness.things() == {"a": "open"}  # the answer may be built now
            assert await harness.actions() == ["thing.make"]

    async def test_a_unit_left_without_commit_never_was(self, harness: DatabaseHarness) -> None:
        async with harness.database.write() as tx:
            await tx.connection.execute(insert(thing).values(id="a", state="open"))
            tx.audit(event("thing.make"))
        assert await harness.things() == {}
        assert await harness.actions() == []

    async def test_an_exception_undoes_the_unit_and_its_events(self, harness: DatabaseHarness) -> None:
        with pytest.raises(Trouble):
            async with harness.database.write() as tx:
                await tx.connection.execute(insert(thing).values(id="a", state="open"))
                tx.audit(event("thing.make"))
                raise Trouble
        assert await harness.things() == {}
        assert await harness.actions() == []

    async def test_a_unit_that_breaks_a_rule_of_the_schema_is_undone_whole(self, harness: DatabaseHarness) -> None:
        await harness.make("a")
        with pytest.raises(IntegrityError):
            async with harness.database.write() as tx:
                await tx.connection.execute(insert(thing).values(id="b", state="open"))
                tx.audit(event("thing.make"))
                await tx.connection.execute(insert(thing).values(id="a", state="again"))
                await tx.commit()
        assert await harness.things() == {"a": "open"}
        assert await harness.actions() == []

    async def test_many_rows_at_once_stand_or_fall_with_their_unit(self, harness: DatabaseHarness) -> None:
        rows = [{"id": f"例{number}", "state": "open", "number": number} for number in range(120)]
        async with harness.database.write() as tx:
            await add_many(tx, thing, rows)
        assert await harness.things() == {}
        with pytest.raises(IntegrityError):
            async with harness.database.write() as tx:
                await add_many(tx, thing, [*rows, rows[7]])
        assert await harness.things() == {}
        async with harness.database.write() as tx:
            await add_many(tx, thing, [])
            await add_many(tx, thing, rows)
            await add_many(tx, thing, [{"id": "few", "state": "open", "number": 0}])  # too few to be worth a COPY
            await tx.commit()
        assert await harness.things() == {str(one["id"]): "open" for one in rows} | {"few": "open"}

    async def test_a_security_write_survives_the_error_raised_after_it(self, harness: DatabaseHarness) -> None:
        """Revoke, commit, then refuse: the refusal must not undo the revocation."""
        await harness.make("family", "good")
        with pytest.raises(Trouble):
            async with harness.database.write() as tx:
                await tx.connection.execute(update(thing).values(state="revoked"))
                tx.audit(event("family.revoke"))
                await tx.commit()
                raise Trouble
        assert await harness.things() == {"family": "revoked"}
        assert await harness.actions() == ["family.revoke"]

    async def test_what_was_written_after_the_commit_is_not_kept(self, harness: DatabaseHarness) -> None:
        async with harness.database.write() as tx:
            await tx.connection.execute(insert(thing).values(id="a", state="open"))
            await tx.commit()
            await tx.connection.execute(update(thing).values(state="late"))
        assert await harness.things() == {"a": "open"}

    async def test_an_event_that_nothing_would_commit_is_an_error(self, harness: DatabaseHarness) -> None:
        with pytest.raises(RuntimeError, match="after the commit"):
            async with harness.database.write() as tx:
                await tx.commit()
                tx.audit(event("thing.lost"))

    async def test_a_unit_can_commit_in_steps_and_tells_each_event_once(self, harness: DatabaseHarness) -> None:
        async with harness.database.write() as tx:
            tx.audit(event("one"))
            await tx.commit()
            tx.audit(event("two"))
            tx.audit(event("three"))
            await tx.commit()
        assert await harness.actions() == ["one", "two", "three"]

    async def test_record_writes_exactly_one_event(self, harness: DatabaseHarness) -> None:
        await harness.database.record(event("thing.refuse"))
        assert await harness.actions() == ["thing.refuse"]

    async def test_a_reading_unit_keeps_nothing(self, harness: DatabaseHarness) -> None:
        await harness.make("a")
        async with harness.database.read() as tx:
            try:
                await tx.connection.execute(update(thing).values(state="changed"))
            except Exception as refusal:  # to refuse is fine too
                assert "read-only" in str(refusal)  # noqa: PT017 - to refuse is allowed, not demanded
        assert await harness.things() == {"a": "open"}
        assert not hasattr(ReadTx, "commit")
        assert not hasattr(ReadTx, "audit")

    async def test_a_moment_comes_back_in_utc_to_the_microsecond(self, harness: DatabaseHarness) -> None:
        in_shanghai = moment(0).astimezone(ZoneInfo("Asia/Shanghai"))
        async with harness.database.write() as tx:
            await tx.connection.execute(insert(thing).values(id="a", state="open", at=in_shanghai))
            await tx.commit()
        async with harness.other.read() as tx:
            kept = (await tx.connection.execute(select(thing.c.at))).scalar_one()
            assert (await tx.connection.execute(select(thing.c.id).where(thing.c.at == moment(0)))).scalar_one() == "a"
            assert (await tx.connection.execute(select(thing.c.id).where(thing.c.at > moment(0)))).all() == []
        assert kept == moment(0)
        assert kept.utcoffset() == dt.timedelta(0)

    async def test_a_naive_moment_is_refused(self, harness: DatabaseHarness) -> None:
        with pytest.raises(Exception, match="naive"):
            async with harness.database.write() as tx:
                await tx.connection.execute(
                    insert(thing).values(id="a", state="open", at=moment(0).replace(tzinfo=None))
                )


class DatabaseTransaction:
    """Two units at the same time."""

    async def test_what_is_not_committed_is_not_seen(self, harness: DatabaseHarness) -> None:
        async with harness.database.write() as tx:
            await tx.connection.execute(insert(thing).values(id="a", state="open"))
            assert await harness.things() == {}
            await tx.commit()
        assert await harness.things() == {"a": "open"}

    async def test_a_reading_unit_sees_one_moment(self, harness: DatabaseHarness) -> None:
        await harness.make("a")
        async with harness.other.read() as tx:
            before = (await tx.connection.execute(select(thing.c.id))).all()
            await harness.make("b")
            assert (await tx.connection.execute(select(thing.c.id))).all() == before
        assert await harness.things() == {"a": "open", "b": "open"}

    async def test_a_reader_does_not_hold_up_a_writer(self, harness: DatabaseHarness) -> None:
        async with harness.other.read() as tx:
            await tx.connection.execute(select(thing.c.id))
            await asyncio.wait_for(harness.make("a"), 5)
        assert await harness.things() == {"a": "open"}

    async def test_of_two_units_that_saw_it_open_one_closes_it(self, harness: DatabaseHarness) -> None:
        await harness.make("a")

        for database in (harness.database, harness.other):
            async with database.read() as tx:
                assert (await tx.connection.execute(select(thing.c.state))).scalar_one() == "open"

        async def close(database: Database, state: str) -> int:
            async with database.write() as writing:
                await asyncio.sleep(DELAY)
                query = update(thing).where(thing.c.id == "a", thing.c.state == "open").values(state=state)
                changed = (await writing.connection.execute(query)).rowcount
                await asyncio.sleep(DELAY)
                await writing.commit()
                return changed

        changed = await at_once(close(harness.database, "one"), close(harness.other, "other"))
        assert sorted(changed) == [0, 1]
        assert await harness.things() == {"a": ("one", "other")[changed.index(1)]}

    async def test_a_unit_that_looked_first_can_still_write_when_another_came_between(
        self, harness: DatabaseHarness
    ) -> None:
        await harness.make("a")
        async with harness.other.write() as tx:
            await tx.connection.execute(select(thing.c.state))
            between = asyncio.create_task(harness.make("b"))
            await asyncio.sleep(DELAY)
            await tx.connection.execute(update(thing).where(thing.c.id == "a").values(state="closed"))
            await tx.commit()
        await asyncio.wait_for(between, 5)
        assert await harness.things() == {"a": "closed", "b": "open"}

    async def test_of_units_that_meet_one_that_fails_takes_no_other_with_it(self, harness: DatabaseHarness) -> None:
        await harness.make("taken")

        async def make(name: str) -> bool:
            try:
                await harness.make(name)
            except IntegrityError:
                return False
            return True

        made = await at_once(*(make("taken" if number == 3 else f"t{number}") for number in range(8)))
        assert made == [number != 3 for number in range(8)]
        assert sorted(await harness.things()) == ["t0", "t1", "t2", "t4", "t5", "t6", "t7", "taken"]

    async def test_a_caller_that_gives_up_undoes_only_its_own_unit(self, harness: DatabaseHarness) -> None:
        entered = asyncio.Event()

        async def endless() -> None:
            async with harness.database.write() as tx:
                await tx.connection.execute(insert(thing).values(id="half", state="open"))
                entered.set()
                await asyncio.sleep(3600)

        slow = asyncio.create_task(endless())
        await entered.wait()
        waiting = [asyncio.create_task(harness.make(name)) for name in ("a", "b", "c")]
        await asyncio.sleep(DELAY)
        waiting[1].cancel()
        slow.cancel()
        ended = await asyncio.wait_for(asyncio.gather(slow, *waiting, return_exceptions=True), 5)
        assert isinstance(ended[0], asyncio.CancelledError)
        assert (ended[1], ended[3]) == (None, None)
        kept = {"a", "c"} | ({"b"} if ended[2] is None else set())  # where units need not queue, it was done already
        assert set(await harness.things()) == kept
        await asyncio.wait_for(harness.make("later"), 5)

    async def test_an_undone_unit_leaves_the_way_free(self, harness: DatabaseHarness) -> None:
        await harness.make("a")
        with pytest.raises(Trouble):
            async with harness.database.write() as tx:
                await tx.connection.execute(update(thing).values(state="half"))
                raise Trouble
        async with harness.other.write() as tx:
            await tx.connection.execute(update(thing).values(state="whole"))
            await asyncio.wait_for(tx.commit(), 5)
        assert await harness.things() == {"a": "whole"}


class DatabaseContention:
    """Many units on two workers at once."""

    async def test_of_twenty_units_exactly_one_takes_it(self, harness: DatabaseHarness) -> None:
        await harness.make("code")

        async def take(database: Database, name: str) -> int:
            async with database.write() as tx:
                query = update(thing).where(thing.c.id == "code", thing.c.state == "open").values(state=name)
                changed = (await tx.connection.execute(query)).rowcount
                await asyncio.sleep(DELAY)
                tx.audit(event("code.take" if changed else "code.refuse"))
                await tx.commit()
                return changed

        workers = (harness.database, harness.other)
        changed = await at_once(*(take(workers[i % 2], f"w{i}") for i in range(20)))
        assert changed.count(1) == 1
        assert await harness.things() == {"code": f"w{changed.index(1)}"}
        assert sorted(await harness.actions()) == ["code.refuse"] * 19 + ["code.take"]

    async def test_no_increment_in_sql_is_lost(self, harness: DatabaseHarness) -> None:
        await harness.make("counter")

        async def add(database: Database) -> None:
            async with database.write() as tx:
                await tx.connection.execute(update(thing).values(number=thing.c.number + 1))
                await asyncio.sleep(DELAY)
                await tx.commit()

        await at_once(*(add((harness.database, harness.other)[i % 2]) for i in range(20)))
        async with harness.other.read() as tx:
            assert (await tx.connection.execute(select(thing.c.number))).scalar_one() == 20

    async def test_more_units_than_connections_wait_their_turn(self, harness: DatabaseHarness) -> None:
        async def make(number: int) -> None:
            async with harness.database.write() as tx:
                await tx.connection.execute(insert(thing).values(id=f"t{number}", state="open"))
                await tx.commit()

        await at_once(*(make(number) for number in range(60)))
        assert len(await harness.things()) == 60
