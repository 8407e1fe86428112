"""Registers are taken over whole, once, and with everything that is wrong with them said."""

from __future__ import annotations

import asyncio
import csv
import datetime as dt
import io
import sys
from collections.abc import AsyncIterator, Iterable

import pytest
from sqlalchemy import select

from certstore.bulk.errors import FileRefused, ImportMoved, ImportNotFound
from certstore.bulk.intake import FileFormat, IntakeCommand
from certstore.bulk.model import Import, ImportState
from certstore.bulk.report import report_of
from certstore.lifecycle import Event
from certstore.model import Trust
from certstore.stores.bulk_tables import licence_import_sighting
from certstore.stores.tables import licence
from core.errors import InvalidInput, NotPermitted
from tests.support.certstore_world import LAND, LAND_SYSTEM, PERMIT, POLICE_SYSTEM, PROPERTY, World, client
from tests.support.legacy_register import HEADER, KINDS, Planted, csv_file

ROWS = 1200


async def pieces(content: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in content:
        yield piece


async def taken_in(city: World, content: Iterable[bytes], *, type_code: str = PROPERTY, **command: object) -> Import:
    actor = LAND_SYSTEM if type_code == PROPERTY else POLICE_SYSTEM
    asked = {"format": FileFormat.CSV, "trust": Trust.B, "file_name": "C:\\登记簿\\不动产.csv"} | command
    return await city.bulk.take_in(IntakeCommand(type_code, **asked), pieces(content), actor)  # type: ignore[arg-type]


async def ran(city: World, made: Import, *, dry: bool = False) -> Import:
    await city.bulk.steer.start(made.id, made.columns, LAND_SYSTEM, dry=dry)
    await city.bulk.run.through()
    return (await city.bulk.steer.one(made.id, LAND_SYSTEM))[0]


async def test_every_planted_fault_is_found_and_every_good_row_is_kept(city: World) -> None:
    planted = Planted()
    made = await taken_in(city, csv_file(ROWS, PROPERTY, LAND, planted))
    assert (made.rows, made.state, made.file_name) == (ROWS, ImportState.READY, "不动产.csv")
    assert {"holder_code", "holder_name", "number", "valid_from", "identifier", "data.area"} <= set(made.columns)

    tried = await ran(city, made, dry=True)
    assert await city.rows(licence) == 0
    done = await ran(city, made)
    for run in (tried, done):
        assert run.state is ImportState.DONE
        found = {name[6:]: count for name, count in run.findings.items() if name.startswith("fault:")}
        assert found == dict(planted.faults)
        assert set(found) == set(KINDS)
        assert (run.seen, run.faulty) == (ROWS, planted.faults.total())
        assert run.findings["id:15-digits"] == planted.fifteen
        assert run.findings["identifier:wrong"] == planted.wrong_checks
    assert done.kept == ROWS - planted.faults.total() == await city.rows(licence)
    assert await city.rows(licence_import_sighting) == 0


async def test_what_was_taken_over_is_a_licence_like_any_other(city: World) -> None:
    made = await taken_in(city, csv_file(3, PROPERTY, LAND, Planted()))
    await ran(city, made)
    page = await city.services.read.issued(LAND_SYSTEM)
    first = page.items[-1]
    view, story = await city.services.read.story(first.id, LAND_SYSTEM)
    assert (view.licence.current.trust, view.licence.current.made_by) == (Trust.B, Event.RECORD)
    assert view.licence.current.based_on is not None
    assert story[0].sha256 is None
    assert story[0].chained
    original = await city.services.read.original(first.id, LAND_SYSTEM)
    again = await asyncio.gather(*(city.services.read.original(first.id, LAND_SYSTEM) for _ in range(4)))
    assert {one.sha256 for one in again} == {original.sha256}
    assert (await city.services.read.story(first.id, LAND_SYSTEM))[1][0].chained


async def test_a_register_that_comes_again_changes_nothing(city: World) -> None:
    await ran(city, await taken_in(city, csv_file(60, PROPERTY, LAND, Planted())))
    planted = Planted()
    again = await ran(city, await taken_in(city, csv_file(60, PROPERTY, LAND, planted)))
    assert (again.kept, again.unchanged, again.faulty) == (0, 60 - planted.faults.total(), planted.faults.total())
    other = next(iter(csv_file(3, PROPERTY, LAND, Planted()))).replace("示例市青石区".encode(), "示例市白石区".encode())
    changed = await ran(city, await taken_in(city, [other]))
    assert (changed.kept, changed.findings["fault:number-in-repository"]) == (0, 3)


async def test_workers_that_run_side_by_side_double_nothing_and_lose_nothing(city: World) -> None:
    planted = Planted()
    made = await taken_in(city, csv_file(ROWS, PROPERTY, LAND, planted))
    twin = await taken_in(city, csv_file(ROWS, PROPERTY, LAND, Planted()))
    for one in (made, twin):
        await city.bulk.steer.start(one.id, one.columns, LAND_SYSTEM, dry=False)

    async def running() -> bool:
        states = [(await city.bulk.steer.one(one.id, LAND_SYSTEM))[0].state for one in (made, twin)]
        return ImportState.RUNNING in states

    async def worker() -> None:
        while await running():
            if not await city.bulk.run.step():
                await asyncio.sleep(0.01)

    await asyncio.gather(*(worker() for _ in range(4)))
    good = ROWS - planted.faults.total()
    ends = [(await city.bulk.steer.one(one.id, LAND_SYSTEM))[0] for one in (made, twin)]
    assert await city.rows(licence) == good
    assert sorted((one.kept + one.unchanged) for one in ends) == [good, good]
    assert sum(one.kept for one in ends) == good


async def test_a_crash_before_the_commit_costs_the_part_in_hand_and_nothing_else(
    city: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted = Planted()
    made = await taken_in(city, csv_file(ROWS, PROPERTY, LAND, planted))
    await city.bulk.steer.start(made.id, made.columns, LAND_SYSTEM, dry=False)
    assert await city.bulk.run.step()

    async def dies(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as broken:
        broken.setattr(city.bulk.run._store, "add_faults", dies)  # the last write of a part
        with pytest.raises(ConnectionError):
            await city.bulk.run.step()
    halfway, _, _ = await city.bulk.steer.one(made.id, LAND_SYSTEM)
    assert (halfway.seen, halfway.kept) == (500, await city.rows(licence))
    assert not await city.bulk.run.step()  # its lease has not run out yet
    city.clock.advance(121)
    await city.bulk.run.through()
    assert await city.rows(licence) == ROWS - planted.faults.total()


async def test_it_can_be_paused_resumed_and_cancelled(city: World) -> None:
    made = await taken_in(city, csv_file(ROWS, PROPERTY, LAND, Planted()))
    await city.bulk.steer.start(made.id, made.columns, LAND_SYSTEM, dry=False)
    assert await city.bulk.run.step()
    assert (await city.bulk.steer.pause(made.id, LAND_SYSTEM)).state is ImportState.PAUSED
    assert not await city.bulk.run.step()
    assert (await city.bulk.steer.resume(made.id, LAND_SYSTEM)).state is ImportState.RUNNING
    assert await city.bulk.run.step()
    assert (await city.bulk.steer.cancel(made.id, LAND_SYSTEM)).state is ImportState.CANCELLED
    assert not await city.bulk.run.step()
    with pytest.raises(ImportMoved):
        await city.bulk.steer.resume(made.id, LAND_SYSTEM)
    with pytest.raises(ImportMoved):  # what was written in earnest is not begun again
        await city.bulk.steer.start(made.id, made.columns, LAND_SYSTEM, dry=False)


async def test_of_a_type_held_once_a_holders_second_living_row_is_a_fault(city: World) -> None:
    await city.issue_permit()
    lines = [
        "证照编号,持证主体,持证主体代码,居住地址,有效期起始日,有效期截止日",
        f"P-1,林知远,410199198802291031,甲路 1 号,{city.today},2099-01-01",
        "P-2,赵映雪,410199199607152049,乙路 2 号,2019-01-01,2020-01-01",
        f"P-3,赵映雪,410199199607152049,乙路 2 号,{city.today},2099-01-01",
        f"P-4,赵映雪,410199199607152049,乙路 2 号,{city.today},2099-01-01",
    ]
    made = await taken_in(city, ["\n".join(lines).encode()], type_code=PERMIT)
    await city.bulk.steer.start(made.id, made.columns, POLICE_SYSTEM, dry=False)
    await city.bulk.run.through()
    done, licence_type, faults = await city.bulk.steer.one(made.id, POLICE_SYSTEM)
    assert [(one.row, one.faults[0][1].partition("@")[0]) for one in faults] == [
        (2, "licence-already-held"),
        (5, "licence-already-held"),
    ]
    assert done.kept == 2
    report = report_of(done, licence_type)
    assert {one.name.zh: one.count for one in report.notes} == {
        "同一持证主体有多条记录": 2,
        "已过有效期": 1,
        "有效期与目录规则不一致": 4,
    }
    assert (report.years[0].name.zh, report.years[0].count) == ("2019", 1)


async def test_of_a_type_held_once_what_is_not_valid_yet_is_held_already(city: World) -> None:
    tomorrow = city.today + dt.timedelta(days=1)
    head = "证照编号,持证主体,持证主体代码,居住地址,有效期起始日,有效期截止日"
    for number, kept in (("P-1", 1), ("P-2", 0)):
        line = f"{number},赵映雪,410199199607152049,乙路 2 号,{tomorrow},2099-01-01"
        made = await taken_in(city, [f"{head}\n{line}".encode()], type_code=PERMIT)
        await city.bulk.steer.start(made.id, made.columns, POLICE_SYSTEM, dry=False)
        await city.bulk.run.through()
        done, _, faults = await city.bulk.steer.one(made.id, POLICE_SYSTEM)
        assert (done.state, done.kept) == (ImportState.DONE, kept)
        assert [one.faults[0][1] for one in faults] == ["licence-already-held"] * (1 - kept)


async def test_l_11_the_file_of_faulty_rows_has_them_as_they_came_and_no_formula(city: World) -> None:
    content = next(iter(csv_file(3, PROPERTY, LAND, Planted()))).decode()
    content = content.replace("张", "=cmd|张", 1).replace("单独所有", "@SUM(A1)").replace("共同共有", "-1+1")
    made = await ran(city, await taken_in(city, [content.encode()]), dry=True)
    whole = b"".join([piece async for piece in await city.bulk.steer.faulty_rows(made.id, LAND_SYSTEM)])
    assert whole.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(whole.decode("utf-8-sig"))))
    assert table[0] == [*HEADER, "行号", "问题"]
    assert [row[-2] for row in table[1:]] == ["2", "3", "4"]
    assert "共有情况" in table[1][-1]
    assert not [cell for row in table for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


async def test_only_the_types_own_authority_takes_over_and_looks(city: World) -> None:
    content = list(csv_file(3, PROPERTY, LAND, Planted()))
    made = await taken_in(city, content)
    with pytest.raises(NotPermitted, match="not-issuing-authority"):
        await city.bulk.take_in(IntakeCommand(PROPERTY, FileFormat.CSV, Trust.A), pieces(content), POLICE_SYSTEM)
    with pytest.raises(NotPermitted, match="scope-missing"):
        await city.bulk.take_in(
            IntakeCommand(PROPERTY, FileFormat.CSV, Trust.A), pieces(content), client("reader", LAND, "licence:read")
        )
    for step in (
        city.bulk.steer.one(made.id, POLICE_SYSTEM),
        city.bulk.steer.pause(made.id, POLICE_SYSTEM),
        city.bulk.steer.faulty_rows(made.id, POLICE_SYSTEM),
        city.bulk.steer.differences(made.id, POLICE_SYSTEM),
        city.bulk.steer.differing_rows(made.id, POLICE_SYSTEM),
        city.bulk.steer.start(made.id, made.columns, POLICE_SYSTEM, dry=True),
    ):
        with pytest.raises(ImportNotFound):
            await step
    assert (await city.bulk.steer.all(POLICE_SYSTEM)).items == []
    assert [one.id for one in (await city.bulk.steer.all(LAND_SYSTEM)).items] == [made.id]


async def test_a_mapping_that_leaves_something_out_starts_nothing(city: World) -> None:
    made = await taken_in(city, csv_file(3, PROPERTY, LAND, Planted()))
    short = {target: title for target, title in made.columns.items() if target != "data.location"}
    with pytest.raises(InvalidInput, match="mapping-invalid"):
        await city.bulk.steer.start(made.id, short, LAND_SYSTEM, dry=True)
    assert not await city.bulk.run.step()


async def test_a_file_that_breaks_off_leaves_nothing_that_could_run(city: World) -> None:
    content = next(iter(csv_file(700, PROPERTY, LAND, Planted()))) + b'"a quote that is never closed\n'
    with pytest.raises(FileRefused, match="file-unreadable"):
        await taken_in(city, [content])
    (left,) = (await city.bulk.steer.all(LAND_SYSTEM)).items
    assert left.state is ImportState.CANCELLED
    with pytest.raises(InvalidInput):
        await city.bulk.steer.start(left.id, left.columns, LAND_SYSTEM, dry=False)
    city.clock.advance(31 * 86400)
    assert await city.bulk.keep() == 1


async def test_rows_go_a_month_after_the_run_and_the_counts_stay(city: World) -> None:
    done = await ran(city, await taken_in(city, csv_file(120, PROPERTY, LAND, Planted())))
    city.clock.advance(29 * 86400)
    assert await city.bulk.keep() == 0
    city.clock.advance(2 * 86400)
    assert await city.bulk.keep() == 1
    later, _, faults = await city.bulk.steer.one(done.id, LAND_SYSTEM)
    assert (later.kept, later.findings) == (done.kept, done.findings)
    assert faults == []
    async with city.database.read() as tx:
        assert (await tx.connection.execute(select(licence.c.id).limit(1))).scalar() is not None


@pytest.mark.slow
async def test_a_worker_that_is_killed_leaves_its_import_to_the_next(city: World) -> None:
    planted, many = Planted(), 3000
    made = await taken_in(city, csv_file(many, PROPERTY, LAND, planted))
    await city.bulk.steer.start(made.id, made.columns, LAND_SYSTEM, dry=False)
    address = city.database.engine.url.render_as_string(hide_password=False)
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.support.register_worker",
        address,
        str(city.folder),
        stdout=asyncio.subprocess.PIPE,
    )
    assert worker.stdout is not None
    for _ in range(2):
        assert await worker.stdout.readline() == b"part\n"
    worker.kill()
    await worker.wait()
    halfway, _, _ = await city.bulk.steer.one(made.id, LAND_SYSTEM)
    assert 1000 <= halfway.seen < many
    assert halfway.kept == await city.rows(licence)
    city.clock.advance(121)  # until the lease of the dead has run out
    await city.bulk.run.through()
    done, _, _ = await city.bulk.steer.one(made.id, LAND_SYSTEM)
    assert (done.state, done.seen, done.faulty) == (ImportState.DONE, many, planted.faults.total())
    assert done.kept == await city.rows(licence) == many - planted.faults.total()
    assert {name[6:]: n for name, n in done.findings.items() if name.startswith("fault:")} == dict(planted.faults)
