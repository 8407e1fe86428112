"""Appends audit events in the caller's transaction, so a change and its event stand or fall together."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Executable, RowMapping, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit.chain import CHANGE, GENESIS, ChainDigest, ChainedRow, row_hash
from core.audit.event import AuditEvent
from core.audit.tables import audit_event, audit_head
from core.prepared import Prepared, Row

_HASH_COLUMNS = ("number", "previous", "hash")


class Head(NamedTuple):
    """Where the log ends: number and hash of its last row, and by what the next row is hashed."""

    number: int
    hash: bytes
    digest: ChainDigest = ChainDigest.SHA256


def content_of(event: AuditEvent, at: dt.datetime) -> dict[str, object]:
    purpose = event.purpose
    session = event.actor.session
    return {
        "at": at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "action": event.action,
        "outcome": event.outcome,
        "actor_kind": event.actor.kind.value,
        "actor_id": _fitting(event.actor.id, 128),
        "actor_organisation": event.actor.organisation,
        # a session id is a bearer value; its digest is enough to tie rows together
        "session": hashlib.sha256(session.encode()).hexdigest()[:32] if session else None,
        "subject": _fitting(event.subject, 128),
        "service_item": _fitting(purpose.service_item, 64) if purpose else None,
        "case_number": _fitting(purpose.case_number, 128) if purpose else None,
        "basis": _fitting(purpose.basis, 200) if purpose else None,
        "detail": dict(event.detail),
    }


def _fitting(text: str | None, size: int) -> str | None:
    """Cut to the column and without what a database refuses: an event must not be lost for a caller's odd text."""
    if text is None:
        return None
    if text.isprintable():
        return text[:size]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[:size])


async def append_events(connection: AsyncConnection, events: Sequence[AuditEvent], at: dt.datetime) -> None:
    """Chain `events` to the log's end. The head row is locked from here to the commit: call it last."""
    rows = chained(events, at, *await lock_head(connection))
    await connection.execute(insert(audit_event), rows)
    head = update(audit_head).where(audit_head.c.id == 1)
    await connection.execute(head.values(number=rows[-1]["number"], hash=rows[-1]["hash"]))


def chained(
    events: Sequence[AuditEvent],
    at: dt.datetime,
    number: int,
    previous: bytes,
    digest: ChainDigest = ChainDigest.SHA256,
) -> Sequence[dict[str, object]]:
    """The rows that follow the log's end, of this number and hash."""
    rows = []
    for event in events:
        if event.action == CHANGE:
            raise ValueError(f"{CHANGE} is no event of its own")
        number += 1
        content = content_of(event, at)
        hashed = row_hash(number, previous, content, digest)
        rows.append({"number": number, **content, "previous": previous, "hash": hashed})
        previous = hashed
    return rows


class Unit(Protocol):
    """A unit of work by prepared statements."""

    async def row(self, statement: Prepared, values: Mapping[str, object] = ...) -> Row | None: ...

    async def change(self, statement: Prepared, values: Mapping[str, object] = ...) -> int: ...

    async def change_each(self, statement: Prepared, values: Sequence[Mapping[str, object]]) -> None: ...


_LOCK_HEAD = Prepared(
    select(audit_head.c.number, audit_head.c.hash, audit_head.c.digest).where(audit_head.c.id == 1).with_for_update()
)
_ADD_EVENT = Prepared(insert(audit_event))
_MOVE_HEAD = Prepared(
    update(audit_head).where(audit_head.c.id == 1).values(number=bindparam("new_number"), hash=bindparam("new_hash"))
)
_MAKE_HEAD = Prepared(
    sqlite.insert(audit_head).values(id=1, number=0, hash=GENESIS).on_conflict_do_nothing(),
    postgresql=postgresql.insert(audit_head).values(id=1, number=0, hash=GENESIS).on_conflict_do_nothing(),
)


async def append_quickly(unit: Unit, events: Sequence[AuditEvent], at: dt.datetime) -> None:
    """As `append_events`, by prepared statements."""
    rows = chained(events, at, *await locked_head(unit))
    await unit.change_each(_ADD_EVENT, rows)
    await unit.change(_MOVE_HEAD, {"new_number": rows[-1]["number"], "new_hash": rows[-1]["hash"]})


async def locked_head(unit: Unit) -> Head:
    """The log's end, which is the unit's from here to its commit."""
    head = await unit.row(_LOCK_HEAD)
    if head is None:
        await unit.change(_MAKE_HEAD)
        head = await unit.row(_LOCK_HEAD)
        assert head is not None, "somebody has made it"
    return Head(head[0], bytes(head[1]), ChainDigest(head[2]))


async def lock_head(connection: AsyncConnection) -> Head:
    """As `locked_head`, in a usual unit."""
    query = select(audit_head).where(audit_head.c.id == 1).with_for_update()
    head = (await connection.execute(query)).one_or_none()
    if head is None:  # the first event ever; of several writers who find so, one makes the row
        await connection.execute(_make_head(connection))
        head = (await connection.execute(query)).one()
    return Head(head.number, bytes(head.hash), ChainDigest(head.digest))


def _make_head(connection: AsyncConnection) -> Executable:
    insert_into = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert_into(audit_head).values(id=1, number=0, hash=GENESIS).on_conflict_do_nothing()


async def read_chain(connection: AsyncConnection, *, after: int = -1, batch: int = 2000) -> AsyncIterator[ChainedRow]:
    """All rows in order of their number, a batch at a time.

    Args:
        after: begin behind this number; what an attacker numbered below 1 belongs to the whole log.
    """
    last = after
    while True:
        query = select(audit_event).where(audit_event.c.number > last).order_by(audit_event.c.number).limit(batch)
        rows = (await connection.execute(query)).mappings().all()
        for row in rows:
            yield _chained_row(row)
            last = row["number"]
        if len(rows) < batch:
            return


async def read_row(connection: AsyncConnection, number: int) -> ChainedRow | None:
    """One row by its number."""
    query = select(audit_event).where(audit_event.c.number == number)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else _chained_row(row)


def _chained_row(row: RowMapping) -> ChainedRow:
    # plain names: SQLAlchemy's are a subclass of str, which JSON refuses as a key
    content = {str(name): value for name, value in row.items() if name not in _HASH_COLUMNS}
    return ChainedRow(row["number"], content, bytes(row["previous"]), bytes(row["hash"]))


async def read_head(connection: AsyncConnection) -> tuple[int, bytes]:
    """Number and hash that the last append left; (0, 32 zero bytes) for an empty log."""
    query = select(audit_head.c.number, audit_head.c.hash).where(audit_head.c.id == 1)
    head = (await connection.execute(query)).one_or_none()
    return (0, GENESIS) if head is None else (head.number, bytes(head.hash))


async def read_digest(connection: AsyncConnection) -> ChainDigest:
    """By what the next row will be hashed."""
    found = (await connection.execute(select(audit_head.c.digest).where(audit_head.c.id == 1))).scalar_one_or_none()
    return ChainDigest.SHA256 if found is None else ChainDigest(found)


async def read_change(connection: AsyncConnection) -> int | None:
    """Number of the row from which on the chain is by SM3; None while it is by SHA-256."""
    row = audit_event.c
    found: int | None = (
        await connection.execute(select(func.min(row.number)).where(row.action == CHANGE))
    ).scalar_one()
    return found
