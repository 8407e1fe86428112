"""Rows for every table of a collection, made from its description alone: types, lengths, references, conditions."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from core.blobs.digest import digest_of
from core.tables import DOCUMENT_ADDRESS, UtcDateTime

Rows = list[dict[str, Any]]
_ALPHABET = "abcXYZ019 一证乙㐀\N{CJK UNIFIED IDEOGRAPH-20000}'\"\\%_\n"


def make_rows(tables: MetaData, *, each: int = 7, seed: int = 1) -> dict[str, Rows]:
    """Some rows for each table, parents first; a table that can only have one row gets one."""
    chance = random.Random(seed)
    made: dict[str, Rows] = {}
    for table in tables.sorted_tables:
        count = 1 if _has_one_row(table) else each
        rows: list[dict[str, Any]] = []
        for number in range(count):  # a row may belong under one of its own table that was made before it
            rows.append(_row(table, number, {**made, table.name: rows}, chance))
        made[table.name] = _distinct(table, rows)
    return made


def made_document(table: str, number: int) -> bytes:
    """What the made row of this number names, in a table that names documents."""
    return f"document {number} of {table} ".encode() * 1000


async def insert_rows(connection: AsyncConnection, tables: MetaData, rows: Mapping[str, Rows]) -> None:
    for table in tables.sorted_tables:
        if rows[table.name]:
            await connection.execute(insert(table), rows[table.name])


async def all_rows(connection: AsyncConnection, tables: MetaData) -> dict[str, list[tuple[Any, ...]]]:
    """Everything, in an order that does not depend on the database."""
    found = {}
    for table in tables.sorted_tables:
        rows = (await connection.execute(select(table))).all()
        found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


def _row(table: Table, number: int, made: Mapping[str, Rows], chance: random.Random) -> dict[str, Any]:
    row = {column.name: _value(table, column, number, chance) for column in table.columns}
    for constraint in table.foreign_key_constraints:
        parents = made[constraint.referred_table.name]
        parent = parents[number % len(parents)] if parents else None
        for element in constraint.elements:
            row[element.parent.name] = None if parent is None else parent[element.column.name]
    return row


def _value(table: Table, column: Column[Any], number: int, chance: random.Random) -> Any:
    allowed = _allowed(table, column)
    if allowed:
        return allowed[number % len(allowed)]
    if column.nullable and chance.random() < 0.3:
        return None
    if column.info.get(DOCUMENT_ADDRESS):
        return "0123456789abcdef." + digest_of(made_document(table.name, number))
    kind = column.type
    if isinstance(kind, UtcDateTime):
        return dt.datetime(1999, 1, 1, tzinfo=dt.UTC) + dt.timedelta(microseconds=chance.randrange(10**15))
    if isinstance(kind, Boolean):
        return chance.random() < 0.5
    if isinstance(kind, Integer):
        return 1 if _has_one_row(table) else number + 1
    if isinstance(kind, Float):
        return chance.uniform(-1e6, 1e6)
    if isinstance(kind, LargeBinary):
        return chance.randbytes(kind.length or 40)
    if isinstance(kind, JSON):
        return {"text": "一证 ' \\", "list": [1, 2.5, None, True], "number": number}
    if isinstance(kind, Date):
        return dt.date(1990, 1, 1) + dt.timedelta(days=chance.randrange(30_000))
    if isinstance(kind, String):
        tail = f"{number:x}"
        most = min(kind.length or 200, 60) - len(tail)
        return "".join(chance.choice(_ALPHABET) for _ in range(most)) + tail
    raise TypeError(f"{table.name}.{column.name}: {kind!r}")


def _allowed(table: Table, column: Column[Any]) -> list[str]:
    """The values that a condition of the table lists."""
    for condition in _conditions(table):
        found = re.fullmatch(rf"\(?{column.name} IN \((.*)\)\)?", condition)
        if found:
            return re.findall(r"'([^']*)'", found[1])
    return []


def _has_one_row(table: Table) -> bool:
    return "id = 1" in _conditions(table)


def _conditions(table: Table) -> list[str]:
    constraints = [*table.constraints, *(one for column in table.columns for one in column.constraints)]
    return [str(one.sqltext) for one in constraints if isinstance(one, CheckConstraint)]


def _distinct(table: Table, rows: Rows) -> Rows:
    """Without rows that a unique constraint, a key or a unique index would refuse."""
    unique: list[Sequence[str]] = [[column.name for column in table.primary_key.columns]]
    unique += [
        [column.name for column in one.columns] for one in table.constraints if isinstance(one, UniqueConstraint)
    ]
    unique += [[column.name for column in index.columns] for index in table.indexes if index.unique]
    kept: Rows = []
    for row in rows:
        if not any(all(row[name] == other[name] for name in names) for names in unique for other in kept):
            kept.append(row)
    return kept
