"""A pool of the PostgreSQL driver's own connections for prepared statements, beside SQLAlchemy's.

SQLAlchemy asks each connection whether it lives before it hands it out, begins a transaction for each look, and ends
it: three round trips around the one that finds the row. Here a look is one. A connection that has died is noticed by
the event loop when the server closes it, and is not handed out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # ships no types

from core.db.engine import from_json

_OF_SQLALCHEMY = ("prepared_statement_cache_size", "prepared_statement_name_func", "async_creator_fn")
ANSWER_SECONDS = 30.0


class PostgresConnections:
    """Hands out connections, the one that was given back last first.

    Args:
        options: how asyncpg connects.
        most: open at a time; a caller waits for a free one.
        patience: seconds that it waits.
    """

    def __init__(self, options: Mapping[str, Any], *, most: int, patience: float = 10) -> None:
        self._options = {name: value for name, value in options.items() if name not in _OF_SQLALCHEMY}
        self._free: list[Any] = []
        self._places = asyncio.Semaphore(most)
        self._patience = patience

    async def take(self) -> Any:
        """A connection that nobody else has.

        Raises:
            TimeoutError, OSError, asyncpg.PostgresError: there is none.
        """
        if self._places.locked():
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        else:
            await self._places.acquire()
        try:
            while self._free:
                connection = self._free.pop()
                if not connection.is_closed():
                    return connection
            return await self._connect()
        except BaseException:
            self._places.release()
            raise

    def give_back(self, connection: Any) -> None:
        """Whoever gives one back has ended its transaction; one in the middle of something is closed instead."""
        self._places.release()
        if connection.is_closed():
            return
        if connection.is_in_transaction():
            connection.terminate()
        else:
            self._free.append(connection)

    async def close(self) -> None:
        while self._free:
            await self._free.pop().close()

    async def _connect(self) -> Any:
        connection = await asyncpg.connect(**self._options, command_timeout=ANSWER_SECONDS)
        for name in ("json", "jsonb"):  # as SQLAlchemy's types expect them: text on the way in, values on the way out
            await connection.set_type_codec(
                name, encoder=_as_it_is, decoder=from_json, schema="pg_catalog", format="text"
            )
        return connection


def _as_it_is(text: str) -> str:
    return text
