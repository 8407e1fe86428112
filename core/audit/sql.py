"""Appends audit events in the caller's transaction, so a change and its event stand or fall together."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import AsyncIterator, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit.chain import GENESIS, ChainedRow, row_hash
from core.audit.event import AuditEvent
from core.audit.tables import audit_event, audit_head

_HASH_COLUMNS = ("number", "previous", "hash")


def _content(event: AuditEvent, at: dt.datetime) -> dict[str, object]:
    purpose = event.purpose
    session = event.actor.session
    return {
        "at": at.astimezone(dt.UTC).isoformat(timespec="microseconds"),
        "action": event.action,
        "outcome": event.outcome,
        "actor_kind": event.actor.kind.value,
        "actor_id": event.actor.id[:128],
        "actor_organisation": event.actor.organisation,
        # a session id is a bearer value; its digest is enough to tie rows together
        "session": hashlib.sha256(session.encode()).hexdigest()[:32] if session else None,
        "subject": event.subject,
        "service_item": purpose.service_item if purpose else None,
        "case_number": purpose.case_number if purpose else None,
        "basis": purpose.basis[:200] if purpose and purpose.basis else None,
        "detail": dict(event.detail),
    }


async def append_events(connection: AsyncConnection, events: Sequence[AuditEvent], at: dt.datetime) -> None:
    """Chain `events` to the log's end. The head row is locked from here to the commit: call it last."""
    head = (await connection.execute(select(audit_head).where(audit_head.c.id == 1).with_for_update())).one_or_none()
    if head is None:
        await connection.execute(insert(audit_head).values(id=1, number=0, hash=GENESIS))
        number, previous = 0, GENESIS
    else:
        number, previous = head.number, bytes(head.hash)
    rows = []
    for event in events:
        number += 1
        content = _content(event, at)
        digest = row_hash(number, previous, content)
        rows.append({"number": number, **content, "previous": previous, "hash": digest})
        previous = digest
    await connection.execute(insert(audit_event), rows)
    await connection.execute(update(audit_head).where(audit_head.c.id == 1).values(number=number, hash=previous))


async def read_chain(connection: AsyncConnection, *, batch: int = 2000) -> AsyncIterator[ChainedRow]:
    """All rows in order of their number, a batch at a time."""
    last = -1
    while True:
        query = select(audit_event).where(audit_event.c.number > last).order_by(audit_event.c.number).limit(batch)
        rows = (await connection.execute(query)).mappings().all()
        for row in rows:
            content = {name: value for name, value in row.items() if name not in _HASH_COLUMNS}
            yield ChainedRow(row["number"], content, bytes(row["previous"]), bytes(row["hash"]))
            last = row["number"]
        if len(rows) < batch:
            return


async def read_head(connection: AsyncConnection) -> tuple[int, bytes]:
    """Number and hash that the last append left; (0, 32 zero bytes) for an empty log."""
    head = (await connection.execute(select(audit_head).where(audit_head.c.id == 1))).one_or_none()
    return (0, GENESIS) if head is None else (head.number, bytes(head.hash))
