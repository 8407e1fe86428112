"""Reads what the audit log holds about one subject, the newest first: for the person whom it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from core.audit.tables import audit_event


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event; `at` is ISO 8601 in UTC, `organisation` the code of the actor's."""

    number: int
    at: str
    action: str
    outcome: str
    actor_id: str
    detail: Mapping[str, str | int | bool | None]
    actor_kind: str
    organisation: str | None
    basis: str | None


async def recorded_about(
    connection: AsyncConnection, subject: str, actions: Sequence[str], *, limit: int, before: int | None = None
) -> Sequence[Recorded]:
    """Events with one of the actions.

    Args:
        before: only those with a smaller number; for the next page.
    """
    row = audit_event.c
    query = (
        select(
            row.number,
            row.at,
            row.action,
            row.outcome,
            row.actor_id,
            row.detail,
            row.actor_kind,
            row.actor_organisation.label("organisation"),
            row.basis,
        )
        .where(row.subject == subject, row.action.in_(actions))
        .order_by(row.number.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(row.number < before)
    found = (await connection.execute(query)).all()
    return [Recorded(**one._mapping) for one in found]
