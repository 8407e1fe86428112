"""Re-encryption and re-indexing while the service runs, on SQLite and PostgreSQL (issue: field encryption)."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from certstore.codes import CITIZEN_ID, HolderCode
from certstore.stores.tables import access_record, licence, licence_file, licence_holder
from core.audit.sql import read_chain
from core.db.database import Database
from core.errors import NotFound, Unavailable
from core.principal import SYSTEM
from core.text import Text
from idp.directory import account_context
from idp.stores.tables import account, account_index
from keys.reencrypt.documents import GRACE
from keys.reencrypt.model import JobState, KeyRef
from keys.secrets.purposes import (
    DOCUMENTS,
    FORMER_FIELDS,
    FORMER_INDEX,
    LICENCES_INDEX,
    PEOPLE,
    PEOPLE_INDEX,
)
from keys.spec import KeyState, SecretKind
from tests.conformance.certstore_stores_backends import LIN as STORED
from tests.conformance.certstore_stores_backends import TYPE
from tests.support.clock import FakeClock
from tests.support.former_forms import named_in_version_1, sealed_in_version_1
from tests.support.idp_world import citizen_number
from tests.support.reencryption_world import PURPOSES, City, PowerCut, Worker, city

LIN, ZHAO = (HolderCode(CITIZEN_ID, citizen_number(serial)) for serial in (1, 2))


@pytest.fixture
async def town(database: Database, tmp_path: Path, clock: FakeClock) -> AsyncIterator[City]:
    async with city(database, tmp_path, clock) as made:
        yield made


async def filled(worker: Worker, people: int = 8) -> list[str]:
    """People, licences, consents and looks."""
    ids = []
    for serial in range(1, people + 1):
        made = await worker.add_person(citizen_number(serial), f"138{serial:08d}")
        assert made is not None
        ids.append(made)
    for holder in (LIN, ZHAO):
        assert await worker.issue(holder) is not None
    await worker.stores.ask()
    await worker.stores.look()
    return ids


def turn(town: City, *workers: Worker) -> None:
    """Rotate every key of stored values; every worker hears of it in time."""
    for purpose in PURPOSES:
        town.ring.prepare(purpose)
    for worker in workers:
        worker.view.refresh()
    for purpose in PURPOSES:
        town.ring.rotate(purpose)
    for worker in workers:
        worker.view.refresh()


def old_keys(town: City) -> list[str]:
    return [key_id for purpose in PURPOSES for key_id in town.ring.ids(purpose, KeyState.VERIFY_ONLY)]


async def job(worker: Worker, name: str) -> Any:
    return next(one.job for one in await worker.control.standing() if one.name == name)


@pytest.mark.parametrize("kind", SecretKind)
async def test_after_a_rotation_everything_comes_under_the_new_keys(town: City, kind: SecretKind) -> None:
    """Also where the deployment changes over to national algorithms with it."""
    worker = town.worker()
    ids = await filled(worker)
    await worker.run()
    town.ring.kind = kind
    turn(town, worker)
    assert sum((await worker.remaining()).values()) > 0
    assert all([await worker.usage.needed(key) for key in old_keys(town) if town.ring.purpose_of(key) in PURPOSES])
    await worker.run()
    assert set((await worker.remaining()).values()) == {0}
    for key_id in old_keys(town):
        if town.ring.purpose_of(key_id) != "field.shortlived":  # those values end by themselves
            assert not await worker.usage.needed(key_id)
            town.ring.retire(key_id)
    worker.view.refresh()
    for serial, account_id in enumerate(ids, 1):
        for kind, value in (("citizen-id", citizen_number(serial)), ("phone", f"138{serial:08d}")):
            assert await worker.find_person(kind, value) == (account_id, f"name of {citizen_number(serial)}")
    (mine,) = (await worker.licences_of(LIN)).values()
    assert mine.current.holders[0].code == LIN
    assert await worker.document_of(mine.id) == f"%PDF of {mine.id}".encode()
    async with town.database.read() as tx:
        assert (await worker.stores.licences.by_number(tx, mine.type_code, "豫 0000123")) is not None
        assert len(await worker.stores.licences.history(tx, mine.id)) == 1
    assert await worker.issue(LIN) is None, "the mark is held under the new key"


async def test_keys_that_hold_something_are_needed_and_say_by_what(town: City) -> None:
    worker = town.worker()
    await filled(worker, people=1)
    for purpose in PURPOSES:
        assert await worker.usage.needed(town.ring.ids(purpose)[0]), "active keys are always needed"
    assert await worker.usage.needed("no such key")
    turn(town, worker)
    (people,) = town.ring.ids(PEOPLE, KeyState.VERIFY_ONLY)
    (index,) = town.ring.ids(PEOPLE_INDEX, KeyState.VERIFY_ONLY)
    (documents,) = town.ring.ids(DOCUMENTS, KeyState.VERIFY_ONLY)
    assert await worker.usage.holders(KeyRef(people, PEOPLE)) == ["account"]
    assert await worker.usage.holders(KeyRef(index, PEOPLE_INDEX)) == ["account_index"]
    assert await worker.usage.holders(KeyRef(documents, DOCUMENTS)) == ["licence_file"]
    assert await worker.usage.holders(KeyRef("A" * 16, PEOPLE)) == []


async def test_nothing_is_begun_where_nothing_is_to_be_done(town: City) -> None:
    worker = town.worker()
    await filled(worker)
    assert await worker.run() == 0
    assert {one.job.state for one in await worker.control.standing() if one.job} == {JobState.DONE}
    async with town.database.read() as tx:
        assert not [row async for row in read_chain(tx.connection)]


async def test_a_crash_costs_one_batch(town: City) -> None:
    worker = town.worker()
    await filled(worker)
    await worker.run()
    turn(town, worker)
    accounts = worker.collections[0]
    assert await worker.work.step()  # the first three
    accounts.rows_until_cut = 2
    with pytest.raises(PowerCut):
        await worker.work.step()
    before = await job(worker, "account")
    assert (before.rewritten, before.lease is not None) == (3, True)
    other = town.worker()
    remaining = (await other.remaining())["account"]
    assert remaining == 5, "rows of the broken batch are as they were"
    await other.run()
    assert (await other.remaining())["account"] == 5, "the lease of the dead worker still runs"
    town.clock.advance(121)
    await other.run()
    after = await job(other, "account")
    assert (after.state, after.rewritten) == (JobState.DONE, 8)
    assert set((await other.remaining()).values()) == {0}


async def test_a_change_by_somebody_else_is_never_overwritten(town: City) -> None:
    worker = town.worker(rows=10)
    (account_id, *_) = await filled(worker, people=3)
    await worker.run()
    turn(town, worker)

    async def meanwhile() -> None:
        """A person changes their name between our look and our write."""
        worker.collections[0].before_apply = None
        fresh = worker.people.seal(account_id, "name", "a new name")
        async with town.database.write() as tx:
            await tx.connection.execute(update(account).where(account.c.id == account_id).values(name=fresh))
            await tx.commit()

    worker.collections[0].before_apply = meanwhile
    await worker.work.step()
    overtaken = await job(worker, "account")
    assert (overtaken.rewritten, overtaken.overtaken) == (2, 1)
    assert await worker.find_person("citizen-id", citizen_number(1)) == (account_id, "a new name")
    await worker.run()
    assert (await worker.remaining())["account"] == 0, "its other columns were brought along in the next round"
    assert await worker.find_person("citizen-id", citizen_number(1)) == (account_id, "a new name")


async def test_a_mark_taken_over_meanwhile_stays_with_its_new_licence(town: City) -> None:
    worker = town.worker(rows=10)
    first = await worker.issue(LIN)
    assert first is not None
    await worker.run()
    turn(town, worker)
    marks = next(one for one in worker.collections if one.name == "licence_mark_index")
    taken: list[str] = []

    async def meanwhile() -> None:
        marks.before_apply = None
        await worker.end(first)
        second = await worker.issue(LIN)
        assert second is not None
        taken.append(second.id)

    marks.before_apply = meanwhile
    await worker.run()
    assert taken
    assert (await worker.remaining())["licence_mark_index"] == 0
    town.ring.retire(town.ring.ids(LICENCES_INDEX, KeyState.VERIFY_ONLY)[0])
    worker.view.refresh()
    assert await worker.issue(LIN) is None


async def test_many_workers_share_the_work_and_do_nothing_twice(town: City) -> None:
    first = town.worker(rows=2)
    await filled(first, people=20)
    await first.run()
    turn(town, first)
    workers = [first, *(town.worker(rows=2) for _ in range(3))]

    async def work(worker: Worker) -> int:
        return await worker.run()

    batches = await asyncio.gather(*(work(worker) for worker in workers))
    await first.run()
    assert sum(batches) >= 10
    assert set((await first.remaining()).values()) == {0}
    done = await job(first, "account")
    assert (done.state, done.rewritten, done.overtaken) == (JobState.DONE, 20, 0)


async def test_no_read_fails_while_keys_turn_and_everything_is_rewritten(town: City) -> None:
    worker, reader = town.worker(rows=2), town.worker()
    ids = await filled(worker, people=10)
    await worker.run()
    reads, over = 0, asyncio.Event()

    async def read() -> None:
        nonlocal reads
        while not over.is_set():
            for serial, account_id in enumerate(ids, 1):
                found = await reader.find_person("citizen-id", citizen_number(serial))
                assert found == (account_id, f"name of {citizen_number(serial)}")
                assert not await reader.add_person(citizen_number(serial)), "nobody gets a second account"
            (held,) = (await reader.licences_of(LIN)).values()
            assert await reader.document_of(held.id) == f"%PDF of {held.id}".encode()
            assert await reader.issue(LIN) is None
            reads += 1
            await asyncio.sleep(0)

    async def turn_twice() -> None:
        for _ in range(2):
            turn(town, worker, reader)
            await worker.run()
            for key_id in old_keys(town):
                if not await worker.usage.needed(key_id):
                    town.ring.retire(key_id)
            reader.view.refresh()
            worker.view.refresh()
            await worker.run()
        over.set()

    await asyncio.gather(read(), turn_twice())
    assert reads > 0
    assert set((await worker.remaining()).values()) == {0}


async def test_pause_and_resume(town: City) -> None:
    worker = town.worker(rows=2)
    await filled(worker)
    await worker.run()
    turn(town, worker)
    await worker.work.step()
    assert await worker.control.pause("account", SYSTEM) == ["account"]
    await worker.run()
    assert (await worker.remaining())["account"] == 6
    assert (await worker.remaining())["licence_holder"] == 0, "the others go on"
    assert await worker.control.pause("account", SYSTEM) == []
    assert await worker.control.resume(None, SYSTEM) == ["account"]
    await worker.run()
    assert (await job(worker, "account")).state is JobState.DONE
    with pytest.raises(NotFound):
        await worker.control.pause("accounts", SYSTEM)
    async with town.database.read() as tx:
        actions = [row.content["action"] async for row in read_chain(tx.connection)]
    assert actions.count("secrets.reencrypt-pause") == actions.count("secrets.reencrypt-resume") == 1
    assert actions.count("secrets.reencrypt") == sum(1 for one in await worker.control.standing() if one.job.found)


async def test_what_does_not_open_is_left_named_and_does_not_stop_the_rest(town: City) -> None:
    worker = town.worker()
    (account_id, *_) = await filled(worker)
    await worker.run()
    turn(town, worker)
    async with town.database.write() as tx:
        broken = update(account).where(account.c.id == account_id).values(name=b"\x02" + b"x" * 60)
        await tx.connection.execute(broken)
        await tx.commit()
    await worker.run()
    stuck = await job(worker, "account")
    assert (stuck.state, stuck.faulty, stuck.rewritten) == (JobState.STUCK, 1, 7)
    assert (await worker.remaining())["account"] == 1
    (old,) = town.ring.ids(PEOPLE, KeyState.VERIFY_ONLY)
    assert await worker.usage.needed(old), "its other columns are still under the old key"
    mended = worker.people.seal(account_id, "name", "mended")
    async with town.database.write() as tx:
        await tx.connection.execute(update(account).where(account.c.id == account_id).values(name=mended))
        await tx.commit()
    assert await worker.run() == 0
    assert await worker.control.start("account", SYSTEM) == ["account"]
    await worker.run()
    assert (await job(worker, "account")).state is JobState.DONE


async def test_documents_are_removed_only_when_nobody_can_be_reading_them(town: City) -> None:
    worker = town.worker()
    made = await worker.issue(LIN)
    assert made is not None
    await worker.run()
    (old_document,) = town.documents()
    turn(town, worker)
    await worker.run()
    assert len(town.documents()) == 2
    assert await worker.discarded() == 0
    assert old_document in town.documents()
    town.clock.advance(GRACE.total_seconds() + 1)
    assert await worker.discarded() == 1
    (new_document,) = town.documents()
    assert new_document != old_document
    assert await worker.document_of(made.id) == f"%PDF of {made.id}".encode()
    town.clock.advance(GRACE.total_seconds() * 9)
    assert await worker.discarded() == 0
    assert town.documents() == [new_document], "what a row refers to stays, though it was on the list"


async def test_a_crash_between_store_and_row_leaves_no_orphan(town: City) -> None:
    worker = town.worker()
    made = await worker.issue(LIN)
    assert made is not None
    await worker.run()
    (document,) = town.documents()
    turn(town, worker)
    worker.collections[-1].rows_until_cut = 0
    with pytest.raises(PowerCut):
        await worker.run()
    assert len(town.documents()) == 2
    assert await worker.document_of(made.id) == f"%PDF of {made.id}".encode()
    town.clock.advance(GRACE.total_seconds() + 1)
    assert await worker.discarded() == 1
    assert town.documents() == [document]
    worker.collections[-1].rows_until_cut = None
    await worker.run()
    assert await worker.document_of(made.id) == f"%PDF of {made.id}".encode()


async def test_a_missing_document_is_a_fault_of_its_row_only(town: City) -> None:
    worker = town.worker()
    lost, kept = await worker.issue(LIN), await worker.issue(ZHAO)
    assert lost is not None
    assert kept is not None
    await worker.run()
    async with town.database.read() as tx:
        query = select(licence_file.c.content).where(licence_file.c.licence_id == lost.id)
        address = (await tx.connection.execute(query)).scalar_one()
    await town.blobs.delete(address.partition(".")[2])
    turn(town, worker)
    await worker.run()
    stuck = await job(worker, "licence_file")
    assert (stuck.state, stuck.faulty, stuck.rewritten) == (JobState.STUCK, 1, 1)
    assert await worker.document_of(kept.id) == f"%PDF of {kept.id}".encode()


async def test_values_of_the_release_before_come_under_keys_that_turn(
    database: Database, tmp_path: Path, clock: FakeClock
) -> None:
    async with city(database, tmp_path, clock, FORMER_FIELDS, FORMER_INDEX) as town:
        worker = town.worker()
        ids = await filled(worker, people=2)
        (held,) = (await worker.licences_of(LIN)).values()
        await _as_before(town, worker, ids)
        assert await worker.find_person("citizen-id", citizen_number(1)) == (ids[0], f"name of {citizen_number(1)}")
        assert await worker.add_person(citizen_number(2)) is None
        former = [town.ring.ids(purpose)[0] for purpose in (FORMER_FIELDS, FORMER_INDEX)]
        clock.advance(dt.timedelta(days=2).total_seconds())
        assert all([await worker.usage.needed(key_id) for key_id in former])
        for purpose in (FORMER_FIELDS, FORMER_INDEX):
            town.ring.rotate(purpose)
        worker.view.refresh()
        await worker.run()
        assert set((await worker.remaining()).values()) == {0}
        town.record = _long_ago(town)  # type: ignore[method-assign]
        usage = town.worker().usage
        assert not any([await usage.needed(key_id) for key_id in former])
        for key_id in former:
            town.ring.retire(key_id)
        worker.view.refresh()
        assert await worker.find_person("phone", "13800000002") == (ids[1], f"name of {citizen_number(2)}")
        assert await worker.add_person(citizen_number(1)) is None
        assert held.id in await worker.licences_of(LIN)
        assert await worker.issue(LIN) is None


def _long_ago(town: City) -> Any:
    find = town.record

    async def record(key_id: str) -> Any:
        found = await find(key_id)
        return None if found is None else dataclasses.replace(found, state_since=found.state_since - dt.timedelta(3))

    return record


async def _as_before(town: City, worker: Worker, ids: list[str]) -> None:
    """Put people's and one licence's values into the forms of the release before."""
    fields, index = (town.ring.secrets(purpose)[0] for purpose in (FORMER_FIELDS, FORMER_INDEX))
    async with town.database.write() as tx:
        connection = tx.connection
        for serial, account_id in enumerate(ids, 1):
            number = citizen_number(serial)
            values = {"number": number, "phone": f"138{serial:08d}", "name": f"name of {number}"}
            sealed = {
                column: sealed_in_version_1(fields, value.encode(), account_context(account_id, column))
                for column, value in values.items()
            }
            await connection.execute(update(account).where(account.c.id == account_id).values(**sealed))
            await connection.execute(account_index.delete().where(account_index.c.account_id == account_id))
            for kind, column in (("citizen-id", "number"), ("phone", "phone")):
                digest = named_in_version_1(index, kind, values[column])
                await connection.execute(insert(account_index).values(digest=digest, account_id=account_id, kind=kind))
        for holder in (LIN, ZHAO):
            digest = named_in_version_1(index, "licence-holder/111", holder.number)
            stored = worker.secrets.indexes.licences.digests("licence-holder/111", holder.number)
            mine = licence_holder.c.code_index.in_(stored)
            await connection.execute(update(licence_holder).where(mine).values(code_index=digest))
        await connection.execute(
            update(licence).values(number_index=named_in_version_1(index, f"licence-number/{TYPE}", "豫 0000123"))
        )
        await tx.commit()


async def test_looks_of_the_release_before_keep_their_key(database: Database, tmp_path: Path, clock: FakeClock) -> None:
    """They do not hold the holder's number, so their index cannot be made anew; they are still found."""
    async with city(database, tmp_path, clock, FORMER_INDEX) as town:
        worker = town.worker()
        await worker.stores.look()
        bare = named_in_version_1(town.ring.secrets(FORMER_INDEX)[0], "licence-holder/111", STORED.number)
        async with town.database.write() as tx:
            await tx.connection.execute(update(access_record).values(holder_index=bare, holder_enc=None))
            await tx.commit()
        await worker.run()
        assert (await worker.remaining())["access_record"] == 0
        assert await worker.usage.needed(town.ring.ids(FORMER_INDEX)[0])
        async with town.database.read() as tx:
            assert len(await worker.stores.access.of_holder(tx, STORED, now=town.clock.now())) == 1


async def test_a_store_that_is_away_does_not_end_the_work(town: City, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = town.worker()
    assert await worker.issue(LIN) is not None
    await worker.run()
    turn(town, worker)

    async def away(content: bytes) -> str:
        raise Unavailable("blobs-unavailable", Text("文件存储不在。", "The document store is away."))

    put = town.blobs.put
    monkeypatch.setattr(town.blobs, "put", away)
    task = asyncio.create_task(worker.work.forever(pause=0, idle=0))
    while (await worker.remaining())["licence_holder"]:
        await asyncio.sleep(0)
    assert not task.done()
    monkeypatch.setattr(town.blobs, "put", put)
    town.clock.advance(121)
    while (await worker.remaining())["licence_file"]:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
