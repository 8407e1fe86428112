"""A database in use goes through the migrations with all that is in it, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from api.migrations.upgrade import alembic_config, upgrade
from certstore.stores.marks import SingleMarks
from core.db.database import Database
from core.db.engine import WRITE, create_engine
from idp.stores.people import SqlAccountStore
from keys.secrets.blind_index import HmacIndex
from keys.secrets.field import EnvelopeCipher
from keys.secrets.purposes import FORMER_FIELDS, FORMER_INDEX, LICENCES_INDEX, PEOPLE, PEOPLE_INDEX
from tests.conformance.certstore_stores_backends import LIN, TYPE, ZHAO, StoreHarness
from tests.support.clock import START, FakeClock
from tests.support.former_forms import named_in_version_1, sealed_in_version_1
from tests.support.secrets import MemorySecrets

SECRETS = MemorySecrets(PEOPLE, PEOPLE_INDEX, LICENCES_INDEX, FORMER_FIELDS, FORMER_INDEX, seed="upgrade")
NUMBER, PHONE = LIN.number, "13800000001"
AT = START.replace(tzinfo=None)


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/domain.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
async def database(address: str, clock: FakeClock) -> AsyncIterator[Database]:
    """At revision 0002, with people and licences as that release stored them."""
    made = Database(create_engine(address, pool_size=2), clock)
    try:
        async with made.engine.connect() as connection:
            connection = await connection.execution_options(**{WRITE: True})
            await connection.run_sync(_to_revision, "0002")
            await connection.commit()
        await _fill(made)
        yield made
    finally:
        await made.close()


def _to_revision(connection: Connection, revision: str) -> None:
    from alembic import command

    command.upgrade(alembic_config(connection), revision)


def _index(kind: str, value: str) -> bytes:
    return named_in_version_1(SECRETS.secrets(FORMER_INDEX)[0], kind, value)


async def _fill(database: Database) -> None:
    moment = START if database.engine.dialect.name == "postgresql" else AT
    former = SECRETS.secrets(FORMER_FIELDS)[0]

    def sealed(value: str, place: str) -> bytes:
        return sealed_in_version_1(former, value.encode(), place)

    rows: list[tuple[str, dict[str, Any]]] = [
        (
            "account",
            {
                "id": "acc_1",
                "number": sealed(NUMBER, "account.number:acc_1"),
                "number_index": _index("citizen-id", NUMBER),
                "name": sealed("林知远", "account.name:acc_1"),
                "phone": sealed(PHONE, "account.phone:acc_1"),
                "phone_index": _index("phone", PHONE),
                "password_hash": "x",
                "level": 2,
                "status": "active",
                "created_at": moment,
            },
        ),
        ("organisation", {"uscc": "o", "name_zh": "局", "name_en": "B", "kind": "government", "created_at": moment}),
        ("staff_role", {"account_id": "acc_1", "organisation": "o", "role": "clerk", "since": moment}),
        (
            "licence",
            {
                "id": "lic_1",
                "type_code": TYPE,
                "issuer": "o",
                "state": "valid",
                "revision": 1,
                "version": 1,
                "verification_code": "code",
                "number_index": _index(f"licence-number/{TYPE}", "1"),
            },
        ),
        (
            "licence_version",
            {
                "licence_id": "lic_1",
                "number": 1,
                "identifier": "i",
                "type_version": 1,
                "number_enc": b"n",
                "data_enc": b"d",
                "issued_at": moment,
                "valid_from": START.date(),
                "previous": b"p",
                "hash": b"h",
            },
        ),
        (
            "licence_single",
            {"type_code": TYPE, "code_index": _index("licence-holder/111", NUMBER), "licence_id": "lic_1"},
        ),
    ]
    for position, code in enumerate((ZHAO, LIN)):
        holder = {
            "licence_id": "lic_1",
            "version": 1,
            "position": position,
            "role": "holder",
            "code_kind": code.kind,
            "code_index": _index(f"licence-holder/{code.kind}", code.number),
            "code_enc": b"c",
            "name_enc": b"n",
        }
        rows.insert(-1, ("licence_holder", holder))
    async with database.write() as tx:
        for table, values in rows:
            names = ", ".join(f'"{name}"' for name in values)
            places = ", ".join(f":{name}" for name in values)
            await tx.connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)
        await tx.commit()


async def test_people_are_found_by_what_the_release_before_stored(database: Database) -> None:
    assert await upgrade(database.engine)
    accounts, index = SqlAccountStore(), HmacIndex(SECRETS, PEOPLE_INDEX, FORMER_INDEX)
    async with database.read() as tx:
        for kind, value in (("citizen-id", NUMBER), ("phone", PHONE)):
            found = await accounts.by_identifier(tx, index.digests(kind, value))
            assert found is not None
            assert found.id == "acc_1"
        assert await accounts.by_identifier(tx, index.digests("phone", NUMBER)) is None
        assert [role.role for role in await accounts.roles(tx, "acc_1")] == ["clerk"], "rows that refer to it are kept"
    cipher = EnvelopeCipher(SECRETS, PEOPLE, FORMER_FIELDS)
    assert cipher.decrypt(found.number, context="account.number:acc_1") == NUMBER


async def test_nobody_gets_a_second_account_by_the_upgrade(database: Database) -> None:
    await upgrade(database.engine)
    accounts, index = SqlAccountStore(), HmacIndex(SECRETS, PEOPLE_INDEX, FORMER_INDEX)
    async with database.write() as tx:
        one = await accounts.get(tx, "acc_1")
        assert one is not None
        twin = type(one)(**{name: getattr(one, name) for name in one.__slots__} | {"id": "acc_2"})
        assert not await accounts.add(tx, twin, {"citizen-id": index.digests("citizen-id", NUMBER)})
        assert await accounts.add(tx, twin, {"citizen-id": index.digests("citizen-id", ZHAO.number)}), "the twin"


async def test_marks_are_still_held(database: Database, clock: FakeClock) -> None:
    await upgrade(database.engine)
    harness, marks = (
        StoreHarness(database, database, clock),
        SingleMarks(HmacIndex(SECRETS, LICENCES_INDEX, FORMER_INDEX)),
    )
    again, other = harness.a_licence(LIN), harness.a_licence(ZHAO)
    await harness.keep(again)
    await harness.keep(other)
    async with database.write() as tx:
        assert not await marks.claim(tx, again, today=harness.today)
        assert await marks.claim(tx, other, today=harness.today), "the other holder had no mark: it could be claimed"


async def test_references_are_checked_again_afterwards(database: Database) -> None:
    await upgrade(database.engine)
    with pytest.raises((DBAPIError, IntegrityError)):
        async with database.write() as tx:
            await tx.connection.execute(text("DELETE FROM account"))


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
async def test_a_migration_that_leaves_a_broken_reference_keeps_nothing(database: Database) -> None:
    """SQLite does not check while a migration rewrites tables; PostgreSQL checks every statement itself."""
    async with database.write() as tx:
        await tx.connection.execute(text("CREATE TABLE stray (id INTEGER, parent VARCHAR REFERENCES account (id))"))
        await tx.commit()
    unchecked = create_engine(str(database.engine.url), pool_size=1, check_references=False)
    async with unchecked.connect() as connection:
        connection = await connection.execution_options(**{WRITE: True})
        await connection.execute(text("INSERT INTO stray VALUES (1, 'acc_nobody')"))
        await connection.commit()
    await unchecked.dispose()
    with pytest.raises(RuntimeError, match="stray"):
        await upgrade(database.engine)
    async with database.read() as tx:
        assert (await tx.connection.execute(text("SELECT number_index FROM account"))).all(), "still at 0002"
