"""Numbers of the key store that must never be given twice, whatever was given after the backup."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from keys.stores.certificate_tables import authorities
from keys.stores.transactions import writing
from keys.stores.tsa import SqlSerialStore

_TOKENS_AHEAD = 1 << 40  # more than could have been issued since any backup
_LISTS_AHEAD = 1 << 32


async def jump_ahead(engine: AsyncEngine, now: dt.datetime) -> None:
    """Serial numbers of time-stamps (RFC 3161 §2.4.2) and numbers of lists (RFC 5280 §5.2.3); lists are made anew."""
    await SqlSerialStore(engine).reserve(_TOKENS_AHEAD, moment=now)
    async with writing(engine) as connection:
        await connection.execute(
            update(authorities).values(
                list_number=authorities.c.list_number + _LISTS_AHEAD,
                changes=authorities.c.changes + 1,
                making_until=None,
            )
        )
