"""Refusals are on record too: one audit event for each, in a unit of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.audit.event import AuditEvent
from core.db.database import Database
from core.errors import AppError, Conflict, LimitExceeded, NotFound, NotPermitted
from core.ids import is_id
from core.principal import Principal

_REFUSALS = (NotPermitted, NotFound, Conflict, LimitExceeded)


@asynccontextmanager
async def refusals_on_record(
    database: Database, action: str, actor: Principal, *, subject: str | None = None
) -> AsyncIterator[None]:
    """Write a `refused` event for a refusal raised inside. Open it around the transaction, never within."""
    try:
        yield
    except AppError as error:
        if isinstance(error, _REFUSALS):
            # what a caller put into an address is kept only if it has the form of our ids
            known = subject if subject and is_id(subject) else None
            await database.record(AuditEvent(action, "refused", actor, known, detail={"error": error.code}))
        raise
