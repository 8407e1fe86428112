"""Attack L-24: an old backup brings back what was revoked, withdrawn or taken away after it.

The journal of endings is replayed over rows of every table in which something can end; without it the same rows are
alive again, which is why nobody is served before an operator has acknowledged the gap.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Table, and_, delete, insert, select, update

from api.backup.again import replay_later
from api.backup.endings import DOMAIN_ENDINGS, KEY_ENDINGS, Added, Ending, Kept, Moved
from api.backup.errors import RestoreRefused
from api.backup.model import What
from api.wiring.backup import TABLES
from api.wiring.keys import build_keys
from core.clock import SystemClock
from core.db.engine import create_engine, writing
from keys.archive.locks import Openers
from keys.master_key import load_master_key
from keys.spec import KeyState
from tests.support import databases
from tests.support.backup_world import Deployment, deployment
from tests.support.databases import load_tables

Row = dict[str, Any]
ENGINES = ["sqlite", "postgres"]


@pytest.fixture(params=ENGINES)
async def city(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Deployment]:
    """A deployment with rows in every table."""
    load_tables()
    async with contextlib.AsyncExitStack() as stack:
        addresses: dict[str, str] = {}
        if request.param == "postgres":
            server = request.getfixturevalue("postgres_server")
            for name in ("database_url", "keys_url"):
                addresses[name] = await stack.enter_async_context(databases.postgres_url(server))
        made = await deployment(tmp_path / "city", **addresses).make()
        await made.fill_every_table(each=6)
        yield made


@pytest.fixture
async def small_city(tmp_path: Path) -> Deployment:
    load_tables()
    made = await deployment(tmp_path / "city").make()
    await made.fill_every_table(each=6)
    return made


def _openers(city: Deployment) -> Openers:
    return Openers(master_key=load_master_key(city.settings.keys))


def _beside(city: Deployment, name: str) -> Deployment:
    """An empty place on SQLite with the same master key."""
    folder = city.settings.folder.parent / name
    return deployment(folder, master_key_file=city.settings.master_key_path)


@contextlib.asynccontextmanager
async def _writing(url: str) -> AsyncIterator[Any]:
    engine = create_engine(url)
    async with writing(engine).connect() as connection:
        yield connection
        await connection.commit()
    await engine.dispose()


def _collections(city: Deployment) -> list[tuple[str, MetaData, Mapping[str, Ending]]]:
    return [
        (city.settings.database.url, TABLES.domain, DOMAIN_ENDINGS),
        (city.settings.keys.store_url, TABLES.keys, KEY_ENDINGS),
    ]


def _is(table: Table, row: Row) -> Any:
    return and_(*(column == row[column.name] for column in table.primary_key.columns))


async def _rows(connection: Any, table: Table) -> list[Row]:
    return [dict(row._mapping) for row in await connection.execute(select(table))]


async def _end_something_everywhere(city: Deployment) -> dict[str, Row]:
    """One row of each table in which something can end; answers the rows as they were before."""
    ended: dict[str, Row] = {}
    for url, tables, endings in _collections(city):
        async with _writing(url) as connection:
            for table in tables.sorted_tables:
                ending = endings.get(table.name)
                if isinstance(ending, Moved) and ending.living and table.name not in ("keys",):
                    ended[table.name] = await _move_one(connection, table, ending)
                elif isinstance(ending, Kept):
                    ended[table.name] = await _take_one_away(connection, table)
    return ended


async def _move_one(connection: Any, table: Table, ending: Moved) -> Row:
    row = (await _rows(connection, table))[0]
    living = {ending.state: ending.living[-1], **_good_terms(table)}
    await connection.execute(update(table).where(_is(table, row)).values(living))
    return row | living


def _good_terms(table: Table) -> Row:
    return {"revoked_at": None, "reason": None} if table.name == "certificate_register" else {}


async def _take_one_away(connection: Any, table: Table) -> Row:
    return (await _rows(connection, table))[0]


async def _really_end(city: Deployment, alive: Mapping[str, Row]) -> None:
    now = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    for url, tables, endings in _collections(city):
        async with _writing(url) as connection:
            for name, row in alive.items():
                if name not in tables.tables:
                    continue
                table, ending = tables.tables[name], endings[name]
                if isinstance(ending, Kept):
                    await connection.execute(delete(table).where(_is(table, row)))
                elif isinstance(ending, Moved):
                    last = "revoked" if isinstance(ending.order, str) else ending.order[-1]
                    values = {ending.state: last} | {one: now for one in ending.carried if one.endswith("_at")}
                    if isinstance(ending.order, str):
                        values[ending.order] = row[ending.order] + 1
                    await connection.execute(update(table).where(_is(table, row)).values(values))


async def _states(place: Deployment, alive: Mapping[str, Row]) -> dict[str, str | None]:
    """The state of each of these rows; None for one that is not there."""
    found: dict[str, str | None] = {}
    for url, tables, endings in _collections(place):
        async with _writing(url) as connection:
            for name, row in alive.items():
                if name in tables.tables:
                    table, ending = tables.tables[name], endings[name]
                    there = (await connection.execute(select(table).where(_is(table, row)))).one_or_none()
                    state = ending.state if isinstance(ending, Moved) else None
                    found[name] = None if there is None else there._mapping[state] if state else "there"
    return found


async def test_whatever_can_end_stays_ended_with_the_journal_and_only_with_it(city: Deployment) -> None:
    alive = await _end_something_everywhere(city)  # a living row of each
    assert set(alive) >= {"licence", "consent", "account", "client", "seal", "staff_role", "certificate_register"}
    backup = await city.back_up()
    await _really_end(city, alive)
    journal = await city.journal(backup.point)
    wanted = await _states(city, alive)
    with_journal, without = _beside(city, "with"), _beside(city, "without")
    report = await with_journal.restore(backup.file, openers=_openers(city), journals=[journal.file])
    await without.restore(backup.file, openers=_openers(city))
    assert await _states(with_journal, alive) == wanted
    assert set(report.replayed) >= set(alive)
    brought_back = await _states(without, alive)
    assert all(brought_back[name] != wanted[name] for name in alive), "the twin: the old backup has them alive"


async def test_the_reason_and_the_moment_of_an_ending_come_too(small_city: Deployment) -> None:
    """Who revoked, when and why is a row of the licence's history; it is carried with its licence only."""
    events, licences = TABLES.domain.tables["licence_event"], TABLES.domain.tables["licence"]
    backup = await small_city.back_up()
    async with _writing(small_city.settings.database.url) as connection:
        licence = (await _rows(connection, licences))[0]
        pattern = (await _rows(connection, events))[0]
        later = backup.point + dt.timedelta(seconds=1)
        new = pattern | {"licence_id": licence["id"], "sequence": 777, "state": "revoked", "at": later}
        await connection.execute(insert(events).values(new))
        stranger = licence | {"id": "lic_after", "verification_code": "after"}
        await connection.execute(insert(licences).values(stranger))
        await connection.execute(insert(events).values(new | {"licence_id": "lic_after", "sequence": 1}))
    journal = await small_city.journal(backup.point)
    place = _beside(small_city, "place")
    report = await place.restore(backup.file, openers=_openers(small_city), journals=[journal.file])
    async with _writing(place.settings.database.url) as connection:
        there = [row for row in await _rows(connection, events) if row["sequence"] == 777]
        assert there == [new]
        ids = {row["id"] for row in await _rows(connection, licences)}
    assert "lic_after" not in ids, "a journal ends things and makes none"
    assert report.replayed["licence_event"] == 1


async def test_journals_in_any_order_bring_nothing_back_to_life(small_city: Deployment) -> None:
    """What was suspended in one journal and revoked in the next stays revoked, however they are named."""
    seals = TABLES.domain.tables["seal"]
    url = small_city.settings.database.url
    backup = await small_city.back_up()
    journals = []
    for status in ("suspended", "revoked"):
        async with _writing(url) as connection:
            seal = (await _rows(connection, seals))[0]
            await connection.execute(update(seals).where(_is(seals, seal)).values(status=status))
        journals.append((await small_city.journal(backup.point)).file)
    place = _beside(small_city, "place")
    await place.restore(backup.file, openers=_openers(small_city), journals=journals[::-1])
    async with _writing(place.settings.database.url) as connection:
        (there,) = [row for row in await _rows(connection, seals) if row["id"] == seal["id"]]
    assert there["status"] == "revoked"


async def test_a_retired_and_a_destroyed_key_do_not_come_back(small_city: Deployment) -> None:
    """A key that leaked is what an old backup must not bring back into use."""
    services = await build_keys(small_city.settings.keys, SystemClock())
    leaked = services.ring.signer("oidc.rs256").key_id
    await services.ring.prepare_next("oidc.rs256")
    backup = await small_city.back_up()
    await services.ring.rotate("oidc.rs256", at_once=True)
    await services.ring.retire(leaked)
    await services.ring.destroy(leaked)
    await services.close()
    journal = await small_city.journal(backup.point)
    with_journal, without = _beside(small_city, "with"), _beside(small_city, "without")
    await with_journal.restore(backup.file, openers=_openers(small_city), journals=[journal.file])
    await without.restore(backup.file, openers=_openers(small_city))
    assert await _key(with_journal, leaked) == (KeyState.RETIRED, False)
    assert await _key(without, leaked) == (KeyState.ACTIVE, True), "the twin"


async def _key(place: Deployment, key_id: str) -> tuple[KeyState, bool]:
    services = await build_keys(place.settings.keys, SystemClock())
    record = await services.store.find(key_id)
    await services.close()
    assert record is not None
    return record.state, record.sealed is not None


async def test_a_certificate_that_was_issued_and_revoked_after_the_backup_is_on_the_next_list(
    small_city: Deployment,
) -> None:
    register = TABLES.keys.tables["certificate_register"]
    backup = await small_city.back_up()
    async with _writing(small_city.settings.keys.store_url) as connection:
        issued = (await _rows(connection, register))[0]
        new = issued | {"sha256": "f" * 64, "serial": "7fffff", "edition": 99, "status": "revoked"}
        new |= {"reason": "keyCompromise", "revoked_at": dt.datetime(2026, 11, 25, tzinfo=dt.UTC)}
        await connection.execute(insert(register).values(new))
    journal = await small_city.journal(backup.point)
    place = _beside(small_city, "place")
    await place.restore(backup.file, openers=_openers(small_city), journals=[journal.file])
    async with _writing(place.settings.keys.store_url) as connection:
        assert [row for row in await _rows(connection, register) if row["serial"] == "7fffff"] == [new]


async def test_an_authority_that_is_trusted_no_longer_stays_so(small_city: Deployment) -> None:
    """The newest list says whom we trust; an old backup would have the list before it."""
    lists = TABLES.keys.tables["trust_lists"]
    backup = await small_city.back_up()
    async with _writing(small_city.settings.keys.store_url) as connection:
        newest = max(await _rows(connection, lists), key=lambda row: row["revision"])
        changed = {"revision": newest["revision"] + 1, "document": None}
        changed["changed_at"] = backup.point + dt.timedelta(seconds=1)
        await connection.execute(insert(lists).values(newest | changed))
    journal = await small_city.journal(backup.point)
    place = _beside(small_city, "place")
    await place.restore(backup.file, openers=_openers(small_city), journals=[journal.file])
    async with _writing(place.settings.keys.store_url) as connection:
        assert max(await _rows(connection, lists), key=lambda row: row["revision"]) == newest | changed


async def test_numbers_go_on_far_behind_what_was_given(small_city: Deployment) -> None:
    """Serial numbers of time-stamps and numbers of revocation lists never come twice."""
    keys = TABLES.keys.tables
    backup = await small_city.back_up(What.KEYS)
    place = _beside(small_city, "place")
    await place.restore(backup.file, openers=_openers(small_city))

    async def numbers(of: Deployment) -> tuple[int, list[int]]:
        async with _writing(of.settings.keys.store_url) as connection:
            (serials,) = await _rows(connection, keys["tsa_serials"])
            lists = [row["list_number"] for row in await _rows(connection, keys["authorities"])]
        return serials["next"], sorted(lists)

    (serial, lists), (later_serial, later_lists) = await numbers(small_city), await numbers(place)
    assert later_serial >= serial + 2**40
    assert lists
    assert min(later_lists) >= max(lists) + 2**32


async def test_numbers_of_licences_go_on_where_the_journal_left_them(small_city: Deployment) -> None:
    """A number that was printed after the backup is on no second licence."""
    series = TABLES.domain.tables["licence_number_series"]
    first, second = ({"type_code": "T", "series": name, "last": 7} for name in ("before", "after"))
    async with _writing(small_city.settings.database.url) as connection:
        await connection.execute(insert(series).values(first))
    backup = await small_city.back_up()
    async with _writing(small_city.settings.database.url) as connection:
        await connection.execute(update(series).where(_is(series, first)).values(last=9))
        await connection.execute(insert(series).values(second))
    journal = await small_city.journal(backup.point)
    with_journal, without = _beside(small_city, "with"), _beside(small_city, "without")
    await with_journal.restore(backup.file, openers=_openers(small_city), journals=[journal.file])
    await without.restore(backup.file, openers=_openers(small_city))
    for place, expected in ((with_journal, {"before": 9, "after": 7}), (without, {"before": 7})):
        async with _writing(place.settings.database.url) as connection:
            rows = await _rows(connection, series)
        assert {row["series"]: row["last"] for row in rows if row["type_code"] == "T"} == expected


class TestJournals:
    async def test_one_that_begins_after_the_backup_is_refused(self, small_city: Deployment) -> None:
        backup = await small_city.back_up()
        late = await small_city.journal(backup.point + dt.timedelta(seconds=1))
        place = _beside(small_city, "place")
        with pytest.raises(RestoreRefused, match="after the backup"):
            await place.restore(backup.file, openers=_openers(small_city), journals=[late.file])

    async def test_one_that_is_older_than_what_is_known_is_refused(self, small_city: Deployment) -> None:
        """It lists the rights of its own moment: those that were given after it would be taken away."""
        first = await small_city.back_up()
        early = await small_city.journal(first.point)
        late = await small_city.journal(first.point)
        second = await small_city.back_up()
        place = _beside(small_city, "place")
        with pytest.raises(RestoreRefused, match="older than the backup"):
            await place.restore(second.file, openers=_openers(small_city), journals=[early.file])
        await place.restore(first.file, openers=_openers(small_city), journals=[late.file])
        async with place.target() as target:
            with pytest.raises(RestoreRefused, match="older than what was restored"):
                await replay_later(target, [Path(early.file)], _openers(small_city))

    async def test_a_backup_is_no_journal_and_a_journal_no_backup(self, small_city: Deployment) -> None:
        backup = await small_city.back_up()
        journal = await small_city.journal(backup.point)
        place = _beside(small_city, "place")
        for files, journals in (([backup.file], [backup.file]), ([journal.file], [])):
            with pytest.raises(RestoreRefused):
                await place.restore(*files, openers=_openers(small_city), journals=journals)

    async def test_it_may_come_later_until_the_gap_is_acknowledged(self, small_city: Deployment) -> None:
        from api.backup.acceptance import accept

        alive = await _end_something_everywhere(small_city)
        backup = await small_city.back_up()
        await _really_end(small_city, alive)
        journal = await small_city.journal(backup.point)
        place = _beside(small_city, "place")
        await place.restore(backup.file, openers=_openers(small_city))
        async with place.target() as target:
            ended = await replay_later(target, [Path(journal.file)], _openers(small_city))
            assert set(ended) >= set(alive)
            assert await replay_later(target, [Path(journal.file)], _openers(small_city)) == {}, "nothing is left"
            assert await accept(target.database, target.runs, target.clock) == journal.point
            with pytest.raises(RestoreRefused):
                await replay_later(target, [Path(journal.file)], _openers(small_city))
        assert await _states(place, alive) == await _states(small_city, alive)

    async def test_every_table_in_which_something_ends_is_in_it(self, small_city: Deployment) -> None:
        from api.backup.examine import examine

        journal = await small_city.journal(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        parts = {part.name for part in examine(Path(journal.file), _openers(small_city), {}).manifest.parts}
        wanted = {
            prefix + name
            for prefix, endings in (("domain/", DOMAIN_ENDINGS), ("keys/", KEY_ENDINGS))
            for name, ending in endings.items()
            if isinstance(ending, Moved | Added | Kept)
        }
        assert parts == wanted
