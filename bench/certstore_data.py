"""Fills the repository quickly, with real rows: the stores' own insert statements, real encryption and blind indexes.

Each process takes every so-manieth holder, lets the store write into a recorder instead of a database, and sends what
was recorded by COPY (PostgreSQL) or in one prepared statement (SQLite). Holders are valid numbers of a district that
does not exist, so who holds what can be computed anywhere from a holder's place in the row.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import multiprocessing
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Insert, Table

from api.settings import Settings
from api.wiring.keys import build_keys
from certstore.codes import CITIZEN_ID, HolderCode
from certstore.definition import TypeDefinition
from certstore.history import GENESIS, version_hash
from certstore.identifier import make_identifier
from certstore.lifecycle import Event, State
from certstore.making import facts_of
from certstore.model import (
    Colour,
    Holder,
    HolderKind,
    Licence,
    LicenceChange,
    LicenceVersion,
    Sharing,
    Validity,
    ValidityRule,
)
from certstore.stores.licences import SqlLicenceStore
from certstore.stores.subscription_tables import licence_change
from certstore.stores.tables import licence, licence_event, licence_holder, licence_version
from core.clock import SystemClock, calendar_day
from core.db.database import WriteTx
from core.identifiers.uscc import check_character
from core.ids import new_id
from core.principal import PrincipalKind
from core.text import Text

TABLES = (licence, licence_version, licence_holder, licence_event, licence_change)
TEN = 10
RICH = 500
"""Holders, the first ones, who have one licence of each of the ten types; every other has one licence."""

_BATCH = 500
_DAYS = 30_000
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_BORN = dt.date(1925, 1, 1)


def code_of(body: str) -> str:
    return body + check_character(body)


AUTHORITY, ISSUER, CONSUMER = (code_of(f"11410199DEMA0000{number}") for number in (1, 2, 3))
TYPES = tuple(f"{AUTHORITY}{ordinal:03d}" for ordinal in range(1, TEN + 1))


def definition(number: int) -> TypeDefinition:
    """A type that is shared by function, with fields as real faces have them."""
    fields = {
        name: {"type": "string", "maxLength": 200, "x-face": {"zh": zh, "en": name, "mask": "none", "code": code}}
        for name, zh, code in (("address", "住址", "KZ_ZZ"), ("unit", "单位", "KZ_DW"))
    }
    return TypeDefinition(
        code=TYPES[number],
        name=Text(f"基准证照{number + 1}", f"Bench licence {number + 1}"),
        issuers=(ISSUER,),
        holder_kind=HolderKind.PERSON,
        colour=Colour.BLUE,
        schema={
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": fields,
            "required": list(fields),
            "additionalProperties": False,
        },
        validity=ValidityRule(Validity.STATED),
        sharing=Sharing.FUNCTION,
        template="statement",
    )


def citizen_number(place: int) -> str:
    """A valid number in the unassigned district 410199; a different one for each place below 30 million."""
    order, days = divmod(place, _DAYS)
    body = f"410199{_BORN + dt.timedelta(days=days):%Y%m%d}{order:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return body + "10X98765432"[total % 11]


def holders_of(licences: int) -> int:
    """How many holders there are when there are so many licences."""
    return RICH + licences - RICH * TEN if licences > RICH * TEN else licences // TEN


@dataclass(frozen=True, slots=True)
class Part:
    """What one process makes: every `step`th holder from `offset` to before `end`."""

    settings: Mapping[str, Any]
    end: int
    offset: int
    step: int


def fill(settings: Settings, *, after: int, processes: int = 2) -> None:
    """Bring an empty repository, or one whose filling was broken off, to `after` licences."""
    given = settings.model_dump(exclude_unset=True)
    writers = processes if settings.database_url else 1  # SQLite has one writer
    parts = [Part(given, holders_of(after), offset, writers) for offset in range(writers)]
    with multiprocessing.get_context("spawn").Pool(writers) as pool:
        pool.map(_make, parts)


def plain_url(settings: Settings) -> str:
    """The address of the database as the driver itself takes it."""
    return settings.database_url.replace("postgresql+asyncpg", "postgresql")


def _make(part: Part) -> None:
    asyncio.run(_fill_part(part))


async def _fill_part(part: Part) -> None:
    settings, clock = Settings(**part.settings), SystemClock()
    keys = await build_keys(settings.keys, clock)
    secret = keys.secrets
    maker = _Maker(SqlLicenceStore(secret.fields.licences, secret.indexes.licences), clock)
    sink: _Copy | _Sqlite = await _Copy.open(settings, part.offset) if settings.database_url else _Sqlite(settings)
    places = range(part.offset, part.end, part.step)
    for start in range(await sink.written(), len(places), _BATCH):
        chosen = places[start : start + _BATCH]
        await sink.write(await maker.rows(chosen), start + len(chosen))
    await sink.close()
    await keys.close()


class _Recorder:
    """Stands where a connection is: remembers the rows of insert statements."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in TABLES}

    async def execute(self, statement: Insert, rows: dict[str, Any] | Sequence[dict[str, Any]]) -> None:
        self.rows[cast("Table", statement.table).name] += [rows] if isinstance(rows, dict) else rows


class _Maker:
    """Makes licences as the store takes them; there is no file behind them."""

    def __init__(self, store: SqlLicenceStore, clock: SystemClock) -> None:
        self._store = store
        self._clock = clock

    async def rows(self, places: Sequence[int]) -> dict[str, list[dict[str, Any]]]:
        """What the store writes for these holders, by table."""
        recorder = _Recorder()
        made = [(place, kind) for place in places for kind in (range(TEN) if place < RICH else (place % TEN,))]
        now = self._clock.now()
        change = LicenceChange(1, Event.ISSUE, State.VALID, 1, now, PrincipalKind.CLIENT, "bench", ISSUER)
        licences = [self._licence(*one) for one in made]
        await self._store.add_recorded(cast("WriteTx", _Unit(recorder)), licences, change)
        for (place, kind), row in zip(made, recorder.rows[licence_change.name], strict=True):
            row["position"] = place * 16 + kind + 1  # as the feed's worker numbers them, long ago
        return recorder.rows

    def _licence(self, place: int, kind: int) -> Licence:
        now = self._clock.now()
        licence_id, serial = new_id(self._clock, "lic"), secrets.token_hex(10).upper()
        identifier = make_identifier(type_code=TYPES[kind], issuer=ISSUER, serial=serial, version=1).text
        version = LicenceVersion(
            licence_id=licence_id,
            number=1,
            identifier=identifier,
            type_code=TYPES[kind],
            type_version=1,
            licence_number=f"基准〔2026〕{place:08d}-{kind}号",
            holders=(Holder(HolderCode(CITIZEN_ID, citizen_number(place)), f"持证人{place}"),),
            data={
                "address": f"示例市青石区演示路 {place} 号 {kind} 幢 1 单元 101 室",
                "unit": f"示例单位 {place % 997}",
            },
            issued_at=now,
            valid_from=calendar_day(now),
            valid_until=calendar_day(now) + dt.timedelta(days=365 + place % 3650),
            previous=GENESIS,
            hash=GENESIS,
        )
        sealed = version_hash(facts_of(version, ""), GENESIS)
        code = secrets.token_urlsafe(16)
        return Licence(licence_id, TYPES[kind], ISSUER, State.VALID, 1, code, _with_hash(version, sealed))


def _with_hash(version: LicenceVersion, digest: bytes) -> LicenceVersion:
    object.__setattr__(version, "hash", digest)  # a copy of sixteen fields for each of ten million is not free
    return version


class _Unit:
    """What the store needs of a unit of work."""

    def __init__(self, connection: _Recorder) -> None:
        self.connection = connection


def _columns(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    return [column.name for column in table.c if column.name in rows[0]]


class _Copy:
    """Sends rows by COPY in binary, and notes in the same transaction how many of the part's holders are there."""

    def __init__(self, connection: Any, part: int) -> None:
        self._connection = connection
        self._part = part

    @classmethod
    async def open(cls, settings: Settings, part: int) -> _Copy:
        import asyncpg  # type: ignore[import-untyped]  # ships no types

        return cls(await asyncpg.connect(plain_url(settings)), part)

    async def written(self) -> int:
        done = await self._connection.fetchval("SELECT holders FROM bench_filled WHERE part = $1", self._part)
        return int(done or 0)

    async def write(self, rows: Mapping[str, Sequence[Mapping[str, Any]]], holders: int) -> None:
        async with self._connection.transaction():
            for table in TABLES:
                columns = _columns(table, rows[table.name])
                records = [tuple([row[name] for name in columns]) for row in rows[table.name]]
                await self._connection.copy_records_to_table(table.name, records=records, columns=columns)
            await self._connection.execute(
                "INSERT INTO bench_filled VALUES ($1, $2) ON CONFLICT (part) DO UPDATE SET holders = $2",
                self._part,
                holders,
            )

    async def close(self) -> None:
        await self._connection.close()


class _Sqlite:
    """Writes rows by prepared statements in one transaction for each batch, into an empty file."""

    def __init__(self, settings: Settings) -> None:
        self._connection = sqlite3.connect(settings.folder / "yizheng.db")
        self._connection.execute("PRAGMA synchronous = OFF")

    async def written(self) -> int:
        return 0

    async def write(self, rows: Mapping[str, Sequence[Mapping[str, Any]]], holders: int) -> None:
        for table in TABLES:
            columns = _columns(table, rows[table.name])
            marks = ", ".join("?" * len(columns))
            records: Iterator[tuple[Any, ...]] = (
                tuple(_sqlite_value(row[name]) for name in columns) for row in rows[table.name]
            )
            statement = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({marks})"
            self._connection.executemany(statement, records)
        self._connection.commit()

    async def close(self) -> None:
        self._connection.close()


def _sqlite_value(value: Any) -> Any:
    """As the engine writes it."""
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, dt.date) else value
