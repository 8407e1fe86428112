"""What must not come back to life with an old backup: every session and every token family of before."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import update

from core.db.database import WriteTx
from idp.stores.tables import session, token_family

REASON = "restored"


async def end_everything(tx: WriteTx, at: dt.datetime) -> dict[str, int]:
    """End all that is live: who logged out after the backup would be logged in again. Answers how many of each."""
    sessions = update(session).where(session.c.ended_at.is_(None)).values(ended_at=at)
    families = update(token_family).where(token_family.c.revoked_at.is_(None))
    families = families.values(revoked_at=at, revoked_for=REASON)
    return {
        "sessions": (await tx.connection.execute(sessions)).rowcount,
        "token families": (await tx.connection.execute(families)).rowcount,
    }
