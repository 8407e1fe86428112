"""Units of work, audit logs and idempotency broken on purpose: the contracts must catch each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import ColumnElement, or_, true
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit import at_once, sql, verify, walk
from core.audit.chain import ChainedRow, fault_of, row_hash
from core.audit.sql import append_events
from core.audit.verify import ChainVerdict, Checkpoint, verify_chain
from core.clock import Clock
from core.db.database import Database, ReadTx, WriteTx
from core.idempotency import idempotency_key, remember_result
from tests.conformance.audit import AuditBasic, AuditContention, AuditTransaction
from tests.conformance.audit_change import AuditChangeBasic
from tests.conformance.database import DatabaseBasic, DatabaseContention, DatabaseTransaction
from tests.conformance.database_backends import DatabaseHarness, postgres, sqlite
from tests.conformance.database_quick import QuickBasic, QuickContention, QuickTransaction
from tests.conformance.harness import Surroundings, failing
from tests.conformance.idempotency import IdempotencyBasic, IdempotencyContention, IdempotencyTransaction
from tests.support.clock import FakeClock
from tests.support.servers import PostgresServer

CONTRACT = [
    *(DatabaseBasic, DatabaseTransaction, DatabaseContention),
    *(AuditBasic, AuditTransaction, AuditContention),
    *(IdempotencyBasic, IdempotencyTransaction, IdempotencyContention),
    *(QuickBasic, QuickTransaction, QuickContention),
]


class CommitsWhateverHappens(Database):
    """The habit of frameworks that commit at the end of a request."""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        async with super().write() as tx:
            try:
                yield tx
            finally:
                await tx.commit()


class CommitsWhenLeft(Database):
    """One transaction around the whole request: acknowledges before it commits, and a refusal takes all with it."""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        async with super().write() as tx:
            commit, asked = tx.commit, []

            async def later() -> None:
                asked.append(True)

            tx.commit = later  # type: ignore[method-assign]
            yield tx
            if asked:
                await commit()


class KeepsEventsOfUndoneUnits(Database):
    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        async with super().write() as tx:
            try:
                yield tx
            finally:
                if not tx.committed:
                    await tx.connection.rollback()
                    await tx.commit()


class ForgetsEvents(Database):
    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        async with super().write() as tx:
            tx.audit = lambda event: None  # type: ignore[method-assign]
            yield tx


class TellsEventsTwice(Database):
    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        async with super().write() as tx:
            commit, told = tx.commit, []
            audit = tx.audit

            def remember(event: Any) -> None:
                told.append(event)

            async def all_again() -> None:
                for event in told:
                    audit(event)
                await commit()

            tx.audit = remember  # type: ignore[method-assign]
            tx.commit = all_again  # type: ignore[method-assign]
            yield tx


class LosesLateEvents(Database):
    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        async with super().write() as tx:
            tx.refuse_lost_events = lambda: None  # type: ignore[method-assign]
            yield tx


class LogsAfterTheCommit(Database):
    """The event in a second transaction: the change stands when the log fails."""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        async with super().write() as tx:
            commit = tx.commit

            async def change_first() -> None:
                await tx.connection.commit()
                await commit()

            tx.commit = change_first  # type: ignore[method-assign]
            yield tx


class LooksAnewEachTime(Database):
    @asynccontextmanager
    async def read(self) -> AsyncIterator[ReadTx]:
        async with super().read() as tx:
            yield ReadTx(_Fresh(tx.connection))  # type: ignore[arg-type]


class _Fresh:
    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def execute(self, *arguments: Any) -> Any:
        await self._connection.rollback()
        return await self._connection.execute(*arguments)


class CommitsEachStatement(Database):
    """The driver's autocommit."""

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteTx]:
        async with super().write() as tx:
            execute = tx.connection.execute

            async def at_once(*arguments: Any) -> Any:
                answer = await execute(*arguments)
                await tx.connection.commit()
                return answer

            tx.connection = _With(tx.connection, at_once)  # type: ignore[assignment]
            yield tx


class _With:
    """A connection with another `execute`."""

    def __init__(self, connection: AsyncConnection, execute: Any) -> None:
        self._connection, self.execute = connection, execute

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


class TakesTheLockLate(Database):
    """Begins by reading and asks for the write lock when it first writes."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._writing = self._reading


@pytest.mark.parametrize(
    ("broken", "caught_by"),
    [
        (CommitsWhateverHappens, "test_an_exception_undoes_the_unit_and_its_events"),
        (CommitsWhateverHappens, "test_a_unit_left_without_commit_never_was"),
        (CommitsWhenLeft, "test_a_unit_is_durable_when_commit_returns"),
        (CommitsWhenLeft, "test_a_security_write_survives_the_error_raised_after_it"),
        (KeepsEventsOfUndoneUnits, "test_an_undone_unit_leaves_no_number_behind"),
        (ForgetsEvents, "test_a_unit_is_durable_when_commit_returns"),
        (TellsEventsTwice, "test_a_unit_can_commit_in_steps_and_tells_each_event_once"),
        (LosesLateEvents, "test_an_event_that_nothing_would_commit_is_an_error"),
        (LogsAfterTheCommit, "test_a_change_whose_event_cannot_be_written_is_not_made"),
        (LooksAnewEachTime, "test_a_reading_unit_sees_one_moment"),
        (CommitsEachStatement, "test_what_is_not_committed_is_not_seen"),
        (TakesTheLockLate, "test_a_unit_that_looked_first_can_still_write_when_another_came_between"),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
async def test_the_contract_catches(broken: type[Database], caught_by: str, tmp_path: Path) -> None:
    def opened() -> AbstractAsyncContextManager[DatabaseHarness]:
        return _opened(tmp_path, broken)

    assert await failing(CONTRACT, opened, only=caught_by) == {caught_by}


def _fault_without(ignored: str) -> Callable[..., str | None]:
    def lenient(row: ChainedRow, **expected: Any) -> str | None:
        fault = fault_of(row, **expected)
        return None if fault == ignored else fault

    return lenient


@pytest.mark.parametrize(
    ("ignored", "caught_by"),
    [
        ("changed", "test_a_changed_field_is_named"),
        ("broken-link", "test_a_changed_row_with_its_own_hash_made_anew_is_named_by_the_next"),
        ("gap", "test_a_deleted_row_is_named"),
    ],
)
async def test_a_verifier_that_overlooks_is_caught(
    ignored: str, caught_by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk, "fault_of", _fault_without(ignored))
    assert await failing(CONTRACT, lambda: _opened(tmp_path), only=caught_by) == {caught_by}


async def test_a_verifier_that_does_not_look_at_the_head_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def where_the_rows_end(connection: AsyncConnection) -> tuple[int, bytes]:
        end = (0, bytes(32))
        async for row in sql.read_chain(connection):
            end = (row.number, row.hash)
        return end

    monkeypatch.setattr(verify, "read_head", where_the_rows_end)
    for name in (
        "test_a_cut_tail_is_named",
        "test_an_emptied_log_is_named",
        "test_a_row_added_behind_the_head_is_named",
    ):
        assert await failing(CONTRACT, lambda: _opened(tmp_path), only=name) == {name}


async def test_a_verifier_that_forgets_the_checkpoint_is_caught(tmp_path: Path) -> None:
    async def forgetful(database: Database, _checkpoint: Checkpoint | None) -> ChainVerdict:
        return await verify_chain(database)

    for name in (
        "test_a_chain_written_anew_is_found_by_the_checkpoint",
        "test_a_tail_cut_with_its_head_is_found_by_the_checkpoint",
    ):
        assert await failing(CONTRACT, lambda: _opened(tmp_path, verify=forgetful), only=name) == {name}


async def test_a_hash_that_leaves_the_detail_out_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def partial(number: int, previous: bytes, content: dict[str, object], *digest: Any) -> bytes:
        return row_hash(number, previous, {name: value for name, value in content.items() if name != "detail"}, *digest)

    for module in ("core.audit.chain", "core.audit.sql"):
        monkeypatch.setattr(f"{module}.row_hash", partial)
    name = "test_a_changed_detail_is_named"
    assert await failing(CONTRACT, lambda: _opened(tmp_path), only=name) == {name}


async def test_a_log_written_without_the_head_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def headless(connection: AsyncConnection, *arguments: Any) -> None:
        await append_events(connection, *arguments)
        await connection.exec_driver_sql("UPDATE audit_head SET number = 0, hash = zeroblob(32)")

    monkeypatch.setattr("core.db.units.append_events", headless)
    name = "test_forty_units_on_two_workers_make_one_chain"
    assert await failing(CONTRACT, lambda: _opened(tmp_path), only=name) == {name}


async def _remembers_at_once(tx: WriteTx, clock: Clock, **named: str) -> None:
    await remember_result(tx, clock, **named)
    await tx.commit()


async def _does_not_mind_a_second(tx: WriteTx, clock: Clock, **named: str) -> None:
    await tx.connection.execute(insert(idempotency_key).values(**named, at=clock.now()).on_conflict_do_nothing())


async def _forgets_the_content(tx: WriteTx, clock: Clock, **named: str) -> None:
    await remember_result(tx, clock, **{**named, "fingerprint": "same"})


async def _forgets_the_scope(tx: WriteTx, clock: Clock, **named: str) -> None:
    await remember_result(tx, clock, **{**named, "scope": "client:portal licence.issue"})


@pytest.mark.parametrize(
    ("broken", "caught_by"),
    [
        (_remembers_at_once, "test_a_failed_write_leaves_its_key_free"),
        (_does_not_mind_a_second, "test_of_twenty_equal_requests_one_makes_something_and_all_get_it"),
        (_forgets_the_content, "test_the_second_time_answers_as_the_first_and_makes_nothing"),
        (_forgets_the_scope, "test_another_key_or_another_scope_is_another_write"),
    ],
)
async def test_idempotency_broken_on_purpose_is_caught(broken: Any, caught_by: str, tmp_path: Path) -> None:
    assert await failing(CONTRACT, lambda: _opened(tmp_path, remember=broken), only=caught_by) == {caught_by}


async def _keeps(self: Any) -> None:
    if self._unit is not None:
        await self._leave(keep=True)


async def _answers_early(self: Any, *, keep: bool) -> None:
    self._unit = None
    self._writer.leave(keep=keep)


async def _forgets_events(unit: Any, events: Any, at: Any) -> None:
    del unit, events, at


@pytest.mark.parametrize(
    ("place", "broken", "caught_by"),
    [
        ("_SqliteWriting.end", _keeps, "test_a_quick_unit_left_without_commit_never_was"),
        ("_SqliteWriting.end", _keeps, "test_a_quick_security_write_survives_the_error_raised_after_it"),
        ("_SqliteWriting._leave", _answers_early, "test_a_quick_unit_is_durable_when_commit_returns"),
        ("append_quickly", _forgets_events, "test_quick_and_usual_units_make_one_chain"),
    ],
)
async def test_quick_units_broken_on_purpose_are_caught(
    place: str, broken: Any, caught_by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"core.db.quick.{place}", broken)
    assert await failing(CONTRACT, lambda: _opened(tmp_path), only=caught_by) == {caught_by}


_stands = at_once._stands


def _minds_no_other() -> ColumnElement[bool]:
    """Of two who saw the same end both go on from there."""
    return or_(_stands(), true())


async def _moved_or_not(unit: Any, head: sql.Head, added: Any, events: Any, at: Any, end: at_once.LogEnd) -> bool:
    await _moved(unit, head, added, events, at, end)
    return True


_moved = at_once._moved


@pytest.mark.parametrize(
    ("place", "broken"),
    [("_stands", _minds_no_other), ("_moved", _moved_or_not)],
)
async def test_an_append_that_trusts_the_end_it_knows_is_caught(
    place: str, broken: Any, tmp_path: Path, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL, where units are written at once."""
    at_once._statement.cache_clear()
    monkeypatch.setattr(at_once, place, broken)
    around = Surroundings(tmp_path, FakeClock(), postgres_server)
    caught_by = "test_what_comes_last_follows_whoever_wrote_to_the_log_meanwhile"
    try:
        assert await failing(CONTRACT, lambda: postgres(around), only=caught_by) == {caught_by}
    finally:
        at_once._statement.cache_clear()


async def test_the_good_ground_passes_in_the_same_frame(tmp_path: Path) -> None:
    """The legitimate twin: what is caught above is the fault, not the frame."""
    assert await failing(CONTRACT, lambda: _opened(tmp_path, Database)) == set()


@asynccontextmanager
async def _opened(folder: Path, broken: type[Database] | None = None, **parts: Any) -> AsyncIterator[DatabaseHarness]:
    place = folder / str(len(list(folder.iterdir())))
    place.mkdir()
    async with sqlite(Surroundings(place, FakeClock())) as good:
        if broken is None:
            yield replace(good, **parts)
        else:
            one, other = (broken(database.engine, good.clock) for database in (good.database, good.other))
            yield replace(good, database=one, other=other, **parts)


async def test_a_verifier_that_believes_what_the_change_says_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walk.ChainWalk, "_is_the_change", lambda *_: True)
    for name in (
        "test_old_rows_written_anew_are_found_by_what_they_are_under_sm3",
        "test_a_row_dropped_at_the_seam_is_found",
        "test_a_second_change_is_named",
    ):
        assert await failing([AuditChangeBasic], lambda: _opened(tmp_path), only=name) == {name}
