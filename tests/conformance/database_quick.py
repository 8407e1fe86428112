"""The contract of quick units: what prepared statements do on the driver is what they do in any other unit."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from sqlalchemy import bindparam, delete, insert, select, update

from core.audit.event import AuditEvent
from core.audit.verify import verify_chain
from core.db.database import Database
from core.prepared import Prepared
from core.principal import SYSTEM
from tests.conformance.database_backends import DatabaseHarness, moment, thing
from tests.conformance.harness import DELAY, at_once

_ADD = Prepared(insert(thing))
_ALL = Prepared(select(thing).order_by(thing.c.id))
_CLOSE = Prepared(
    update(thing).where(thing.c.id == bindparam("name"), thing.c.state == "open").values(state=bindparam("to"))
)
_COUNT = Prepared(update(thing).where(thing.c.id == "a").values(number=thing.c.number + 1))


class Trouble(Exception):
    """Something that goes wrong in the middle of a unit."""


def row(name: str, state: str = "open") -> dict[str, object]:
    return {"id": name, "state": state, "number": 0, "at": moment(1)}


def event(action: str) -> AuditEvent:
    return AuditEvent(action, "done", SYSTEM)


class QuickBasic:
    """One caller at a time."""

    async def test_a_quick_unit_is_durable_when_commit_returns(self, harness: DatabaseHarness) -> None:
        async with harness.database.quick_write() as tx:
            assert await tx.change(_ADD, row("a")) == 1
            tx.audit(event("thing.make"))
            await tx.commit()
            assert await harness.things() == {"a": "open"}
            assert await harness.actions() == ["thing.make"]

    async def test_a_quick_unit_left_without_commit_never_was(self, harness: DatabaseHarness) -> None:
        async with harness.database.quick_write() as tx:
            await tx.change(_ADD, row("a"))
            tx.audit(event("thing.make"))
        assert await harness.things() == {}
        assert await harness.actions() == []

    async def test_one_statement_is_run_for_each_of_several_rows(self, harness: DatabaseHarness) -> None:
        async with harness.database.quick_write() as tx:
            await tx.change_each(_ADD, [])
            await tx.change_each(_ADD, [row("a"), row("b", "shut")])
            await tx.change_each(_ADD, [row("c")])
            tx.audit(event("thing.make"))
            tx.audit(event("thing.make-again"))
            await tx.commit()
        async with harness.database.write() as tx:
            await tx.change_each(_ADD, [row("d"), row("e")])
            await tx.commit()
        assert await harness.things() == {"a": "open", "b": "shut", "c": "open", "d": "open", "e": "open"}
        assert await harness.actions() == ["thing.make", "thing.make-again"]

    async def test_what_comes_last_stands_or_falls_with_its_unit(self, harness: DatabaseHarness) -> None:
        things: dict[str, str] = {}
        actions: list[str] = []
        for turn, (many, events) in enumerate([(1, 1), (1, 1), (3, 2), (1, 0), (20, 1), (0, 20)]):
            rows = [row(f"t{turn}.{number}") for number in range(many)]
            async with harness.database.quick_write() as tx:
                await tx.add_last(thing, rows)
                tx.audit(event("thing.undone"))
            assert (await harness.things(), await harness.actions()) == (things, actions)
            async with harness.database.quick_write() as tx:
                await tx.add_last(thing, rows)
                for number in range(events):
                    tx.audit(event(f"thing.make-{number}"))
                await tx.commit()
                things |= {f"t{turn}.{number}": "open" for number in range(many)}
                actions += [f"thing.make-{number}" for number in range(events)]
                assert (await harness.things(), await harness.actions()) == (things, actions)
        assert (await verify_chain(harness.database)).fault is None

    async def test_what_comes_last_follows_whoever_wrote_to_the_log_meanwhile(self, harness: DatabaseHarness) -> None:
        await harness.database.record(event("first"))
        await harness.other.record(event("other"))
        async with harness.database.quick_write() as tx:
            await tx.add_last(thing, [row("a")])
            tx.audit(event("last"))
            await tx.commit()
        assert (await harness.things(), await harness.actions()) == ({"a": "open"}, ["first", "other", "last"])
        assert (await verify_chain(harness.database)).fault is None

    async def test_what_comes_last_and_breaks_a_rule_undoes_all_and_hurts_no_later_unit(
        self, harness: DatabaseHarness
    ) -> None:
        await harness.make("a")
        await harness.database.record(event("before"))
        for whole in (False, True):  # with a statement before it, and alone
            with pytest.raises(Exception, match=r"(?i)unique"):
                async with harness.database.quick_write() as tx:
                    if not whole:
                        await tx.change(_CLOSE, {"name": "a", "to": "shut"})
                    await tx.add_last(thing, [row("b"), row("a")])
                    tx.audit(event("thing.make"))
                    await tx.commit()
        await harness.database.record(event("after"))
        assert (await harness.things(), await harness.actions()) == ({"a": "open"}, ["before", "after"])
        assert (await verify_chain(harness.database)).fault is None

    async def test_an_exception_undoes_a_quick_unit_and_its_events(self, harness: DatabaseHarness) -> None:
        with pytest.raises(Trouble):
            async with harness.database.quick_write() as tx:
                await tx.change(_ADD, row("a"))
                tx.audit(event("thing.make"))
                raise Trouble
        assert await harness.things() == {}
        assert await harness.actions() == []

    async def test_a_quick_security_write_survives_the_error_raised_after_it(self, harness: DatabaseHarness) -> None:
        await harness.make("a")
        with pytest.raises(Trouble):
            async with harness.database.quick_write() as tx:
                await tx.change(_CLOSE, {"name": "a", "to": "revoked"})
                await tx.commit()
                await tx.change(_ADD, row("b"))
                raise Trouble
        assert await harness.things() == {"a": "revoked"}

    async def test_a_quick_event_that_nothing_would_commit_is_an_error(self, harness: DatabaseHarness) -> None:
        with pytest.raises(RuntimeError, match="after the commit"):
            async with harness.database.quick_write() as tx:
                await tx.commit()
                tx.audit(event("thing.late"))

    async def test_a_row_reads_alike_both_ways(self, harness: DatabaseHarness) -> None:
        await harness.make("a")
        async with harness.database.quick_write() as tx:
            await tx.change(_ADD, row("b"))
            await tx.commit()
        async with harness.database.quick_read() as quick, harness.database.read() as usual:
            ours, theirs = await quick.rows(_ALL), await usual.rows(_ALL)
            assert [tuple(one) for one in ours] == [tuple(one) for one in theirs]
            assert [one.at for one in ours] == [None, moment(1)]
            assert [one.id for one in theirs] == ["a", "b"]

    async def test_a_rarer_statement_runs_in_a_quick_unit(self, harness: DatabaseHarness) -> None:
        async with harness.database.quick_write() as tx:
            await tx.connection.execute(insert(thing), [row("a"), row("b"), row("c")])
            done = await tx.connection.execute(delete(thing).where(thing.c.id.in_(["a", "b"])))
            assert done.rowcount == 2
            found = await tx.connection.execute(select(thing.c.id).where(thing.c.state == "open"))
            assert list(found.scalars()) == ["c"]
            await tx.commit()
        assert await harness.things() == {"c": "open"}

    async def test_a_quick_look_changes_nothing(self, harness: DatabaseHarness) -> None:
        await harness.make("a")
        with contextlib.suppress(Exception):
            async with harness.database.quick_read() as tx:
                await tx.connection.execute(delete(thing))
        assert await harness.things() == {"a": "open"}


class QuickTransaction:
    """Units that overlap."""

    async def test_a_quick_look_sees_what_is_committed_and_nothing_else(self, harness: DatabaseHarness) -> None:
        async with harness.other.quick_write() as tx:
            await tx.change(_ADD, row("a"))
            async with harness.database.quick_read() as look:
                assert await look.row(_ALL) is None
            await tx.commit()
        async with harness.database.quick_read() as look:
            assert (await look.row(_ALL)).id == "a"  # type: ignore[union-attr]

    async def test_a_quick_unit_sees_its_own_work(self, harness: DatabaseHarness) -> None:
        async with harness.database.quick_write() as tx:
            await tx.change(_ADD, row("a"))
            assert len(await tx.rows(_ALL)) == 1

    async def test_a_caller_that_gives_up_undoes_only_its_own_quick_unit(self, harness: DatabaseHarness) -> None:
        await harness.make("a")
        begun = asyncio.Event()

        async def hold() -> None:
            async with harness.database.quick_write() as tx:
                await tx.change(_ADD, row("lost"))
                begun.set()
                await asyncio.sleep(60)
                await tx.commit()

        task = asyncio.create_task(hold())
        await begun.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await self._close(harness.database, "a")
        assert await harness.things() == {"a": "closed"}

    @staticmethod
    async def _close(database: Database, name: str) -> bool:
        async with database.quick_write() as tx:
            done = await tx.change(_CLOSE, {"name": name, "to": "closed"})
            await asyncio.sleep(DELAY)
            await tx.commit()
        return done == 1


class QuickContention:
    """Many at once, on two workers."""

    async def test_of_twenty_quick_units_exactly_one_takes_it(self, harness: DatabaseHarness) -> None:
        await harness.make("a")
        workers = (harness.database, harness.other)
        won = await at_once(*(QuickTransaction._close(workers[number % 2], "a") for number in range(20)))
        assert won.count(True) == 1

    async def test_no_quick_increment_is_lost(self, harness: DatabaseHarness) -> None:
        await harness.make("a")

        async def count(database: Database) -> None:
            async with database.quick_write() as tx:
                await tx.change(_COUNT)
                await tx.commit()

        await at_once(*(count(database) for database in (harness.database, harness.other) for _ in range(20)))
        async with harness.database.quick_read() as tx:
            assert (await tx.row(_ALL)).number == 40  # type: ignore[union-attr]

    async def test_quick_and_usual_units_make_one_chain(self, harness: DatabaseHarness) -> None:
        async def quickly(database: Database, number: int) -> None:
            async with database.quick_write() as tx:
                tx.audit(event(f"quick.{number}"))
                tx.audit(event(f"again.{number}"))
                await tx.commit()

        async def all_at_once(database: Database, number: int) -> None:
            async with database.quick_write() as tx:
                await tx.add_last(thing, [row(f"t{number}")])
                tx.audit(event(f"once.{number}"))
                await tx.commit()

        async def usually(database: Database, number: int) -> None:
            async with database.write() as tx:
                tx.audit(event(f"usual.{number}"))
                await tx.commit()

        workers = (harness.database, harness.other)
        calls = [work(workers[number % 2], number) for number in range(12) for work in (quickly, all_at_once, usually)]
        await at_once(*calls)
        verdict = await verify_chain(harness.database)
        assert (verdict.fault, len(await harness.actions())) == (None, 48)
        assert len(await harness.things()) == 12

    async def test_more_quick_units_than_connections_wait_their_turn(self, harness: DatabaseHarness) -> None:
        await at_once(*(self._make(harness.database, number) for number in range(40)))
        assert len(await harness.things()) == 40

    @staticmethod
    async def _make(database: Database, number: int) -> None:
        async with database.quick_write() as tx:
            await tx.change(_ADD, row(f"t{number}"))
            await asyncio.sleep(DELAY)
            await tx.commit()
