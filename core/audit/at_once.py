"""Writes a unit's last rows and its audit events by one statement, if the log still ends where it was seen to.

PostgreSQL only: there each statement is a way to the server and back, and the usual append takes three of them, with
the log's head locked. Whoever knows the head need not lock it to read it: the statement moves it from exactly that
number and hash, waits for whoever holds it, and writes nothing at all if it has moved meanwhile. Then the head is
locked and read, as ever. A unit that did nothing else is this one statement, which is a transaction of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Insert, Table, and_, bindparam, insert, select, union_all, update
from sqlalchemy.sql.selectable import CTE

from core.audit.event import AuditEvent
from core.audit.sql import Head, chained, locked_head
from core.audit.sql import Unit as UsualUnit
from core.audit.tables import audit_event, audit_head
from core.prepared import Prepared

MOST_ROWS = 16
"""In one statement: the driver keeps texts of this length prepared, and of more rows each is no dearer by itself."""

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Added:
    """A row of a table."""

    table: Table
    values: Values


@dataclass(slots=True)
class LogEnd:
    """Where this process saw the log end; never believed, only tried."""

    known: Head | None = None


class Unit(UsualUnit, Protocol):
    """A unit of work that can begin and end with one statement."""

    async def change_alone(self, statement: Prepared, values: Values) -> int:
        """As `change`, in a transaction of its own if the unit has begun none."""


async def append_at_once(
    unit: Unit, added: Sequence[Added], events: Sequence[AuditEvent], at: dt.datetime, end: LogEnd
) -> None:
    """
    Args:
        added: with the events at most `MOST_ROWS`.
        events: at least one.
    """
    if end.known is not None and await _moved(unit, end.known, added, events, at, end):
        return
    if not await _moved(unit, await locked_head(unit), added, events, at, end):
        raise RuntimeError("the head of the audit log moved while it was locked")


async def _moved(
    unit: Unit,
    head: Head,
    added: Sequence[Added],
    events: Sequence[AuditEvent],
    at: dt.datetime,
    end: LogEnd,
) -> bool:
    """Whether the log ended at `head` and was written on."""
    rows = chained(events, at, *head)
    number, digest = rows[-1]["number"], rows[-1]["hash"]
    values = {"old_number": head.number, "old_hash": head.hash, "old_digest": str(head.digest)}
    values |= {"new_number": number, "new_hash": digest}
    everything = [(one.table, one.values) for one in added] + [(audit_event, row) for row in rows]
    for place, (_, row) in enumerate(everything):
        values |= {_name(place, column): value for column, value in row.items()}
    statement = _statement(tuple((table, tuple(row)) for table, row in everything))
    if not await unit.change_alone(statement, values):
        return False
    end.known = Head(number, digest, head.digest)  # type: ignore[arg-type]  # as they were chained
    return True


def _name(place: int, column: str) -> str:
    return f"row{place}_{column}"


@lru_cache(maxsize=64)
def _statement(rows: tuple[tuple[Table, tuple[str, ...]], ...]) -> Prepared:
    """Move the head and add these rows, of which the last ones are events; it counts the events."""
    moved = (
        update(audit_head)
        .where(audit_head.c.id == 1, _stands())
        .values(number=bindparam("new_number"), hash=bindparam("new_hash"))
        .returning(audit_head.c.id)
        .cte("moved")
    )
    by_kind: dict[tuple[Table, tuple[str, ...]], list[int]] = {}
    for place, kind in enumerate(rows):
        by_kind.setdefault(kind, []).append(place)
    inserts = [_insert(table, columns, places, moved) for (table, columns), places in by_kind.items()]
    statement = inserts.pop()
    for number, other in enumerate(inserts):
        statement = statement.add_cte(other.cte(f"added_{number}"))
    return Prepared(statement)


def _stands() -> ColumnElement[bool]:
    """The log ends where it is thought to."""
    head = audit_head.c
    same = (head.number == bindparam("old_number"), head.hash == bindparam("old_hash"))
    return and_(*same, head.digest == bindparam("old_digest"))


def _insert(table: Table, columns: Sequence[str], places: Sequence[int], moved: CTE) -> Insert:
    """Rows that are there only if the head was moved."""
    rows: list[Any] = [
        select(*[bindparam(_name(place, name), type_=table.c[name].type) for name in columns]).select_from(moved)
        for place in places
    ]
    return insert(table).from_select(list(columns), rows[0] if len(rows) == 1 else union_all(*rows))
